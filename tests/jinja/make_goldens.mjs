// SPDX-License-Identifier: Apache-2.0
// Renders every template of tests/data/templates with every conversation by the reference
// implementation, @huggingface/jinja, and writes tests/data/jinja/{conversations,goldens}.json.
//
//   npm ci && node make_goldens.mjs            writes the files
//   node make_goldens.mjs --check              compares: exit 1 if they differ
//
// goldens.json: {reference, templates: {file: [case...]}}. A case is
//   {c, p, s, t}: the text of conversation c; it shares p code points at its start and s at its end
//                 with the text before it in the list, and t is what is between;
//   {c, raised}:  the template refused with this message (raise_exception);
//   {c, failed}:  the reference failed for another reason.
// c ends in "+" where add_generation_prompt is true.
import {existsSync, readdirSync, readFileSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const data = join(here, "..", "data");
const SKIPPED = 77;

if (!existsSync(join(here, "node_modules", "@huggingface", "jinja"))) {
  console.error(`skipped: tests/jinja/node_modules is missing; run "npm ci" in tests/jinja first`);
  process.exit(SKIPPED);
}
const {Template} = await import("@huggingface/jinja");
const {conversations, defaults} = await import("./conversations.mjs");
const version = JSON.parse(readFileSync(join(here, "node_modules/@huggingface/jinja/package.json"), "utf8")).version;

// strftime_now shows this moment everywhere.
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length > 0 ? args : [2026, 2, 14, 9, 5, 0]));
  }
};

// Where a template adds a mapping or a list to a string, Python fails, and the reference prints what
// JavaScript makes of it ("[object Map]"): that is a failure here, too.
const refuse = () => {
  throw new Error("a mapping or a list was added to a string");
};
Object.defineProperty(Map.prototype, "toString", {value: refuse});
Object.defineProperty(Array.prototype, "toString", {value: refuse});

// raise_exception throws a plain Error, as the interpreter does for its own errors. The message
// tells them apart: what a template raises starts with a string of its source.
function render({template, messages}, context) {
  try {
    return {text: template.render(context)};
  } catch (error) {
    const raised = messages.some((message) => error.message.startsWith(message));
    return raised ? {raised: error.message} : {failed: error.message};
  }
}

function load(path) {
  const source = readFileSync(path, "utf8");
  const raises = source.matchAll(/raise_exception\(\s*(['"])((?:\\.|(?!\1).)*)\1/g);
  return {template: new Template(source), messages: Array.from(raises, (match) => match[2])};
}

function delta(previous, text) {
  const a = Array.from(previous);
  const b = Array.from(text);
  let p = 0;
  while (p < a.length && p < b.length && a[p] === b[p]) ++p;
  let s = 0;
  while (s < a.length - p && s < b.length - p && a[a.length - 1 - s] === b[b.length - 1 - s]) ++s;
  return {p, s, t: b.slice(p, b.length - s).join("")};
}

function casesOf(template, more) {
  const cases = [];
  let previous = "";
  for (const [name, conversation] of Object.entries(conversations)) {
    for (const add_generation_prompt of [false, true]) {
      const context = {...more, ...conversation, add_generation_prompt};
      const c = name + (add_generation_prompt ? "+" : "");
      const outcome = render(template, context);
      if (outcome.text === undefined) {
        cases.push({c, ...outcome});
        continue;
      }
      cases.push({c, ...delta(previous, outcome.text)});
      previous = outcome.text;
    }
  }
  return cases;
}

const templates = {};
for (const file of readdirSync(join(data, "templates")).filter((f) => f.endsWith(".jinja")).sort()) {
  templates[file] = casesOf(load(join(data, "templates", file)), {...defaults["*"], ...defaults[file]});
}

const lines = (object) => Object.entries(object).map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(",\n");
const cases = (list) => `[\n${list.map((one) => JSON.stringify(one)).join(",\n")}]`;
const files = {
  "conversations.json": `{"defaults":{\n${lines(defaults)}},\n"conversations":{\n${lines(conversations)}}}\n`,
  "goldens.json": `{"reference":"@huggingface/jinja ${version}","templates":{\n${
      Object.entries(templates).map(([k, v]) => `${JSON.stringify(k)}:${cases(v)}`).join(",\n")}}}\n`,
};
let differ = false;
for (const [name, text] of Object.entries(files)) {
  const path = join(data, "jinja", name);
  if (!process.argv.includes("--check")) {
    writeFileSync(path, text);
  } else if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
    console.error(`${path} differs from what @huggingface/jinja ${version} gives`);
    differ = true;
  }
}
const all = Object.values(templates).flat();
const count = (key) => all.filter((one) => one[key] !== undefined).length;
console.log(`${Object.keys(templates).length} templates x ${all.length / Object.keys(templates).length} renderings: ` +
            `${count("t")} texts, ${count("raised")} refusals, ${count("failed")} failures of the reference`);
process.exit(differ ? 1 : 0);
