#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/ladder with a program that plays `lemma eval`, and the drawing of a reasoning tree."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tools")]
from ladderlib import report, steps  # noqa: E402
import reasoning_svg  # noqa: E402

# Writes what lemma eval writes: with checkers one answer in ten is called proven and is wrong.
PLAYER = """#!/usr/bin/env python3
import json, os, pathlib, sys
a = sys.argv[1:]
if a[0] == "version": print("lemma 0"); sys.exit()
if "--compare" in a: print("60 pairs"); sys.exit()
with open(os.environ["CALLS"], "a") as f: f.write(" ".join(a) + "\\n")
if os.environ.get("FAIL_AT") and os.environ["FAIL_AT"] in a[a.index("--out") + 1]: sys.exit(1)
at = lambda n, d: a[a.index(n) + 1] if n in a else d
out = pathlib.Path(at("--out", "")); out.mkdir(parents=True, exist_ok=True)
items = [json.loads(l) for l in open(a[1])]
rows = []
for seed in range(int(at("--seeds", "1"))):
    for n, item in enumerate(items):
        checked = at("--checkers", "on") == "on"
        status = "VERIFIED" if checked and n % 2 == 0 else "UNVERIFIED"
        rows.append({"id": item["id"], "seed": seed + 1, "status": status, "right": n % 10 != 0 and (n, seed) != (3, 1), "answer": "x|y",
                     "gold": "z", "family": item["family"]})
(out / "results.jsonl").write_text("".join(json.dumps(r) + "\\n" for r in rows))
right = sum(r["right"] for r in rows)
v = [r for r in rows if r["status"] == "VERIFIED"]
statuses = {"VERIFIED": {"right": sum(r["right"] for r in v), "total": len(v)}} if v else {}
print(json.dumps({"all": {"right": right, "total": len(rows), "accuracy": right / len(rows)}, "statuses": statuses,
                  "tokens": 100.0 * int(at("--chains", "4")), "samples": float(at("--chains", "4")), "seconds": 0.5,
                  "tokens_per_right": 1, "families": {"f": {"right": right, "total": len(rows)}}, "false_verified": []}))
"""


class LadderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.lemma = self.dir / "lemma"
        self.lemma.write_text(PLAYER)
        self.lemma.chmod(0o755)
        self.items = self.dir / "set.jsonl"
        self.items.write_text("".join(json.dumps({"question": f"q{n}", "answer": "z", "family": "f"}) + "\n"
                                      for n in range(40)))

    def give_tests(self, count):
        """The first items, in the order of the run, carry tests."""
        lines = [json.loads(line) for line in self.items.read_text().splitlines()]
        order = list(range(len(lines)))
        random.Random(1).shuffle(order)
        for n in order[:count]:
            lines[n]["tests"] = "assert f() == 1"
        self.items.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def ladder(self, *args, fail_at=""):
        env = {**os.environ, "CALLS": str(self.dir / "calls"), "FAIL_AT": fail_at}
        return subprocess.run([str(ROOT / "bench" / "ladder"), "-m", "m.gguf", "--items", str(self.items), "--out",
                               str(self.dir / "out"), "--lemma", str(self.lemma), *args], env=env,
                              capture_output=True, text=True, check=False)

    def calls(self):
        return (self.dir / "calls").read_text().splitlines()

    def test_table_false_proofs_and_what_is_a_replay(self):
        done = self.ladder("--seeds", "2", "--limit", "20", "--file", "F16=f16.gguf", "--notebook-items", str(self.items))
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads((self.dir / "out" / "ladder.json").read_text())
        by_name = {step["name"]: step for step in result["steps"]}
        self.assertEqual(by_name["plain"]["total"], 20)      # greedy: one seed
        self.assertEqual(by_name["verified8"]["total"], 40)
        self.assertEqual(by_name["verified8"]["replay_of"], "record")
        self.assertIsNone(by_name["verified8"]["seconds"])
        self.assertEqual(by_name["retry"]["seconds"], 0.5)
        self.assertNotIn("record", by_name)
        self.assertNotIn("learn", by_name)
        # Items 0 and 10 of 20, each with two seeds, in every step with checkers.
        self.assertEqual(len(result["false_verified"]), 4)
        self.assertIn("verified8", result["false_verified"][0]["steps"])
        text = (self.dir / "out" / "ladder.md").read_text()
        self.assertIn("x\\|y", text)
        # 17 items always right, one with one of two seeds, two never: 35 of 40, clustered by item.
        self.assertIn("| verified8 | + checkers, 8 chains (verified@8) | 35/40 | 87.5 (73.5-100.0) | 800 | 8.00 | "
                      "replay [record] | 1 tokens | 20 (10 items), 80.0 % right (>= 58.4) |", text)
        self.assertIn("| plain | chain of thought, greedy | 18/20 | 90.0 (69.9-97.2) |", text)   # one seed: Wilson
        self.assertIn("Intervals: 95 %, by items", text)
        self.assertIn("while 4 ran side by side", text)
        self.assertEqual(by_name["retry"]["seconds_per_right"], 0.5 * 40 / 35)
        self.assertNotIn("Without items", text)
        self.assertIsNone(by_name["retry"]["without_tests"])
        self.assertIn("**no**", text)                        # the bar of precision
        self.assertEqual(result["equal_tokens"][0]["resampling"], 0.875)
        calls = {call.split("--out ")[1].split()[0].rsplit("/", 1)[1]: call for call in self.calls()}
        for name in ("temperature", "maj4", "maj8", "adaptive", "short", "direct", "plain", "scaffold", "seed"):
            self.assertIn("--checkers off", calls[name])     # nothing but votes
        for name in ("verified8", "resample4"):
            self.assertIn("--checkers on", calls[name])
        self.assertIn("--calculator off", calls["record-plain"])
        self.assertIn("--replay " + str(self.dir / "out" / "record") + " ", calls["maj8"])
        self.assertNotIn("-m ", calls["maj8"])
        self.assertIn("-m f16.gguf", calls["retry-F16"])
        self.assertIn("--notebook " + str(self.dir / "out" / "notebook.jsonl"), calls["notebook"])

    def test_items_that_carry_tests_are_also_left_out(self):
        self.give_tests(6)                                   # items 0 to 5 of the run: 0 is wrong, 0, 2 and 4 proven
        done = self.ladder("--seeds", "2", "--limit", "20", "--steps", "scaffold,verified8")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads((self.dir / "out" / "ladder.json").read_text())
        step = {s["name"]: s for s in result["steps"]}["verified8"]
        self.assertEqual((step["right"], step["total"], step["verified_items"]), (35, 40, 10))
        rest = step["without_tests"]
        self.assertEqual((rest["right"], rest["total"]), (26, 28))
        self.assertEqual((rest["verified"], rest["verified_right"], rest["verified_items"]), (14, 12, 7))
        bars = [b["bar"] for b in result["bars"]]
        self.assertEqual([b for b in bars if "above greedy" in b],
                         ["verified@8 at least 20 points above greedy",
                          "verified@8 at least 20 points above greedy, without items that carry tests"])
        self.assertEqual(len([b for b in bars if b.startswith("VERIFIED") and "without" in b]), 1)
        text = (self.dir / "out" / "ladder.md").read_text()
        self.assertIn("## Without items that carry tests", text)
        self.assertIn("graded by the same tests", text)
        self.assertIn("| verified8 | 26/28 |", text)

    def test_it_goes_on_where_it_stopped(self):
        done = self.ladder("--steps", "plain,maj4,retry", fail_at="retry")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("step retry", done.stderr)
        self.assertEqual(len(self.calls()), 4)               # with the recording of maj4
        self.assertEqual(self.ladder("--steps", "plain,maj4,retry").returncode, 0)
        self.assertEqual(len(self.calls()), 5)
        self.assertIn("holds other items", self.ladder("--limit", "3").stderr)
        self.assertIn("not known", self.ladder("--steps", "nonsense").stderr)

    def test_seeds_of_an_item_are_not_independent(self):
        def records(rights):
            return [{"id": n, "right": right} for n, each in enumerate(rights) for right in each]
        alike = records([[True] * 3] * 50 + [[False] * 3] * 50)
        low, high = report.interval(alike)
        self.assertAlmostEqual(high - low, 2 * report.Z * 0.5025 / 10, 4)   # as of 100 items, not 300
        single = records([[True]] * 95 + [[False]] * 5)
        self.assertEqual(report.interval(single), report.wilson(95, 100))
        self.assertEqual(report.interval(records([[True] * 3] * 20)), report.wilson(20, 20))

    def test_figures(self):
        low, high = report.wilson(95, 100)
        self.assertAlmostEqual(low, 0.8882, 4)
        self.assertAlmostEqual(high, 0.9785, 4)
        self.assertEqual(report.resampled_at([(300, 0.8), (100, 0.6)], 200), 0.7)
        self.assertIsNone(report.resampled_at([(100, 0.6), (300, 0.8)], 301))
        self.assertEqual([s.name for s in steps.choose(steps.ladder("s", None, [], "x", "n"), ["notebook"])],
                         ["learn", "notebook"])


