#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Lemma's tokenizer and llama.cpp's (by the npm package node-llama-cpp) on the same vocabulary and
// texts, in turns within one run. Prints MB/s of processor time of both and the ratio, and compares
// the ids. Usage, where node-llama-cpp@3.22.1 is installed (npm install --ignore-scripts):
//   node bench/peers/tokenizer.mjs LEMMA_BINARY VOCAB.gguf TEXT... [--rounds=5]
// LEMMA_BINARY is build/release/bench/tokenizer_bench.
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {basename, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

const args = process.argv.slice(2);
const rounds = Number(args.find((a) => a.startsWith('--rounds='))?.slice(9) ?? 5);
const [binary, vocab, ...texts] = args.filter((a) => !a.startsWith('--'));
const require = createRequire(pathToFileURL(process.cwd() + '/'));
const {getLlama} = await import(pathToFileURL(require.resolve('node-llama-cpp')));
const llama = await getLlama({gpu: false, build: 'never', logLevel: 'disabled'});
const model = await llama.loadModel({modelPath: resolve(vocab), vocabOnly: true});

function peerSeconds(text) {
  const start = process.cpuUsage();
  const ids = model.tokenize(text, false);
  const used = process.cpuUsage(start);
  return {seconds: (used.user + used.system) / 1e6, tokens: ids.length};
}
function lemmaSeconds(path) {
  const out = execFileSync(binary, ['--benchmark_filter=^Encode/mixed$', '--benchmark_format=json'],
    {env: {...process.env, LEMMA_BENCH_VOCAB: vocab, LEMMA_BENCH_TEXT: path},
      stdio: ['ignore', 'pipe', 'ignore']});
  const run = JSON.parse(out).benchmarks[0];
  return {seconds: run.cpu_time / 1e9, tokens: run.tokens};
}
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

for (const path of texts) {
  const text = readFileSync(path, 'utf8');
  const bytes = Buffer.byteLength(text);
  const times = {lemma: [], peer: []};
  let tokens;
  for (let round = 0; round < rounds; ++round) {
    const ours = lemmaSeconds(path);
    const theirs = peerSeconds(text);
    if (ours.tokens !== theirs.tokens) {
      console.error(`${path}: ${ours.tokens} tokens here, ${theirs.tokens} in llama.cpp`);
      process.exitCode = 1;
    }
    tokens = ours.tokens;
    times.lemma.push(ours.seconds);
    times.peer.push(theirs.seconds);
  }
  const ours = bytes / 1e6 / median(times.lemma);
  const theirs = bytes / 1e6 / median(times.peer);
  console.log(`${basename(path)}: ${bytes} bytes, ${tokens} tokens; lemma ${ours.toFixed(1)} MB/s, ` +
    `llama.cpp ${theirs.toFixed(2)} MB/s, ratio ${(ours / theirs).toFixed(1)}`);
}
process.exit();
