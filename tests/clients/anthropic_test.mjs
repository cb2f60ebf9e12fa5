// SPDX-License-Identifier: Apache-2.0
// The official `@anthropic-ai/sdk` client against the server.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {readSse, requirePackages, Server} from './server.mjs';

requirePackages();
const {default: Anthropic} = await import('@anthropic-ai/sdk');

let server;
let client;
before(async () => {
  server = await Server.start({env: {LEMMA_API_KEY: 'sk-test-0123456789abcdef'}});
  client = new Anthropic({baseURL: server.base, apiKey: 'sk-test-0123456789abcdef', maxRetries: 0});
});
after(() => server.stop());

const model = 'bundled';
const messages = [{role: 'user', content: 'What is 12 + 30?'}];
const greedy = {model, messages, max_tokens: 400, temperature: 0};

test('a message has thinking and text', async () => {
  const message = await client.messages.create(greedy);
  assert.equal(message.type, 'message');
  assert.equal(message.role, 'assistant');
  assert.match(message.id, /^msg_/);
  assert.deepEqual(message.content.map((b) => b.type), ['thinking', 'text']);
  assert.match(message.content[1].text, /42/);
  assert.ok(message.content[0].signature.length > 0);
  assert.equal(message.stop_reason, 'end_turn');
  assert.equal(message.stop_sequence, null);
  const {usage} = message;
  assert.ok(usage.input_tokens + usage.cache_read_input_tokens > 0);
  assert.ok(usage.output_tokens > usage.output_tokens_details.thinking_tokens);
});

test('the stream builds the same message', async () => {
  const whole = await client.messages.create(greedy);
  const stream = client.messages.stream(greedy);
  const types = [];
  let text = '';
  let thinking = '';
  stream.on('streamEvent', (event) => types.push(event.type));
  stream.on('text', (piece) => { text += piece; });
  stream.on('thinking', (piece) => { thinking += piece; });
  const final = await stream.finalMessage();
  assert.deepEqual(final.content, whole.content);
  assert.equal(thinking, whole.content[0].thinking);
  assert.equal(text, whole.content[1].text);
  assert.equal(final.stop_reason, 'end_turn');
  assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
  assert.equal(types[0], 'message_start');
  assert.equal(types.at(-1), 'message_stop');
  assert.equal(types.at(-2), 'message_delta');
  assert.equal(types.filter((t) => t === 'content_block_start').length, 2);
  assert.equal(types.filter((t) => t === 'content_block_stop').length, 2);
});

test('events on the wire are named and numbered', async () => {
  const reply = await server.post('/v1/messages', {...greedy, stream: true},
                                  {headers: {'x-api-key': 'sk-test-0123456789abcdef',
                                             'anthropic-version': '2023-06-01'}});
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get('content-type'), /^text\/event-stream/);
  const events = await readSse(reply);
  let open;
  for (const {event, data} of events) {
    const body = JSON.parse(data);
    assert.equal(body.type, event);
    if (event === 'content_block_start') open = body.index;
    if (event.startsWith('content_block')) assert.equal(body.index, open);
  }
  const signatures = events.filter(({data}) => data.includes('signature_delta'));
  assert.equal(signatures.length, 1);
});

test('stop sequences and the limit are reported', async () => {
  const stopped = await client.messages.create({...greedy, stop_sequences: ['{']});
  assert.equal(stopped.stop_reason, 'stop_sequence');
  assert.equal(stopped.stop_sequence, '{');
  const cut = await client.messages.create({...greedy, max_tokens: 4});
  assert.equal(cut.stop_reason, 'max_tokens');
  assert.equal(cut.usage.output_tokens, 4);
});

test('thinking: a budget, and off', async () => {
  const some = await client.messages.create({...greedy, thinking: {type: 'enabled', budget_tokens: 4}});
  assert.equal(some.content[0].type, 'thinking');
  assert.equal(some.content.at(-1).type, 'text');
  assert.equal(some.stop_reason, 'end_turn');
  const off = await client.messages.create({...greedy, thinking: {type: 'disabled'}});
  assert.deepEqual(off.content.map((b) => b.type), ['text']);
});

test('a conversation with blocks, system text and tools', async () => {
  const first = await client.messages.create({...greedy, system: [{type: 'text', text: 'Be brief.'}]});
  const message = await client.messages.create({
    ...greedy,
    max_tokens: 50,
    system: 'Be brief.',
    tools: [{name: 'get_weather', description: 'Weather of a city',
             input_schema: {type: 'object', properties: {city: {type: 'string'}}}}],
    tool_choice: {type: 'auto'},
    metadata: {user_id: 'user-1'},
    messages: [...messages, {role: 'assistant', content: first.content},
               {role: 'user', content: 'Weather in Ulm?'},
               {role: 'assistant', content: [{type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: {city: 'Ulm'}}]},
               {role: 'user', content: [{type: 'tool_result', tool_use_id: 'toolu_1', content: '21 degrees'},
                                        {type: 'text', text: 'And what does that mean?'}]}],
  });
  assert.equal(message.role, 'assistant');
  assert.equal(message.warnings, undefined);
  for (const block of message.content) assert.ok(['thinking', 'text', 'tool_use'].includes(block.type));
});

