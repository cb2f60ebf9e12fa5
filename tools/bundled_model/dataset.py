# SPDX-License-Identifier: Apache-2.0
"""Builds training sequences: conversations in the DeepSeek-R1 chat format, packed into flat batches.

One sequence = one conversation; loss falls on the last answer only (with its thinking), because the
chat template drops the thinking of earlier answers. A batch is flat: N tokens, with the position and
the start of the own sequence for each, so nothing is padded or cut inside a sequence.
"""

import json
import random

import numpy as np

import bpe
from conversations import conversation, sample  # noqa: F401: part of what this module gives

DEFAULT_MIX = {"F0": 22, "F1": 20, "F2": 18, "F5": 15, "F9": 15, "talk": 10}
MAX_TOKENS = 1500


def completion(example):
    """Text after "<think>\\n" and after "</think>"."""
    return "\n".join(example.think) + "\n", "\n\n" + example.answer


def texts(rng, source=None):
    """All plain-text pieces of one conversation, for tokenizer training."""
    system, turns = source.conversation(rng, source.DEFAULT_MIX) if source else conversation(rng, DEFAULT_MIX)
    pieces = [system] if system else []
    for turn in turns:
        pieces += [turn.prompt, *completion(turn)]
    return pieces


class Encoder:
    """Turns conversations into ids and loss masks."""

    def __init__(self, tokenizer):
        self.tok = tokenizer
        ids = tokenizer.ids
        self.bos, self.eos = ids[bpe.BOS], ids[bpe.EOS]
        self.user, self.assistant = ids[bpe.USER], ids[bpe.ASSISTANT]
        self.think, self.end_think = ids["<think>"], ids["</think>"]
        self.newline = tokenizer.encode("\n")

    def prompt(self, system, history, question):
        """Ids of a rendered chat that ends in "<think>\\n"; history = [(question, answer text)]."""
        out = [self.bos] + self.tok.encode(system)
        for asked, answered in history:
            out += [self.user] + self.tok.encode(asked) + [self.assistant] + self.tok.encode(answered) + [self.eos]
        return out + [self.user] + self.tok.encode(question) + [self.assistant, self.think] + self.newline

    def sequence(self, rng, system, turns):
        """(ids, index of the first token that carries loss)."""
        lead = rng.choice(["\n\n", ""])
        history = [(t.prompt, lead + t.answer) for t in turns[:-1]]
        ids = self.prompt(system, history, turns[-1].prompt)
        start = len(ids) - 1 - len(self.newline)
        thought, answer = completion(turns[-1])
        ids = ids + self.tok.encode(thought) + [self.end_think] + self.tok.encode(answer) + [self.eos]
        return ids, start


class Batches:
    """Endless flat batches of exactly `size` tokens; the mix file is read again every 50 batches."""

    def __init__(self, tokenizer, size, seed, mix_path=None, source=None):
        """`source` has conversation(rng, mix) and DEFAULT_MIX; without one it is this module (version 1)."""
        self.encoder = Encoder(tokenizer)
        self.size, self.rng, self.mix_path = size, random.Random(seed), mix_path
        self.make = source.conversation if source else conversation
        self.mix, self.count, self.waiting = dict(source.DEFAULT_MIX if source else DEFAULT_MIX), 0, []

    def _next_sequence(self, room):
        """The first waiting sequence that fits, else a new one."""
        for i, (ids, _) in enumerate(self.waiting):
            if len(ids) <= room:
                return self.waiting.pop(i)
        while True:
            system, turns = self.make(self.rng, self.mix)
            ids, start = self.encoder.sequence(self.rng, system, turns)
            if len(ids) <= min(MAX_TOKENS, self.size):
                return ids, start

    def __next__(self):
        if self.mix_path and self.count % 50 == 0:
            try:
                with open(self.mix_path, encoding="utf-8") as f:
                    self.mix = json.load(f)
            except (OSError, ValueError):
                pass
        self.count += 1
        ids = np.full(self.size, self.encoder.eos, np.int64)
        pos = np.zeros(self.size, np.int32)
        begin = np.arange(self.size, dtype=np.int32)
        where, target, at, sequences, misfits = [], [], 0, 0, 0
        while misfits < 4 and self.size - at > 60:
            seq, start = self._next_sequence(self.size - at)
            if at + len(seq) > self.size:
                self.waiting.append((seq, start))
                misfits += 1
                continue
            n = len(seq)
            ids[at:at + n] = seq
            pos[at:at + n] = np.arange(n)
            begin[at:at + n] = at
            where.append(np.arange(at + start - 1, at + n - 1))
            target.append(ids[at + start:at + n])
            at += n
            sequences += 1
        return ids, pos, begin, np.concatenate(where).astype(np.int64), np.concatenate(target), sequences

    def __iter__(self):
        return self
