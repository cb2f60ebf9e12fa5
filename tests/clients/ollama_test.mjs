// SPDX-License-Identifier: Apache-2.0
// The official `ollama` client against the server.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {requirePackages, Server} from './server.mjs';

requirePackages();
const {Ollama} = await import('ollama');

let server;
let client;
before(async () => {
  server = await Server.start();
  client = new Ollama({host: server.base});
});
after(() => server.stop());

const QUESTION = 'What is 12 + 30?';
const model = 'bundled';
const greedy = {temperature: 0, seed: 1};

function checkFigures(last) {
  assert.equal(last.done, true);
  for (const name of ['total_duration', 'load_duration', 'prompt_eval_duration', 'eval_duration']) {
    assert.ok(Number.isInteger(last[name]) && last[name] >= 0, `${name}: ${last[name]}`);
  }
  assert.ok(last.total_duration >= last.eval_duration);
  assert.ok(last.total_duration > 1000, 'nanoseconds');
  assert.ok(last.prompt_eval_count > 0 && last.eval_count > 0);
}

test('chat, whole and streamed, give the same text', async () => {
  const messages = [{role: 'user', content: QUESTION}];
  const whole = await client.chat({model, messages, options: greedy});
  assert.match(whole.message.content, /42/);
  assert.ok(whole.message.thinking.length > 0);
  assert.equal(whole.message.role, 'assistant');
  assert.equal(whole.done_reason, 'stop');
  assert.equal(whole.model, model);
  checkFigures(whole);
  let content = '';
  let thinking = '';
  let last;
  let pieces = 0;
  for await (const part of await client.chat({model, messages, options: greedy, stream: true})) {
    content += part.message.content;
    thinking += part.message.thinking ?? '';
    assert.ok(!Number.isNaN(Date.parse(part.created_at)));
    pieces += 1;
    last = part;
  }
  assert.equal(content, whole.message.content);
  assert.equal(thinking, whole.message.thinking);
  assert.ok(pieces > 3);
  checkFigures(last);
  assert.equal(last.eval_count, whole.eval_count);
});

test('generate, with a system text and options', async () => {
  const reply = await client.generate({model, prompt: QUESTION, system: 'Be brief.',
                                       options: {...greedy, num_predict: 5}});
  assert.equal(reply.done_reason, 'length');
  assert.equal(reply.eval_count, 5);
  checkFigures(reply);
  let text = '';
  for await (const part of await client.generate({model, prompt: QUESTION, options: greedy, stream: true})) {
    text += part.response;
  }
  assert.match(text, /42/);
});

test('a raw prompt is continued as it is', async () => {
  const reply = await client.generate({model, prompt: '1. Compute: 12+30\n2. Result:', raw: true,
                                       options: {...greedy, num_predict: 12}});
  assert.match(reply.response, /42/);
});

test('stop strings end the text before them', async () => {
  const messages = [{role: 'user', content: QUESTION}];
  const reply = await client.chat({model, messages, options: {...greedy, stop: ['=']}});
  assert.ok(!reply.message.content.includes('='));
  assert.equal(reply.done_reason, 'stop');
});

test('think: off, on, and by effort', async () => {
  const messages = [{role: 'user', content: QUESTION}];
  const off = await client.chat({model, messages, think: false, options: greedy});
  assert.equal(off.message.thinking, undefined);
  assert.ok(off.message.content.length > 0);
  const on = await client.chat({model, messages, think: true, options: greedy});
  assert.ok(on.message.thinking.length > 0);
  const low = await client.chat({model, messages, think: 'low', options: greedy});
  assert.equal(low.message.thinking, on.message.thinking);
});

test('the same seed gives the same text, another one another', async () => {
  const ask = async (seed) => (await client.generate({
    model, prompt: '小明有 7 个苹果，', options: {temperature: 1.5, seed, num_predict: 40}})).thinking;
  const first = await ask(5);
  assert.equal(await ask(5), first);
  assert.notEqual(await ask(6), first);
});

