# SPDX-License-Identifier: Apache-2.0
"""Who is compared. A contestant turns a scenario into one command line and reads its figure from
what the command prints: tokens per second, or bytes per second for quantize."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"


class BadOutput(Exception):
    """The command ended well, but what it printed is not what was expected."""


class NotOffered(Exception):
    """This contestant has no way to run the scenario. Not an error of a round."""


def parse_spec(text):
    """"NAME=PATH,KEY=VALUE,..." -> (name, path, {key: value}). A comma in a value: no."""
    name, equals, rest = text.partition("=")
    path, *pairs = rest.split(",")
    if not equals or not name or not path:
        raise ValueError(f"{text!r}: expected NAME=PATH[,KEY=VALUE]...")
    options = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ValueError(f"{text!r}: {pair!r}: expected KEY=VALUE")
        options[key] = value
    return name, path, options


def split_environment(options):
    """Keys in capitals are environment variables, the others options of the contestant."""
    env = {k: v for k, v in options.items() if k.upper() == k}
    return env, {k: v for k, v in options.items() if k not in env}


def last_json(text):
    """The JSON value that a program printed, whatever it printed before on lines of its own."""
    for start in [m.start() for m in re.finditer(r"^[\[{]", text, re.MULTILINE)]:
        try:
            return json.JSONDecoder().raw_decode(text[start:])[0]
        except json.JSONDecodeError:
            continue
    raise BadOutput("no JSON in the output: " + repr(text[-200:]))


def lemma_figure(text, scenario):
    """tok/s from `lemma bench --json`."""
    report = last_json(text)
    for test in report.get("tests", []):
        if test.get("kind") == scenario.kind and test.get("tokens") == scenario.tokens:
            if scenario.kind == "prefill" or (test.get("depth"), test.get("batch")) == (
                    scenario.depth, scenario.batch):
                return float(test["tok_s"])
    raise BadOutput(f"lemma bench printed no test like {scenario.name}")


def llama_bench_figure(text, scenario):
    """tok/s from `llama-bench -o json`: an array with an object a test."""
    report = last_json(text)
    if not isinstance(report, list):
        raise BadOutput("llama-bench: expected an array of tests")
    prompt = scenario.tokens if scenario.kind == "prefill" else 0
    for test in report:
        generated = test.get("n_gen", 0) > 0
        if generated == (scenario.kind == "decode") and (
                generated or test.get("n_prompt") == prompt):
            if float(test.get("avg_ts", 0)) > 0:
                return float(test["avg_ts"])
    raise BadOutput(f"llama-bench printed no test like {scenario.name}")


def batched_bench_figure(text, scenario):
    """tok/s of all sequences from the table of llama-batched-bench: column S_TG t/s."""
    header = None
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if "S_TG t/s" in cells:
            header = cells
        elif header and len(cells) == len(header) and cells[0].isdigit():
            row = dict(zip(header, cells))
            if int(row["B"]) == scenario.batch and float(row["S_TG t/s"]) > 0:
                return float(row["S_TG t/s"])
    raise BadOutput("llama-batched-bench printed no row for "
                    f"{scenario.batch} sequences: " + repr(text[-200:]))


def npm_figure(text, scenario):
    """tok/s from bench/peers/llama_cpp.mjs: one JSON line."""
    report = last_json(text)
    key = "prefill_tok_s" if scenario.kind == "prefill" else "decode_tok_s"
    if float(report.get(key, 0)) <= 0:
        raise BadOutput(f"llama_cpp.mjs printed no {key}")
    return float(report[key])


def linked_copy(folder, keep_variant, into):
    """A copy of a folder by hard links with only one libggml-cpu-*.so, so that it must be used."""
    copy = pathlib.Path(into) / pathlib.Path(folder).name

    def link(source, target):
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)

    shutil.copytree(folder, copy, copy_function=link, symlinks=True)
    kept = 0
    for library in copy.rglob("libggml-cpu-*.so"):
        if library.name == f"libggml-cpu-{keep_variant}.so":
            kept += 1
        else:
            library.unlink()
    if kept == 0:
        raise ValueError(f"{folder}: has no libggml-cpu-{keep_variant}.so")
    return copy


class Contestant:
    """command(scenario) gives the arguments, figure(text, scenario) reads the output."""
    ours = False
    only = None  # names of its scenarios; None: all
    rounds = float("inf")

    def __init__(self, name, env, setup):
        self.name = name
        self.env = env
        self.setup = setup  # Setup

    def runs_in(self, number, scenario):
        return number < self.rounds and (self.only is None or scenario.name in self.only)

    def quantize_figure(self, seconds):
        return self.setup.f16.stat().st_size / 1e9 / seconds


class Setup:
    """What all contestants share: the files, the threads, a scratch folder."""

    def __init__(self, model, threads, f16=None, scratch=None):
        self.model = pathlib.Path(model)
        self.threads = threads
        self.f16 = pathlib.Path(f16) if f16 else None
        self.scratch = pathlib.Path(scratch or tempfile.gettempdir())


def require_program(path):
    found = shutil.which(str(path))
    if not found:
        raise ValueError(f"{path}: no such program, or not executable")
    return pathlib.Path(found).resolve()


def help_of(program, env=None):
    done = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=60,
                          errors="replace", env={**os.environ, **(env or {})}, check=False)
    return done.stdout + done.stderr


class Lemma(Contestant):
    ours = True

    def __init__(self, name, path, options, setup):
        env, rest = split_environment(options)
        super().__init__(name, env, setup)
        self.args = shlex.split(rest.pop("args", ""))
        self.program = require_program(path)
        if rest:
            raise ValueError(f"{name}: unknown option {next(iter(rest))!r}; there is args")

    def command(self, scenario):
        if scenario.kind == "quantize":
            out = self.setup.scratch / "compare-lemma.gguf"
            return [self.program, "quantize", self.setup.f16, out, "Q4_K_M", "-t",
                    self.setup.threads]
        args = [self.program, "bench", "-m", self.setup.model, "-t", self.setup.threads, "-r", 1,
                "--json", *self.args]
        if scenario.kv:
            args += ["--kv-type", scenario.kv]
        if scenario.kind == "prefill":
            return args + ["-p", scenario.tokens, "-n", 0]
        return args + ["-p", 0, "-n", scenario.tokens, "-d", scenario.depth, "-b", scenario.batch]

    figure = staticmethod(lemma_figure)

    def machine_command(self):
        return [self.program, "bench", "--machine", "--quick", "--json", "-t", self.setup.threads]


class LlamaBench(Contestant):
    """llama-bench of llama.cpp or ik_llama.cpp, with its siblings for batches and quantize."""

    def __init__(self, name, path, options, setup):
        env, rest = split_environment(options)
        super().__init__(name, env, setup)
        self.program = require_program(path)
        if variant := rest.pop("variant", None):
            self.program = linked_copy(self.program.parent, variant,
                                       tempfile.mkdtemp(dir=setup.scratch)) / self.program.name
        self.args = shlex.split(rest.pop("args", ""))
        self.batched_args = shlex.split(rest.pop("batched_args", ""))
        self.batched = rest.pop("batched", self.program.with_name("llama-batched-bench"))
        self.quantizer = rest.pop("quantize", self.program.with_name("llama-quantize"))
        if rest:
            raise ValueError(f"{name}: unknown option {next(iter(rest))!r}; there are args, batched, "
                             "batched_args, quantize, variant")
        text = help_of(self.program, env)
        self.has_depth = "--n-depth" in text
        self.has_gp = "-gp <pp,tg>" in text
        self.flash = "1" if "flash-attn <0|1>" in text else "on"

    def command(self, scenario):
        if scenario.kind == "quantize":
            out = self.setup.scratch / "compare-peer.gguf"
            return [require_or_skip(self.quantizer), self.setup.f16, out, "Q4_K_M",
                    self.setup.threads]
        kv = ["-ctk", scenario.kv, "-ctv", scenario.kv] if scenario.kv else []
        if scenario.batch > 1:
            tokens = scenario.batch * (scenario.depth + scenario.tokens)
            return [require_or_skip(self.batched), "-m", self.setup.model, "-t",
                    self.setup.threads, "-c", tokens + 64 * scenario.batch, "-b", 2048, "-ub", 512,
                    "-npp", scenario.depth, "-ntg", scenario.tokens, "-npl", scenario.batch,
                    "-pps", *kv, *self.batched_args]
        args = [self.program, "-m", self.setup.model, "-t", self.setup.threads, "-r", 1, "-o",
                "json", *kv, *self.args]
        if kv:
            args += ["-fa", self.flash]
        if scenario.kind == "prefill":
            return args + ["-p", scenario.tokens, "-n", 0]
        if scenario.depth == 0:
            return args + ["-p", 0, "-n", scenario.tokens]
        if self.has_depth:
            return args + ["-p", 0, "-n", scenario.tokens, "-d", scenario.depth]
        if self.has_gp:
            return args + ["-p", 0, "-n", 0, "-gp", f"{scenario.depth},{scenario.tokens}"]
        raise NotOffered("this llama-bench cannot decode at a depth")

    def figure(self, text, scenario):
        if scenario.batch > 1:
            return batched_bench_figure(text, scenario)
        return llama_bench_figure(text, scenario)


def require_or_skip(program):
    found = shutil.which(str(program))
    if not found:
        raise NotOffered(f"{program} is missing")
    return found


class LlamaNpm(Contestant):
    """llama.cpp as the npm package node-llama-cpp brings it; path: where node_modules is."""

    def __init__(self, name, path, options, setup):
        env, rest = split_environment(options)
        super().__init__(name, env, setup)
        folder = pathlib.Path(path).resolve()
        if folder.name == "node_modules":
            folder = folder.parent
        if not (folder / "node_modules" / "node-llama-cpp").is_dir():
            raise ValueError(f"{path}: has no node_modules/node-llama-cpp; there, run "
                             "npm install --ignore-scripts node-llama-cpp@3.22.1")
        if variant := rest.pop("variant", None):
            modules = linked_copy(folder / "node_modules", variant,
                                  tempfile.mkdtemp(dir=setup.scratch))
            folder = modules.parent
        if rest:
            raise ValueError(f"{name}: unknown option {next(iter(rest))!r}; there is variant")
        self.folder = folder
        self.node = require_program("node")

    def command(self, scenario):
        if scenario.kind == "quantize":
            raise NotOffered("the npm package has no quantizer")
        args = [self.node, PEERS / "llama_cpp.mjs", self.setup.model, f"--package={self.folder}",
                f"--threads={self.setup.threads}"]
        if scenario.kv:
            args.append(f"--kv-type={scenario.kv}")
        if scenario.kind == "prefill":
            return args + [f"--prompt={scenario.tokens}"]
        return args + [f"--depth={scenario.depth}", f"--steps={scenario.tokens}",
                       f"--batch={scenario.batch}"]

    figure = staticmethod(npm_figure)
