#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/recheck_certificate.py against the certificates of the checker: all hold, and no change of a
number, a witness, a range, a relation or the verdict goes through. LEMMA_CERTIFICATES names the
program that prints them."""
import copy
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "tools" / "recheck_certificate.py"
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("recheck", SCRIPT)
recheck = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recheck)

# Changes of these are no forgery: words, or names under which an answer may call an unknown.
HARMLESS = {"detail", "reason", "unit", "labels", "text", "format", "rule", "names", "readings"}
# Where a number stands in the text; a wrong place is only noticed if the number there differs.
PLACES = {"span"}


def places(value, path=()):
    """All numbers and texts with digits, by their path."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in HARMLESS | PLACES:
                yield from places(item, path + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, path + (index,))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path
    elif isinstance(value, str) and re.search(r"\d", value):
        yield path


def changed(certificate, path, change):
    out = copy.deepcopy(certificate)
    at = out
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = change(at[path[-1]])
    return out


def other_number(value):
    if isinstance(value, int):
        return value + 1
    return re.sub(r"\d+", lambda m: str(int(m[0]) + 1), value, count=1)


class CertificateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run([os.environ["LEMMA_CERTIFICATES"]], capture_output=True, check=True)
        cls.lines = done.stdout.decode().splitlines()
        cls.all = [json.loads(line) for line in cls.lines]

    def test_every_certificate_holds(self):
        verdicts = {}
        for line, certificate in zip(self.lines, self.all):
            result = recheck.check_text(line)
            self.assertFalse(result.startswith("REJECTED"), result + "\n" + line)
            family = verdicts.setdefault(certificate["problem"]["family"], set())
            family.add((certificate["verdict"], result))
        for family in ("linear", "equation", "puzzle", "counting", "probability", "recurrence",
                       "divisibility"):
            self.assertIn(("VERIFIED", "holds"), verdicts[family])
            self.assertIn(("REFUTED", "holds"), verdicts[family])

    def test_another_verdict_is_rejected(self):
        turned = {"VERIFIED": "REFUTED", "REFUTED": "VERIFIED"}
        for c in self.all:
            if c["verdict"] in turned:
                forged = {**c, "verdict": turned[c["verdict"]]}
                self.assertTrue(recheck.check_text(json.dumps(forged)).startswith("REJECTED"),
                                json.dumps(forged, ensure_ascii=False))

    def test_another_number_is_rejected(self):
        tried = 0
        for c in self.all:
            if c["verdict"] not in ("VERIFIED", "REFUTED"):
                continue
            for path in places(c):
                # Another wrong answer is as wrong as the first.
                if path[0] == "answer" and c["verdict"] == "REFUTED":
                    continue
                # A note on what is no plain number ("三位数") is for people.
                if "numerals" in path:
                    begin, end = c["problem"]["numerals"][path[2]]["span"]
                    if not c["problem"]["text"].encode()[begin:end].isdigit():
                        continue
                # Which two of ten people refuse each other does not matter.
                if "conditions" in path:
                    continue
                # What is asked of the solutions does not matter where there are none.
                if path[-1] == "expr" and c["answer"]["kind"] == "no_solution":
                    continue
                forged = changed(c, path, other_number)
                tried += 1
                self.assertTrue(recheck.check_text(json.dumps(forged)).startswith("REJECTED"),
                                "%s\n%s" % (path, json.dumps(forged, ensure_ascii=False)))
        self.assertGreater(tried, 1000)

    def test_a_proof_left_out_or_made_up_is_rejected(self):
        for c in self.all:
            if c["verdict"] not in ("VERIFIED", "REFUTED"):
                continue
            forged = {**c, "proof": {**c["proof"], "extra": "1"}}
            self.assertTrue(recheck.check_text(json.dumps(forged)).startswith("REJECTED"))
            unread = {**c, "problem": {**c["problem"], "complete": False}}
            self.assertTrue(recheck.check_text(json.dumps(unread)).startswith("REJECTED"))
            once = {**c, "problem": {**c["problem"], "readings": 1}}
            self.assertTrue(recheck.check_text(json.dumps(once)).startswith("REJECTED"))

    def test_any_damage_is_rejected_or_harmless_and_never_runs(self):
        line = self.lines[0]
        for at in range(0, len(line), 7):
            recheck.check_text(line[:at] + "[" + line[at + 1:])
        evil = json.loads(line)
        evil["problem"]["constraints"][0]["relation"] = "__import__('os').system('true')=35"
        self.assertTrue(recheck.check_text(json.dumps(evil)).startswith("REJECTED"))

    def test_the_script_needs_nothing_but_the_standard_library(self):
        text = re.sub(r'""".*?"""', "", SCRIPT.read_text(), flags=re.DOTALL)
        code = [line for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
        self.assertLessEqual(len(code), 200)
        imports = set(re.findall(r"^(?:import|from) (.*?)(?: import .*)?$", text, re.MULTILINE))
        self.assertLessEqual(set(", ".join(imports).split(", ")), set(sys.stdlib_module_names))
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write("\n".join(self.lines))
            file.flush()
            command = [sys.executable, "-I", "-S", SCRIPT, file.name]
            done = subprocess.run(command, capture_output=True, encoding="utf-8")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(len(done.stdout.splitlines()), len(self.lines))
            file.write("\n{}\n")
            file.flush()
            self.assertEqual(subprocess.run(command, capture_output=True).returncode, 1)


if __name__ == "__main__":
    unittest.main()
