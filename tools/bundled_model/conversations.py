# SPDX-License-Identifier: Apache-2.0
"""Conversations of version 1: one turn as a rule, sometimes several, of its five families and small talk."""

import families
import smalltalk

_SYSTEM = ["You are a helpful assistant.", "You are a helpful assistant.", "你是一个有用的助手。", "你是一个数学老师。", "You are a math tutor.",
           "请一步一步推理。", "Please reason step by step, and put your final answer within \\boxed{}.", "You are Lemma.", "回答要简短。",
           "You are a careful assistant. Answer briefly.", "你是Lemma，一个推理助手。"]


def sample(rng, mix, lang=None):
    """One training example of the mix (60 % Chinese)."""
    family = rng.choices(list(mix), weights=list(mix.values()))[0]
    lang = lang or ("zh" if rng.random() < 0.6 else "en")
    if family == "talk":
        return smalltalk.make(rng, lang)
    return families.MAKERS[family](rng, lang)


def conversation(rng, mix):
    """(system text, examples): mostly one turn, sometimes several."""
    system = rng.choice(_SYSTEM) if rng.random() < 0.12 else ""
    turns = 1
    if rng.random() < 0.15:
        turns = rng.choice([2, 2, 2, 3, 3, 4, 6, 8])
    lang = "zh" if rng.random() < 0.6 else "en"
    history_mix = {"F0": 12, "F1": 10, "F2": 10, "F5": 8, "F9": 10, "talk": 50}
    out = []
    for i in range(turns):
        if i and rng.random() < 0.15:
            lang = "en" if lang == "zh" else "zh"
        out.append(sample(rng, mix if i == turns - 1 else history_mix, lang))
    return system, out
