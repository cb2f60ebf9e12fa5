# SPDX-License-Identifier: Apache-2.0
"""From the summaries of the steps to one table and one JSON object."""
import json
import math

Z = 1.959964  # 95 %


def wilson(right, total):
    """The Wilson score interval of a share."""
    if total == 0:
        return 0.0, 1.0
    p, z2 = right / total, Z * Z
    middle = (p + z2 / 2 / total) / (1 + z2 / total)
    half = Z * math.sqrt(p * (1 - p) / total + z2 / 4 / total / total) / (1 + z2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def interval(records):
    """95 % of the share of right records. The seeds of an item are not independent: with several of them it is
    the mean of the items' own shares +- 1.96 standard errors; with one, or if all items are alike, Wilson's."""
    shares = {}
    for r in records:
        shares.setdefault(r["id"], []).append(r["right"])
    means = [sum(each) / len(each) for each in shares.values()]
    n = len(means)
    mean = sum(means) / n if n else 0.0
    spread = math.sqrt(sum((m - mean) ** 2 for m in means) / (n - 1)) if n > 1 else 0.0
    if len(records) == n or spread == 0:
        return wilson(round(mean * n), n)
    return max(0.0, mean - Z * spread / math.sqrt(n)), min(1.0, mean + Z * spread / math.sqrt(n))


def counts(records):
    """Accuracy and what VERIFIED was worth. A proof is counted with each seed; its items are told beside it."""
    right = sum(r["right"] for r in records)
    verified = [r for r in records if r["status"] == "VERIFIED"]
    low, high = interval(records)
    v_low, v_high = wilson(sum(r["right"] for r in verified), len(verified))
    return {"right": right, "total": len(records), "accuracy": right / len(records) if records else 0.0,
            "low": low, "high": high, "verified": len(verified),
            "verified_right": sum(r["right"] for r in verified), "verified_items": len({r["id"] for r in verified}),
            "verified_low": v_low, "verified_high": v_high}


class Row:
    def __init__(self, step, kept, out):
        self.step, self.summary, self.wall = step, kept["summary"], kept["wall_seconds"]
        self.folder = out / step.name

    def records(self):
        with open(self.folder / "results.jsonl", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def data(self, items):
        records, live, tokens = self.records(), not self.step.replays, self.summary["tokens_per_right"]
        out = {"name": self.step.name, "says": self.step.says, "replay_of": self.step.replays or None,
               "one_seed": self.step.greedy, "options": self.step.options, **counts(records),
               "tokens": self.summary["tokens"], "samples": self.summary["samples"], "tokens_per_right": tokens,
               "seconds": self.summary["seconds"] if live else None, "seconds_per_right": None,
               "wall_seconds": self.wall if live else None, "families": self.summary["families"]}
        if live:
            out["seconds_per_right"] = self.summary["seconds"] * len(records) / max(out["right"], 1)
        plain = [r for r in records if not items.get(r["id"], {}).get("tests")]
        out["without_tests"] = counts(plain) if 0 < len(plain) < len(records) else None
        return out


def resampled_at(curve, tokens):
    """Accuracy of resampling at a mean of tokens an item: between the two nearest points of its curve."""
    curve = sorted(curve)
    if not curve or tokens < curve[0][0] or tokens > curve[-1][0]:
        return None
    for (t0, a0), (t1, a1) in zip(curve, curve[1:]):
        if t0 <= tokens <= t1:
            return a0 if t1 == t0 else a0 + (a1 - a0) * (tokens - t0) / (t1 - t0)
    return curve[-1][1]


WITHOUT = ", without items that carry tests"


def bar_gain(first, last, note):
    gain = 100 * (last["accuracy"] - first["accuracy"])
    return {"bar": "verified@8 at least 20 points above greedy" + note, "value": f"{gain:+.1f} points", "met": gain >= 20}


def bar_verified(step, name, note):
    share_ = step["verified_right"] / step["verified"]
    return {"bar": "VERIFIED right in >= 99 %, lower bound >= 98.5 %" + note,
            "value": f"{100 * share_:.2f} % (>= {100 * step['verified_low']:.2f}) of {step['verified']} "
                     f"({step['verified_items']} items), {name}",
            "met": share_ >= 0.99 and step["verified_low"] >= 0.985}


def bars(steps):
    """What the ladder must show, and whether it does."""
    out = []
    if {"scaffold", "verified8"} <= set(steps):
        first, last = steps["scaffold"], steps["verified8"]
        out.append(bar_gain(first, last, ""))
        if first["without_tests"] and last["without_tests"]:
            out.append(bar_gain(first["without_tests"], last["without_tests"], WITHOUT))
    proven = [s for s in steps.values() if s["verified"] > 0]
    if proven:
        best = max(proven, key=lambda s: s["verified"])
        out.append(bar_verified(best, best["name"], ""))
        if best["without_tests"] and best["without_tests"]["verified"]:
            out.append(bar_verified(best["without_tests"], best["name"], WITHOUT))
    for all_, some, what in (("maj8", "adaptive", "votes alone"), ("verified8", "resample8", "with checkers")):
        if {all_, some} <= set(steps):
            saved = 1 - steps[some]["samples"] / steps[all_]["samples"]
            loss = 100 * (steps[all_]["accuracy"] - steps[some]["accuracy"])
            out.append({"bar": f"early stop, {what}, saves >= 40 % of the samples at <= 0.5 points loss",
                        "value": f"{100 * saved:.1f} % saved, {loss:+.1f} points lost",
                        "met": saved >= 0.4 and loss <= 0.5})
    return out


COMPARISONS = [("plain", "scaffold"), ("scaffold", "verified8"), ("maj8", "adaptive"), ("maj8", "verified8"),
               ("resample4", "retry"), ("retry", "notebook"), ("resample4", "rewind"), ("resample4", "beam")]


def build(facts, rows, items, compare):
    data = {row.step.name: row.data(items) for row in rows if row.step.table}
    curve = [(s["tokens"], s["accuracy"]) for name, s in data.items() if name.startswith("resample")]
    equal = []
    for name in ("retry", "rewind", "beam", "notebook"):
        if name in data and curve:
            equal.append({"step": name, "tokens": data[name]["tokens"], "accuracy": data[name]["accuracy"],
                          "resampling": resampled_at(curve, data[name]["tokens"])})
    comparisons = []
    files = [name.split("-", 1)[1] for name in data if name.startswith("greedy-")]
    pairs = COMPARISONS + [("retry", f"retry-{name}") for name in files]
    for first, second in pairs:
        text = compare(first, second) if first in data and second in data else None
        if text:
            comparisons.append({"first": first, "second": second, "text": text})
    return {"facts": facts, "steps": list(data.values()), "bars": bars(data), "equal_tokens": equal,
            "comparisons": comparisons, "false_verified": false_verified(rows, items)}


def false_verified(rows, items):
    """Each wrong answer that was called proven, with the steps that gave it."""
    found = {}
    for row in rows:
        for r in row.records():
            if r["status"] != "VERIFIED" or r["right"]:
                continue
            key = (r["id"], r["seed"], r["answer"])
            each = found.setdefault(key, {"id": r["id"], "seed": r["seed"], "family": r["family"], "answer": r["answer"],
                                          "gold": r["gold"], "steps": [],
                                          "question": question(items.get(r["id"], {}))})
            each["steps"].append(row.step.name)
    return [found[key] for key in sorted(found)]


def question(item):
    return next((item[name] for name in ("question", "problem", "prompt", "input") if name in item), "")


def cell(text, most=200):
    text = " ".join(str(text).split()).replace("|", "\\|")
    return text if len(text) <= most else text[:most] + "..."


def share(step):
    return f"{100 * step['accuracy']:.1f} ({100 * step['low']:.1f}-{100 * step['high']:.1f})"


def proven(step):
    if not step["verified"]:
        return "-"
    return (f"{step['verified']} ({step['verified_items']} items), {100 * step['verified_right'] / step['verified']:.1f} % right "
            f"(>= {100 * step['verified_low']:.1f})")


def cost(step):
    seconds = f", {step['seconds_per_right']:.2f} s" if step["seconds_per_right"] is not None else ""
    return f"{step['tokens_per_right']:.0f} tokens{seconds}"


def without_tests(steps):
    """The second table; nothing if no item carries tests."""
    rows = [(s["name"], s["without_tests"]) for s in steps if s["without_tests"]]
    if not rows:
        return []
    out = ["", "## Without items that carry tests", "Answers to items with tests (code) are graded by the same tests that the checkers "
           "may run, so choosing among such answers looks better than it is elsewhere; these are the other items.",
           "| step | right of | accuracy % | VERIFIED |", "|---|---|---|---|"]
    return out + [f"| {name} | {s['right']}/{s['total']} | {share(s)} | {proven(s)} |" for name, s in rows]


def markdown(result):
    facts = result["facts"]
    out = [f"# Ladder: {facts['model']}, {facts['items']} items, {facts['seeds']} seeds",
           f"{facts['lemma']}; {facts['machine']}, {facts['cores']} cores, {facts['day']}. Intervals: 95 %, by items: the seeds of an "
           "item count as one (mean of the items +- 1.96 standard errors; Wilson for steps of one seed). VERIFIED has Wilson's lower "
           "bound over items x seeds, and the number of different items. Seconds are those of an item while "
           f"{facts['parallel']} ran side by side. "
           "Greedy steps run one seed: all give the same. A replay counts recorded chains anew (the recording in brackets): its "
           "tokens and samples are those that such a run would have used, its seconds were not measured.", "",
           "| step | what is new | right of | accuracy % | tokens an item | samples | seconds an item | a right answer | VERIFIED |",
           "|---|---|---|---|---|---|---|---|---|"]
    for s in result["steps"]:
        seconds = f"{s['seconds']:.2f}" if s["seconds"] is not None else f"replay [{s['replay_of']}]"
        out.append(f"| {s['name']} | {s['says']} | {s['right']}/{s['total']} | {share(s)} | {s['tokens']:.0f} | "
                   f"{s['samples']:.2f} | {seconds} | {cost(s)} | {proven(s)} |")
    out += without_tests(result["steps"])
    if result["bars"]:
        out += ["", "## Bars", "| bar | measured | met |", "|---|---|---|"]
        out += [f"| {b['bar']} | {b['value']} | {'yes' if b['met'] else '**no**'} |" for b in result["bars"]]
    if result["equal_tokens"]:
        out += ["", "## At equal tokens", "Resampling with the checkers (steps resample1 to resample8), between the two nearest points.",
                "| step | tokens an item | its accuracy % | resampling % |", "|---|---|---|---|"]
        for e in result["equal_tokens"]:
            other = f"{100 * e['resampling']:.1f}" if e["resampling"] is not None else "beyond its curve"
            out.append(f"| {e['step']} | {e['tokens']:.0f} | {100 * e['accuracy']:.1f} | {other} |")
    if result["comparisons"]:
        out += ["", "## Pairs, on the same items and seeds", "```"]
        out += [f"{c['first']} -> {c['second']}\n{c['text']}" for c in result["comparisons"]] + ["```"]
    out += ["", "## VERIFIED, and wrong", "None." if not result["false_verified"] else
            "| item | seed | question | answer | right | steps |\n|---|---|---|---|---|---|"]
    for f in result["false_verified"]:
        out.append(f"| {cell(f['id'])} | {f['seed']} | {cell(f['question'], 400)} | {cell(f['answer'])} | {cell(f['gold'])} | "
                   f"{', '.join(f['steps'])} |")
    out += ["", "## By family", families(result["steps"])]
    return "\n".join(out) + "\n"


def families(steps):
    names = sorted({name for s in steps for name in s["families"]} - {""})
    shown = [s for s in steps if s["name"] in ("direct", "plain", "scaffold", "maj8", "verified8", "retry", "beam", "seed")]
    if not names or not shown:
        return "None are named."
    out = ["| family | " + " | ".join(s["name"] for s in shown) + " |", "|---" * (len(shown) + 1) + "|"]
    for name in names:
        cells = [s["families"].get(name) for s in shown]
        out.append(f"| {name} | " + " | ".join(f"{c['right']}/{c['total']}" if c else "-" for c in cells) + " |")
    return "\n".join(out)
