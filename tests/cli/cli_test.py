#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The finished program, as a person or a script uses it. LEMMA_BIN names the program."""
import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import unittest

LEMMA = os.environ["LEMMA_BIN"]
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUNDLED = ROOT / "models" / "lemma-bundled-v2-q8_0.gguf"


def lemma(*args, stdin=b"", env=None, timeout=120):
    done = subprocess.run([LEMMA, *map(str, args)], input=stdin, capture_output=True,
                          timeout=timeout, env={**os.environ, **(env or {})})
    done.out = done.stdout.decode("utf-8")
    done.err = done.stderr.decode("utf-8")
    return done


class Scratch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        cls.tiny = cls.dir / "tiny.gguf"
        done = lemma("synth", "--shape", "tiny", "--type", "q8_0", "-o", cls.tiny)
        assert done.returncode == 0, done.err

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()


class CheckTest(unittest.TestCase):
    CAGE = "鸡兔同笼，共有35个头，94只脚，问鸡兔各几只？"

    def test_statuses_and_exit_codes(self):
        for answer, status, code in (("鸡23只，兔12只", "VERIFIED", 0), ("鸡24只，兔11只", "REFUTED", 12),
                                     ("你好", "UNVERIFIED", 11)):
            done = lemma("check", "--problem", self.CAGE, "--answer", answer, "--json",
                         "--exit-status")
            self.assertEqual(done.returncode, code, done.err)
            report = json.loads(done.out)
            self.assertEqual(report["status"], status)
            self.assertLessEqual({"status", "checks", "certificate", "ir"}, set(report))
            self.assertEqual(
                lemma("check", "--problem", self.CAGE, "--answer", answer).returncode, 0)

    def test_people_read_it_in_80_columns_in_both_languages(self):
        for language, word in (("en", "refuted"), ("zh_CN.UTF-8", "已反驳")):
            done = lemma("check", "--problem", self.CAGE, "--answer", "鸡24只，兔11只",
                         env={"LEMMA_LANG": language})
            self.assertIn(word, done.out)
            for line in done.out.splitlines():
                wide = sum(2 if ord(c) >= 0x2E80 else 1 for c in line)
                self.assertLessEqual(wide, 80, line)

    def test_a_bad_line_of_a_batch_loses_no_other(self):
        rows = [{"id": "a", "problem": self.CAGE, "answer": "鸡23只，兔12只"}, None, {"anwser": "1"},
                {"answer": "def f(): return 1", "tests": "assert f() == 2", "id": 4}]
        text = "\n".join("not json" if row is None else json.dumps(row) for row in rows) + "\n\n"
        done = lemma("check", "--batch", "-", stdin=text.encode())
        self.assertEqual(done.returncode, 0, done.err)
        out = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual([row["line"] for row in out], [1, 2, 3, 4])
        self.assertEqual((out[0]["id"], out[0]["status"]), ("a", "VERIFIED"))
        self.assertIn("byte", out[1]["error"]["message"])
        self.assertIn("anwser", out[2]["error"]["message"])
        self.assertIn(out[3]["status"], ("REFUTED", "UNVERIFIED"))  # where no sandbox is

    def test_certificates_are_repeated_and_forged_ones_found(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "c.json"
            done = lemma("check", "--problem", self.CAGE, "--answer", "鸡23只，兔12只",
                         "--certificate", path)
            self.assertEqual(done.returncode, 0, done.err)
            self.assertEqual(lemma("check", "--recheck", path).returncode, 0)
            path.write_text(path.read_text().replace("x+y=35", "x+y=36"))
            done = lemma("check", "--recheck", path, "--json")
            self.assertEqual(done.returncode, 1)
            self.assertFalse(json.loads(done.out)["holds"])

    def test_files_and_sources(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "manual.txt"
            source.write_text("The pump stops\nat 35 °C.")
            for quote, status in (("The pump stops at 35 °C", "CHECKED"), ("It stops", "REFUTED")):
                done = lemma("check", "--answer", f"“{quote}” [citation:1]", "--source", source,
                             "--json")
                self.assertEqual(json.loads(done.out)["status"], status)
            self.assertEqual(lemma("check", "--answer", "1", "--chain", "/none").returncode, 4)
        self.assertEqual(lemma("check").returncode, 2)

    def test_extract(self):
        text = "<think>maybe 7</think>So the answer is \\boxed{\\frac{3}{6}}."
        done = lemma("extract", "--json", stdin=text.encode())
        found = json.loads(done.out)
        self.assertEqual(found["answer"]["numbers"], ["1/2"])
        self.assertEqual(text.encode()[found["span"][0]:found["span"][1]], b"\\frac{3}{6}")
        self.assertEqual(json.loads(lemma("extract", "--json", stdin=b"").out), {"answer": None})


class HelpTest(unittest.TestCase):
    COMMANDS = ["run", "generate", "tokenize", "detokenize", "inspect", "quantize", "perplexity",
                "synth", "bench", "check", "extract", "serve", "version"]

    def test_every_command_has_help_with_an_example(self):
        for command in self.COMMANDS:
            done = lemma(command, "--help")
            self.assertEqual(done.returncode, 0, command)
            self.assertIn("Example", done.out, command)
            self.assertIn(command, lemma("--help").out)

    def test_wrong_usage_is_exit_code_2(self):
        for args in (["nonsense"], ["generate", "--no-such-flag"], ["quantize", "only-one"]):
            done = lemma(*args)
            self.assertEqual(done.returncode, 2, args)
            self.assertNotEqual(done.err, "", args)

    def test_values_out_of_range_are_named(self):
        for args, word in ((["generate", "-p", "x", "-n", "-1"], "1 or more"),
                           (["generate", "-p", "x", "-n", "9" * 20], "at most"),
                           (["generate", "-p", "x", "--min-tokens", "-1"], "0 or more"),
                           (["run", "-n", "0", "x"], "1 or more"),
                           (["run", "--temp", "nan", "x"], "temperature"),
                           (["run", ""], "empty"),
                           (["genrate", "-p", "hi"], "no command 'genrate'"),
                           (["help", "genrate"], "quantize"),
                           (["generate", "-p", "x", "-m", ""], "--model")):
            done = lemma(*args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(word, done.err, args)

    def test_a_full_disk_behind_stdout_is_an_error(self):
        for args in (["inspect"], ["--help"], ["--version"], ["serve", "--help"],
                     ["generate", "-p", "hi", "-n", "5"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([LEMMA, *args], stdout=full, stderr=subprocess.PIPE,
                                      text=True, check=False)
            self.assertEqual(done.returncode, 1, args)
            self.assertIn("standard output", done.stderr)
            self.assertNotIn("interrupted", done.stderr)

    def test_help_as_a_command(self):
        self.assertEqual(lemma("help").out, lemma("--help").out)
        self.assertEqual(lemma("help", "serve").out, lemma("serve", "--help").out)

    def test_a_wrong_variable_is_named(self):
        done = lemma("generate", "-p", "x", env={"LEMMA_THREADS": "abc"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("LEMMA_THREADS", done.err)
        done = lemma("generate", "-p", "x", env={"LEMMA_ISA": "nonsense"})
        self.assertEqual(done.returncode, 2)
        self.assertTrue(done.err.startswith("lemma: error: LEMMA_ISA"), done.err)

    def test_version_as_json(self):
        version = json.loads(lemma("version", "--json").out)
        self.assertIn("scalar", version["kernels"])


class FileTest(Scratch):
    def test_missing_and_damaged_files_say_what_is_wrong(self):
        missing = lemma("inspect", self.dir / "none.gguf")
        self.assertEqual(missing.returncode, 4)
        self.assertIn("none.gguf", missing.err)
        whole = self.tiny.read_bytes()
        damaged = self.dir / "damaged.gguf"
        for name, data in {"empty": b"", "short": whole[:20], "tail": whole[:len(whole) // 2],
                           "magic": b"XXXX" + whole[4:],
                           "counts": whole[:8] + b"\xff" * 16 + whole[24:]}.items():
            damaged.write_bytes(data)
            for command in (["inspect", damaged], ["generate", "-m", damaged, "-p", "x"]):
                done = lemma(*command)
                self.assertTrue(1 <= done.returncode <= 127, (name, done.returncode))
                self.assertIn("error", done.err, name)

    def test_inspect_tells_the_shape(self):
        report = json.loads(lemma("inspect", self.tiny, "--json").out)
        text = json.dumps(report)
        self.assertIn("qwen2", text)
        self.assertIn("Q8_0", text)
        self.assertIn("token_embd.weight", text)
        self.assertIn("qwen2", lemma("inspect", self.tiny).out)

    def test_inspect_says_what_generate_says(self):
        whole = self.tiny.read_bytes()
        damaged = self.dir / "odd.gguf"
        renamed = whole.replace(b"blk.1.attn_k.weight", b"blk.1.attn_x.weight")
        layers = whole.find(b"qwen2.block_count") + len("qwen2.block_count") + 4
        more = whole[:layers] + b"\x07" + whole[layers + 1:]
        for data, word in ((renamed, "blk.1.attn_k.weight is missing"), (more, "blk.2.")):
            damaged.write_bytes(data)
            inspect = lemma("inspect", damaged, "-s")
            self.assertEqual(inspect.returncode, 3, inspect.out)
            self.assertIn("error", inspect.out)
            self.assertIn(word, inspect.out)
            self.assertIn("qwen2", inspect.out)  # all the same
            generate = lemma("generate", "-m", damaged, "-p", "x")
            self.assertEqual(generate.returncode, 3)
            self.assertIn(word, generate.err)
        self.assertEqual(lemma("inspect", self.tiny).returncode, 0)

    def test_quantize_leaves_no_half_file(self):
        wide = self.dir / "wide.gguf"
        self.assertEqual(lemma("synth", "--shape", "tiny", "--type", "f16", "-o", wide).returncode, 0)
        for kind in ("Q8_0", "Q4_K_M", "Q6_K"):
            out = self.dir / f"{kind}.gguf"
            done = lemma("quantize", wide, out, kind)
            self.assertEqual(done.returncode, 0, done.err)
            self.assertLess(out.stat().st_size, wide.stat().st_size)
            answer = lemma("generate", "-m", out, "-p", "hi", "-n", 4, "--temp", 0, "--raw")
            self.assertEqual(answer.returncode, 0, answer.err)
        self.assertEqual(lemma("quantize", wide, self.dir / "x.gguf", "Q9_Z").returncode, 2)
        self.assertEqual(lemma("quantize", wide, wide, "Q8_0").returncode, 2)
        self.assertEqual(lemma("quantize", wide, self.dir / "no" / "x", "Q8_0").returncode, 4)
        self.assertEqual([p.name for p in self.dir.iterdir() if "partial" in p.name], [])

    def test_synth_is_reproducible(self):
        again = self.dir / "again.gguf"
        lemma("synth", "--shape", "tiny", "--type", "q8_0", "-o", again)
        self.assertEqual(again.read_bytes(), self.tiny.read_bytes())
        other = self.dir / "other.gguf"
        lemma("synth", "--shape", "tiny", "--type", "q8_0", "--seed", 1, "-o", other)
        self.assertNotEqual(other.read_bytes(), self.tiny.read_bytes())


class TokenTest(Scratch):
    def test_tokens_round_trip(self):
        text = "鸡兔同笼: 35 heads, 94 feet\n\n\tüß 🐔".encode()
        ids = lemma("tokenize", "-m", self.tiny, "--ids", stdin=text)
        self.assertEqual(ids.returncode, 0, ids.err)
        self.assertRegex(ids.out, r"^\d+( \d+)*\n$")
        back = lemma("detokenize", "-m", self.tiny, stdin=ids.out.encode())
        self.assertEqual(back.stdout, text)

    def test_bad_ids_are_named(self):
        done = lemma("detokenize", "-m", self.tiny, stdin=b"1 2 x")
        self.assertEqual(done.returncode, 2)
        self.assertIn("token number 3", done.err)


class GenerateTest(Scratch):
    def generate(self, *args, **kwargs):
        done = lemma("generate", "-m", self.tiny, "-n", 24, *args, **kwargs)
        self.assertEqual(done.returncode, 0, done.err)
        return done.out

    def test_same_request_same_text_whatever_the_threads(self):
        for mode in (["--temp", 0], ["--temp", 1, "--seed", 5]):
            texts = {self.generate("-p", "The sum is", "--raw", *mode, "-t", t) for t in (1, 2, 3)}
            self.assertEqual(len(texts), 1, mode)
        self.assertNotEqual(self.generate("-p", "x", "--raw", "--seed", 1, "--temp", 1),
                            self.generate("-p", "x", "--raw", "--seed", 2, "--temp", 1))

    def test_json_and_samples(self):
        out = json.loads(self.generate("-p", "hi", "--samples", 3, "--seed", 4, "--json"))
        self.assertEqual(len(out["answers"]), 3)
        for answer in out["answers"]:
            self.assertIn(answer["finish_reason"], ("length", "stop"))
            self.assertLessEqual(answer["usage"]["generated_tokens"], 24)

    def test_bad_values_name_the_option(self):
        done = lemma("generate", "-m", self.tiny, "-p", "x", "--top-p", "1.5")
        self.assertEqual(done.returncode, 2)
        self.assertIn("top_p", done.err)
        for command in (["generate", "-p"], ["generate", "--raw", "-p"], ["run"]):
            done = lemma(*command, "x " * 20000, "-m", self.tiny, "-c", "64")
            self.assertEqual(done.returncode, 5, command)
            self.assertIn("64", done.err)
            self.assertEqual(done.err.count("error"), 1, done.err)

    def test_a_cut_answer_is_told_on_stderr(self):
        done = lemma("generate", "-m", self.tiny, "-p", "hi", "-n", 5, "--ignore-eos",
                     "--hide-thinking")
        self.assertEqual((done.returncode, done.out), (0, "\n"))
        self.assertIn("limit of 5 tokens", done.err)
        self.assertIn("thinking", done.err)

    def test_run_writes_the_answer_alone_to_a_file(self):
        done = lemma("run", "-m", self.tiny, "-n", 8, "--no-think", "hi")
        self.assertEqual(done.returncode, 0, done.err)
        self.assertNotIn("tok/s", done.out)
        self.assertIn("tok/s", done.err)

    def test_a_forced_isa_that_is_missing_is_an_error(self):
        done = lemma("generate", "-m", self.tiny, "-p", "x", env={"LEMMA_ISA": "neon"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("neon", done.err)
        # The same bits where the types are the same; their defaults differ by processor.
        for types in (("f16", "int8"), ("bf16", "bf16")):
            texts = {self.generate("-p", "one two", "--raw", "--temp", 0, "--kv-type", types[0],
                                   "--prefill-type", types[1], env={"LEMMA_ISA": isa})
                     for isa in json.loads(lemma("version", "--json").out)["kernels"]}
            self.assertEqual(len(texts), 1, types)

    def test_perplexity_and_bench_print_what_they_promise(self):
        text = self.dir / "text.txt"
        text.write_text("The quick brown fox jumps over the lazy dog. " * 60)
        out = json.loads(lemma("perplexity", "-m", self.tiny, "-f", text, "-c", 64, "--json").out)
        self.assertGreater(out["tokens"], 60)
        self.assertAlmostEqual(out["ppl"], 2.718281828459045 ** out["nll"], delta=out["ppl"] * 1e-6)
        bench = json.loads(lemma("bench", "-m", self.tiny, "-p", 64, "-n", 8, "-r", 1, "--json").out)
        for key in ("prefill_tok_s", "decode_tok_s", "bytes_per_token", "read_bandwidth_gb_s",
                    "bandwidth_share"):
            self.assertGreater(bench[key], 0, key)

    def test_bench_runs_every_prompt_depth_and_batch(self):
        done = lemma("bench", "-m", self.tiny, "-p", "32,64", "-n", 4, "-d", "0,40", "-b", "1,3",
                     "-r", 2, "--chunk", 24, "--json")
        self.assertEqual(done.returncode, 0, done.err)
        tests = json.loads(done.out)["tests"]
        self.assertEqual([t["tokens"] for t in tests if t["kind"] == "prefill"], [32, 64])
        self.assertEqual([(t["depth"], t["batch"]) for t in tests if t["kind"] == "decode"],
                         [(0, 1), (0, 3), (40, 1), (40, 3)])
        for test in tests:
            self.assertEqual(len(test["samples"]), 2)
            self.assertLessEqual(test["lower_quartile"], test["tok_s"])
            self.assertLessEqual(test["tok_s"], test["upper_quartile"])
        for args, word in ((["-p", 0, "-n", 0], "nothing to measure"),
                           (["-p", 1000000], "context")):
            done = lemma("bench", "-m", self.tiny, *args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(word, done.err)

    def test_the_timeline_adds_up(self):
        done = lemma("bench", "-m", self.tiny, "--timeline", "-p", 64, "-n", 4,
                     "--prefill-type", "int8", "--json")
        self.assertEqual(done.returncode, 0, done.err)
        report = json.loads(done.out)
        for part in ("prefill", "decode"):
            parts = report[part]["parts"]
            for name in ("norm", "q k v", "attention", "gate up", "down", "head"):
                self.assertGreater(parts[name], 0, (part, name))
            self.assertEqual(parts.get("other", 0), 0)  # every matrix is known by its name
            # Medians of the parts: near the median of the whole, not equal to it.
            self.assertLess(sum(parts.values()), 3 * report[part]["seconds"])

    def test_the_machine_as_json(self):
        done = lemma("bench", "--machine", "--quick", "--json", "-t", 2)
        self.assertEqual(done.returncode, 0, done.err)
        report = json.loads(done.out)
        for key in ("processor", "features", "usable_cpus", "threads_per_core", "caches",
                    "huge_pages", "huge_page_bytes", "clock_ghz", "read_bandwidth",
                    "read_bandwidth_gb_s", "multiply_rates", "barriers", "steal_share", "seconds"):
            self.assertIn(key, report)
        self.assertGreater(report["read_bandwidth_gb_s"], 0)
        self.assertGreater(report["clock_ghz"], 0.1)
        self.assertEqual({r["threads"] for r in report["read_bandwidth"]}, {1, 2})
        for row in report["multiply_rates"]:
            self.assertGreater(row["mac_s"], 1e6, row)
        self.assertEqual([b["threads"] for b in report["barriers"]], [1, 2])
        self.assertNotEqual(lemma("bench", "--quick").returncode, 0)


class ServeTest(Scratch):
    """What ends the server before it listens."""

    def refused(self, code, word, *args):
        done = lemma("serve", "--port", 0, *args, timeout=30)
        self.assertEqual(done.returncode, code, (args, done.err))
        self.assertIn(word, done.err, args)
        self.assertNotIn("listens", done.err, args)

    def test_flags_out_of_range(self):
        for args in (["--max-connections", 0], ["--max-requests", 0], ["--drain-seconds", -5],
                     ["--drain-seconds", "nan"], ["--memory", -1], ["--memory", "nan"],
                     ["--keep-alive", "-7"], ["--keep-alive", "soon"], ["--load-wait", -1],
                     ["--allowed-host", ""], ["--cors-origin", "nonsense"],
                     ["--prefix-cache-gb", 0], ["--port", 99999],
                     ["--prefix-cache", "/dev/null"], ["--model", "a="]):
            self.refused(2, args[0], *args)
        self.refused(4, "--models-dir", "--models-dir", self.dir / "none")

    def test_an_unusable_first_model(self):
        damaged = self.dir / "damaged.gguf"
        damaged.write_bytes(self.tiny.read_bytes()[:5000])
        self.refused(3, "damaged.gguf", "-m", damaged)
        damaged.write_bytes(self.tiny.read_bytes().replace(b"blk.1.attn_k.weight",
                                                           b"blk.1.attn_x.weight"))
        self.refused(3, "blk.1.attn_k.weight", "-m", damaged)
        self.refused(5, "needs", "-m", self.tiny, "--memory", "0.001")
        self.refused(4, "none.gguf", "-m", self.dir / "none.gguf")


class BundledTest(unittest.TestCase):
    """The model in the repository, through the whole program."""

    def test_it_solves_and_thinks(self):
        done = lemma("generate", "-p", "What is 37 + 58?", "--temp", 0, "--json",
                     env={"LEMMA_MODELS": str(BUNDLED.parent)})
        self.assertEqual(done.returncode, 0, done.err)
        answer = json.loads(done.out)["answers"][0]
        self.assertIn("95", answer["content"])
        self.assertNotEqual(answer["thinking"], "")
        self.assertEqual(answer["finish_reason"], "stop")

    def test_it_answers_small_talk_in_both_languages(self):
        for prompt in ("Hello!", "你好", "Tell me a joke", "你是谁？"):
            done = lemma("generate", "-p", prompt, "--temp", 0, "-n", 400, "--json")
            answer = json.loads(done.out)["answers"][0]
            self.assertEqual(answer["finish_reason"], "stop", prompt)
            self.assertNotEqual(answer["content"].strip(), "", prompt)

    def test_it_proves_problems_that_small_models_trip_over(self):
        for question, right in (
                ("鸡兔同笼，共有35个头，94只脚，鸡兔各几只？", "鸡23,兔12"),
                ("一个三位数，各位数字之和是12，百位数字比十位数字大2，个位数字比十位数字小1，求这个三位数。", "无解"),
                ("从10人中选3人，甲、乙不能同时入选，有多少种不同的选法？", "112"),
                ("数列满足 a1=1，a(n+1)=2a(n)+1，求 a10。", "1023"),
                ("解方程：√(x+3) = x - 1", "x=(3+√17)/2"),
                ("掷两枚骰子，点数之和为7的概率是多少？", "1/6"),
                ("n²+n 对所有整数 n 都是偶数吗？", "成立"),
                ("A farm has chickens and rabbits with 35 heads and 94 legs. How many of each are there?",
                 "chickens 23, rabbits 12")):
            done = lemma("solve", "--json", "--seed", 1, question,
                         env={"LEMMA_MODELS": str(BUNDLED.parent)})
            self.assertEqual(done.returncode, 0, done.err)
            result = json.loads(done.out)
            self.assertEqual((result["status"], result["answer"]), ("VERIFIED", right), question)
            self.assertNotEqual(result["certificate"], "")


class LimitsTest(Scratch):
    """What a small or busy machine does: fewer processors, less memory."""

    def generate(self, *args, wrap=(), **more):
        return subprocess.run([*wrap, LEMMA, "generate", "-m", str(self.tiny), "-p", "one two",
                               "-n", "12", "--raw", "--temp", "0", "--ignore-eos", *args],
                              capture_output=True, timeout=120, check=False, **more)

    def test_one_processor_or_more_threads_than_processors_give_the_same_text(self):
        first = min(os.sched_getaffinity(0))
        plain = self.generate("-t", "2")
        self.assertEqual(plain.returncode, 0, plain.stderr)
        one = self.generate(wrap=("taskset", "-c", str(first)))
        many = self.generate("-t", "8", wrap=("taskset", "-c", str(first)))
        self.assertEqual(one.stdout, plain.stdout)
        self.assertEqual(many.stdout, plain.stdout)

    @unittest.skipIf(os.environ.get("LEMMA_SANITIZED"), "a sanitizer reserves the address space")
    def test_too_little_memory_is_said_before_the_work(self):
        big = self.dir / "big.gguf"
        with open(self.tiny, "rb") as source:
            big.write_bytes(source.read())
        os.truncate(big, 600 << 20)  # a hole: costs no disk
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
        done = subprocess.run([LEMMA, "generate", "-m", str(big), "-p", "x"], capture_output=True,
                              timeout=60, check=False, preexec_fn=limit)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn(b"memory", done.stderr)


class InterruptTest(Scratch):
    def test_sigint_ends_with_130(self):
        process = subprocess.Popen([LEMMA, "generate", "-m", str(self.tiny), "-p", "x",
                                    "--ignore-eos", "--raw"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)

    def test_a_reader_that_leaves_ends_the_work(self):
        process = subprocess.Popen([LEMMA, "generate", "-m", str(self.tiny), "-p", "x",
                                    "--ignore-eos", "--raw"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(1)
        process.stdout.close()
        self.assertEqual(process.wait(timeout=60), 130)
        self.assertEqual(process.stderr.read(), b"")  # quietly
        process.stderr.close()

    def test_a_model_file_that_goes_away_is_named(self):
        # What the system sends when a mapped file was cut short.
        process = subprocess.Popen([LEMMA, "generate", "-m", str(self.tiny), "-p", "x",
                                    "--ignore-eos", "--raw"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(1)
        process.send_signal(signal.SIGBUS)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 3)
        self.assertIn(b"model file", err)


if __name__ == "__main__":
    unittest.main(verbosity=1)
