#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Greedy pass@1 of a GGUF through the lemma program itself, with 95 % Wilson intervals.

    evaluate_program.py LEMMA MODEL.gguf EVAL.jsonl [--every N] [--json OUT]

Reads rows {"id","family","lang","phrasing","seen","prompt","answer"}; an answer counts when the last
\\boxed{} of the content equals it. --every N takes every N-th row.
"""
import argparse
import collections
import json
import math
import subprocess


def wilson(right, total, z=1.96):
    if total == 0:
        return 0.0, 1.0
    p = right / total
    centre = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return centre - half, centre + half


def last_box(text):
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len("\\boxed")
    for i in range(begin, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return text[begin + 1:i]
    return None


def ask(lemma, model, prompt):
    done = subprocess.run([lemma, "generate", "-m", model, "-p", prompt, "--temp", "0", "-n", "900",
                           "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["answers"][0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lemma")
    parser.add_argument("model")
    parser.add_argument("problems")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--json")
    args = parser.parse_args()
    with open(args.problems, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file][::args.every]
    counts = collections.defaultdict(lambda: [0, 0])
    finishes = collections.Counter()
    for row in rows:
        answer = ask(args.lemma, args.model, row["prompt"])
        right = last_box(answer["content"]) == row["answer"]
        for key in (row["family"], f'{row["family"]} {row["lang"]}', "all"):
            counts[key][0] += right
            counts[key][1] += 1
        finishes[answer["finish_reason"]] += 1
    for key in sorted(counts):
        right, total = counts[key]
        low, high = wilson(right, total)
        print(f"{key:<16} {right}/{total}  {100 * right / total:5.1f} %  "
              f"({100 * low:.1f}-{100 * high:.1f})")
    print("finish reasons:", dict(finishes))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(counts, file, indent=1)


if __name__ == "__main__":
    main()
