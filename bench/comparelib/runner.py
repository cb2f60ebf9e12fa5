# SPDX-License-Identifier: Apache-2.0
"""Runs the rounds: in each, every scenario, and in it every contestant once, in a turning order."""
import json
import os
import pathlib
import signal
import subprocess
import time

from . import machine
from .contestants import BadOutput, NotOffered, last_json

# In a row, of one contestant in one scenario; then it is left out. One may be chance:
# llama-batched-bench sometimes ends before its log has written the last line.
MOST_FAILURES = 2


def run_process(args, env, timeout):
    """(stdout, seconds) of a program; RuntimeError says what went wrong, with its last words.

    In place of an empty stdout, stderr: ik_llama.cpp's llama-batched-bench writes its table there."""
    start = time.monotonic()
    try:
        process = subprocess.Popen([str(a) for a in args], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   errors="replace", env={**os.environ, **env},
                                   start_new_session=True)
    except OSError as error:
        raise RuntimeError(f"{args[0]}: {error.strerror}") from error
    try:
        out, err = process.communicate(timeout=timeout)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise RuntimeError(f"no end after {timeout} s") from error
        raise
    seconds = time.monotonic() - start
    if process.returncode != 0:
        words = (err.strip() or out.strip()).splitlines()
        raise RuntimeError(f"exit code {process.returncode}: {words[-1] if words else 'no message'}")
    return out if out.strip() else err, seconds


class Comparison:
    """All rounds of all scenarios. `say` gets one line a run."""

    def __init__(self, contestants, scenarios, options, say, after_round=lambda: None):
        self.contestants = contestants
        self.scenarios = scenarios
        self.options = options
        self.say = say
        self.after_round = after_round  # what was measured so far can be written
        self.runs = []      # one dict a run
        self.machines = []  # what `lemma bench --machine` measured, one a round
        self.failures = {}  # (scenario, contestant) -> count
        self.left_out = {}  # (scenario, contestant) -> why

    def rounds_of(self, scenario):
        return self.options.rounds_of.get(scenario.name, self.options.rounds)

    def run(self):
        start = time.monotonic()
        for number in range(max(self.rounds_of(s) for s in self.scenarios)):
            minutes = (time.monotonic() - start) / 60
            if self.options.minutes and number > 0 and minutes > self.options.minutes:
                self.say(f"{minutes:.0f} minutes passed: no further round")
                break
            self.measure_machine(number)
            for scenario in self.scenarios:
                if number < self.rounds_of(scenario):
                    self.run_scenario(number, scenario)
            self.after_round()

    def run_scenario(self, number, scenario):
        turn = number % len(self.contestants)
        for contestant in self.contestants[turn:] + self.contestants[:turn]:
            key = (scenario.name, contestant.name)
            if contestant.runs_in(number, scenario) and key not in self.left_out:
                self.run_one(number, scenario, contestant)

    def run_one(self, number, scenario, contestant):
        key = (scenario.name, contestant.name)
        load = machine.wait_until_idle(self.options.wait_idle)
        run = {"round": number, "scenario": scenario.name, "contestant": contestant.name,
               "busy_before": load.get("busy"), "steal_before": load.get("steal")}
        before = machine.read_times()
        try:
            run.update(self.measure(contestant, scenario))
            shown = f"{run['figure']:.2f}"
            self.failures[key] = 0
        except NotOffered as why:
            self.left_out[key] = str(why)
            self.say(f"round {number + 1}  {scenario.name:<16} {contestant.name:<16} left out: {why}")
            return
        except (RuntimeError, BadOutput, OSError, ValueError, KeyError) as why:
            run["error"] = str(why) or type(why).__name__
            shown = "failed: " + run["error"]
            self.failures[key] = self.failures.get(key, 0) + 1
            if self.failures[key] >= MOST_FAILURES:
                self.left_out[key] = run["error"]
        run["steal_during"] = machine.shares(before, machine.read_times()).get("steal")
        self.runs.append(run)
        busy = f"{100 * (run['busy_before'] or 0):3.0f} % busy before"
        stolen = f"{100 * (run['steal_during'] or 0):.1f} % stolen"
        self.say(f"round {number + 1}  {scenario.name:<16} {contestant.name:<16} {shown}  "
                 f"({busy}, {stolen})")

    def measure(self, contestant, scenario):
        args = contestant.command(scenario)
        out, seconds = run_process(args, contestant.env, self.options.timeout)
        if scenario.kind == "quantize":
            pathlib.Path(args[2 if contestant.ours is False else 3]).unlink(missing_ok=True)
            return {"figure": contestant.quantize_figure(seconds), "seconds": seconds}
        result = {"figure": contestant.figure(out, scenario), "seconds": seconds}
        if contestant.ours:
            report = last_json(out)
            result["details"] = {key: report[key] for key in (
                "kernels", "bytes_per_token", "macs_per_token", "read_bandwidth_gb_s",
                "load_seconds") if key in report}
            result["details"]["bandwidth_share"] = report["tests"][0].get("bandwidth_share")
        return result

    def measure_machine(self, number):
        """The limits of the machine, in the same round as the figures that are judged by them."""
        for contestant in self.contestants:
            if not contestant.ours:
                continue
            try:
                out, _ = run_process(contestant.machine_command(), contestant.env, 120)
                self.machines.append({"round": number, **last_json(out)})
            except (RuntimeError, BadOutput) as why:
                self.say(f"round {number + 1}  the machine's limits: failed: {why}")
            return

    def to_json(self, about):
        return json.dumps({"about": about, "runs": self.runs, "machine": self.machines,
                           "left_out": [{"scenario": s, "contestant": c, "why": why}
                                        for (s, c), why in self.left_out.items()]}, indent=1)
