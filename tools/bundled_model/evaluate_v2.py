# SPDX-License-Identifier: Apache-2.0
"""Pass@1 of a training state of version 2 by family, level, language and wording, with 95 % Wilson intervals.

evaluate_v2.py STATE.pt TOKENIZER.json EVAL.jsonl [--mode scaffold|plain|direct] [--limit N per family] [--samples K --temperature T]
    [--weights ema|w] [--lemma PROGRAM] [--json OUT] [--show N] [--retry]

The weights are rounded as in the Q8_0 file. An answer counts when the last \\boxed{} of the visible text equals the reference; code counts
when it passes the tests (in the program's sandbox with --lemma, else when it is the reference text); an answer from documents
also needs its quote to stand in the source it names. With --samples: mean pass@1, pass@K (one of K is right) and maj@K.
--retry asks the problems that greedy got wrong again with the engine's feedback (--lemma), beside a second sample without it.
"""

import argparse
import collections
import json
import random
import re
import subprocess
import tempfile
import time

import bpe
import export_gguf
from curriculum import core, eval_rows
from evaluate import repeats, run, wilson

_BOX = re.compile(r"\\boxed\{([^{}]*)\}")
_CODE = re.compile(r"```(?:python)?\n(.*?)```", re.S)
_QUOTE = re.compile(r"[“\"](.+?)[”\"]\[citation:(\d+)\]")
LIMIT = 640


def visible(text):
    return text.split("</think>")[-1].strip()


def answer_of(row, text):
    """What a vote counts: the box, or the code."""
    found = (_CODE if row["family"] == "F11" else _BOX).findall(visible(text))
    return found[-1] if found else None


def is_right(row, text):
    answer = answer_of(row, text)
    if answer != row["answer"]:
        return False
    if row["family"] != "F10" or answer in ("未找到", "not found"):
        return True
    quotes = _QUOTE.findall(visible(text))
    return bool(quotes) and all(0 < int(k) <= len(row["sources"]) and q in row["sources"][int(k) - 1]["text"] for q, k in quotes)


