# SPDX-License-Identifier: Apache-2.0
"""Shared pieces of the data generator: the Example record, phrase expansion, the parameter split.

The train/test split is a function of a problem's parameters alone, taken before any text is made,
so no parameter tuple of the test half can occur in training under any wording or language.
"""

import hashlib
import re
from dataclasses import dataclass, field


@dataclass
class Example:
    """One turn: what the user writes, the reasoning lines, the visible answer."""

    family: str
    lang: str
    phrasing: str  # identifier of the wording, e.g. "f1.zh.3"
    prompt: str
    think: list = field(default_factory=list)
    answer: str = ""
    boxed: str = ""


# Share of the parameter space that is kept for tests, by family. Small spaces keep a larger share.
TEST_SHARE = {"F0": 0.05, "F1": 0.05, "F2": 0.20, "F5": 0.08, "F9": 0.03}


kept_elsewhere = None  # (family, params) -> bool, set by the curriculum: tuples of its own test half


def is_test(family, params):
    """True when this parameter tuple belongs to the test half (stable over runs and machines)."""
    if kept_elsewhere and kept_elsewhere(family, params):
        return True
    text = family + ":" + ",".join(str(p) for p in params)
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < TEST_SHARE[family]


_GROUP = re.compile(r"\[([^\[\]]*)\]")


def expand(rng, template):
    """Resolves innermost-first every `[a|b|]` alternation with a uniform choice."""
    while True:
        match = _GROUP.search(template)
        if not match:
            return template
        options = match.group(1).split("|")
        template = template[: match.start()] + rng.choice(options) + template[match.end():]


def numbered(lines):
    """Numbers reasoning lines 1..n."""
    return [f"{i}. {line}" for i, line in enumerate(lines, 1)]


_FULL = {",": "，", ".": "。", "?": "？", ":": "：", ";": "；", "!": "！"}
_ZH_PREFIX = ["请问", "请解答：", "帮我算一下，", "你好，", "麻烦你，", "老师，", "请帮忙：", "题目：", "问题：",
              "求助：", "请教一下，", "嗨，", "请看题：", "我有一道题：", "帮我看看这道题：", "解题：",
              "考考你：", "老师出了一道题，", "这是我的作业：", "昨天我看到一道题：", "听好了，", "再来一题：", "不会做这道题，", "小朋友问我：", "今天的题目是："]
_EN_PREFIX = ["Please solve: ", "Hi, ", "Hello! ", "Please help: ", "Question: ", "Problem: ",
              "Can you help me? ", "Hey, ", "I have a problem: ", "Quick question: ", "Solve this: ",
              "Could you work this out? ", "Homework: ", "Help me with this: ",
              "Here is one for you: ", "My teacher asked this. ", "I am stuck. ", "Next one: ", "Try this: ", "Listen, ", "A riddle: ",
              "Today we got this problem. "]
_ZH_SUFFIX = ["谢谢", "请一步一步推理。", "请写出过程。", "请把答案放在\\boxed{}里。", "拜托了", "请逐步思考", "急！", "你能算出来吗？", "告诉我答案。", "说说看。", "你会吗？",
              "要有检查步骤。"]
_EN_SUFFIX = [" Thanks!", " Please reason step by step.", " Show your work.",
              " Put the final answer within \\boxed{}.", " Think step by step.", " Please.", " Thank you", " Can you do it?", " Tell me.", " I need the answer.", " Do you know?"]


_EN_LIGHT = set("a an the is are there how many of in total all altogether has have each find what which its and together number they them if "
                "that so do does tell me give numbers kind kinds them be was were i we you".split())
_EN_FILLER = ("here now just exactly then all today together really kind every one or both some we they gives counting standing being called out "
              "your our first also still of course simply only what which tell me two numbers value place takes makes true picked").split()
_ZH_LIGHT = set("的是有共一总请问求出和与在了里个么得为各")
_ZH_FILLER = ("现在 其中 一下 大家 今天 知道 就是 总之 合起来 这时 比如 它们 这些 已经 可以 应该 说出 能够 什么 怎么 里面 还有 而且 并且 其实 刚好 正好 "
              "我们 朋友 想想 看 成立 取 占 属于 花 用去 数来数去").split()


