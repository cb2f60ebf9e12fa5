#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/compare: its statistics, what it reads from other programs, and how it takes failures."""
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

BENCH = pathlib.Path(__file__).resolve().parent.parent / "bench"
sys.path.insert(0, str(BENCH))
from comparelib import contestants, machine, stats  # noqa: E402
from comparelib.contestants import BadOutput, parse_spec, split_environment  # noqa: E402
from comparelib.runner import run_process  # noqa: E402
from comparelib.scenarios import parse_scenario  # noqa: E402


class StatsTest(unittest.TestCase):
    def test_quantiles(self):
        self.assertEqual(stats.median([3, 1, 2]), 2)
        self.assertEqual(stats.median([4, 1, 2, 3]), 2.5)
        self.assertEqual(stats.quantile([1, 2, 3, 4, 5], 0.25), 2)
        self.assertEqual(stats.quantile([1, 2], 0.75), 1.75)
        self.assertEqual(stats.quantile([7], 0.975), 7)
        with self.assertRaises(ValueError):
            stats.quantile([], 0.5)

    def test_summary(self):
        self.assertEqual(stats.summary([5.0, 1.0, 3.0]),
                         {"median": 3.0, "lower_quartile": 2.0, "upper_quartile": 4.0,
                          "least": 1.0, "greatest": 5.0, "rounds": 3})

    def test_ratios_are_of_the_same_round(self):
        # A slow round slows both: the ratio does not move.
        ours = {0: 20.0, 1: 10.0, 2: 22.0, 4: 99.0}
        theirs = {0: 10.0, 1: 5.0, 2: 11.0, 3: 1.0}
        ratio = stats.paired_ratio(ours, theirs)
        self.assertEqual(ratio, {"median": 2.0, "low": 2.0, "high": 2.0, "rounds": 3})
        self.assertIsNone(stats.paired_ratio(ours, {7: 1.0}))

    def test_the_interval_holds_the_median_and_is_reproducible(self):
        ours = {i: 10.0 + i for i in range(12)}
        theirs = {i: 10.0 - 0.3 * i for i in range(12)}
        first = stats.paired_ratio(ours, theirs)
        self.assertEqual(first, stats.paired_ratio(ours, theirs))
        self.assertLess(first["low"], first["median"])
        self.assertGreater(first["high"], first["median"])