class DrawingTest(unittest.TestCase):
    def trace(self):
        summary = {"zh": "✗ 已反驳", "en": "✗ refuted: 92 < 94"}
        proof = {"zh": "✓ 已验证", "en": "✓ verified"}
        chains = [{"chain": 0, "round": 0, "end": "answered", "tokens": 100, "answer": "鸡24,兔11",
                   "status": "REFUTED", "summary": summary},
                  {"chain": 1, "round": 0, "end": "unfinished", "tokens": 90},
                  {"chain": 2, "round": 1, "end": "answered", "tokens": 80, "answer": "鸡23,兔12",
                   "status": "VERIFIED", "summary": proof},
                  {"chain": 3, "round": 1, "end": "cancelled", "tokens": 80}]
        events = [{"type": "plan", "policy": {"task": "word", "profile": "r1", "chains": 2, "temperature": 0.6}}]
        events += [{"type": "chain_started", "chain": c["chain"], "round": c["round"]} for c in chains[:2]]
        events += [{"type": "chain_finished", **c} for c in chains[:2]]
        events.append({"type": "retry", "round": 1, "feedback": "2*x+4*y=94 <fails>: 92. " * 30})
        events += [{"type": "chain_started", "chain": c["chain"], "round": c["round"]} for c in chains[2:]]
        events += [{"type": "chain_finished", **chains[2]}, {"type": "stopped", "reason": "verified"}]
        events.append({"answer": "鸡23,兔12", "status": "VERIFIED", "summary": proof, "votes": {"k": 1, "n": 2},
                       "samples": 4, "tokens": 350, "seconds": 1.5, "chains": chains})
        return [json.dumps(event) for event in events]

    def test_a_tree_with_a_retry(self):
        for lang in ("en", "zh"):
            svg = reasoning_svg.draw(reasoning_svg.Trace(self.trace()), "鸡兔同笼 & so on?", lang)
            root = xml.etree.ElementTree.fromstring(svg)
            texts = ["".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")]
            self.assertIn("鸡兔同笼 & so on?", texts)
            self.assertTrue(any("鸡24,兔11" in t for t in texts))
            self.assertTrue(any("<fails>" in t for t in texts))
            self.assertTrue(any("VERIFIED" in t for t in texts))
            self.assertIn("prefers-color-scheme:dark", svg)
            bars = [r for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.get("class").startswith("bar-")]
            self.assertEqual([b.get("class") for b in bars], ["bar-bad", "bar-none", "bar-ok", "bar-none"])
            self.assertGreater(float(bars[0].get("width")), float(bars[1].get("width")))
            for t in root.iter("{http://www.w3.org/2000/svg}text"):
                self.assertLess(reasoning_svg.columns("".join(t.itertext())) * 7.2 + float(t.get("x")), 900)

    def test_no_result_is_an_error(self):
        with self.assertRaises(SystemExit):
            reasoning_svg.Trace(self.trace()[:-1])


if __name__ == "__main__":
    unittest.main(verbosity=1)