test('an assistant text at the end is continued', async () => {
  const message = await client.messages.create({
    ...greedy, max_tokens: 30, thinking: {type: 'disabled'},
    messages: [...messages, {role: 'assistant', content: '1. Compute: 12+30\n2. Result: 12+30='}]});
  assert.match(message.content[0].text, /^42/);
});

test('tokens are counted as generation counts them', async () => {
  const count = await client.messages.countTokens({model, messages, system: 'Be brief.'});
  const message = await client.messages.create({...greedy, system: 'Be brief.', max_tokens: 1});
  assert.equal(count.input_tokens, message.usage.input_tokens + message.usage.cache_read_input_tokens);
});

test('abort ends the request in the server', async () => {
  const before = await server.metric('lemma_client_disconnects_total');
  const stream = client.messages.stream({...greedy, max_tokens: 1900, temperature: 1,
                                         messages: [{role: 'user', content: 'Count on and on.'}]});
  let pieces = 0;
  await assert.rejects(async () => {
    for await (const event of stream) {
      if (event.type === 'content_block_delta' && ++pieces === 3) stream.abort();
    }
    throw new Error('the stream came to its end');
  }, {name: /Abort/});
  await server.waitFor(async () => {
    const reply = await fetch(`${server.base}/slots`, {headers: {'x-api-key': 'sk-test-0123456789abcdef'}});
    return (await reply.json()).every((s) => !s.is_processing);
  }, 'end of the request');
  assert.ok(before === undefined || (await server.metric('lemma_client_disconnects_total')) >= before);
});

test('errors have the types that the client knows', async () => {
  const bad = new Anthropic({baseURL: server.base, apiKey: 'wrong', maxRetries: 0});
  await assert.rejects(bad.messages.create(greedy), (e) => {
    assert.ok(e instanceof Anthropic.AuthenticationError, e.constructor.name);
    assert.equal(e.error.type, 'error');
    assert.equal(e.error.error.type, 'authentication_error');
    return true;
  });
  await assert.rejects(client.messages.create({...greedy, model: 'no-such'}),
                       (e) => e instanceof Anthropic.NotFoundError && /bundled/.test(e.message));
  await assert.rejects(client.messages.create({model, messages}),
                       (e) => e instanceof Anthropic.BadRequestError && /max_tokens: is missing/.test(e.message));
  await assert.rejects(client.messages.create({...greedy, tool_choice: {type: 'any'}}),
                       (e) => e instanceof Anthropic.BadRequestError && /tool_choice\.type/.test(e.message));
  await assert.rejects(client.messages.create({...greedy, messages: [{role: 'user', content: 'word '.repeat(4000)}]}),
                       (e) => e instanceof Anthropic.BadRequestError && /\d{4}.*2048/.test(e.message));
  await assert.rejects(client.messages.create({...greedy, thinking: {type: 'enabled', budget_tokens: 400}}),
                       (e) => e instanceof Anthropic.BadRequestError && /budget_tokens/.test(e.message));
});

test('unknown fields are told', async () => {
  const message = await client.messages.create({...greedy, max_tokens: 2, nonsense: 1});
  assert.ok(message.warnings.includes('nonsense: unknown field, ignored'));
});

test('verified answers: by the option and by the name, whole and streamed', async () => {
  const verified = {model, messages, max_tokens: 400, lemma: {chains: 3, seed: 1}};
  const whole = await client.messages.create(verified);
  assert.equal(whole.lemma.answer, '42');
  assert.equal(whole.lemma.status, 'VERIFIED');
  assert.deepEqual(whole.content.map((b) => b.type), ['thinking', 'text']);
  assert.equal(whole.usage.output_tokens, whole.lemma.tokens);
  const stream = client.messages.stream(verified);
  let lemma;
  stream.on('streamEvent', (event) => { lemma = event.lemma ?? lemma; });
  const built = await stream.finalMessage();
  assert.deepEqual(built.content, whole.content);
  assert.equal(lemma.trace_id, whole.lemma.trace_id);
  const named = await client.messages.create({...greedy, model: `${model}:verified`});
  assert.match(named.content.at(-1).text, /42/);
  assert.ok(Number.isSafeInteger(named.lemma.seed));
  const {input_tokens} = await client.messages.countTokens({model: `${model}:verified`, messages});
  assert.ok(input_tokens > 0);
  await assert.rejects(client.messages.create({...verified, lemma: 3}),
                       (e) => e instanceof Anthropic.BadRequestError && /lemma: expected true, false or/.test(e.message));
});
