// SPDX-License-Identifier: Apache-2.0
// Every curl command of docs/api.md, sent as it stands; and every path of docs/openapi.json is
// answered by the server.
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';

import {Server} from './server.mjs';

const DOCS = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../docs');
const folder = mkdtempSync(path.join(os.tmpdir(), 'lemma-docs-'));
let server;
before(async () => { server = await Server.start({args: ['--notebook', path.join(folder, 'notes.jsonl')]}); });
after(async () => {
  await server.stop();
  rmSync(folder, {recursive: true});
});

// curl URL [-H 'header']... [-d 'body'], with single quotes.
function parseCurl(command) {
  const match = command.match(/^curl (http:\S+)((?: -H '[^']*')*)(?: -d '([^']*)')?$/);
  assert.ok(match, `cannot read ${command}`);
  const headers = Object.fromEntries([...match[2].matchAll(/-H '([^:']+): ([^']*)'/g)].map((m) => [m[1], m[2]]));
  return {url: match[1], headers, body: match[3]};
}

const commands = [...readFileSync(path.join(DOCS, 'api.md'), 'utf8').matchAll(/```sh\n(curl [^`]*)\n```/g)].map((m) => m[1]);
test('there are examples of all dialects', () => {
  assert.ok(commands.length >= 12);
  for (const route of ['/v1/chat', '/api/chat', '/v1/messages', '/completion']) {
    assert.ok(commands.some((command) => command.includes(route)), route);
  }
});

for (const command of commands) {
  const {url, headers, body} = parseCurl(command);
  test(`${new URL(url).pathname} ${body?.slice(0, 60).replaceAll('\n', ' ') ?? ''}`, async () => {
    const reply = await fetch(url.replace('http://127.0.0.1:7860', server.base),
                              body === undefined ? {} : {method: 'POST', headers, body});
    const text = await reply.text();
    assert.equal(reply.status, 200, text);
    // Notes about what the model wrote are fine; fields that are not understood are not.
    assert.ok(!/unknown field|ignored/.test(text), text);
  });
}

test('every documented path is answered', async () => {
  const {paths} = JSON.parse(readFileSync(path.join(DOCS, 'openapi.json'), 'utf8'));
  const rule = await (await server.post('/v1/lemma/notebook', {rule: 'Check.', question: 'What is 1 + 1?'})).json();
  for (const [route, methods] of Object.entries(paths)) {
    const name = route.startsWith('/v1/lemma/notebook') ? rule.id : 'bundled';
    for (const method of Object.keys(methods)) {
      const url = server.base + route.replace('{name}', name);
      const reply = await fetch(url, {method: method.toUpperCase(), body: method === 'post' ? '{' : undefined});
      const text = await reply.text();
      assert.ok(!text.includes('no such path') && reply.status !== 405, `${method} ${route}: ${reply.status}`);
      const tag = methods[method].tags[0];
      if (method === 'get' && tag !== 'llamacpp') assert.equal(reply.status, 200, route);
    }
  }
});