test('log probabilities', async () => {
  const reply = await client.generate({model, prompt: QUESTION, logprobs: true, top_logprobs: 3,
                                       options: {...greedy, num_predict: 6}});
  assert.equal(reply.logprobs.length, 6);
  for (const row of reply.logprobs) {
    assert.ok(row.logprob <= 0);
    assert.equal(row.top_logprobs.length, 3);
    assert.equal(row.top_logprobs[0].token, row.token);
  }
});

test('list, show, ps and version', async () => {
  const {models} = await client.list();
  assert.deepEqual(models.map((m) => m.name), [model]);
  assert.equal(models[0].details.format, 'gguf');
  assert.equal(models[0].details.family, 'qwen2');
  assert.equal(models[0].details.quantization_level, 'Q8_0');
  assert.match(models[0].digest, /^[0-9a-f]{64}$/);
  assert.ok(models[0].size > 1e6);
  const shown = await client.show({model});
  assert.equal(shown.model_info['general.architecture'], 'qwen2');
  assert.equal(shown.model_info['qwen2.context_length'], 2048);
  assert.equal(shown.model_info['tokenizer.ggml.tokens'], null);
  assert.ok(shown.capabilities.includes('completion') && shown.capabilities.includes('thinking'));
  assert.match(shown.template, /Assistant/);
  await client.generate({model, prompt: ''});
  const running = await client.ps();
  assert.deepEqual(running.models.map((m) => m.name), [model]);
  assert.equal(running.models[0].context_length, 2048);
  assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/);
  assert.equal(await (await fetch(server.base)).text(), 'Ollama is running');
  assert.equal((await fetch(server.base, {method: 'HEAD'})).status, 200);
});

test('an empty prompt loads, keep_alive 0 unloads, the next request loads again', async () => {
  const load = await client.generate({model, prompt: '', keep_alive: '5m'});
  assert.equal(load.done_reason, 'load');
  const soon = (await client.ps()).models[0].expires_at;
  assert.ok(Math.abs(Date.parse(soon) - Date.now() - 300e3) < 60e3, soon);
  const unload = await client.chat({model, messages: [], keep_alive: 0});
  assert.equal(unload.done_reason, 'unload');
  assert.deepEqual((await client.ps()).models, []);
  const reply = await client.generate({model, prompt: QUESTION, keep_alive: -1, options: greedy});
  assert.match(reply.response, /42/);
  assert.ok(reply.load_duration > 0);
  assert.equal((await client.ps()).models.length, 1);
});

test('embeddings: one text, many, and the older route', async () => {
  const many = await client.embed({model, input: ['hello world', '你好', 'hello world']});
  assert.equal(many.embeddings.length, 3);
  assert.equal(many.embeddings[0].length, 256);
  const length = Math.hypot(...many.embeddings[1]);
  assert.ok(Math.abs(length - 1) < 1e-3, `length ${length}`);
  assert.deepEqual(many.embeddings[0], many.embeddings[2]);
  assert.ok(many.prompt_eval_count > 0);
  const one = await client.embed({model, input: 'hello world', dimensions: 16});
  assert.equal(one.embeddings[0].length, 16);
  assert.ok(Math.abs(Math.hypot(...one.embeddings[0]) - 1) < 1e-3);
  const old = await client.embeddings({model, prompt: 'hello world'});
  assert.deepEqual(old.embedding, many.embeddings[0]);
});

test('a conversation with tools keeps its shape', async () => {
  const tools = [{type: 'function', function: {name: 'get_weather', description: 'Weather of a city',
    parameters: {type: 'object', properties: {city: {type: 'string'}}, required: ['city']}}}];
  const messages = [
    {role: 'user', content: 'Weather in Ulm?'},
    {role: 'assistant', content: '', tool_calls: [{function: {name: 'get_weather', arguments: {city: 'Ulm'}}}]},
    {role: 'tool', content: '21 degrees', tool_name: 'get_weather'}];
  const reply = await client.chat({model, messages, tools, options: {...greedy, num_predict: 20}});
  assert.equal(reply.message.role, 'assistant');
  for (const call of reply.message.tool_calls ?? []) assert.equal(typeof call.function.arguments, 'object');
});

