# SPDX-License-Identifier: Apache-2.0
"""Conversations of the curriculum: one problem in one of three modes, retries with computed feedback,
several turns, small talk. The interface is that of ../dataset.py: conversation(rng, mix)."""

import re

import atoms
import common
import conversations
import smalltalk
from common import Example

from curriculum import core
from curriculum.arithmetic import Arithmetic
from curriculum.chance import Chance, Choice, Divides
from curriculum.code import Code
from curriculum.counts import Digits, Heads, Recurrence
from curriculum.docs import Documents
from curriculum.equations import Equation, RootEquation
from curriculum.stories import Stories

FAMILIES = {f.name: f for f in (Arithmetic(), Heads(), Digits(), RootEquation(), Choice(), Recurrence(), Chance(), Divides(), Stories(), Equation(),
                                Documents(), Code())}
# Weights of families, small talk and decimal comparisons; of levels 1..4; of the modes; of conversation kinds.
DEFAULT_MIX = {"F0": 16, "F1": 9, "F2": 2, "F3": 6, "F4": 16, "F5": 6, "F6": 14, "F7": 4, "F8": 16, "F9": 8, "F10": 12, "F11": 5, "talk": 5, "compare": 2,
               "levels": [12, 18, 20, 50], "modes": [20, 25, 55], "retry": 0.13, "turns": 0.06, "slip": 0.07, "first": 0.4}
_EXTRA = ("levels", "modes", "retry", "turns", "slip", "first")
_FIRST_MIX = {"F0": 30, "F1": 28, "F2": 14, "F5": 10, "F9": 12, "talk": 6}  # of conversations of version 1
_SYSTEM = ["You are a helpful assistant.", "你是一个有用的助手。", "You are Lemma.", "你是Lemma，一个推理助手。", "You are a math tutor.", "你是一个数学老师。"]
_PREFIX = {"zh": ["请问", "题目：", "问题：", "老师，", "你好，", "帮我看看这道题：", "请看题："], "en": ["Question: ", "Problem: ", "Hi, ", "Please help: ", "Try this: "]}


# What small talk says of its skills: as in version 1, and of this one.
_SKILLS = [("鸡兔同笼、三位数谜题、一元一次方程和递推数列", "应用题、鸡兔同笼、三位数谜题、方程、数列、组合与概率、整除、短文问答和简单的Python函数"),
           ("heads-and-legs problems, three-digit number puzzles, linear equations and recurrences",
            "word problems, heads and legs, three-digit puzzles, equations, sequences, counting and probability, divisibility, questions about a short text, "
            "and simple Python functions")]


def _talk(rng, lang):
    turn = smalltalk.make(rng, lang)
    for old, new in _SKILLS:
        turn.answer = turn.answer.replace(old, new)
        turn.think = [line.replace(old, new) for line in turn.think]
    return turn


def _language(rng):
    return "zh" if rng.random() < 0.6 else "en"


def _noise(rng, text, lang, family):
    """Courtesy and spelling around a problem; never in documents and code."""
    if family in ("F10", "F11"):
        return text
    if family in ("F1", "F2", "F8") and rng.random() < 0.12:
        text = common.perturb(rng, text, lang, False) or text
    if rng.random() < 0.3:
        text = text.replace("^2", "²").replace("^3", "³")
    if rng.random() < 0.10:
        text = rng.choice(_PREFIX[lang]) + text
    if rng.random() < 0.05:
        text = common._typo(rng, text) if family in ("F1", "F2", "F8") else text
    if lang == "zh" and rng.random() < 0.12:
        for narrow, wide in ((",", "，"), ("?", "？"), (":", "：")):
            text = text.replace(wide, narrow)
    if rng.random() < 0.08 and text[-1:] in ".?？。":
        text = text[:-1]
    return text


def example(item, rng, mode, slip_rate=0.0):
    """One turn: the item asked in a mode, its thinking and its answer."""
    name = item.family.name
    text = _noise(rng, item.text, item.lang, name)
    prompt = core.with_mode(text, item.lang, core.mode_text(name, mode, item.lang, rng))
    _, answer, _ = core.run_chain(item, rng, True)
    return Example(name, item.lang, item.wording, prompt, core.think(item, rng, mode, slip_rate), visible(item, answer, mode), item.gold)


