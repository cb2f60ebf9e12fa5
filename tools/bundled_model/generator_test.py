# SPDX-License-Identifier: Apache-2.0
"""Tests of the data generator, the tokenizer and the exporter: python3 generator_test.py (a few seconds)."""

import itertools
import pathlib
import random
import re
import tempfile
import unittest

import bpe
import common
import dataset
import families
import smalltalk

_HERE = pathlib.Path(__file__).resolve().parent
_NUMBER = r"(?:\d+|\(-\d+\))"
_EQUATION = re.compile(rf"^(-?\d+|\(-\d+\))([-+*/])({_NUMBER})=(-?\d+)(?:(?:余| r )(\d+))?$")


def equations(example):
    """All pieces of the reasoning that are one complete binary equation."""
    for line in example.think:
        text = re.sub(r"^\d+\. ", "", line)
        for piece in re.split(r"[;,:] ?|=a\d+ ", text):
            match = _EQUATION.match(piece.replace("✓", "").strip())
            if match:
                yield match


class Generator(unittest.TestCase):
    def test_every_equation_holds(self):
        rng, seen = random.Random(5), 0
        for family, make in families.MAKERS.items():
            for lang, test in itertools.product(("zh", "en"), (False, True)):
                for _ in range(300):
                    for m in equations(make(rng, lang, test=test)):
                        a, b, c = int(m[1].strip("()")), int(m[3].strip("()")), int(m[4])
                        rest = int(m[5] or 0)
                        good = {"+": a + b == c, "-": a - b == c, "*": a * b == c, "/": b * c + rest == a}[m[2]]
                        self.assertTrue(good, (family, m[0]))
                        seen += 1
        self.assertGreater(seen, 10000)

    def test_heads_and_legs_answers(self):
        rng = random.Random(6)
        for _ in range(500):
            e = families.make_f1(rng, "en", noise=False)
            first = re.match(r"1\. Given: count (\d+), total (\d+); .*: (\d+), .*: (\d+)$", e.think[0])
            n, m, la, lb = map(int, first.groups())
            found = [(a, n - a) for a in range(n + 1) if la * a + lb * (n - a) == m]
            if e.boxed == "no solution":
                self.assertEqual(found, [])
            else:
                self.assertEqual([tuple(map(int, re.findall(r"\d+", e.boxed)))], found)

    def test_three_digit_answers(self):
        rng = random.Random(7)
        none = 0
        for _ in range(500):
            e = families.make_f2(rng, "zh", noise=False)
            s, h, u = re.match(r"1\. 已知: 数字和(\d+), 百位=x([+-]\d+)?, 十位=x, 个位=x([+-]\d+)?$", e.think[0]).groups()
            p, q = int(h or 0), int(u or 0)
            found = [str(n) for n in range(100, 1000)
                     if n // 100 == n // 10 % 10 + p and n % 10 == n // 10 % 10 + q and sum(map(int, str(n))) == int(s)]
            none += not found
            self.assertEqual([e.boxed] if e.boxed != "无解" else [], found)
        self.assertGreater(none, 80)

    def test_split_is_disjoint_and_repeatable(self):
        self.assertEqual(common.is_test("F2", (12, 2, -1)), common.is_test("F2", (12, 2, -1)))
        share = sum(common.is_test("F2", (s, 1, q)) for s in range(27) for q in range(20)) / 540
        self.assertAlmostEqual(share, common.TEST_SHARE["F2"], delta=0.06)
        rng = random.Random(1)
        train = {families.make_f5(rng, "en", noise=False).think[0] for _ in range(3000)}
        test = {families.make_f5(rng, "en", test=True, noise=False).think[0] for _ in range(300)}
        self.assertFalse(train & test)

    def test_heldout_wordings_never_train(self):
        rng = random.Random(2)
        for _ in range(3000):
            self.assertNotRegex(dataset.sample(rng, dataset.DEFAULT_MIX).phrasing, r"\d+h$")

    def test_numerals(self):
        self.assertEqual([common.zh_number(n) for n in (0, 10, 15, 35, 94, 100, 105, 110, 216)],
                         ["零", "十", "十五", "三十五", "九十四", "一百", "一百零五", "一百一十", "二百一十六"])

    def test_small_talk_is_never_empty(self):
        rng = random.Random(3)
        for _ in range(2000):
            e = smalltalk.make(rng, rng.choice(["zh", "en"]))
            self.assertTrue(e.prompt.strip() and e.think and e.answer)
            self.assertNotIn("{", e.prompt if e.phrasing.split(".")[2] != "noise" else "")


class Text(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tok = bpe.Tokenizer.load(_HERE / "tokenizer_v1.json")

    def test_round_trip(self):
        for text in ("", "鸡兔同笼 35 heads\n\n", "\u0000\uffff😀é", " \t\r\n x  ", "<think> is text"):
            self.assertEqual(self.tok.decode(self.tok.encode(text)), text)

    def test_digits_stay_single_and_specials_stay_text(self):
        self.assertEqual(len(self.tok.encode("12345")), 5)
        self.assertLess(max(self.tok.encode("<｜User｜></think>")), self.tok.special_base)

    def test_all_bytes_have_tokens(self):
        self.assertEqual(set(bpe.byte_alphabet().values()) - set(self.tok.tokens), set())
        self.assertEqual(len(self.tok.tokens), 2048)
        self.assertEqual(len(set(self.tok.tokens)), 2048)

    def test_batches_are_repeatable_and_aligned(self):
        ids, pos, begin, where, target, _ = next(dataset.Batches(self.tok, 4096, 9))
        again = next(dataset.Batches(self.tok, 4096, 9))
        self.assertTrue((ids == again[0]).all())
        self.assertTrue((ids[where + 1] == target).all())
        self.assertTrue((begin + pos == range(4096)).all())


class Export(unittest.TestCase):
    def test_q8_0_error_and_file_layout(self):
        try:
            import export_gguf
            import model
        except ImportError:
            self.skipTest("torch is not installed")
        cfg = model.Config(layers=1, ff=256)
        params = model.init(cfg, 3)
        rounded = export_gguf.round_q8_0(params)["embed"]
        step = params["embed"].reshape(-1, 32).abs().amax(1, keepdim=True) / 127
        self.assertTrue(((rounded - params["embed"]).reshape(-1, 32).abs() <= 0.57 * step + 1e-6).all())
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "m.gguf"
            export_gguf.write(path, cfg, bpe.Tokenizer.load(_HERE / "tokenizer_v1.json"), params, "q8_0")
            raw = path.read_bytes()
        self.assertEqual(raw[:8], b"GGUF\x03\x00\x00\x00")
        self.assertEqual(len(raw) % 32, 0)


if __name__ == "__main__":
    unittest.main()