test('abort ends the request in the server', async () => {
  const stream = await client.generate({model, prompt: 'Count on and on.', stream: true,
                                        options: {temperature: 1, num_predict: 2000}});
  let pieces = 0;
  await assert.rejects(async () => {
    for await (const part of stream) {
      assert.equal(part.done, false);
      if (++pieces === 3) stream.abort();
    }
  }, {name: 'AbortError'});
  await server.waitFor(async () => (await server.get('/slots')).every((s) => !s.is_processing),
                       'end of the request');
});

test('errors say what is wrong', async () => {
  await assert.rejects(client.generate({model: 'no-such', prompt: 'x'}),
                       (e) => e.status_code === 404 && /no-such/.test(e.error) && /bundled/.test(e.error));
  await assert.rejects(client.generate({model, prompt: 'x', format: 'json'}),
                       (e) => e.status_code === 400 && /^format: /.test(e.error));
  await assert.rejects(client.chat({model, messages: [{role: 'user', content: 'x', images: ['aGk=']}]}),
                       (e) => e.status_code === 400 && /images/.test(e.error));
  await assert.rejects(client.generate({model, prompt: 'word '.repeat(4000)}),
                       (e) => e.status_code === 400 && /\d{4}.*2048/.test(e.error));
  await assert.rejects(client.pull({model: 'x'}), (e) => e.status_code === 400 && /models folder/.test(e.error));
});

test('a long conversation is shortened only when asked, and that is told', async () => {
  const messages = [];
  for (let i = 0; i < 60; ++i) {
    messages.push({role: 'user', content: `Turn ${i}: ` + 'some words to fill the context '.repeat(4)},
                  {role: 'assistant', content: 'Noted.'});
  }
  messages.push({role: 'user', content: QUESTION});
  const options = {...greedy, num_predict: 8};
  await assert.rejects(client.chat({model, messages, options}), (e) => e.status_code === 400);
  const reply = await client.chat({model, messages, options, truncate: true});
  assert.ok(reply.warnings.some((w) => /^truncated: the \d+ oldest messages/.test(w)), `${reply.warnings}`);
});

test('verified answers: by the option and by the name, whole and streamed', async () => {
  const messages = [{role: 'user', content: QUESTION}];
  const lemma = {chains: 3, seed: 1};
  const whole = await client.chat({model, messages, lemma});
  assert.equal(whole.lemma.answer, '42');
  assert.equal(whole.lemma.status, 'VERIFIED');
  assert.equal(whole.model, model);
  assert.equal(whole.warnings, undefined);
  checkFigures(whole);
  let content = '';
  let last;
  for await (const part of await client.chat({model, messages, lemma, stream: true})) {
    content += part.message.content;
    last = part;
  }
  assert.equal(content, whole.message.content);
  assert.equal(last.lemma.trace_id, whole.lemma.trace_id);
  const named = await client.generate({model: `${model}:verified`, prompt: QUESTION, options: {seed: 1}});
  assert.equal(named.model, `${model}:verified`);
  assert.equal(named.lemma.seed, 1);
  assert.match(named.response, /42/);
  assert.ok((await client.show({model: `${model}:verified`})).model_info);
  const plain = await client.chat({model: `${model}:verified`, messages, lemma: false, options: greedy});
  assert.equal(plain.lemma, undefined);
  await assert.rejects(client.chat({model, messages, lemma: {chains: 'many'}}),
                       (e) => e.status_code === 400 && /^lemma\.chains: expected an integer/.test(e.error));
});

test('what has no effect is told', async () => {
  const reply = await client.generate({model, prompt: QUESTION, nonsense: 1,
                                       options: {...greedy, num_gpu: 1, num_ctx: 100000, num_predict: 2}});
  assert.ok(reply.warnings.some((w) => w.startsWith('options.num_gpu')));
  assert.ok(reply.warnings.some((w) => w.startsWith('options.num_ctx: 100000')));
  assert.ok(reply.warnings.some((w) => w.startsWith('nonsense: unknown field')));
});