class ParserTest(unittest.TestCase):
    def test_scenarios(self):
        prefill = parse_scenario("pp2048")
        self.assertEqual((prefill.kind, prefill.tokens, prefill.kv), ("prefill", 2048, ""))
        decode = parse_scenario("tg8192:q8_0", steps=32)
        self.assertEqual((decode.kind, decode.tokens, decode.depth, decode.kv),
                         ("decode", 32, 8192, "q8_0"))
        batch = parse_scenario("batch16@256")
        self.assertEqual((batch.batch, batch.depth), (16, 256))
        self.assertEqual(parse_scenario("quantize").kind, "quantize")
        for bad in ("", "pp", "pp0", "xx512", "tg512:q9", "batch0", "tg-1"):
            with self.assertRaises(ValueError, msg=bad):
                parse_scenario(bad)

    def test_specs(self):
        self.assertEqual(parse_spec("a=/b/c,LEMMA_ISA=avx2,args=-rtr 1"),
                         ("a", "/b/c", {"LEMMA_ISA": "avx2", "args": "-rtr 1"}))
        self.assertEqual(split_environment({"LEMMA_ISA": "avx2", "args": "x"}),
                         ({"LEMMA_ISA": "avx2"}, {"args": "x"}))
        for bad in ("", "a", "=b", "a=", "a=b,c", "a=b,=c"):
            with self.assertRaises(ValueError, msg=bad):
                parse_spec(bad)

    def test_llama_bench(self):
        text = 'load_backend: [cpu]\n[\n {"n_prompt": 512, "n_gen": 0, "avg_ts": 57.25}\n]\n'
        self.assertEqual(contestants.llama_bench_figure(text, parse_scenario("pp512")), 57.25)
        decode = '[{"n_prompt": 0, "n_gen": 64, "n_depth": 512, "avg_ts": 7.5}]'
        self.assertEqual(contestants.llama_bench_figure(decode, parse_scenario("tg512")), 7.5)
        for bad in ("", "error", "[]", "{}", text.replace("57.25", "0"), decode):
            with self.assertRaises(BadOutput, msg=bad):
                contestants.llama_bench_figure(bad, parse_scenario("pp512"))

    def test_batched_bench(self):
        text = ("main: n_kv_max = 9000\n\n"
                "|    PP |     TG |    B |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s |\n"
                "|-------|--------|------|--------|----------|----------|----------|----------|\n"
                "|   512 |     32 |   16 |   1024 |    9.000 |    56.89 |   17.718 |    28.90 |\n")
        self.assertEqual(contestants.batched_bench_figure(text, parse_scenario("batch16")), 28.9)
        with self.assertRaises(BadOutput):
            contestants.batched_bench_figure(text, parse_scenario("batch8"))

    def test_output_of_a_program(self):
        print_to = "import sys; print('row', file=sys.{})".format
        for stream in ("stdout", "stderr"):
            out, _ = run_process([sys.executable, "-c", print_to(stream)], {}, 60)
            self.assertEqual(out.strip(), "row")
        both = print_to("stdout") + "; print('noise', file=sys.stderr)"
        self.assertEqual(run_process([sys.executable, "-c", both], {}, 60)[0].strip(), "row")

    def test_lemma(self):
        report = {"tests": [{"kind": "prefill", "tokens": 512, "tok_s": 900.5},
                            {"kind": "decode", "tokens": 64, "depth": 512, "batch": 1,
                             "tok_s": 21.5}]}
        text = "noise {\n" + json.dumps(report) + "\n"
        self.assertEqual(contestants.lemma_figure(text, parse_scenario("pp512")), 900.5)
        self.assertEqual(contestants.lemma_figure(text, parse_scenario("tg512")), 21.5)
        with self.assertRaises(BadOutput):
            contestants.lemma_figure(text, parse_scenario("tg1024"))

    def test_processor_times(self):
        before = machine.parse_stat("cpu  100 0 100 700 50 0 0 50 0 0\ncpu0 1\n")
        after = machine.parse_stat("cpu  140 0 110 730 50 0 0 70 0 0\n")
        self.assertEqual(before, (200, 750, 50))
        self.assertEqual(machine.shares(before, after), {"busy": 0.5, "steal": 0.2})
        self.assertEqual(machine.shares(before, before), {})
        self.assertEqual(machine.shares(None, after), {})
        self.assertIsNone(machine.parse_stat("cpu0 1 2 3"))


FAKE_LEMMA = """#!/bin/sh
case "$*" in
*--machine*) echo '{"read_bandwidth_gb_s": 20.0, "usable_cpus": 2, "multiply_rates":
  [{"isa": "amx", "instruction": "tdpbf16ps bf16", "threads": 2, "mac_s": 1e12}]}' ;;
*) echo '{"kernels": "'$LEMMA_ISA'", "macs_per_token": 1000000000, "tests": [{"kind": "prefill",
  "tokens": 512, "tok_s": 400}]}' ;;
esac
"""
FAKE_PEER = """#!/bin/sh
case "$*" in
*--help*) echo '  -d, --n-depth <n>'; exit 1 ;;
*) echo '[{"n_prompt": 512, "n_gen": 0, "avg_ts": 100.0}]' ;;
esac
"""


