# SPDX-License-Identifier: Apache-2.0
"""Byte-level BPE with the pre-tokenizer of Qwen2 / DeepSeek-R1-Distill-Qwen (digits stay single)."""

import json
import re
import sys
import unicodedata

# The order of the control tokens in DeepSeek-R1-Distill-Qwen's vocabulary, with GGUF token types
# (3 = control, 4 = user defined).
SPECIALS = [
    ("<｜end▁of▁sentence｜>", 3), ("<｜User｜>", 3), ("<｜Assistant｜>", 3), ("<｜begin▁of▁sentence｜>", 3), ("<|EOT|>", 3),
    ("<think>", 4), ("</think>", 4), ("<|quad_start|>", 3), ("<|quad_end|>", 3), ("<|vision_start|>", 3), ("<|vision_end|>", 3),
    ("<|vision_pad|>", 3), ("<|image_pad|>", 3), ("<|video_pad|>", 3), ("<tool_call>", 4), ("</tool_call>", 4), ("<|fim_prefix|>", 4),
    ("<|fim_middle|>", 4), ("<|fim_suffix|>", 4), ("<|fim_pad|>", 4), ("<|repo_name|>", 4), ("<|file_sep|>", 4),
]
EOS, USER, ASSISTANT, BOS = (SPECIALS[i][0] for i in range(4))


def byte_alphabet():
    """GPT-2's map from byte to printable character, in its vocabulary order."""
    keep = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table = {b: chr(b) for b in keep}
    extra = [b for b in range(256) if b not in table]
    for n, b in enumerate(extra):
        table[b] = chr(256 + n)
    return table


def _char_class(prefix):
    """Regex class body of all code points whose general category starts with `prefix`."""
    parts, start = [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code))[0] == prefix
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            parts.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(parts)


def pretokenizer():
    """Compiled pattern: the published one, with \\p{L} and \\p{N} spelled out for `re`."""
    letters, numbers = _char_class("L"), _char_class("N")
    return re.compile(
        rf"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n{letters}{numbers}]?[{letters}]+|[{numbers}]| ?[^\s{letters}{numbers}]+[\r\n]*"
        rf"|\s*[\r\n]+|\s+(?!\S)|\s+")


class Tokenizer:
    """Encodes and decodes with a merge list; ids: 256 bytes, merges, specials."""

    def __init__(self, merges):
        alphabet = byte_alphabet()
        self.merges = [tuple(m) for m in merges]
        self.tokens = list(alphabet.values()) + [a + b for a, b in self.merges]
        self.special_base = len(self.tokens)
        self.types = [1] * len(self.tokens) + [t for _, t in SPECIALS]
        self.tokens += [s for s, _ in SPECIALS]
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.ranks = {pair: i for i, pair in enumerate(self.merges)}
        self._alphabet = alphabet
        self._bytes = {c: b for b, c in alphabet.items()}
        self._split = pretokenizer()
        self._cache = {}

    @classmethod
    def load(cls, path):
        """Reads the JSON that tokenizer_train.py writes."""
        with open(path, encoding="utf-8") as f:
            return cls([m.split(" ") for m in json.load(f)["merges"]])

    def pieces(self, symbols):
        """Ids of a text in the printable byte alphabet (a token's own spelling), merged as far as the list goes."""
        parts = list(symbols)
        while len(parts) > 1:
            rank, i = min((self.ranks.get((parts[i], parts[i + 1]), 1 << 30), i) for i in range(len(parts) - 1))
            if rank == 1 << 30:
                break
            parts[i:i + 2] = [parts[i] + parts[i + 1]]
        return [self.ids[p] for p in parts]

    def _word(self, word):
        ids = self._cache.get(word)
        if ids is None:
            ids = self.pieces([self._alphabet[b] for b in word.encode("utf-8")])
            if len(self._cache) < 200000:
                self._cache[word] = ids
        return ids

    def encode(self, text):
        """Ids of plain text; control tokens are never produced from text."""
        out = []
        for match in self._split.finditer(text):
            out += self._word(match.group())
        return out

    def decode(self, ids):
        """Text of ids; specials appear by name, damaged UTF-8 as U+FFFD."""
        raw = bytearray()
        for i in ids:
            if i >= self.special_base:
                raw += self.tokens[i].encode("utf-8")
            else:
                raw += bytes(self._bytes[c] for c in self.tokens[i])
        return raw.decode("utf-8", "replace")
