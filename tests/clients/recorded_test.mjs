// SPDX-License-Identifier: Apache-2.0
// Requests as other servers' documents show them with curl, sent as they stand: the model names are
// those of the documents. No client library: what goes over the wire is what is written here.
import assert from 'node:assert/strict';
import net from 'node:net';
import {after, before, test} from 'node:test';

import {BUNDLED, readSse, Server} from './server.mjs';

let server;
before(async () => {
  server = await Server.start({
    models: ['llama3.2', 'gpt-3.5-turbo'].map((name) => `${name}=${BUNDLED}`),
    args: ['--lazy', '--max-body-mib', '1'],
  });
}, {timeout: 120e3});
after(() => server.stop());

async function json(route, body, status = 200) {
  const reply = await server.post(route, body);
  assert.equal(reply.status, status, route);
  assert.match(reply.headers.get('content-type'), /^application\/json/);
  return reply.json();
}

async function lines(route, body) {
  const reply = await server.post(route, body);
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get('content-type'), /^application\/x-ndjson/);
  const text = await reply.text();
  assert.ok(text.endsWith('\n'));
  return text.trimEnd().split('\n').map((line) => JSON.parse(line));
}

test('Ollama: generate, streamed because nothing else was said', async () => {
  const rows = await lines('/api/generate', '{"model": "llama3.2", "prompt": "Why is the sky blue?"}');
  assert.ok(rows.length > 2);
  for (const row of rows.slice(0, -1)) assert.equal(row.done, false);
  assert.equal(rows.at(-1).done, true);
  assert.ok(rows.at(-1).eval_count > 0);
});

test('Ollama: generate with every documented option', async () => {
  const reply = await json('/api/generate', `{
    "model": "llama3.2", "prompt": "Why is the sky blue?", "stream": false,
    "options": {"num_keep": 5, "seed": 42, "num_predict": 100, "top_k": 20, "top_p": 0.9, "min_p": 0.0,
      "typical_p": 0.7, "repeat_last_n": 33, "temperature": 0.8, "repeat_penalty": 1.2,
      "presence_penalty": 1.5, "frequency_penalty": 1.0, "penalize_newline": true,
      "stop": ["\\n", "user:"], "numa": false, "num_ctx": 1024, "num_batch": 2, "num_gpu": 1,
      "main_gpu": 0, "use_mmap": true, "num_thread": 8}}`);
  assert.equal(reply.done, true);
  assert.ok(reply.warnings.length >= 5);
});

test('Ollama: load, unload, chat, history, embed', async () => {
  assert.equal((await json('/api/generate', '{"model": "llama3.2"}')).done_reason, 'load');
  assert.equal((await json('/api/chat', '{"model": "llama3.2", "messages": []}')).done_reason, 'load');
  assert.equal((await json('/api/generate', '{"model": "llama3.2", "keep_alive": 0}')).done_reason, 'unload');
  const rows = await lines('/api/chat', `{"model": "llama3.2", "messages": [
    {"role": "user", "content": "why is the sky blue?"},
    {"role": "assistant", "content": "due to rayleigh scattering."},
    {"role": "user", "content": "how is that different than mie scattering?"}]}`);
  assert.equal(rows[0].message.role, 'assistant');
  const embed = await json('/api/embed', '{"model": "llama3.2", "input": ["Why is the sky blue?", "Why is the grass green?"]}');
  assert.equal(embed.embeddings.length, 2);
  const old = await json('/api/embeddings', '{"model": "llama3.2", "prompt": "Here is an article about llamas..."}');
  assert.ok(old.embedding.length > 0);
  assert.equal((await json('/api/show', '{"model": "llama3.2"}')).details.format, 'gguf');
});

test("Ollama: names with a tag are found", async () => {
  const reply = await json('/api/chat', '{"model": "llama3.2:latest", "stream": false, "options": {"num_predict": 3}, "messages": [{"role": "user", "content": "hi"}]}');
  assert.equal(reply.model, 'llama3.2');
});

test('llama.cpp: completion, whole and streamed', async () => {
  const body = {prompt: 'Building a website can be done in 10 simple steps:', n_predict: 32, temperature: 0};
  const whole = await json('/completion', body);
  assert.equal(whole.stop, true);
  assert.equal(whole.tokens_predicted, whole.timings.predicted_n);
  const events = await readSse(await server.post('/completion', {...body, stream: true}));
  const pieces = events.map(({data}) => JSON.parse(data));
  assert.equal(pieces.map((p) => p.content).join(''), whole.content);
  assert.equal(pieces.at(-1).stop, true);
});