class ProgramTest(unittest.TestCase):
    """The whole script, with small programs in the place of the contestants."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.folder.name)
        self.model = self.dir / "model.gguf"
        self.model.write_bytes(b"GGUF")

    def tearDown(self):
        self.folder.cleanup()

    def program(self, name, text):
        path = self.dir / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def compare(self, *args):
        return subprocess.run([sys.executable, BENCH / "compare", "-m", self.model, "--out",
                               self.dir / "out", "--rounds", "2", "--scenarios", "pp512",
                               *map(str, args)], capture_output=True, text=True, timeout=120,
                              check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})

    def test_a_failing_and_a_missing_peer_leave_the_others(self):
        lemma = self.program("lemma", FAKE_LEMMA)
        done = self.compare(
            "--lemma", f"ours={lemma},LEMMA_ISA=amx",
            "--llama-bench", f"peer={self.program('llama-bench', FAKE_PEER)}",
            "--llama-bench", f"broken={self.program('broken', '#!/bin/sh' + chr(10) + 'echo lost the model >&2; exit 3')}",
            "--llama-bench", f"missing={self.dir / 'none'}",
            "--npm", f"npm={self.dir}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("none: no such program", done.stderr)
        self.assertIn("npm install", done.stderr)
        self.assertIn("exit code 3: lost the model", done.stderr)
        report = json.loads((self.dir / "out" / "compare.json").read_text())
        rows = {r["contestant"]: r for r in report["about"]["summaries"][0]["rows"]}
        self.assertEqual(set(rows), {"ours", "peer"})
        self.assertEqual(rows["peer"]["ratios"]["ours"]["median"], 4.0)
        self.assertAlmostEqual(rows["ours"]["amx_bf16_share"], 0.4)
        self.assertEqual([r["contestant"] for r in report["runs"] if "figure" in r],
                         ["ours", "peer", "peer", "ours"])  # in turns
        text = (self.dir / "out" / "compare.md").read_text()
        self.assertIn("| peer | 100.00 |", text)
        self.assertIn("Left out: broken: exit code 3", text)
        plot = xml.dom.minidom.parse(str(self.dir / "out" / "compare.svg"))
        self.assertEqual(len(plot.getElementsByTagName("rect")), 2)
        self.assertEqual(sorted(p.name for p in (self.dir / "out").iterdir()),
                         ["compare.json", "compare.md", "compare.svg"])  # no scratch left

    def test_a_contestant_can_be_limited(self):
        peer = self.program("llama-bench", FAKE_PEER)
        done = self.compare("--llama-bench", f"all={peer}", "--llama-bench", f"once={peer},rounds=1",
                            "--llama-bench", f"none={peer},only=tg512+pp9")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads((self.dir / "out" / "compare.json").read_text())
        self.assertEqual([(r["round"], r["contestant"]) for r in report["runs"]],
                         [(0, "all"), (0, "once"), (1, "all")])

    def test_wrong_arguments_are_named(self):
        for args, word in ((["--scenarios", "zz9"], "zz9"), (["--rounds-of", "tg1=2"], "tg1"),
                           (["--scenarios", "quantize"], "--f16"), ([], "nobody")):
            extra = [] if word == "nobody" else ["--lemma", f"a={self.program('l', FAKE_LEMMA)}"]
            done = self.compare(*args, *extra)
            self.assertEqual(done.returncode, 2, (args, done.stderr))
            self.assertIn(word, done.stderr)

    def test_a_variant_is_forced_by_a_copy(self):
        peer = self.program("llama-bench", FAKE_PEER)
        for name in ("haswell", "sapphirerapids"):
            (self.dir / f"libggml-cpu-{name}.so").write_text(name)
        with tempfile.TemporaryDirectory() as scratch:
            copy = contestants.linked_copy(peer.parent, "haswell", scratch)
            self.assertEqual([p.name for p in copy.glob("*.so")], ["libggml-cpu-haswell.so"])
            with self.assertRaises(ValueError):
                contestants.linked_copy(peer.parent, "nosuch", pathlib.Path(scratch) / "x")
        self.assertEqual(len(list(self.dir.glob("*.so"))), 2)  # the original is whole


if __name__ == "__main__":
    unittest.main()
