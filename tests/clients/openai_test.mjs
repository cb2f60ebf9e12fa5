// SPDX-License-Identifier: Apache-2.0
// The official `openai` client against the server.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {requirePackages, Server} from './server.mjs';

requirePackages();
const {default: OpenAI} = await import('openai');

const KEY = 'sk-test-0123456789abcdef';
let server;
let client;
before(async () => {
  server = await Server.start({env: {LEMMA_API_KEY: KEY}});
  client = new OpenAI({baseURL: `${server.base}/v1`, apiKey: KEY, maxRetries: 0});
});
after(() => server.stop());

const model = 'bundled';
const messages = [{role: 'user', content: 'What is 12 + 30?'}];
const greedy = {model, messages, temperature: 0, seed: 1};
const create = (body, options) => client.chat.completions.create(body, options);

function checkUsage(usage) {
  assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0);
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  assert.ok(usage.prompt_tokens_details.cached_tokens <= usage.prompt_tokens);
  assert.ok(usage.completion_tokens_details.reasoning_tokens <= usage.completion_tokens);
}

async function collect(stream) {
  const texts = [];
  let usage;
  let last;
  for await (const chunk of stream) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    for (const choice of chunk.choices) {
      texts[choice.index] ??= {content: '', reasoning: '', finish: null};
      const text = texts[choice.index];
      assert.equal(text.finish, null, 'nothing follows the reason of the end');
      text.content += choice.delta.content ?? '';
      text.reasoning += choice.delta.reasoning_content ?? '';
      text.finish = choice.finish_reason ?? null;
    }
    usage = chunk.usage ?? usage;
    last = chunk;
  }
  return {texts, usage, last};
}

test('the models are listed', async () => {
  const list = [];
  for await (const row of client.models.list()) list.push(row);
  assert.deepEqual(list.map((m) => [m.id, m.object]), [[model, 'model']]);
  assert.equal((await client.models.retrieve(model)).id, model);
});

test('a chat has an answer, its reasoning and usage', async () => {
  const reply = await create(greedy);
  assert.equal(reply.object, 'chat.completion');
  const [choice] = reply.choices;
  assert.equal(choice.message.role, 'assistant');
  assert.match(choice.message.content, /42/);
  assert.ok(choice.message.reasoning_content.length > 0);
  assert.equal(choice.message.reasoning, choice.message.reasoning_content);
  assert.equal(choice.finish_reason, 'stop');
  checkUsage(reply.usage);
  assert.ok(reply.usage.completion_tokens_details.reasoning_tokens > 0);
  const nameless = await create({...greedy, model: 'default'});
  assert.equal(nameless.choices[0].message.content, choice.message.content);
});

test('the stream carries the same text, and usage when asked', async () => {
  const whole = await create(greedy);
  const {texts, usage, last} = await collect(await create({...greedy, stream: true, stream_options: {include_usage: true}}));
  assert.equal(texts[0].content, whole.choices[0].message.content);
  assert.equal(texts[0].reasoning, whole.choices[0].message.reasoning_content);
  assert.equal(texts[0].finish, 'stop');
  assert.deepEqual(last.choices, []);
  checkUsage(usage);
  assert.equal(usage.completion_tokens, whole.usage.completion_tokens);
  const silent = await collect(await create({...greedy, stream: true}));
  assert.equal(silent.usage, undefined);
});

test('n samples share one prompt and differ; a seed repeats them', async () => {
  const body = {model, messages: [{role: 'user', content: '小明有 7 个苹果，'}], n: 3, temperature: 2, seed: 3, max_tokens: 120};
  const reply = await create(body);
  assert.deepEqual(reply.choices.map((c) => c.index), [0, 1, 2]);
  const textOf = (c) => c.message.reasoning_content + c.message.content;
  assert.equal(new Set(reply.choices.map(textOf)).size, 3);
  const again = await create(body);
  assert.deepEqual(again.choices.map(textOf), reply.choices.map(textOf));
  const {texts} = await collect(await create({...body, stream: true}));
  assert.deepEqual(texts.map((t) => t.reasoning + t.content), reply.choices.map(textOf));
});

