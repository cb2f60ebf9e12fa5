// SPDX-License-Identifier: Apache-2.0
// Requests as other servers' documents show them with curl, sent as they stand: the model names are
// those of the documents. No client library: what goes over the wire is what is written here.
import assert from 'node:assert/strict';
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

test('what is wrong with a request is said in the shape of its dialect', async () => {
  const message = {
    '/v1/chat/completions': (e) => e.error.message,
    '/api/chat': (e) => e.error,
    '/v1/messages': (e) => e.error.message,
    '/completion': (e) => e.error.message,
  };
  for (const [route, textOf] of Object.entries(message)) {
    assert.match(textOf(await json(route, '{"messages": [', 400)), /not valid JSON/, route);
    assert.match(textOf(await json(route, '[]', 400)), /must be a JSON object/, route);
    const large = await server.post(route, `{"x": "${'y'.repeat(2 << 20)}"}`);
    assert.equal(large.status, 413, route);
    assert.ok((await large.json()).error, route);  // refused before its path is looked at
    const wrong = await fetch(server.base + route, {method: 'DELETE'});
    assert.equal(wrong.status, 405, route);
    assert.ok(textOf(await wrong.json()).length > 0, route);
  }
  assert.match((await json('/api/nothing', '{}', 404)).error, /\/api\/nothing/);
});

test('health and metrics need no model', async () => {
  assert.equal((await fetch(`${server.base}/health/live`)).status, 200);
  assert.equal((await server.get('/health')).status, 'ok');
  const text = await (await fetch(`${server.base}/metrics`)).text();
  assert.match(text, /^# TYPE lemma_[a-z_]+ histogram$/m);
});
