# SPDX-License-Identifier: Apache-2.0
"""Families, prompt modes and the split of version 2.

A family is an object with: name, share (of its parameter tuples kept for tests), draw(rng, level),
prompt(rng, lang, params, heldout) -> (wording id, text), solve(chain, params) -> answer,
boxed(answer, lang, params), say(answer, lang, params), truth(params) -> answer by another method, and
feedback(params, answer, lang) -> the engine's words on a wrong answer, or "" if the engine has none.
"""

import hashlib
from dataclasses import dataclass, field

from common import expand

from curriculum.chain import REDO, Chain, Inexact

MODES = ("direct", "plain", "scaffold")
LEVELS = (1, 2, 3, 4)

# The first of each list is the engine's own scaffold (data/scaffolds), the others keep the model from
# depending on one wording. Texts that start with "<" go in front of the problem, the others behind it.
MODE_TEXTS = {
    "scaffold": {
        "zh": ["\n\n请按四步作答：\n① 写出已知条件和所求。\n② 设未知数，列出关系式。\n③ 逐步计算，每行一个算式。\n④ 把结果代回原题检查。\n最后把答案写在\\boxed{}里。",
               "请按四步解答：①已知 ②列式 ③计算 ④检查，最后把答案放在\\boxed{}里。", "按①已知、②列式、③计算、④检查四步作答，答案写在\\boxed{}中。",
               "<请用四步法解题（①已知 ②列式 ③计算 ④检查），答案放在\\boxed{}里。\n", "请分四步：①已知条件；②列出式子；③逐步计算；④代回检查。",
               "<你是数学教练，按“已知、列式、计算、检查”四步解题。\n", "要求：四步作答（已知、列式、计算、检查），结果用\\boxed{}。"],
        "en": ["\n\nAnswer in four steps:\n1. State what is given and what is asked.\n2. Name the unknowns and write the relations.\n3. Compute step by step, "
               "one operation a line.\n4. Put the result back into the problem and check it.\nWrite the final answer in \\boxed{}.",
               "Solve it in four steps: ① given ② set up ③ compute ④ check, then put the answer in \\boxed{}.",
               "Use four steps (① given, ② set up, ③ compute, ④ check) and box the answer.",
               "<Work in four steps: ① given ② set up ③ compute ④ check. Answer in \\boxed{}.\n",
               "Four steps please: given, set up, compute, check.", "<You are a math coach. Use the four steps given, set up, compute, check.\n",
               "Show four steps: given, set up, compute and check. Final answer in \\boxed{}."]},
    "plain": {
        "zh": ["", "", "", "\n\n请逐步推理，并把最终答案写在\\boxed{}里。", "请一步一步推理，把最终答案放在\\boxed{}里。", "请逐步推理。", "写出过程。"],
        "en": ["", "", "", "\n\nPlease reason step by step, and put your final answer within \\boxed{}.",
               "Please reason step by step, and put your final answer within \\boxed{}.", "Think step by step.", "Show your work."]},
    "direct": {
        "zh": ["\n\n直接回答，只写答案，放在\\boxed{}里。", "直接回答，把答案放在\\boxed{}里。", "直接给出答案，不要过程。", "只要答案。", "<直接回答：", "不用写过程，只写结果。"],
        "en": ["\n\nAnswer directly: only the result, in \\boxed{}.", "Answer directly, in \\boxed{}.", "Give only the answer, no steps.", "Just the answer.",
               "<Answer directly: ", "No explanation, only the result."]},
}
# What takes the place of the four steps in questions about documents and code.
FAMILY_TEXTS = {
    "F10": {"zh": "\n\n只依据给出的资料回答。引用原句并在句末注明[citation:序号]；资料中没有答案时，回答“资料中未找到”。",
            "en": "\n\nAnswer from the given documents alone. Quote the sentence you rely on and end it with [citation:number]; if the documents do not say it, "
                  "answer \"not found in the documents\"."},
    "F11": {"zh": "\n\n只输出一个```python代码块，里面是完整的函数，不要写测试和示例。",
            "en": "\n\nGive exactly one ```python block with the complete function, without tests or examples."},
}


def mode_text(family, mode, lang, rng=None):
    """Words that ask for a mode: the engine's own without `rng`, else any of them."""
    texts = MODE_TEXTS[mode][lang]
    own = FAMILY_TEXTS.get(family, {}).get(lang) if mode == "scaffold" else None
    if rng is None:
        return own or texts[0]
    if own and rng.random() < 0.6:
        return own
    return texts[0] if rng.random() < 0.35 else rng.choice(texts)