test('stop and limits', async () => {
  const stopped = await create({...greedy, stop: ['=']});
  assert.equal(stopped.choices[0].finish_reason, 'stop');
  assert.ok(!stopped.choices[0].message.content.includes('='));
  for (const name of ['max_tokens', 'max_completion_tokens']) {
    const cut = await create({...greedy, [name]: 5});
    assert.equal(cut.choices[0].finish_reason, 'length');
    assert.equal(cut.usage.completion_tokens, 5);
  }
});

test('log probabilities', async () => {
  const reply = await create({...greedy, logprobs: true, top_logprobs: 4, reasoning_effort: 'none', max_tokens: 12});
  const rows = reply.choices[0].logprobs.content;
  assert.ok(rows.length > 0);
  for (const row of rows) {
    assert.ok(row.logprob <= 0);
    assert.equal(row.top_logprobs.length, 4);
    assert.equal(row.top_logprobs[0].token, row.token);
    assert.ok(row.top_logprobs.reduce((sum, t) => sum + Math.exp(t.logprob), 0) <= 1.001);
    assert.deepEqual(Buffer.from(row.bytes).toString(), row.token);
  }
});

test('thinking can be switched off, limited, and ended from outside', async () => {
  const off = await create({...greedy, reasoning_effort: 'none'});
  assert.ok(!off.choices[0].message.reasoning_content);
  assert.equal(off.usage.completion_tokens_details.reasoning_tokens, 0);
  const limited = await create({...greedy, thinking_budget_tokens: 8});
  assert.ok(limited.choices[0].message.content.length > 0);
  const free = await create(greedy);
  assert.ok(limited.usage.completion_tokens_details.reasoning_tokens <
            free.usage.completion_tokens_details.reasoning_tokens + 64);
});

test('embeddings: floats, base64 and dimensions', async () => {
  const input = ['hello world', '你好'];
  const floats = await client.embeddings.create({model, input, encoding_format: 'float'});
  assert.deepEqual(floats.data.map((d) => d.index), [0, 1]);
  assert.equal(floats.data[0].embedding.length, 256);
  assert.ok(Math.abs(Math.hypot(...floats.data[0].embedding) - 1) < 1e-3);
  assert.ok(floats.usage.prompt_tokens > 0);
  const packed = await client.embeddings.create({model, input});  // the client asks for base64
  packed.data.forEach((row, i) => row.embedding.forEach(
    (value, j) => assert.ok(Math.abs(value - floats.data[i].embedding[j]) < 1e-6)));
  const short = await client.embeddings.create({model, input: 'hello world', dimensions: 32});
  assert.equal(short.data[0].embedding.length, 32);
});

test('completions, whole and streamed', async () => {
  const body = {model, prompt: '1. Compute: 12+30\n2. Result:', max_tokens: 12, temperature: 0};
  const whole = await client.completions.create(body);
  assert.equal(whole.object, 'text_completion');
  assert.match(whole.choices[0].text, /42/);
  checkUsage(whole.usage);
  let text = '';
  for await (const chunk of await client.completions.create({...body, stream: true})) {
    text += chunk.choices[0]?.text ?? '';
  }
  assert.equal(text, whole.choices[0].text);
  const echo = await client.completions.create({...body, echo: true});
  assert.equal(echo.choices[0].text, body.prompt + whole.choices[0].text);
});

test('responses, whole and streamed', async () => {
  const body = {model, input: 'What is 12 + 30?', temperature: 0};
  const whole = await client.responses.create(body);
  assert.equal(whole.object, 'response');
  assert.equal(whole.status, 'completed');
  assert.match(whole.output_text, /42/);
  const types = [];
  let text = '';
  for await (const event of await client.responses.create({...body, stream: true})) {
    types.push(event.type);
    if (event.type === 'response.output_text.delta') text += event.delta;
  }
  assert.equal(text, whole.output_text);
  assert.equal(types[0], 'response.created');
  assert.equal(types.at(-1), 'response.completed');
});

