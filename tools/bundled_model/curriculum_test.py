# SPDX-License-Identifier: Apache-2.0
"""Tests of the curriculum of version 2: python3 curriculum_test.py (seconds). With LEMMA_BIN set to the
program, its checker and its extraction are held against the generated problems."""

import itertools
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import unittest

from curriculum import chain, core, eval_rows, mix

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_EVAL = _ROOT / "models" / "eval_v2.jsonl"
_NUMBER = r"(-?\d+|\(-?\d+\))"
_EQUATION = re.compile(rf"(?:^|: |; |x=|\)=){_NUMBER}([-+*/]){_NUMBER}=(-?\d+)(?:(?:余| r )(\d+))?(?=$|;| ✓|≠)")


def items(count, **kwargs):
    """Items of every family, language and level."""
    rng = random.Random(17)
    for family, lang, level in itertools.product(mix.FAMILIES.values(), ("zh", "en"), core.LEVELS):
        for _ in range(count):
            yield core.make_item(family, rng, lang, level, **kwargs), rng


class Problems(unittest.TestCase):
    def test_chains_reach_the_answer_found_by_another_method(self):
        for item, rng in items(25):
            for fine in (True, False):
                lines, answer, run = core.run_chain(item, rng, fine)
                self.assertEqual(item.family.boxed(answer, item.lang, item.params), item.gold, (item.text, lines))
                self.assertTrue(run.ok, lines)

    def test_equations_hold(self):
        seen = 0
        for item, rng in items(15):
            if item.family.name in ("F10", "F11"):
                continue
            for line in core.run_chain(item, rng, True)[0]:
                for a, op, b, c, rest in _EQUATION.findall(line):
                    a, b, c = (int(v.strip("()")) for v in (a, b, c))
                    good = {"+": a + b == c, "-": a - b == c, "*": a * b == c, "/": b * c + int(rest or 0) == a}[op]
                    self.assertTrue(good, line)
                    seen += 1
        self.assertGreater(seen, 3000)

    def test_fine_chains_have_the_four_marks_in_order(self):
        for item, rng in items(6):
            text = "\n".join(core.run_chain(item, rng, True)[0])
            places = [text.find(mark) for mark in chain.MARKS if mark in text]
            self.assertEqual(places, sorted(places), text)
            self.assertGreaterEqual(len(places), 3, text)
            self.assertEqual(text.count(chain.MARKS[2]), int(chain.MARKS[2] in text), text)

    def test_checks_see_most_slips_and_never_blame_a_right_chain(self):
        rng, seen, caught = random.Random(4), 0, 0
        for item, _ in items(12):
            count = core.run_chain(item, rng, True)[2].count
            other = core.run_chain(item, rng, True, rng.randrange(count)) if count else None
            if other and item.family.boxed(other[1], item.lang, item.params) != item.gold:
                seen += 1
                caught += not other[2].ok
        self.assertGreater(seen, 300)
        self.assertGreater(caught / seen, 0.8)

    def test_a_slip_is_repaired(self):
        rng = random.Random(8)
        item = core.make_item(mix.FAMILIES["F1"], rng, "zh", 2)
        found = [lines for lines in (core.think(item, rng, "scaffold", 1.0) for _ in range(20)) if chain.REDO["zh"] in lines]
        self.assertTrue(found)
        for lines in found:
            at = lines.index(chain.REDO["zh"])
            self.assertIn("✗", lines[at - 1])
            self.assertNotIn("✗", "".join(lines[at + 1:]))


class Split(unittest.TestCase):
    def test_no_tuple_and_no_held_out_wording_is_in_training(self):
        rng = random.Random(3)
        for family in mix.FAMILIES.values():
            train = {family.key(core.draw(family, rng, level, False)) for level in core.LEVELS for _ in range(300)}
            test = {family.key(core.draw(family, rng, level, True)) for level in core.LEVELS for _ in range(100)}
            self.assertFalse(train & test, family.name)
            for lang in ("zh", "en"):
                for _ in range(100):
                    self.assertNotRegex(core.make_item(family, rng, lang, 2).wording, r"\dh$")

    def test_the_evaluation_set_is_of_the_test_half_and_as_the_generator_writes_it(self):
        rows = [json.loads(line) for line in _EVAL.read_text(encoding="utf-8").splitlines()]
        self.assertGreaterEqual(len(rows), 1500)
        self.assertEqual(len({r["id"] for r in rows}), len(rows))
        self.assertEqual(len({r["problem"] for r in rows}), len(rows))
        self.assertEqual({r["family"] for r in rows}, set(mix.FAMILIES))
        self.assertLess(_EVAL.stat().st_size, 1_000_000)
        self.assertEqual(eval_rows.rows(130, 2027), rows)

    def test_no_row_is_asked_in_training(self):
        rows = {json.loads(line)["problem"] for line in _EVAL.read_text(encoding="utf-8").splitlines()}
        rng = random.Random(12)
        for _ in range(3000):
            for turn in mix.conversation(rng, mix.DEFAULT_MIX)[1]:
                self.assertFalse(any(turn.prompt == row for row in rows))
                self.assertNotIn(turn.prompt.split("\n\n")[0], rows)