def with_mode(text, lang, choice):
    """The problem with the words of a mode."""
    if not choice or choice.startswith("\n"):
        return text + choice
    if choice.startswith("<"):
        return choice[1:] + text
    closed = text[-1:] in "。？！?.!；;：:"
    gap = ("" if closed else "。") if lang == "zh" else ("" if closed else ".")
    return text + gap + ("\n" if "\n" in text else "" if lang == "zh" else " ") + choice


def is_test(family, key):
    """True when this parameter tuple is kept for tests: a function of the tuple alone."""
    digest = hashlib.sha256(f"v2:{family.name}:{key!r}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < family.share


def draw(family, rng, level, test):
    """Parameters of the asked half of the split."""
    while True:
        params = family.draw(rng, level)
        if params is not None and is_test(family, family.key(params)) == test:
            return params


@dataclass
class Item:
    """One problem: parameters, wording, the true answer as the box holds it."""

    family: object
    params: tuple
    lang: str
    level: int
    wording: str
    text: str
    history: list = field(default_factory=list)

    @property
    def gold(self):
        return self.family.boxed(self.family.truth(self.params), self.lang, self.params)


def make_item(family, rng, lang, level, test=False, heldout=None):
    params = draw(family, rng, level, test)
    wording, text = family.prompt(rng, lang, params, heldout)
    return Item(family, params, lang, level, f"{family.name}.{lang}.{wording}", text)


def answer_text(family, answer, lang, params):
    """The visible answer with its box."""
    return family.say(answer, lang, params)


def run_chain(item, rng, fine, slip_at=None):
    """(lines, answer, chain) of one pass, or None if the slip cannot be carried on."""
    chain = Chain(rng, item.lang, fine, slip_at)
    try:
        answer = item.family.solve(chain, item.params)
    except (Inexact, ZeroDivisionError, ValueError, IndexError, KeyError, OverflowError):
        if slip_at is None:
            raise
        return None
    return chain.close(), answer, chain


def think(item, rng, mode, slip_rate=0.0):
    """Lines of the thinking in a mode; now and then one slip that the check sees and repairs."""
    if mode == "direct":
        return []
    lines, _, chain = run_chain(item, rng, mode == "scaffold")
    if mode == "scaffold" and chain.count and rng.random() < slip_rate:
        wrong = run_chain(item, rng, True, rng.randrange(chain.count))
        if wrong and not wrong[2].ok and len(wrong[0]) < 24:
            return wrong[0] + [REDO[item.lang]] + lines
    return lines


def wrong_answer(item, rng):
    """A wrong answer of the kind that a slip gives, or None."""
    _, right, chain = run_chain(item, rng, True)
    for _ in range(4):
        if not chain.count:
            return None
        other = run_chain(item, rng, True, rng.randrange(chain.count))
        if other and other[1] != right and \
                item.family.boxed(other[1], item.lang, item.params) != item.family.boxed(right, item.lang, item.params):
            return other[1]
    return None


class Family:
    """What families share."""

    name, share = "", 0.1
    wordings = {}

    def key(self, params):
        return params

    def feedback(self, params, answer, lang):
        return ""

    def pick(self, rng, table, heldout):
        """(id, text): ids in "h" are for evaluation only, ids in "t" for training only (heldout is None)."""
        if heldout is None:
            names = [k for k in table if not k.endswith("h")]
        else:
            names = [k for k in table if k.endswith("h") == heldout and not k.endswith("t")]
        name = rng.choice(names)
        return name, expand(rng, table[name])


AGAIN = {"zh": "请重新推导。", "en": " Please work it out again."}  # what the engine adds (src/reasoning/solve_plan.cc)


def engine_feedback(lang, claim, facts):
    """The words of the engine after REFUTED (see src/check/report.cc)."""
    if lang == "zh":
        return f"你上次的结论是 {claim}。{'；'.join(facts)}。请从列出条件处重新推导。"
    return f"Your last conclusion was {claim}. {'; '.join(facts)}. Derive it again from the conditions."


def fact(lang, relation, at, left, right):
    """One line of facts: a relation that holds, or fails with both sides."""
    if left == right:
        return f"{relation} 成立（{at}）" if lang == "zh" else f"{relation} holds ({at})"
    if lang == "zh":
        return f"{relation} 不成立：{at} 时左边 {left}，右边 {right}"
    return f"{relation} fails: at {at} the left side is {left}, the right side {right}"


REASONS = {
    "exists": ("解是存在的", "a solution exists"),
    "missing": ("所给的解成立，但不全", "what is given holds, but it is not all"),
    "count": ("与穷举的结果不同", "differs from full enumeration"),
    "value": ("与精确计算不同", "differs from exact computation"),
    "counterexample": ("有反例", "there is a counterexample"),
    "not_a_solution": ("没有满足全部条件的取值能得到这个答案", "no values that meet all conditions give this answer"),
}


def reason(lang, name):
    return REASONS[name][0 if lang == "zh" else 1]
