# SPDX-License-Identifier: Apache-2.0
"""Conversation outside the problem families: every input gets a short, honest, finite reply."""

import smalltalk_data as data
from common import Example, expand, numbered

# GB2312 level 1: the 3,755 most used Chinese characters, so that noise covers them.
_HAN = [bytes((hi, lo)).decode("gb2312", "ignore") for hi in range(0xB0, 0xD8) for lo in range(0xA1, 0xFF)]
_HAN = [c for c in _HAN if c]
_EMOJI = [chr(c) for c in list(range(0x1F600, 0x1F645)) + list(range(0x1F400, 0x1F43F)) + [0x2764, 0x1F44D, 0x1F389, 0x1F525]]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MARKS = ".,?!;:-_/\\|()[]{}<>@#$%^&*+=~`'\"，。？！；：、…—《》（）·￥"
_OTHER = [(0x0400, 0x044F), (0x3041, 0x3096), (0x30A1, 0x30FA), (0xAC00, 0xD7A3), (0x0391, 0x03C9), (0x0E01, 0x0E2E), (0x0627, 0x064A),
          (0x00C0, 0x00FF), (0x2190, 0x21FF), (0x2200, 0x22FF)]
# Shares of the intents; "noise" has no templates and is made below.
_WEIGHTS = {"greet": 9, "who": 8, "can": 7, "thanks": 6, "bye": 5, "how": 5, "feel": 6, "scope": 24, "math": 7, "more": 5, "why": 4,
            "ack": 4, "noise": 14}


def _pseudo_word(rng):
    return "".join(rng.choice(_LETTERS) for _ in range(rng.randint(1, 9)))


def _noise(rng, lang):
    """Text without a problem in it."""
    kind = rng.randint(1 if lang == "zh" else 0, 10)
    if kind == 0:
        return "".join(rng.choice(_LETTERS) for _ in range(rng.randint(1, 14)))
    if kind == 1:
        return "".join(rng.choice(_MARKS) for _ in range(rng.randint(1, 6)))
    if kind == 2:
        return "".join(rng.choice(_EMOJI) for _ in range(rng.randint(1, 4)))
    if kind == 3:
        return str(rng.randint(0, 10 ** rng.randint(1, 9)))
    if kind == 4:
        low, high = rng.choice(_OTHER)
        return "".join(chr(rng.randint(low, high)) for _ in range(rng.randint(2, 10)))
    if kind == 5:
        own = [rng.choice(_HAN)] if lang == "zh" else [rng.choice(_LETTERS), _pseudo_word(rng) + " "]
        unit = rng.choice(own + [rng.choice(_MARKS)])
        return unit * rng.randint(2, 20)
    if lang == "zh":
        if kind <= 7:
            return "".join(rng.choice(_HAN) for _ in range(rng.randint(1, 16)))
        if kind == 8:
            return "".join(chr(rng.randint(0x4E00, 0x9FA5)) for _ in range(rng.randint(1, 6)))
        words = [rng.choice(data.WORDS["zh"]) for _ in range(rng.randint(1, 9))]
        if rng.random() < 0.3:
            words.insert(rng.randint(0, len(words)), str(rng.randint(0, 99)))
        return "".join(words) + rng.choice(["", "。", "？", "！", "吗？", "吧", "呢？"])
    if kind <= 7:
        return " ".join(_pseudo_word(rng) for _ in range(rng.randint(1, 8)))
    words = [rng.choice(data.WORDS["en"]) for _ in range(rng.randint(1, 12))]
    if rng.random() < 0.3:
        words.insert(rng.randint(0, len(words)), str(rng.randint(0, 99)))
    text = " ".join(words)
    if rng.random() < 0.5:
        text = text[0].upper() + text[1:]
    return text + rng.choice(["", ".", "?", "!"])


def _fill(rng, template, lang):
    topics = data.TOPICS[lang]
    text = expand(rng, template)
    for key, values in (*topics.items(), ("know2", topics["know"]), ("mood", data.MOODS)):
        mark = "{" + key + "}"
        if mark in text:
            text = text.replace(mark, rng.choice(values).replace("_", " "))
    return text


def _roughen(rng, text, lang):
    if lang == "en":
        if rng.random() < 0.3:
            text = text.lower()
        elif rng.random() < 0.05:
            text = text.upper()
    letters = [i for i, ch in enumerate(text) if ch.isalpha()]
    if len(letters) > 5 and rng.random() < 0.1:
        i = rng.choice(letters)
        text = text[:i] + rng.choice(["", text[i] * 2]) + text[i + 1:]
    tail = rng.random()
    if tail < 0.05:
        text += rng.choice(["\n", " ", "!!", "~", "...", "😀"])
    return text


def make(rng, lang, intent=None):
    """One small-talk turn."""
    if intent is None:
        intent = rng.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))[0]
    templates, note, replies = data.INTENTS[lang][intent]
    prompt = _noise(rng, lang) if intent == "noise" else _roughen(rng, _fill(rng, rng.choice(templates), lang), lang)
    if not prompt.strip():
        prompt = "."
    think = numbered([expand(rng, note)])
    return Example("talk", lang, f"talk.{lang}.{intent}", prompt, think, expand(rng, rng.choice(replies)))
