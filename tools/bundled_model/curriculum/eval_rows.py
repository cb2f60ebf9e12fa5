# SPDX-License-Identifier: Apache-2.0
"""The held-out problems of version 2 as rows for `lemma eval`, `lemma check --batch` and evaluate_v2.py."""

import json
import random

from curriculum import core
from curriculum.mix import FAMILIES

# Rows by level: the hardest, so that one greedy chain is often but not always right.
LEVEL_SHARES = {1: 0.0, 2: 0.0, 3: 0.0, 4: 1.0}


def prompt(row, mode):
    """The prompt of a row in a mode, in the words of the engine's own scaffolds."""
    return core.with_mode(row["problem"], row["lang"], core.mode_text(row["family"], mode, row["lang"]))


def rows(per_family, seed, shares=None):
    """Rows in random order, none twice; one third of each language in wordings that training never uses."""
    out = list(_ordered(per_family, seed, shares))
    random.Random(seed).shuffle(out)
    return out


def _ordered(per_family, seed, shares):
    rng, shares = random.Random(seed), shares or LEVEL_SHARES
    for name, family in FAMILIES.items():
        number = 0
        for lang, share in (("zh", 0.6), ("en", 0.4)):
            for heldout in (False, True):
                want = round(per_family * share * (1 / 3 if heldout else 2 / 3))
                done, tries = set(), 0
                while len(done) < want:
                    tries += 1
                    level = rng.choices(list(shares), weights=shares.values())[0]
                    item = core.make_item(family, rng, lang, level, test=True, heldout=heldout)
                    if item.text in done:
                        if tries > 50 * want:
                            break
                        continue
                    done.add(item.text)
                    number += 1
                    yield _row(item, f"{name}-{number:03d}", not heldout)


def _row(item, name, seen):
    out = {"id": name, "family": item.family.name, "lang": item.lang, "level": item.level, "wording": item.wording, "seen": seen,
           "problem": item.text, "answer": item.gold}
    if item.family.name == "F11":
        out["tests"] = item.family.tests(item.params)
        out["entry_point"] = item.params[2]
    if item.family.name == "F10":
        texts = item.family.documents(item.params, item.lang)
        out["sources"] = [{"name": str(i), "text": t} for i, t in enumerate(texts, 1)]
    return out


def dump(path, per_family, seed, shares=None):
    with open(path, "w", encoding="utf-8") as f:
        for row in rows(per_family, seed, shares):
            f.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