test('llama.cpp: chat completions, tokenize, template, props', async () => {
  const chat = await json('/v1/chat/completions', `{"model": "gpt-3.5-turbo", "max_tokens": 40, "messages": [
    {"role": "system", "content": "You are ChatGPT, an AI assistant. Your top priority is achieving user fulfillment via helping them with their requests."},
    {"role": "user", "content": "Write a limerick about python exceptions"}]}`);
  assert.equal(chat.object, 'chat.completion');
  const {tokens} = await json('/tokenize', {content: 'Hello 世界!', add_special: false});
  assert.ok(tokens.length > 1);
  assert.equal((await json('/detokenize', {tokens})).content, 'Hello 世界!');
  const pieces = (await json('/tokenize', {content: 'Hello 世界!', with_pieces: true})).tokens;
  assert.deepEqual(pieces.map((p) => p.id), tokens);
  const bytes = pieces.map((p) => (typeof p.piece === 'string' ? Buffer.from(p.piece) : Buffer.from(p.piece)));
  assert.equal(Buffer.concat(bytes).toString(), 'Hello 世界!');
  const {prompt} = await json('/apply-template', {messages: [{role: 'user', content: 'Hi <think> there'}]});
  assert.match(prompt, /Hi <think> there/);
  const props = await server.get('/props');
  assert.equal(props.default_generation_settings.n_ctx, 2048);
  assert.equal((await server.get('/slots'))[0].is_processing, false);
});

test('llama.cpp: Anthropic messages', async () => {
  const message = await json('/v1/messages', `{"model": "gpt-3.5-turbo", "max_tokens": 1024,
    "system": "You are a helpful assistant.", "messages": [{"role": "user", "content": "Hello!"}]}`);
  assert.equal(message.type, 'message');
  const count = await json('/v1/messages/count_tokens', `{"model": "gpt-3.5-turbo",
    "messages": [{"role": "user", "content": "Hello!"}]}`);
  assert.ok(count.input_tokens > 0);
});

test('vLLM: completions and chat', async () => {
  const text = await json('/v1/completions', '{"model": "llama3.2", "prompt": "San Francisco is a", "max_tokens": 7, "temperature": 0}');
  assert.equal(text.usage.completion_tokens, 7);
  const chat = await json('/v1/chat/completions', `{"model": "llama3.2", "max_tokens": 20, "messages": [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Who won the world series in 2020?"}]}`);
  assert.equal(chat.choices.length, 1);
});

test('OpenAI: a stream as lines of data, ended by [DONE]', async () => {
  const reply = await server.post('/v1/chat/completions', `{"model": "gpt-3.5-turbo", "stream": true, "max_tokens": 20,
    "messages": [{"role": "user", "content": "Hello!"}]}`);
  assert.match(reply.headers.get('content-type'), /^text\/event-stream/);
  const events = await readSse(reply);
  assert.equal(events.at(-1).data, '[DONE]');
  for (const {data} of events.slice(0, -1)) assert.equal(JSON.parse(data).object, 'chat.completion.chunk');
});

// The message of an error body; fails when the body is another dialect's.
function openai(body) {
  assert.deepEqual(Object.keys(body), ['error']);
  for (const name of ['type', 'code']) assert.ok(body.error[name] !== undefined, name);
  return body.error.message;
}
function ollama(body) {
  assert.deepEqual(Object.keys(body), ['error']);
  assert.equal(typeof body.error, 'string');
  return body.error;
}
function anthropic(body) {
  assert.equal(body.type, 'error');
  assert.deepEqual(Object.keys(body.error).sort(), ['message', 'type']);
  return body.error.message;
}

// Over a socket, as fetch mends what is wrong.
async function raw(text) {
  const {hostname, port} = new URL(server.base);
  const socket = net.connect(Number(port), hostname);
  socket.write(text);
  let answer = '';
  for await (const bytes of socket) answer += bytes;
  const [head, body] = answer.split('\r\n\r\n');
  return {status: Number(head.split(' ')[1]), body: JSON.parse(body)};
}

test('what is wrong with a request is said in the shape of its dialect', async () => {
  const message = {
    '/v1/chat/completions': openai,
    '/api/chat': ollama,
    '/v1/messages': anthropic,
    '/completion': openai,
  };
  for (const [route, textOf] of Object.entries(message)) {
    assert.match(textOf(await json(route, '{"messages": [', 400)), /not valid JSON/, route);
    assert.match(textOf(await json(route, '[]', 400)), /must be a JSON object/, route);
    const large = await server.post(route, `{"x": "${'y'.repeat(2 << 20)}"}`);
    assert.equal(large.status, 413, route);
    assert.match(textOf(await large.json()), /more than 1048576 bytes/, route);
    const head = `POST ${route} HTTP/1.1\r\nConnection: close\r\nHost: `;
    const host = await raw(`${head}evil.example\r\n\r\n`);
    assert.equal(host.status, 403, route);
    assert.match(textOf(host.body), /Host/, route);
    const long = await raw(`${head}localhost\r\nx-long: ${'y'.repeat(30000)}\r\n\r\n`);
    assert.equal(long.status, 431, route);
    assert.ok(textOf(long.body), route);
    const wrong = await fetch(server.base + route, {method: 'DELETE'});
    assert.equal(wrong.status, 405, route);
    assert.ok(textOf(await wrong.json()).length > 0, route);
  }
  assert.match((await json('/api/nothing', '{}', 404)).error, /\/api\/nothing/);
});