def perturb(rng, text, lang, shuffle):
    """Changes the wording around the facts: light words dropped, fillers added, clauses in another order."""
    if shuffle and rng.random() < 0.4:
        parts = [p for p in re.split(r"[，。；？]" if lang == "zh" else r"(?:[,.;?] |[.?]$)", text) if p.strip()]
        rng.shuffle(parts)
        text = ("，" if lang == "zh" else ". ").join(parts)
    if lang == "zh":
        text = "".join(ch for ch in text if ch not in _ZH_LIGHT or rng.random() > 0.15)
        parts = re.split(r"(?<=[，。；：])", text)
        for _ in range(rng.randint(0, 2)):
            i = rng.randrange(len(parts))
            parts[i] = rng.choice(_ZH_FILLER) + parts[i]
        return "".join(parts)
    words = [w for w in text.split(" ") if w.lower().strip(",.?") not in _EN_LIGHT or rng.random() > 0.2]
    for _ in range(rng.randint(0, 3)):
        words.insert(rng.randint(0, len(words)), rng.choice(_EN_FILLER))
    return " ".join(words)


def decorate(rng, text, lang, shuffle=False):
    """Ordinary noise around a prompt: courtesy, punctuation width, spacing, a missing final mark, looser wording."""
    if rng.random() < 0.25 and not (lang == "en" and re.search(r"[+=/*]| - |\d-", text)):
        text = perturb(rng, text, lang, shuffle) or text
    if rng.random() < 0.2:
        text = rng.choice(_ZH_PREFIX if lang == "zh" else _EN_PREFIX) + text
    if rng.random() < 0.12 and text[-1:] in ",.?!;，。？！；":
        text = text[:-1]
    if rng.random() < 0.10:
        text = text + rng.choice(_ZH_SUFFIX if lang == "zh" else _EN_SUFFIX)
    if lang == "zh":
        style = rng.random()
        if style < 0.20:
            for wide, narrow in ((v, k) for k, v in _FULL.items()):
                text = text.replace(wide, narrow)
        if rng.random() < 0.12:
            text = re.sub(r"(?<=[\u4e00-\u9fff])(?=\d)|(?<=\d)(?=[\u4e00-\u9fff])", " ", text)
    else:
        if rng.random() < 0.12:
            text = text.lower()
        elif rng.random() < 0.03:
            text = text.upper().replace("\\BOXED", "\\boxed")
    if rng.random() < 0.08:
        text = _typo(rng, text)
    edge = rng.random()
    if edge < 0.03:
        text = text + rng.choice([" ", "\n", "  "])
    elif edge < 0.05:
        text = rng.choice([" ", "\n"]) + text
    return text


def _typo(rng, text):
    """Drops, doubles or swaps one letter; never touches digits or operators."""
    places = [i for i, ch in enumerate(text) if ch.isalpha() and ch not in "xy"]
    if len(places) < 12:
        return text
    i = rng.choice(places)
    kind = rng.random()
    if kind < 0.4:
        return text[:i] + text[i + 1:]
    if kind < 0.7:
        return text[:i] + text[i] + text[i:]
    if i + 1 < len(text) and text[i + 1].isalpha():
        return text[:i] + text[i + 1] + text[i] + text[i + 2:]
    return text


def zh_number(n):
    """Chinese numerals of 0..999, such as 三十五."""
    digits = "零一二三四五六七八九"
    if n < 10:
        return digits[n]
    if n < 20:
        return "十" + (digits[n % 10] if n % 10 else "")
    if n < 100:
        return digits[n // 10] + "十" + (digits[n % 10] if n % 10 else "")
    rest = n % 100
    tail = "" if rest == 0 else ("零" + digits[rest] if rest < 10 else
                                 ("一" if rest < 20 else "") + zh_number(rest))
    return digits[n // 100] + "百" + tail


def has_cjk(text):
    """True when the text shows by itself that it is Chinese."""
    return any("\u3000" <= ch <= "\u9fff" or "\uff00" <= ch <= "\uffef" for ch in text)


def pick_template(rng, table, heldout):
    """Chooses (id, template) from {id: template}; `heldout` None = seen ones, True = unseen ones.

    A template id that ends in "h" is never used in training.
    """
    names = [k for k in table if k.endswith("h") == bool(heldout)]
    name = rng.choice(names)
    return name, table[name]
