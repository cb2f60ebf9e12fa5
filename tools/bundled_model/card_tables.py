# SPDX-License-Identifier: Apache-2.0
"""Tables of the model card from runs of `lemma eval`: card_tables.py ITEMS.jsonl NAME=DIR [NAME=DIR ...].

ITEMS has family, level, lang and seen (curriculum/eval_rows.py); DIR is the --out of a run on them. Intervals: Wilson, 95 %.
"""

import collections
import json
import pathlib
import sys

from evaluate_program import wilson


def results(folder):
    lines = (pathlib.Path(folder) / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def counted(rows, items, key):
    """{key of the item: [right, all]}."""
    out = collections.defaultdict(lambda: [0, 0])
    for row in rows:
        cell = out[key(items[row["id"]])]
        cell[0] += bool(row["right"])
        cell[1] += 1
    return out


def share(cell):
    low, high = wilson(*cell)
    return f"{cell[0]}/{cell[1]} = {100 * cell[0] / cell[1]:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def table(title, runs, items, key, plain):
    print(f"| {title} | " + " | ".join(runs) + " |\n" + "|---" * (len(runs) + 1) + "|")
    cells = {name: counted(rows, items, key) for name, rows in runs.items()}
    for k in sorted(next(iter(cells.values())), key=lambda k: (len(str(k)), str(k))):
        print(f"| {k} | " + " | ".join(f"{c[k][0]}/{c[k][1]}" if plain else share(c[k]) for c in cells.values()) + " |")
    print()


def main():
    items = {row["id"]: row for row in map(json.loads, pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())}
    runs = {name: results(folder) for name, folder in (arg.split("=", 1) for arg in sys.argv[2:])}
    table("all", runs, items, lambda r: "1,560 problems" if len(items) == 1560 else f"{len(items)} problems", False)
    table("family", runs, items, lambda r: r["family"], False)
    table("level", runs, items, lambda r: f"level {r['level']}", False)
    table("language, wording", runs, items, lambda r: f"{r['lang']}, {'used in training' if r['seen'] else 'never used'}", False)
    table("family, level", runs, items, lambda r: f"{r['family']}, {r['level']}", True)


if __name__ == "__main__":
    main()