const TOOL = {name: 'add', description: 'Adds.', parameters: {type: 'object', properties: {x: {type: 'number'}}}};
const WRAPPED = [{type: 'function', function: TOOL}];
const FLAT = [{type: 'function', ...TOOL}];
const SCHEMA = {type: 'object', properties: {x: {type: 'number'}}};

// What cannot be kept is refused in words, never left out silently: no model is made to call a tool, or to
// keep to a form, yet.
test('forced tools and forms are refused clearly in every dialect', async () => {
  const messages = [{role: 'user', content: 'What is 2 + 3?'}];
  const input = 'What is 2 + 3?';
  const form = {type: 'json_schema', json_schema: {name: 'x', schema: SCHEMA}};
  const refused = [
    ['/v1/chat/completions', openai, /tool_choice.*grammar/, {messages, tools: WRAPPED, tool_choice: 'required'}],
    ['/v1/chat/completions', openai, /strict.*grammar/,
     {messages, tools: [{type: 'function', function: {...TOOL, strict: true}}]}],
    ['/v1/chat/completions', openai, /response_format.*grammar/, {messages, response_format: form}],
    ['/v1/chat/completions', openai, /response_format.*grammar/, {messages, response_format: {type: 'json_object'}}],
    ['/v1/completions', openai, /response_format.*grammar/, {prompt: input, response_format: form}],
    ['/v1/responses', openai, /tool_choice.*grammar/, {input, tools: FLAT, tool_choice: 'required'}],
    ['/v1/responses', openai, /text\.format.*grammar/, {input, text: {format: {type: 'json_schema', name: 'x', schema: SCHEMA}}}],
    ['/api/chat', ollama, /format.*grammar/, {messages, format: SCHEMA, stream: false}],
    ['/api/generate', ollama, /format.*grammar/, {prompt: input, format: 'json', stream: false}],
    ['/v1/messages', anthropic, /tool_choice.*grammar/,
     {messages, max_tokens: 9, tools: [{name: 'add', input_schema: SCHEMA}], tool_choice: {type: 'any'}}],
    ['/completion', openai, /json_schema.*grammar/, {prompt: input, json_schema: SCHEMA}],
    ['/completion', openai, /grammar/, {prompt: input, grammar: 'root ::= [0-9]+'}],
  ];
  for (const [route, textOf, pattern, body] of refused) {
    assert.match(textOf(await json(route, body, 400)), pattern, `${route} ${JSON.stringify(body)}`);
  }
});

test('tools that may be called are told to the model in every dialect', async () => {
  const messages = [{role: 'user', content: 'What is 2 + 3?'}];
  const anthropicTools = [{name: 'add', description: 'Adds.', input_schema: SCHEMA}];
  const ways = [
    ['/v1/chat/completions', {messages, max_tokens: 3}, WRAPPED, {tool_choice: 'none'}, (r) => r.usage.prompt_tokens],
    ['/v1/responses', {input: 'What is 2 + 3?', max_output_tokens: 3}, FLAT, {tool_choice: 'none'}, (r) => r.usage.input_tokens],
    ['/api/chat', {messages, stream: false, options: {num_predict: 3}}, WRAPPED, undefined, (r) => r.prompt_eval_count],
    ['/v1/messages/count_tokens', {messages}, anthropicTools, {tool_choice: {type: 'none'}}, (r) => r.input_tokens],
  ];
  for (const [route, body, tools, none, tokens] of ways) {
    const without = tokens(await json(route, body));
    assert.ok(tokens(await json(route, {...body, tools})) > without + 20, `${route}: the prompt has the tool`);
    if (none) assert.equal(tokens(await json(route, {...body, tools, ...none})), without, route);
  }
});

test('logit_bias of ids, texts and false', async () => {
  const body = {prompt: 'What is 2 + 3?', max_tokens: 12, temperature: 0};
  const {tokens: [seven]} = await json('/tokenize', {content: '7', add_special: false});
  for (const logit_bias of [{[seven]: 100}, [[seven, 100]], [['7', 100]]]) {
    const reply = await json('/v1/completions', {...body, logit_bias});
    assert.equal(reply.choices[0].text, '7'.repeat(12), JSON.stringify(logit_bias));
  }
  const words = await json('/completion', {...body, logit_bias: {' seven': 100}});
  assert.notEqual(words.content, (await json('/completion', body)).content);
  const never = await json('/v1/completions', {...body, logit_bias: [['7', 100], ['7', false]]});
  assert.doesNotMatch(never.choices[0].text, /7/);
});

test('health and metrics need no model', async () => {
  assert.equal((await fetch(`${server.base}/health/live`)).status, 200);
  assert.equal((await server.get('/health')).status, 'ok');
  const text = await (await fetch(`${server.base}/metrics`)).text();
  assert.match(text, /^# TYPE lemma_[a-z_]+ histogram$/m);
});
