# SPDX-License-Identifier: Apache-2.0
"""Trains the byte-level BPE on generator output: tokenizer_train.py OUT.json [--examples N] [--vocab N] [--longest BYTES] [--curriculum].

--curriculum: the generator of version 2."""

import argparse
import collections
import json
import random

import bpe
import dataset
from curriculum import mix


def count_words(examples, seed, source=None):
    """Frequencies of pre-tokens in generated conversations; rare ones are dropped."""
    rng = random.Random(seed)
    split = bpe.pretokenizer()
    words = collections.Counter()
    for _ in range(examples):
        for text in dataset.texts(rng, source):
            words.update(m.group() for m in split.finditer(text))
    return {w: c for w, c in words.items() if c >= 3}


def train(words, merges_wanted, longest=1 << 30):
    """Greedy merges by pair frequency (ties by text), with incremental pair counts; no token over `longest` bytes,
    so that templates do not become tokens."""
    alphabet = bpe.byte_alphabet()
    items = [([alphabet[b] for b in w.encode("utf-8")], c) for w, c in sorted(words.items())]
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for k, (parts, count) in enumerate(items):
        for pair in zip(parts, parts[1:]):
            pairs[pair] += count
            where[pair].add(k)
    merges, barred = [], set()
    while len(merges) < merges_wanted and pairs:
        best = max(pairs, key=lambda p: (pairs[p], p))
        if pairs[best] <= 0:
            break
        if len(best[0]) + len(best[1]) > longest:
            del pairs[best]
            barred.add(best)
            continue
        merges.append(best)
        for k in where.pop(best):
            parts, count = items[k]
            for pair in zip(parts, parts[1:]):
                if pair not in barred:
                    pairs[pair] -= count
            i, merged = 0, []
            while i < len(parts):
                if i + 1 < len(parts) and (parts[i], parts[i + 1]) == best:
                    merged.append(parts[i] + parts[i + 1])
                    i += 2
                else:
                    merged.append(parts[i])
                    i += 1
            items[k] = (merged, count)
            for pair in zip(merged, merged[1:]):
                if pair not in barred:
                    pairs[pair] += count
                    where[pair].add(k)
        del pairs[best]
    return merges


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--examples", type=int, default=60000)
    parser.add_argument("--vocab", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--longest", type=int, default=1 << 30)
    parser.add_argument("--curriculum", action="store_true")
    args = parser.parse_args()
    words = count_words(args.examples, args.seed, mix if args.curriculum else None)
    merges = train(words, args.vocab - 256 - len(bpe.SPECIALS), args.longest)
    with open(args.out, "w", encoding="utf-8") as f:
        json.dump({"merges": [" ".join(m) for m in merges]}, f, ensure_ascii=False, indent=0)
    print(f"{len(words)} pre-tokens, {len(merges)} merges")


if __name__ == "__main__":
    main()
