#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of formalise_fuzz, extract_fuzz, steps_fuzz and certificate_fuzz to fuzz/corpus.

Usage: make_check_seeds.py PATH_OF_lemma_certificate_maker
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent
CHAINS = [
    "<think>35*2=70, 94-70=24, 24/2=12</think>答案：\\boxed{鸡23只，兔12只}",
    "So 48/2 = <<48/2=24>>24 and 48+24 = 72.\n#### 72",
    "The answer is $\\frac{1}{6}$.", "x_1 = 2, x_2 = 1", "无解", "{\"answer\": [1, 2]}",
    "“the quick fox” [citation:1] and 「日本」[2]", "```python\nprint(1)\n```",
    "1,234.5 × 2 = 2469，约 25% = 1/4", "(-∞, 3]", "3 x 4 = 12; 1½ + ½ = 2", "二分之一",
]
SCHEMAS = [
    ({"type": "object", "properties": {"a": {"type": "integer", "minimum": 0}},
      "required": ["a"], "additionalProperties": False}, {"a": 3}),
    ({"$defs": {"n": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/n"}]}}, "$ref": "#/$defs/n"},
     [None]),
    ({"if": {"type": "number"}, "then": {"multipleOf": 0.1}, "else": {"maxLength": 2}}, 0.3),
    ({"prefixItems": [{"const": 1}], "items": False, "contains": True, "uniqueItems": True}, [1]),
]


def write(folder, number, data):
    out = ROOT / "corpus" / folder
    out.mkdir(parents=True, exist_ok=True)
    (out / f"seed_{number:03}").write_bytes(data)


def main():
    done = subprocess.run([sys.argv[1]], capture_output=True, check=True)
    families = {}
    for line in done.stdout.splitlines():
        certificate = json.loads(line)
        problem = certificate["problem"]
        known = families.setdefault((problem["family"], problem["text"].isascii()), [])
        if len(known) < 3:
            known.append((problem["text"], certificate["answer"]["text"], line))
    seeds = [seed for known in families.values() for seed in known]
    for i, (text, answer, line) in enumerate(seeds):
        write("formalise", i, text.encode() + b"\0" + answer.encode())
        write("certificate", i, line)
    for i, (schema, value) in enumerate(SCHEMAS):
        text = json.dumps(schema) + "\0" + json.dumps(value)
        write("certificate", 900 + i, text.encode())
    for i, chain in enumerate(CHAINS):
        write("extract", i, chain.encode())
        write("steps", i, chain.encode())


if __name__ == "__main__":
    main()
