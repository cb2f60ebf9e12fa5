// SPDX-License-Identifier: Apache-2.0
// The server speaking HTTPS with a certificate made for the test: streams through the official
// `openai` client and, where there is one, through curl; a client that does not know the certificate
// is not fooled. Node takes further authorities at its start only, so the test starts itself again.
import assert from 'node:assert/strict';
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';

import {requirePackages, Server, SseParser} from './server.mjs';

requirePackages();
if (!process.env.LEMMA_TEST_CERTIFICATE) {
  if (spawnSync('openssl', ['version']).error) {
    console.log('SKIPPED: no openssl to make a certificate with');
    process.exit(77);
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lemma-tls-'));
  const certificate = path.join(folder, 'cert.pem');
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                   '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', [...request, '-keyout', path.join(folder, 'key.pem'), '-out', certificate], {stdio: 'ignore'});
  const again = spawn(process.execPath, [fileURLToPath(import.meta.url)],
                      {stdio: 'inherit',
                       env: {...process.env, NODE_EXTRA_CA_CERTS: certificate, LEMMA_TEST_CERTIFICATE: certificate}});
  const code = await new Promise((done) => again.on('exit', done));
  rmSync(folder, {recursive: true});
  process.exit(code ?? 1);
}

const {default: OpenAI} = await import('openai');
const certificate = process.env.LEMMA_TEST_CERTIFICATE;
const messages = [{role: 'user', content: 'What is 12 + 30?'}];
let server;
let client;
before(async () => {
  const key = path.join(path.dirname(certificate), 'key.pem');
  server = await Server.start({args: ['--tls-cert', certificate, '--tls-key', key]});
  assert.match(server.base, /^https:/);
  client = new OpenAI({baseURL: `${server.base}/v1`, apiKey: 'none', maxRetries: 0});
});
after(() => server?.stop());

async function answer() {
  const whole = await client.chat.completions.create({model: 'bundled', messages, temperature: 0});
  return whole.choices[0].message.content;
}

test('the openai client streams over TLS', async () => {
  const expected = await answer();
  const streams = await Promise.all([1, 2, 3, 4].map(async () => {
    let text = '';
    const stream = await client.chat.completions.create({model: 'bundled', messages, temperature: 0, stream: true});
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    return text;
  }));
  for (const text of streams) assert.equal(text, expected);
});

test('a stream that is left over TLS ends in the server', async () => {
  const stream = await client.chat.completions.create(
    {model: 'bundled', messages, stream: true, max_tokens: 1500, ignore_eos: true});
  for await (const chunk of stream) if (chunk.choices.length > 0) break;
  await server.waitFor(async () => (await server.metric('lemma_streams_running')) === 0, 'end of the stream');
});

const hasCurl = !spawnSync('curl', ['--version']).error;
test('curl streams over TLS', {skip: !hasCurl}, async () => {
  const curl = (...args) => spawnSync('curl', ['--silent', '--show-error', '--no-buffer', ...args,
    '-H', 'Content-Type: application/json', '-d', JSON.stringify({messages, temperature: 0, stream: true}),
    `${server.base}/v1/chat/completions`], {encoding: 'utf8'});
  // The server is a process of its own: waiting here does not hold it up.
  const good = curl('--cacert', certificate);
  assert.equal(good.status, 0, good.stderr);
  const events = new SseParser().push(good.stdout);
  assert.equal(events.at(-1).data, '[DONE]');
  const pieces = events.slice(0, -1).map(({data}) => JSON.parse(data).choices[0]?.delta.content ?? '');
  assert.equal(pieces.join(''), await answer());
  const stranger = curl();
  assert.equal(stranger.status, 60, 'curl: the certificate cannot be verified');
  assert.equal(stranger.stdout, '');
});

test('lemma eval asks a server over TLS, and trusts no certificate that it does not know', async () => {
  const folder = path.dirname(certificate);
  const tasks = path.join(folder, 'tasks.jsonl');
  writeFileSync(tasks, JSON.stringify({question: 'What is 12 + 30?', answer: '#### 42'}) + '\n');
  const run = (name, host, env) => new Promise((done) => {
    const url = `${server.base.replace('127.0.0.1', host)}/v1`;
    const child = spawn(process.env.LEMMA_BIN, ['eval', tasks, '--out', path.join(folder, name), '--url', url,
      '--chains', '1', '--json'], {env: {...process.env, LC_ALL: 'C', ...env}});
    let out = '';
    let err = '';
    child.stdout.on('data', (bytes) => { out += bytes; });
    child.stderr.on('data', (bytes) => { err += bytes; });
    child.on('exit', (code) => done({code, out, err}));
  });
  for (const host of ['127.0.0.1', 'localhost']) {
    const good = await run(host, host, {SSL_CERT_FILE: certificate});
    assert.equal(good.code, 0, good.err);
    const summary = JSON.parse(good.out);
    assert.equal(summary.all.total, 1, good.out);
    assert.ok(summary.tokens > 0, good.out);
  }
  // The same address under a name that the certificate does not have.
  const renamed = await run('renamed', '127.1', {SSL_CERT_FILE: certificate});
  assert.notEqual(renamed.code, 0);
  assert.match(renamed.err, /TLS handshake: certificate verify failed/);
  const stranger = await run('stranger', '127.0.0.1', {});
  assert.notEqual(stranger.code, 0);
  assert.match(stranger.err, /TLS handshake: certificate verify failed/);
});

test('plain HTTP on the port of HTTPS gets no answer', async () => {
  await assert.rejects(fetch(`${server.base.replace('https', 'http')}/health`));
});