def check(lemma, rows):
    """Reports of `lemma check --batch`."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as f:
        f.write("\n".join(json.dumps(r, ensure_ascii=False) for r in rows))
        f.flush()
        out = subprocess.run([lemma, "check", "--batch", f.name], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def grade(rows, texts, lemma=None):
    good = [is_right(r, t) for r, t in zip(rows, texts)]
    code = [i for i, r in enumerate(rows) if r["family"] == "F11" and not good[i] and answer_of(r, texts[i])]
    if lemma and code:
        reports = check(lemma, [{"answer": answer_of(rows[i], texts[i]), "tests": rows[i]["tests"], "entry_point": rows[i]["entry_point"]} for i in code])
        for i, report in zip(code, reports):
            good[i] = report.get("status") == "VERIFIED"
    return good


def table(rows, good, ended, key):
    counts = collections.OrderedDict()
    for r, g, e in sorted(zip(rows, good, ended), key=lambda x: str(key(x[0]))):
        line = counts.setdefault(str(key(r)), [0, 0, 0])
        line[0] += g
        line[1] += 1
        line[2] += not e
    out = []
    for name, (hits, total, cut) in counts.items():
        low, high = wilson(hits, total)
        out.append({"group": name, "right": hits, "total": total, "percent": round(100 * hits / total, 1), "low": round(low, 1), "high": round(high, 1), "cut_off": cut})
    return out


def sampled(model, rows, prompts, args):
    """Mean pass@1, pass@K and maj@K of K samples."""
    all_good, all_answers = [], []
    for k in range(args.samples):
        texts, _ = run(*model, prompts, LIMIT, temperature=args.temperature, seed=1000 * k + 7)
        all_good.append(grade(rows, texts, args.lemma))
        all_answers.append([answer_of(r, t) for r, t in zip(rows, texts)])
    out = {}
    for name in ["all"] + sorted({r["family"] for r in rows}):
        pick = [i for i, r in enumerate(rows) if name in ("all", r["family"])]
        votes = 0
        for i in pick:
            counted = collections.Counter(a[i] for a in all_answers if a[i] is not None)
            if counted:
                first = counted.most_common(1)[0][0]
                votes += any(g[i] for g, a in zip(all_good, all_answers) if a[i] == first)
        n = len(pick)
        mean = sum(g[i] for g in all_good for i in pick) / (n * args.samples)
        any_good = sum(any(g[i] for g in all_good) for i in pick)
        out[name] = {"pass@1": round(100 * mean, 1), f"maj@{args.samples}": round(100 * votes / n, 1), f"pass@{args.samples}": round(100 * any_good / n, 1), "rows": n}
    return out


def retried(model, rows, prompts, texts, good, args):
    """Greedy answers that the checker refuted, asked again with its words."""
    wrong = [i for i, g in enumerate(good) if not g and answer_of(rows[i], texts[i]) and "tests" not in rows[i]]
    reports = check(args.lemma, [{"problem": rows[i]["problem"], "answer": visible(texts[i])} for i in wrong])
    todo = [(i, r["feedback"][rows[i]["lang"]].strip()) for i, r in zip(wrong, reports) if r.get("status") == "REFUTED"]
    again = [("", [(prompts[i], visible(texts[i]))], words + core.AGAIN[rows[i]["lang"]]) for i, words in todo]
    part = [rows[i] for i, _ in todo]
    fixed = sum(grade(part, run(*model, again, LIMIT)[0], args.lemma))
    fresh = sum(grade(part, run(*model, [prompts[i] for i, _ in todo], LIMIT, temperature=args.temperature or 0.7, seed=5)[0], args.lemma))
    return {"refuted": len(todo), "right after feedback": fixed, "right in a fresh sample": fresh}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state")
    parser.add_argument("tokenizer")
    parser.add_argument("problems")
    parser.add_argument("--mode", choices=core.MODES, default="scaffold")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--weights", choices=("ema", "w"), default="ema")
    parser.add_argument("--lemma")
    parser.add_argument("--json")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--retry", action="store_true")
    args = parser.parse_args()
    cfg, params, state = export_gguf.load_params(args.state, args.weights)
    model = (cfg, export_gguf.round_q8_0(params), bpe.Tokenizer.load(args.tokenizer))
    with open(args.problems, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    if args.limit:
        count = collections.Counter()
        rows = [r for r in random.Random(7).sample(rows, len(rows)) if count.update([r["family"]]) or count[r["family"]] <= args.limit]
    prompts = [eval_rows.prompt(r, args.mode) for r in rows]
    begin = time.time()
    texts, ended = run(*model, prompts, LIMIT)
    good = grade(rows, texts, args.lemma)
    report = {"mode": args.mode, "weights": args.weights, "tokens_trained": state["tokens"], "steps": state["steps"], "seconds": round(time.time() - begin, 1),
              "loops": sum(repeats(t) for t, e in zip(texts, ended) if not e), "all": table(rows, good, ended, lambda r: "all"),
              "family": table(rows, good, ended, lambda r: r["family"]), "level": table(rows, good, ended, lambda r: f"level {r['level']}"),
              "lang, wording": table(rows, good, ended, lambda r: f"{r['lang']} {'seen' if r['seen'] else 'unseen'}"),
              "family, level": table(rows, good, ended, lambda r: f"{r['family']} level {r['level']}")}
    if args.samples:
        report["sampled"] = sampled(model, rows, prompts, args)
    if args.retry:
        report["retry"] = retried(model, rows, prompts, texts, good, args)
    for name, value in report.items():
        if not isinstance(value, list):
            print(name, json.dumps(value, ensure_ascii=False) if not isinstance(value, dict) else "\n  " + "\n  ".join(f"{k}: {v}" for k, v in value.items()))
            continue
        for row in value:
            print(f"{row['group']:16} {row['right']:4}/{row['total']:<4} {row['percent']:5.1f} % [{row['low']}, {row['high']}] cut {row['cut_off']}")
    for r, t, g in [x for x in zip(rows, texts, good) if not x[2]][:args.show]:
        print("---", r["id"], r["wording"], r["problem"], "=>", r["answer"], "\n" + t)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump(report, f, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
