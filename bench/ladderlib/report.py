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


class Row:
    def __init__(self, step, kept, out):
        self.step, self.summary, self.wall = step, kept["summary"], kept["wall_seconds"]
        self.folder = out / step.name

    def records(self):
        with open(self.folder / "results.jsonl", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def data(self):
        all_, verified = self.summary["all"], self.summary["statuses"].get("VERIFIED", {"right": 0, "total": 0})
        low, high = wilson(all_["right"], all_["total"])
        v_low, v_high = wilson(verified["right"], verified["total"])
        live = not self.step.replays
        return {"name": self.step.name, "says": self.step.says, "replay_of": self.step.replays or None,
                "one_seed": self.step.greedy, "options": self.step.options, "right": all_["right"],
                "total": all_["total"], "accuracy": all_["accuracy"], "low": low, "high": high,
                "tokens": self.summary["tokens"], "samples": self.summary["samples"],
                "tokens_per_right": self.summary["tokens_per_right"],
                "seconds": self.summary["seconds"] if live else None, "wall_seconds": self.wall if live else None,
                "verified": verified["total"], "verified_right": verified["right"],
                "verified_low": v_low, "verified_high": v_high, "families": self.summary["families"]}


def resampled_at(curve, tokens):
    """Accuracy of resampling at a mean of tokens an item: between the two nearest points of its curve."""
    curve = sorted(curve)
    if not curve or tokens < curve[0][0] or tokens > curve[-1][0]:
        return None
    for (t0, a0), (t1, a1) in zip(curve, curve[1:]):
        if t0 <= tokens <= t1:
            return a0 if t1 == t0 else a0 + (a1 - a0) * (tokens - t0) / (t1 - t0)
    return curve[-1][1]


def bars(steps):
    """What the ladder must show, and whether it does."""
    out = []
    if {"scaffold", "verified8"} <= set(steps):
        gain = 100 * (steps["verified8"]["accuracy"] - steps["scaffold"]["accuracy"])
        out.append({"bar": "verified@8 at least 20 points above greedy", "value": f"{gain:+.1f} points", "met": gain >= 20})
    proven = [s for s in steps.values() if s["verified"] > 0]
    if proven:
        best = max(proven, key=lambda s: s["verified"])
        share = best["verified_right"] / best["verified"]
        out.append({"bar": "VERIFIED right in >= 99 %, lower bound >= 98.5 %",
                    "value": f"{100 * share:.2f} % (>= {100 * best['verified_low']:.2f}) of {best['verified']}, {best['name']}",
                    "met": share >= 0.99 and best["verified_low"] >= 0.985})
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
    data = {row.step.name: row.data() for row in rows if row.step.table}
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
    return (f"{step['verified']}, {100 * step['verified_right'] / step['verified']:.1f} % right "
            f"(>= {100 * step['verified_low']:.1f})")


def markdown(result):
    facts = result["facts"]
    out = [f"# Ladder: {facts['model']}, {facts['items']} items, {facts['seeds']} seeds",
           f"{facts['lemma']}; {facts['machine']}, {facts['cores']} cores, {facts['day']}. Intervals: 95 % Wilson, of items x seeds. "
           "Greedy steps run one seed: all give the same. A replay counts recorded chains anew (the recording in brackets): its "
           "tokens and samples are those that such a run would have used, its seconds were not measured.", "",
           "| step | what is new | right of | accuracy % | tokens an item | samples | seconds an item | VERIFIED |",
           "|---|---|---|---|---|---|---|---|"]
    for s in result["steps"]:
        seconds = f"{s['seconds']:.2f}" if s["seconds"] is not None else f"replay [{s['replay_of']}]"
        out.append(f"| {s['name']} | {s['says']} | {s['right']}/{s['total']} | {share(s)} | {s['tokens']:.0f} | "
                   f"{s['samples']:.2f} | {seconds} | {proven(s)} |")
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
