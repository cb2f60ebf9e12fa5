#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The chat in a real terminal (tmux): keys in, screen out. LEMMA_BIN names the program."""
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest
import uuid

LEMMA = os.environ["LEMMA_BIN"]
BUNDLED = pathlib.Path(__file__).resolve().parents[2] / "models/lemma-bundled-v2-q8_0.gguf"


class Terminal:
    """A tmux server of our own with one window, 100 x 40."""

    def __init__(self, command, env):
        self.socket = f"lemma-{uuid.uuid4().hex[:8]}"
        exports = " ".join(f"{k}='{v}'" for k, v in env.items())
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", "100", "-y", "40",
                  f"env {exports} {command}; echo EXIT=$?; sleep 60")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-u", "-L", self.socket, *args], capture_output=True,
                              text=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout

    def type(self, text):
        self.tmux("send-keys", "-t", "t", "-l", text)
        self.key("Enter")

    def key(self, name):
        self.tmux("send-keys", "-t", "t", name)

    def screen(self):
        return self.tmux("capture-pane", "-t", "t", "-p", "-S", "-2000")

    def wait(self, pattern, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.screen()
            if re.search(pattern, text):
                return text
            time.sleep(0.1)
        raise AssertionError(f"{pattern!r} did not appear:\n{self.screen()}")

    def close(self):
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], capture_output=True)


class ReplTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        model = pathlib.Path(self.folder.name) / "tiny.gguf"
        subprocess.run([LEMMA, "synth", "--shape", "tiny", "--type", "q8_0", "-o", model],
                       check=True, capture_output=True)
        self.env = {"LC_ALL": "C.UTF-8", "LEMMA_LANG": "en", "HOME": self.folder.name,
                    "XDG_DATA_HOME": self.folder.name}
        self.command = f"{LEMMA} run -m {model}"
        self.terminals = []

    def tearDown(self):
        for terminal in self.terminals:
            terminal.close()
        self.folder.cleanup()

    def open(self, extra="-n 30", **env):
        terminal = Terminal(f"{self.command} {extra}", {**self.env, **env})
        self.terminals.append(terminal)
        return terminal

    def test_answers_commands_and_leaves(self):
        t = self.open("-n 30 --min-tokens 10 --seed 1 --no-think")
        t.wait(r">>>")
        t.type("hello")
        t.wait(r"tok/s · \d+ tokens")
        t.type("/set parameter temperature 0.25")
        t.wait(r"temperature = 0.25")
        t.type("/set parameter temperature hot")
        t.wait(r"Not set: temperature")
        t.type("/set parameter max_tokens 0")
        t.wait(r"Not set: max_tokens: 0")
        t.type("/set parameter top_p nan")
        t.wait(r"Not set: top_p: nan")
        t.type("/show parameters")
        t.wait(r"temperature +0.25")
        t.type("/show history")
        t.wait(r"user: hello")
        t.type("/save first")
        t.wait(r"Saved to .*first.json")
        precious = pathlib.Path(self.folder.name) / "precious.txt"
        precious.write_text("precious")
        t.type(f"/save {precious}")
        t.wait(r"no saved conversation")
        self.assertEqual(precious.read_text(), "precious")
        t.type("/clear")
        t.wait(r"forgotten")
        t.type("/load first")
        t.wait(r"2 messages from")
        t.type("/nonsense")
        t.wait(r"no command /nonsense")
        t.type("/help")
        t.wait(r"/think on \| off")
        t.type("/bye")
        t.wait(r"EXIT=0")

    def test_a_turn_cut_inside_the_thinking_is_not_kept(self):
        t = self.open("-n 2 --min-tokens 2")
        t.wait(r">>>")
        t.type("hello")
        t.wait(r"not kept")
        t.type("/show history")
        t.wait(r"\(nothing\)")

    def test_verified_answers(self):
        t = Terminal(f"{LEMMA} run -m {BUNDLED} --seed 1", self.env)
        self.terminals.append(t)
        t.wait(r">>>")
        t.type("/verified maybe")
        t.wait(r"/verified on \| off")
        t.type("/verified on")
        t.wait(r"verified now")
        t.type("Find x: x = 37 + 58")
        screen = t.wait(r"trace [0-9a-f]{16}")
        self.assertRegex(screen, r"chain 1 · \d+ tok")
        self.assertRegex(screen, r"answer: 95\s+✓ verified")
        t.type("/show history")
        t.wait(r"user: Find x: x = 37 \+ 58\s+assistant: .*95")
        t.type("/verified off")
        t.wait(r"not verified any more")

    def test_several_lines_and_history(self):
        t = self.open("-n 30 --min-tokens 10 --seed 1 --no-think")
        t.wait(r">>>")
        t.type('"""first line')
        t.wait(r"(?m)^\.\.\.")
        t.type('second line"""')
        t.wait(r"tok/s")
        t.type("/show history")
        t.wait(r"user: first line\s*\n\s*second line")
        t.key("Up")
        t.wait(r"(?m)^>>> /show history\s*$")
        t.key("C-u")
        t.key("C-d")
        t.wait(r"EXIT=0")

    def test_ctrl_c_stops_the_answer_and_keeps_the_session(self):
        t = self.open("--min-tokens 20000 --isa scalar --no-think --seed 1")  # slow enough to be stopped
        t.wait(r">>>")
        t.type("go on for ever")
        t.wait(r"ever\s+\S")
        t.key("C-c")
        t.wait(r"\[stopped\]")
        t.type("/show history")
        t.wait(r"user: go on for ever")
        t.key("C-c")  # at the prompt it only gives a fresh line
        t.type("/bye")
        t.wait(r"EXIT=0")

    def test_speaks_chinese(self):
        t = self.open(LEMMA_LANG="zh")
        t.wait(r"请输入内容")
        t.type("你好")
        t.wait(r"词元/秒")
        t.type("/clear")
        t.wait(r"对话已清空")
        t.type("/bye")
        t.wait(r"EXIT=0")


if __name__ == "__main__":
    unittest.main(verbosity=1)