test('tools: the conversation keeps its shape, a forced call is refused', async () => {
  const tools = [{type: 'function', function: {name: 'get_weather', description: 'Weather of a city',
    parameters: {type: 'object', properties: {city: {type: 'string'}}}}}];
  const turns = [
    {role: 'user', content: 'Weather in Ulm?'},
    {role: 'assistant', content: null, tool_calls: [
      {id: 'call_1', type: 'function', function: {name: 'get_weather', arguments: '{"city":"Ulm"}'}}]},
    {role: 'tool', tool_call_id: 'call_1', content: '21 degrees'}];
  const reply = await create({...greedy, messages: turns, tools, tool_choice: 'auto', max_tokens: 20});
  for (const call of reply.choices[0].message.tool_calls ?? []) {
    assert.equal(call.type, 'function');
    assert.equal(typeof call.function.arguments, 'string');
  }
  await assert.rejects(create({...greedy, tools, tool_choice: 'required'}),
                       (e) => e instanceof OpenAI.BadRequestError && /tool_choice/.test(e.message));
});

test('abort ends the request in the server', async () => {
  const stream = await create({...greedy, stream: true, temperature: 1, max_tokens: 1900, ignore_eos: true});
  let pieces = 0;
  for await (const chunk of stream) {
    assert.equal(chunk.choices[0]?.finish_reason ?? null, null);
    if (++pieces === 3) stream.controller.abort();
  }
  assert.ok(pieces < 1000, 'the stream was cut');
  const auth = {headers: {Authorization: `Bearer ${KEY}`}};
  await server.waitFor(async () => {
    const text = await (await fetch(`${server.base}/metrics`, auth)).text();
    return /^lemma_streams_running 0$/m.test(text) && /^lemma_requests_serving 0$/m.test(text);
  }, 'end of the request');
});

test('errors are those that the client knows', async () => {
  const bad = new OpenAI({baseURL: `${server.base}/v1`, apiKey: 'wrong', maxRetries: 0});
  await assert.rejects(bad.models.list(), (e) => e instanceof OpenAI.AuthenticationError && e.status === 401);
  await assert.rejects(create({...greedy, model: 'no-such'}),
                       (e) => e instanceof OpenAI.NotFoundError && /no-such/.test(e.message) && /bundled/.test(e.message));
  await assert.rejects(create({...greedy, messages: [{role: 'user', content: 'word '.repeat(4000)}]}), (e) => {
    assert.ok(e instanceof OpenAI.BadRequestError);
    assert.equal(e.code, 'context_length_exceeded');
    return /\d{4}.*2048/.test(e.message);
  });
  await assert.rejects(create({...greedy, temperature: 'hot'}),
                       (e) => e instanceof OpenAI.BadRequestError && e.param === 'temperature');
  await assert.rejects(create({...greedy, response_format: {type: 'json_object'}}),
                       (e) => e instanceof OpenAI.BadRequestError && /response_format/.test(e.message));
  await assert.rejects(create({...greedy, n: 1000}), (e) => e instanceof OpenAI.BadRequestError && e.param === 'n');
});

test('verified answers: chat and responses, whole and streamed', async () => {
  const lemma = {chains: 3, seed: 1};
  const whole = await client.chat.completions.create({model, messages: greedy.messages, lemma});
  assert.equal(whole.lemma.status, 'VERIFIED');
  assert.equal(whole.seed, 1);
  let last;
  for await (const chunk of await client.chat.completions.create({model, messages: greedy.messages, lemma, stream: true})) {
    last = chunk.lemma ?? last;
  }
  assert.equal(last.trace_id, whole.lemma.trace_id);
  const response = await client.responses.create({model, input: greedy.messages[0].content, lemma});
  assert.equal(response.lemma.answer, whole.lemma.answer);
  assert.equal(response.output_text, whole.choices[0].message.content);
  await assert.rejects(create({...greedy, lemma: {chains: 1000}}),
                       (e) => e instanceof OpenAI.BadRequestError && e.param === 'lemma.chains');
});

test('unknown fields are told', async () => {
  const reply = await create({...greedy, max_tokens: 2, nonsense: 1});
  assert.ok(reply.warnings.some((w) => /^nonsense: unknown field/.test(w)), `${reply.warnings}`);
});
