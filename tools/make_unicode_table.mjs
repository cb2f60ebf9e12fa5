#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Writes src/tokenizer/unicode_ranges.inc: for every code point its general category class and the
// property White_Space. Unicode 15.1, the version the peers' tables have: letters that came later
// split no word in the models trained so far. Usage, in an empty folder:
//   npm install @unicode/unicode-15.1.0
//   node .../tools/make_unicode_table.mjs > .../src/tokenizer/unicode_ranges.inc
import {resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

const version = '15.1.0';
async function points(property) {
  const path = `node_modules/@unicode/unicode-${version}/${property}/code-points.mjs`;
  return (await import(pathToFileURL(resolve(path)))).default;
}

const classes = new Array(0x110000).fill('kO');
for (const [property, name] of [
  ['General_Category/Letter', 'kL'],
  ['General_Category/Number', 'kN'],
  ['General_Category/Punctuation', 'kP'],
  ['General_Category/Symbol', 'kS'],
  ['General_Category/Mark', 'kM'],
  ['Binary_Property/White_Space', 'kW'],
]) {
  for (const code of await points(property)) classes[code] = name;
}

const lines = [''];
classes.forEach((name, code) => {
  if (code > 0 && name === classes[code - 1]) return;
  const item = `{0x${code.toString(16).toUpperCase()}, ${name}},`;
  const last = lines[lines.length - 1];
  if (last.length + item.length + 1 > 100) lines.push(item);
  else lines[lines.length - 1] = last ? `${last} ${item}` : item;
});
console.log('// SPDX-License-Identifier: Apache-2.0');
console.log(`// Made by tools/make_unicode_table.mjs from Unicode ${version}; do not edit.`);
console.log('// {first code point, class}; a range ends where the next one starts.');
console.log(lines.join('\n'));
