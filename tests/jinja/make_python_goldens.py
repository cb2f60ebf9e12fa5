#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Renders the templates and snippets with Jinja2, set up as the transformers library sets it up.

Usage: make_python_goldens.py [--check]. Writes (or compares) tests/data/jinja/python_goldens.json:
  snippets:  [[source, text, or null where Jinja2 fails], ...], rendered with the variables `context`
  templates: {file: {case: outcome}}, only where the outcome is not that of goldens.json. An outcome
             is {"text"}, {"raised"} or {"failed"}.
Needs python3-jinja2 of Debian 12 (Jinja2 3.1.2); exits with 77 if it is not there.
"""
import datetime
import json
import pathlib
import sys

from snippets import CONTEXT, snippets

try:
    import jinja2
    import jinja2.ext
    import jinja2.sandbox
except ImportError:
    print("skipped: python3-jinja2 is missing", file=sys.stderr)
    sys.exit(77)
# Versions differ in their error texts and in a few filters.
if jinja2.__version__ != "3.1.2":
    print(f"skipped: Jinja2 3.1.2 is needed, this is {jinja2.__version__}", file=sys.stderr)
    sys.exit(77)

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
NOW = datetime.datetime(2026, 3, 14, 9, 5, 0)


class Raised(Exception):
    pass


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(["name:endgeneration"], drop_needle=True)


def raise_exception(message):
    raise Raised(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols, jinja2.ext.do, Generation])
    env.filters["tojson"] = tojson
    # Jinja2 escapes what is added to a string that went through `safe`; nobody means that in a prompt.
    env.filters["safe"] = lambda value: value
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


def outcome(render):
    try:
        return {"text": render()}
    except Raised as error:
        return {"raised": str(error)}
    except Exception as error:  # any other failure of the template
        return {"failed": f"{type(error).__name__}: {error}"}


def snippet_goldens(env):
    result = []
    for source in snippets():
        got = outcome(lambda: env.from_string(source).render(**CONTEXT))
        result.append([source, got.get("text")])
    return result


def patched(previous, case):
    end = len(previous) - case["s"]
    return previous[:case["p"]] + case["t"] + previous[end:]


def template_goldens(env):
    goldens = json.loads((DATA / "jinja/goldens.json").read_text())["templates"]
    data = json.loads((DATA / "jinja/conversations.json").read_text())
    differences, same = {}, 0
    for file, cases in goldens.items():
        template = env.from_string((DATA / "templates" / file).read_text())
        previous, found = "", {}
        for case in cases:
            name = case["c"]
            context = {**data["defaults"]["*"], **data["defaults"].get(file, {}),
                       **data["conversations"][name.rstrip("+")], "add_generation_prompt": name.endswith("+")}
            got = outcome(lambda: template.render(**context))
            if "t" in case:
                previous = patched(previous, case)
                equal = got.get("text") == previous
            else:
                equal = got.get("raised") == case.get("raised") if "raised" in case else "failed" in got
            if equal:
                same += 1
            else:
                found[name] = got
        if found:
            differences[file] = found
    return differences, same


def main():
    env = environment()
    differences, same = template_goldens(env)
    lines = [f'{{"reference":"Jinja2 {jinja2.__version__}","context":{json.dumps(CONTEXT, ensure_ascii=False)},',
             '"snippets":[']
    lines.append(",\n".join(json.dumps(one, ensure_ascii=False) for one in snippet_goldens(env)) + "],")
    lines.append('"templates":{')
    lines.append(",\n".join(
        f"{json.dumps(file)}:{{\n" +
        ",\n".join(f"{json.dumps(c)}:{json.dumps(o, ensure_ascii=False)}" for c, o in found.items()) + "}"
        for file, found in differences.items()) + "}}")
    text = "\n".join(lines) + "\n"
    path = DATA / "jinja/python_goldens.json"
    count = sum(len(found) for found in differences.values())
    print(f"{len(snippets())} snippets; templates: {same} renderings as in goldens.json, {count} others")
    if "--check" not in sys.argv:
        path.write_text(text)
    elif path.read_text() != text:
        print(f"{path} differs from what Jinja2 {jinja2.__version__} gives", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
