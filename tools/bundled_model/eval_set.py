# SPDX-License-Identifier: Apache-2.0
"""Writes the held-out problems as JSON lines: eval_set.py OUT.jsonl [--per-family 240].

Parameters come from the test half of the split; one third of the problems of each language uses
wordings that training never sees. Fields: id, family, lang, phrasing, seen, prompt, answer.
"""

import argparse
import json
import random

import families


def problems(per_family, seed):
    """Yields records, no prompt twice; wordings of a group are used in turn."""
    rng = random.Random(seed)
    for family, make in families.MAKERS.items():
        for lang in ("zh", "en"):
            for heldout in (None, True):
                want = per_family // 2 // 3 * (1 if heldout else 2)
                done, count = set(), 0
                while count < want:
                    e = make(rng, lang, test=True, heldout=heldout, noise=False)
                    if e.prompt in done:
                        continue
                    done.add(e.prompt)
                    count += 1
                    yield {"id": f"{family}-{lang}-{'u' if heldout else 's'}-{count:03d}", "family": family, "lang": lang,
                           "phrasing": e.phrasing, "seen": not heldout, "prompt": e.prompt, "answer": e.boxed}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--per-family", type=int, default=240)
    parser.add_argument("--seed", type=int, default=2024)
    args = parser.parse_args()
    with open(args.out, "w", encoding="utf-8") as f:
        for record in problems(args.per_family, args.seed):
            f.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