def visible(item, answer, mode):
    """The visible answer; only the box in direct mode, but for quotes and code."""
    if mode == "direct" and item.family.name not in ("F10", "F11"):
        return f"\\boxed{{{item.family.boxed(answer, item.lang, item.params)}}}"
    return item.family.say(answer, item.lang, item.params)


def _compare(rng, lang):
    """Which decimal is larger: the family of version 1."""
    while True:
        e = atoms.make(rng, lang)
        if re.search(r"\.c\d+$", e.phrasing):
            return e


def _item(rng, mix, lang):
    names = [k for k in mix if k in FAMILIES]
    name = rng.choices(names, weights=[mix[k] for k in names])[0]
    level = rng.choices(core.LEVELS, weights=mix.get("levels", DEFAULT_MIX["levels"]))[0]
    return core.make_item(FAMILIES[name], rng, lang, level)


def _turn(rng, mix, lang):
    kinds = [k for k in mix if k not in _EXTRA]
    kind = rng.choices(kinds, weights=[mix[k] for k in kinds])[0]
    if kind == "talk":
        return _talk(rng, lang)
    if kind == "compare":
        return _compare(rng, lang)
    item = _item(rng, {**mix, **{k: 0 for k in FAMILIES if k != kind}}, lang)
    mode = rng.choices(core.MODES, weights=mix.get("modes", DEFAULT_MIX["modes"]))[0]
    return example(item, rng, mode, mix.get("slip", 0.0))


def retry(rng, mix, lang):
    """[turns]: a wrong answer, the engine's feedback on it, and the right solution; None if the family has no words for it."""
    item = _item(rng, mix, lang)
    wrong = core.wrong_answer(item, rng)
    words = "" if wrong is None else item.family.feedback(item.params, wrong, lang)
    if not words:
        return None
    mode = rng.choice(("scaffold", "scaffold", "plain"))
    first = example(item, rng, mode)
    told = [Example(first.family, lang, first.phrasing, first.prompt, [], visible(item, wrong, mode), "")]
    if rng.random() < 0.15:
        other = core.wrong_answer(item, rng)
        more = "" if other is None else item.family.feedback(item.params, other, lang)
        if more:
            told.append(Example(first.family, lang, first.phrasing, words, [], visible(item, other, mode), ""))
            words = more
    if rng.random() < 0.7:
        words += core.AGAIN[lang]
    if rng.random() < 0.2:
        return [Example(first.family, lang, first.phrasing, first.prompt + "\n\n" + words, first.think, first.answer, first.boxed)]
    return told + [Example(first.family, lang, first.phrasing, words, first.think, first.answer, first.boxed)]


def _kept(family, params):
    """Whether a tuple of version 1 is in the test half of this version."""
    key = ("lin", *params) if family == "F9" else params
    return family != "F0" and core.is_test(FAMILIES[family], key)


def conversation(rng, mix):
    """(system text, turns): the last turn carries the loss."""
    if rng.random() < mix.get("first", DEFAULT_MIX["first"]):
        common.kept_elsewhere = _kept
        return conversations.conversation(rng, _FIRST_MIX)
    system = rng.choice(_SYSTEM) if rng.random() < 0.08 else ""
    lang = _language(rng)
    if rng.random() < mix.get("retry", DEFAULT_MIX["retry"]):
        turns = None
        while turns is None:
            turns = retry(rng, mix, lang)
        return system, turns
    count = rng.choice([2, 2, 2, 3, 3, 4, 6, 8]) if rng.random() < mix.get("turns", DEFAULT_MIX["turns"]) else 1
    out = []
    for i in range(count):
        turn = _turn(rng, mix, lang)
        if i + 1 < count:
            turn.think = []
        out.append(turn)
    return system, out


def sample(rng, mix, lang=None):
    """One turn of the mix, as dataset.sample."""
    return _turn(rng, mix, lang or _language(rng))
