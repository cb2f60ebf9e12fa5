#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Writes src/tokenizer/unicode_ranges.inc: for every code point its general category class and the
// property White_Space, as this Node.js' Unicode data has them. Usage:
//   node tools/make_unicode_table.mjs > src/tokenizer/unicode_ranges.inc
const classes = [
  [/^\p{L}$/u, 'kL'],
  [/^\p{N}$/u, 'kN'],
  [/^\p{P}$/u, 'kP'],
  [/^\p{S}$/u, 'kS'],
  [/^\p{M}$/u, 'kM'],
  [/^\p{White_Space}$/u, 'kW'],
];
function classOf(code) {
  if (code >= 0xd800 && code <= 0xdfff) return 'kO';
  const text = String.fromCodePoint(code);
  for (const [pattern, name] of classes) if (pattern.test(text)) return name;
  return 'kO';
}
const out = [];
let previous = '';
for (let code = 0; code < 0x110000; ++code) {
  const name = classOf(code);
  if (name !== previous) out.push(`{0x${code.toString(16).toUpperCase()}, ${name}},`);
  previous = name;
}
console.log('// SPDX-License-Identifier: Apache-2.0');
console.log(`// Made by tools/make_unicode_table.mjs from Unicode ${process.versions.unicode}; do not edit.`);
console.log('// {first code point, class}; a range ends where the next one starts.');
let line = '';
for (const item of out) {
  if (line.length + item.length + 1 > 100) {
    console.log(line);
    line = '';
  }
  line += (line ? ' ' : '') + item;
}
console.log(line);