class Modes(unittest.TestCase):
    def test_the_first_texts_are_the_scaffolds_of_the_engine(self):
        folder = _ROOT / "data" / "scaffolds"
        if not folder.is_dir():
            self.skipTest("no scaffolds")
        for file, family, mode in (("four-steps", "F1", "scaffold"), ("direct", "F1", "direct"), ("document", "F10", "scaffold"), ("code", "F11", "scaffold")):
            for lang in ("zh", "en"):
                text = (folder / f"{file}.{lang}.txt").read_text(encoding="utf-8")
                text = "\n".join(line for line in text.splitlines() if not line.startswith("#")).strip()
                self.assertEqual(core.with_mode("{question}", lang, core.mode_text(family, mode, lang)), text)

    def test_modes_differ_in_their_thinking(self):
        rng = random.Random(5)
        item = core.make_item(mix.FAMILIES["F9"], rng, "en", 2)
        direct, plain, fine = (mix.example(item, rng, mode) for mode in core.MODES)
        self.assertEqual(direct.think, [])
        self.assertNotIn("④", "".join(plain.think))
        self.assertIn("④", "".join(fine.think))
        self.assertTrue(all(e.answer.endswith(f"\\boxed{{{item.gold}}}") for e in (direct, plain, fine)))

    def test_retries_end_right_and_do_not_tell_the_answer(self):
        rng, count = random.Random(6), 0
        for _ in range(400):
            turns = mix.retry(rng, mix.DEFAULT_MIX, rng.choice(["zh", "en"]))
            if turns and len(turns) > 1:
                count += 1
                self.assertNotEqual(turns[-2].answer, turns[-1].answer)
                self.assertTrue(turns[-1].think)
        self.assertGreater(count, 100)

    def test_code_and_documents(self):
        rng = random.Random(7)
        for _ in range(60):
            item = core.make_item(mix.FAMILIES["F11"], rng, "zh", 2)
            space = {}
            exec(item.gold + item.family.tests(item.params), space)
            doc = core.make_item(mix.FAMILIES["F10"], rng, "en", 3)
            said = mix.example(doc, rng, "plain").answer
            quote = re.match(r'"(.*)"\[citation:(\d)\]', said)
            if quote:
                self.assertIn(quote[1], doc.family.documents(doc.params, "en")[int(quote[2]) - 1])


@unittest.skipUnless(os.environ.get("LEMMA_BIN"), "LEMMA_BIN names no program")
class Engine(unittest.TestCase):
    READ = {"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9"}

    def check(self, rows):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as f:
            f.write("\n".join(json.dumps(r, ensure_ascii=False) for r in rows))
            f.flush()
            out = subprocess.run([os.environ["LEMMA_BIN"], "check", "--batch", f.name], capture_output=True, text=True, check=True).stdout
        return [json.loads(line) for line in out.splitlines()]

    def test_the_checker_agrees_and_speaks_as_the_retries_do(self):
        rows, wanted = [], []
        for item, rng in items(4, test=True, heldout=False):
            name = item.family.name
            box = item.gold if name == "F11" else f"\\boxed{{{item.gold}}}"
            extra = {"tests": item.family.tests(item.params), "entry_point": item.params[2]} if name == "F11" else {}
            rows.append({"problem": "" if extra else item.text, "answer": box, **extra})
            wanted.append((name, None))
            wrong = core.wrong_answer(item, rng)
            if wrong is None or name == "F11":
                continue
            rows.append({"problem": item.text, "answer": f"\\boxed{{{item.family.boxed(wrong, item.lang, item.params)}}}"})
            wanted.append((name, (item.lang, item.family.feedback(item.params, wrong, item.lang))))
        verified, same = set(), 0
        for row, (name, feedback), report in zip(rows, wanted, self.check(rows)):
            if feedback is None:
                self.assertNotEqual(report["status"], "REFUTED", row)
                if report["status"] == "VERIFIED":
                    verified.add(name)
            else:
                self.assertNotEqual(report["status"], "VERIFIED", row)
                if report["status"] == "REFUTED" and feedback[1]:
                    self.assertEqual(report["feedback"][feedback[0]], feedback[1], row)
                    same += 1
        self.assertLessEqual(self.READ, verified)
        self.assertGreater(same, 100)


if __name__ == "__main__":
    unittest.main()
