// SPDX-License-Identifier: Apache-2.0
// Starts `lemma serve` on a free port and waits until its model is loaded. LEMMA_BIN names the
// program. The server is stopped with SIGTERM, and must then leave with code 0.
import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const BUNDLED = path.join(HERE, '../../models/lemma-bundled-v2-q8_0.gguf');
export const SLOW = process.env.LEMMA_SANITIZED ? 10 : 1;

// The npm packages are installed by ./test; without them there is nothing to drive the server with.
export function requirePackages() {
  if (!existsSync(path.join(HERE, 'node_modules'))) {
    console.log('SKIPPED: tests/clients/node_modules is missing (cd tests/clients && npm ci)');
    process.exit(77);
  }
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export class Server {
  // `models`: list of "NAME=FILE" or files; `args`: further arguments.
  static async start({models = [`bundled=${BUNDLED}`], args = [], env = {}} = {}) {
    const server = new Server();
    const argv = ['serve', '--port', '0', ...models.flatMap((m) => ['-m', m]), ...args];
    server.log = '';
    server.child = spawn(process.env.LEMMA_BIN, argv,
                         {env: {...process.env, LC_ALL: 'C', ...env}, stdio: ['ignore', 'ignore', 'pipe']});
    server.exited = new Promise((done) => server.child.on('exit', (code, signal) => {
      server.code = code ?? signal;
      done(server.code);
    }));
    server.child.stderr.on('data', (bytes) => { server.log += bytes; });
    await server.waitFor(() => /https?:\/\/[0-9.]+:(\d+)/.test(server.log), 'address');
    server.base = server.log.match(/https?:\/\/[0-9.]+:\d+/)[0];
    await server.waitFor(async () => (await fetch(`${server.base}/health`)).status === 200, 'health');
    return server;
  }

  async waitFor(condition, what, seconds = 60 * SLOW) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(20)) {
      if (this.code !== undefined) throw new Error(`the server left (${this.code}): ${this.log}`);
      if (await condition()) return;
    }
    throw new Error(`no ${what} after ${seconds} s: ${this.log.slice(-2000)}`);
  }

  async stop() {
    this.child.kill('SIGTERM');
    const code = await this.exited;
    if (code !== 0) throw new Error(`the server ended with ${code}: ${this.log.slice(-2000)}`);
  }

  post(route, body, options = {}) {
    return fetch(this.base + route, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...options,
      headers: {'Content-Type': 'application/json', ...options.headers},
    });
  }

  async get(route) {
    const reply = await fetch(this.base + route);
    if (reply.status !== 200) throw new Error(`${route}: ${reply.status}`);
    return reply.json();
  }

  // One value of /metrics; undefined when it is not there.
  async metric(name) {
    const text = await (await fetch(`${this.base}/metrics`)).text();
    const line = text.split('\n').find((l) => l.startsWith(`${name} `) || l.startsWith(`${name}{`));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
  }
}

// The events of a text/event-stream body, cut anywhere: {event, data} (WHATWG, "Server-sent
// events": lines of "field: value", a blank line ends an event).
export class SseParser {
  constructor() {
    this.rest = '';
  }
  push(text) {
    this.rest += text;
    const events = [];
    for (let end; (end = this.rest.indexOf('\n\n')) >= 0; this.rest = this.rest.slice(end + 2)) {
      const event = {event: 'message', data: []};
      for (const line of this.rest.slice(0, end).split('\n')) {
        if (line.startsWith(':')) continue;
        const colon = line.indexOf(':');
        if (colon < 0) throw new Error(`no field in the line ${JSON.stringify(line)}`);
        const value = line.slice(colon + 1).replace(/^ /, '');
        if (line.slice(0, colon) === 'data') event.data.push(value);
        if (line.slice(0, colon) === 'event') event.event = value;
      }
      if (event.data.length > 0) events.push({event: event.event, data: event.data.join('\n')});
    }
    return events;
  }
  finish() {
    if (this.rest.trim() !== '') throw new Error(`an unfinished event: ${JSON.stringify(this.rest)}`);
  }
}

export async function readSse(reply) {
  const parser = new SseParser();
  const decoder = new TextDecoder('utf-8', {fatal: true});
  const events = [];
  for await (const bytes of reply.body) events.push(...parser.push(decoder.decode(bytes, {stream: true})));
  events.push(...parser.push(decoder.decode()));
  parser.finish();
  return events;
}
