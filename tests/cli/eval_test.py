#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lemma eval: a model here, a server, a recording. LEMMA_BIN names the program."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "serve"))
from http_client import Server  # noqa: E402

LEMMA = os.environ["LEMMA_BIN"]
ITEMS = [{"id": "sum", "question": "What is 37 + 58?", "answer": "95"},
         {"id": "cage", "question": "鸡兔同笼，共有35个头，94只脚，鸡兔各几只？", "answer": "鸡23,兔12"},
         {"id": "term", "question": "数列满足 a1=1，a(n+1)=2a(n)+1，求 a5。", "answer": "31"}]
MODEL = pathlib.Path(__file__).resolve().parents[2] / "models" / "lemma-bundled-v2-q8_0.gguf"


class EvalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.dir = pathlib.Path(folder.name)
        cls.items = cls.dir / "items.jsonl"
        cls.items.write_text("".join(json.dumps(each) + "\n" for each in ITEMS))

    def eval(self, out, *args, model=("-m", MODEL), env=None, items=None):
        done = subprocess.run([LEMMA, "eval", items or self.items, "--out", self.dir / out, "--json",
                               "--seed", "3", *model, *map(str, args)], capture_output=True, text=True,
                              timeout=600, env={**os.environ, **(env or {})})
        return done

    def summary(self, *args, **more):
        done = self.eval(*args, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_a_server_gives_the_same_reports(self):
        server = Server("--threads", "1")
        self.addCleanup(server.kill)
        url = ("--url", f"http://127.0.0.1:{server.port}/v1")
        remote = self.summary("remote", "--chains", "2", "--first-chains", "2", "--temp", "0.6",
                              model=url)
        self.assertEqual(remote["all"]["total"], 3)
        self.assertGreater(remote["tokens"], 10)
        manifest = json.loads((self.dir / "remote" / "manifest.json").read_text())
        self.assertEqual(manifest["url"], url[1])
        self.assertEqual(manifest["model"], "bundled")
        records = [json.loads(line) for line in
                   (self.dir / "remote" / "results.jsonl").read_text().splitlines()]
        self.assertEqual({each["id"] for each in records}, {"sum", "cage", "term"})
        # The same seeds, the same chains: what is done is not asked for again.
        again = self.summary("remote", "--chains", "2", "--first-chains", "2", "--temp", "0.6",
                             model=url)
        self.assertEqual(again, remote)
        # Greedy, it is what the model says here. (Both think as they like: no budget is reached.)
        greedy = ("--chains", "1", "--retries", "0", "--temp", "0", "--profile", "generic")
        here = self.summary("here", *greedy)
        there = self.summary("there", *greedy, model=url)
        self.assertEqual(here["all"], there["all"])
        self.assertEqual(here["tokens"], there["tokens"])
        for option, name in ((("--rewind", "on"), "rewind"), (("--search", "beam"), "search: beam"),
                             (("--calculator", "on"), "calculator"), (("--deadline", "9"), "deadline")):
            done = self.eval("refused", *option, model=url)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(name, done.stderr)
        wrong = self.eval("wrong", model=(*url, "--model", "nobody"))
        self.assertIn("HTTP 404", wrong.stderr)
        server.stop()
        gone = self.eval("gone", model=(*url, "--model", "bundled"))
        self.assertIn("connection refused", gone.stderr)

    def test_a_key_comes_from_a_variable(self):
        url = ("--url", "http://127.0.0.1:9/v1", "--model", "m")
        done = self.eval("key", "--api-key-env", "LEMMA_NO_SUCH_KEY", model=url)
        self.assertEqual(done.returncode, 4)
        self.assertIn("LEMMA_NO_SUCH_KEY is not set", done.stderr)
        self.assertNotEqual(self.eval("key", "--api-key-env", "X").returncode, 0)

    def test_only_the_same_run_goes_on(self):
        few = ("--chains", "1", "--retries", "0", "--answer-tokens", "8", "--thinking-tokens", "8")
        own = self.dir / "own"
        own.mkdir()
        (own / "mine.en.txt").write_text("Q: {question}")
        schema, rules, items = (self.dir / name for name in ("schema.json", "rules.jsonl", "resumed.jsonl"))
        schema.write_text("{}")
        rules.write_text('{"id": "1", "rule": "Check.", "task": "word", "language": "zh", "question": "鸡兔"}\n')
        items.write_text(self.items.read_text())
        args = (*few, "--scaffolds", own, "--schema", schema, "--notebook", rules, "--deadline", "500")
        started = self.eval("resumed", *args, items=items)
        self.assertEqual(started.returncode, 0, started.stderr)
        self.assertEqual(self.eval("resumed", *args, items=items).stdout, started.stdout)

        def refused(field, *changed):
            done = self.eval("resumed", *(changed or args), items=items)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"(manifest.json: {field}); choose another folder", done.stderr)

        def with_text(path, text, field):
            before = path.read_text()
            path.write_text(text)
            refused(field)
            path.write_text(before)

        with_text(items, items.read_text().replace('"95"', '"96"'), "items_hash")
        with_text(schema, '{"type": "object"}', "evidence_hash")
        with_text(own / "mine.en.txt", "Question: {question}", "scaffolds_hash")
        with_text(rules, rules.read_text().replace("Check.", "Check twice."), "rules_hash")
        refused("deadline", *args[:-1], "400")
        # Another model under the same names: one byte of a tensor differs.
        other = self.dir / "other-model" / MODEL.name
        other.parent.mkdir()
        content = bytearray(MODEL.read_bytes())
        content[-64] ^= 1
        other.write_bytes(content)
        done = self.eval("resumed", *args, items=items, model=("-m", other))
        self.assertIn("(manifest.json: model_fingerprint)", done.stderr)
        # A run from before these fields were kept is refused.
        path = self.dir / "resumed" / "manifest.json"
        kept = json.loads(path.read_text())
        for field in ("model_fingerprint", "items_hash", "evidence_hash", "scaffolds_hash", "rules_hash", "deadline"):
            kept.pop(field)
        path.write_text(json.dumps(kept))
        done = self.eval("resumed", *args, items=items)
        self.assertIn("model_fingerprint", done.stderr)

    def test_a_recording_is_voted_on_again(self):
        live = self.summary("record", "--record", "--chains", "4")
        self.assertEqual(live["samples"], 4)
        replay = ("--replay", self.dir / "record")
        same = self.summary("same", "--chains", "4", "--first-chains", "4", "--enough", "1",
                            model=replay)
        for each in (live, same):
            each.pop("seconds")
            each.pop("seconds_per_right")
        self.assertEqual(same, live)
        # A recording from before its model and items were hashed.
        path = self.dir / "record" / "manifest.json"
        kept = json.loads(path.read_text())
        path.write_text(json.dumps({name: kept[name] for name in kept if "hash" not in name and
                                    name != "model_fingerprint"}))
        old = self.summary("old", "--chains", "4", "--first-chains", "4", "--enough", "1", model=replay)
        old.pop("seconds")
        old.pop("seconds_per_right")
        self.assertEqual(old, live)
        path.write_text(json.dumps(kept))
        counted = self.summary("counted", "--chains", "4", "--first-chains", "4", "--enough", "1",
                               "--checkers", "off", model=replay)
        self.assertFalse({"VERIFIED", "REFUTED", "CHECKED"} & set(counted["statuses"]))
        self.assertLess(self.summary("first", "--chains", "1", model=replay)["tokens"],
                        live["tokens"])
        self.assertIn("temperature", self.eval("hot", "--temp", "1", model=replay).stderr)
        self.assertIn("--record", self.eval("early", "--record", "--enough", "0.9").stderr)
        manifest = json.loads((self.dir / "same" / "manifest.json").read_text())
        self.assertTrue(manifest["replay_of"]["record"])
        # The policies of the kinds of question that there are, not of an empty one.
        kept = json.loads((self.dir / "record" / "manifest.json").read_text())
        self.assertEqual(set(kept["policies"]), {"arithmetic", "word", "sequence"})
        self.assertEqual({p["chains"] for p in kept["policies"].values()}, {4})


if __name__ == "__main__":
    unittest.main(verbosity=1)
