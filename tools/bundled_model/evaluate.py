# SPDX-License-Identifier: Apache-2.0
"""Greedy pass@1 of a training state, on its Q8_0-rounded weights.

evaluate.py STATE.pt TOKENIZER.json EVAL.jsonl [--limit N per family] [--json OUT] [--show N] [--talk N] [--markdown OUT]
An answer counts when the text of the last \\boxed{...} equals the reference exactly.
"""

import argparse
import collections
import json
import math
import random
import re
import time

import torch

import bpe
import common
import dataset
import export_gguf
import model
import smalltalk
import smalltalk_data

_BOX = re.compile(r"\\boxed\{([^{}]*)\}")


def wilson(hits, total, z=1.96):
    """95 % Wilson interval in percent."""
    if total == 0:
        return 0.0, 100.0
    p, zz = hits / total, z * z / total
    middle, half = p + zz / 2, z * math.sqrt(p * (1 - p) / total + zz / (4 * total))
    return 100 * (middle - half) / (1 + zz), 100 * (middle + half) / (1 + zz)


def repeats(text):
    """True when the tail of the text is one piece repeated at least four times."""
    return bool(re.search(r"(.{2,120}?)\1{3,}$", text, re.S))


def run(cfg, params, tok, prompts, limit, batch=128, temperature=0.0, seed=0):
    """Texts (greedy without a temperature), and whether each reached the end token."""
    encoder, decoder = dataset.Encoder(tok), model.Decoder(cfg, params)
    ids = [encoder.prompt("", [], p) if isinstance(p, str) else encoder.prompt(*p) for p in prompts]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    texts, ended = [""] * len(ids), [False] * len(ids)
    for at in range(0, len(order), batch):
        part = order[at:at + batch]
        for i, new in zip(part, decoder.generate([ids[i] for i in part], encoder.eos, limit, temperature, seed + at)):
            ended[i] = new[-1] == encoder.eos
            texts[i] = tok.decode(new[:-1] if ended[i] else new)
    return texts, ended


def _group(records, good, ended, key):
    table = collections.OrderedDict()
    for r, g, e in zip(records, good, ended):
        row = table.setdefault(key(r), [0, 0, 0])
        row[0] += g
        row[1] += 1
        row[2] += not e
    out = []
    for name, (hits, total, cut) in sorted(table.items()):
        low, high = wilson(hits, total)
        out.append({"group": name, "right": hits, "total": total, "percent": round(100 * hits / total, 1),
                    "low": round(low, 1), "high": round(high, 1), "cut_off": cut})
    return out


def talk_report(cfg, params, tok, count, seed, show):
    """Small talk: how many replies end by themselves within 200 tokens, name no result, and are of the asked kind."""
    rng = random.Random(seed)
    examples = [smalltalk.make(rng, "zh" if rng.random() < 0.6 else "en") for _ in range(count)]
    texts, ended = run(cfg, params, tok, [e.prompt for e in examples], 200)
    answers = [t.split("</think>")[-1].strip() for t in texts]
    kinds = collections.OrderedDict()
    for e, a in zip(examples, answers):
        _, lang, intent = e.phrasing.split(".")
        row = kinds.setdefault(intent, [0, 0])
        row[0] += any(a[:4] == common.expand(rng, r)[:4] for r in smalltalk_data.INTENTS[lang][intent][2] for _ in range(12))
        row[1] += 1
    for e, t in list(zip(examples, texts))[:show]:
        print(repr(e.prompt), "->", repr(t))
    return {"prompts": count, "ended": sum(ended), "boxed_anyway": sum("\\boxed" in a for a in answers),
            "fitting_kind": sum(r[0] for r in kinds.values()), "by_intent": {k: f"{a}/{b}" for k, (a, b) in sorted(kinds.items())}}


def later_turns(cfg, params, tok, records, seed):
    """Pass@1 of problems that come after one to three earlier turns of the same conversation."""
    rng, prompts = random.Random(seed), []
    mix = {"F0": 1, "F1": 1, "F2": 1, "F5": 1, "F9": 1, "talk": 5}
    for r in records:
        past = [dataset.sample(rng, mix, r["lang"]) for _ in range(rng.randint(1, 3))]
        prompts.append(("", [(e.prompt, rng.choice(["", "\n\n"]) + e.answer) for e in past], r["prompt"]))
    texts, ended = run(cfg, params, tok, prompts, 500)
    good = grade(records, texts)
    low, high = wilson(sum(good), len(good))
    return {"problems": len(good), "right": sum(good), "low": round(low, 1), "high": round(high, 1), "cut_off": len(ended) - sum(ended)}


def grade(records, texts):
    """1 where the last box of the visible answer equals the reference."""
    good = []
    for r, t in zip(records, texts):
        boxes = _BOX.findall(t.split("</think>")[-1])
        good.append(int(bool(boxes) and boxes[-1] == r["answer"]))
    return good


def markdown(report):
    """The tables of the model card."""
    lines = []
    for name in ("family", "family_lang_seen", "phrasing"):
        lines += [f"| {name.replace('_', ', ')} | right | pass@1 | 95 % interval | cut off |", "|---|---|---|---|---|"]
        lines += [f"| {r['group']} | {r['right']}/{r['total']} | {r['percent']} % | {r['low']}-{r['high']} % | {r['cut_off']} |" for r in report[name]]
        lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state")
    parser.add_argument("tokenizer")
    parser.add_argument("problems")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--json")
    parser.add_argument("--markdown")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--talk", type=int, default=0)
    parser.add_argument("--phrasings", action="store_true")
    args = parser.parse_args()
    cfg, params, state = export_gguf.load_params(args.state)
    params, tok = export_gguf.round_q8_0(params), bpe.Tokenizer.load(args.tokenizer)
    with open(args.problems, encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    if args.limit:
        picked, count = [], collections.Counter()
        for r in random.Random(7).sample(records, len(records)):
            count[r["family"]] += 1
            if count[r["family"]] <= args.limit:
                picked.append(r)
        records = picked
    begin = time.time()
    texts, ended = run(cfg, params, tok, [r["prompt"] for r in records], 500)
    good = grade(records, texts)
    report = {"tokens_trained": state["tokens"], "steps": state["steps"], "seconds": round(time.time() - begin, 1),
              "cut_off": len(ended) - sum(ended), "loops": sum(repeats(t) for t, e in zip(texts, ended) if not e),
              "family": _group(records, good, ended, lambda r: r["family"]),
              "family_lang_seen": _group(records, good, ended, lambda r: f"{r['family']} {r['lang']} {'seen' if r['seen'] else 'unseen'}"),
              "phrasing": _group(records, good, ended, lambda r: r["phrasing"])}
    if args.talk:
        report["talk"] = talk_report(cfg, params, tok, args.talk, 99, args.show)
        report["later_turns"] = later_turns(cfg, params, tok, random.Random(8).sample(records, min(len(records), args.talk)), 98)
    print({k: v for k, v in report.items() if not isinstance(v, list)})
    for name in ("family", "family_lang_seen") + (("phrasing",) if args.phrasings else ()):
        for row in report[name]:
            print(f"{row['group']:24} {row['right']:4}/{row['total']:<4} {row['percent']:5.1f} % [{row['low']}, {row['high']}] cut {row['cut_off']}")
    for r, t, g in [x for x in zip(records, texts, good) if not x[2]][:args.show]:
        print("---", r["id"], r["phrasing"], r["prompt"], "=>", r["answer"], "\n" + t)
    if args.markdown:
        with open(args.markdown, "w", encoding="utf-8") as f:
            f.write(markdown(report))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump(report, f, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
