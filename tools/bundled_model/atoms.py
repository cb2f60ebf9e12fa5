# SPDX-License-Identifier: Apache-2.0
"""Family F0: arithmetic atoms (+, -, *, division, comparison) with written-out small steps.

Every equation has one binary operation. Three-digit sums and differences go column by column from
the units; products split into partial products; quotients by long division.
"""

import phrases
from common import Example, decorate, expand, has_cjk, is_test, numbered, pick_template, zh_number

_WORDS = {
    "zh": {"unit": "个位", "ten": "十位", "hundred": "百位", "thousand": "千位", "write": "写", "carry": "进",
           "borrow": "借1", "check": "检查", "calc": "计算", "result": "结果", "rem": "余", "quot": "商"},
    "en": {"unit": "units", "ten": "tens", "hundred": "hundreds", "thousand": "thousands", "write": "write ",
           "carry": "carry ", "borrow": "borrow 1", "check": "Check", "calc": "Compute", "result": "Result",
           "rem": " r ", "quot": "quotient "},
}
_PLACES = ("unit", "ten", "hundred", "thousand")


def signed(value):
    """A number as an operand: negatives in parentheses."""
    return f"({value})" if value < 0 else str(value)


def product_steps(a, b):
    """Equations that compute a*b for a one-digit a >= 0 and b up to four digits."""
    if b < 100 or b % 100 == 0:
        return [f"{a}*{b}={a * b}"]
    high, low = b // 100 * 100, b % 100
    if a <= 1 or low == 0:
        return [f"{a}*{b}={a * b}"]
    return [f"{a}*{high}={a * high}", f"{a}*{low}={a * low}", f"{a * high}+{a * low}={a * b}"]


def _add_columns(a, b, w):
    lines, carry = [], 0
    width = max(len(str(a)), len(str(b)))
    for i in range(width):
        x, y = a // 10**i % 10, b // 10**i % 10
        total = x + y
        text = f"{w[_PLACES[i]]}: {x}+{y}={total}"
        if carry:
            text += f"; {total}+1={total + 1}"
            total += 1
        carry = total // 10
        text += f", {w['write']}{total % 10}"
        if carry:
            text += f" {w['carry']}1"
        lines.append(text)
    return lines


def _sub_columns(a, b, w):
    lines, borrow = [], 0
    for i in range(len(str(a))):
        x, y = a // 10**i % 10, b // 10**i % 10
        text = f"{w[_PLACES[i]]}: "
        if borrow:
            text += f"{x}-1={x - 1}; "
            x -= 1
        borrow = int(x < y)
        if borrow:
            text += f"{w['borrow']}, {x}+10={x + 10}; "
            x += 10
        text += f"{x}-{y}={x - y}"
        lines.append(text)
    return lines


def _long_division(a, b, w):
    lines, rest, quotient = [], 0, 0
    for digit in str(a):
        value = rest * 10 + int(digit)
        rest, step = value % b, value // b
        quotient = quotient * 10 + step
        lines.append(f"{value}/{b}={step}{w['rem']}{rest}")
    return lines, quotient, rest


def _steps_add(a, b, w):
    c = a + b
    lines = [f"{w['calc']}: {a}+{b}"]
    if a >= 100 or b >= 100:
        lines += _add_columns(a, b, w)
    lines.append(f"{w['result']}: {a}+{b}={c}")
    lines.append(f"{w['check']}: {c}-{b}={a} ✓")
    return lines, str(c)


def _steps_sub(a, b, w):
    c = a - b
    lines = [f"{w['calc']}: {a}-{b}"]
    big, small = max(a, b), min(a, b)
    if c < 0:
        lines.append(f"{a}<{b}: -({b}-{a})")
    if big >= 100:
        lines += _sub_columns(big, small, w)
    if c < 0:
        lines.append(f"{b}-{a}={-c}")
    lines.append(f"{w['result']}: {a}-{b}={c}")
    lines.append(f"{w['check']}: {signed(c)}+{b}={a} ✓")
    return lines, str(c)


def _steps_mul(a, b, w):
    lines = [f"{w['calc']}: {a}*{b}"]
    big, small = max(a, b), min(a, b)
    if small < 10:
        lines += product_steps(small, big)
    else:
        tens, ones = small // 10, small % 10
        first = product_steps(tens, big)
        lines.append("; ".join(first + [f"{tens * 10}*{big}={tens * 10 * big}"]))
        if ones:
            lines.append("; ".join(product_steps(ones, big)))
            lines.append(f"{tens * 10 * big}+{ones * big}={a * b}")
    lines.append(f"{w['result']}: {a}*{b}={a * b}")
    last = a % 10 * (b % 10)
    lines.append(f"{w['check']}: {a % 10}*{b % 10}={last}, {last % 10}={a * b % 10} ✓")
    return lines, str(a * b)


def _steps_div(a, b, w):
    lines = [f"{w['calc']}: {a}/{b}"]
    steps, quotient, rest = _long_division(a, b, w)
    lines += steps
    tail = f"{w['rem']}{rest}" if rest else ""
    lines.append(f"{w['result']}: {a}/{b}={quotient}{tail}")
    check = "; ".join(product_steps(b, quotient) if b < 10 else [f"{b}*{quotient}={b * quotient}"])
    if rest:
        check += f"; {b * quotient}+{rest}={a}"
    lines.append(f"{w['check']}: {check} ✓")
    return lines, f"{quotient}{tail}"


_STEPS = {"+": _steps_add, "-": _steps_sub, "*": _steps_mul, "/": _steps_div}
_SIGNS = {"+": ["+"], "-": ["-"], "*": ["*", "*", "×", "x"], "/": ["/", "÷"]}
_SPOKEN = {
    "zh": {"+": "{a}加{b}", "-": "{a}减{b}", "*": "{a}乘{b}", "/": "{a}除以{b}"},
    "en": {"+": "{a} plus {b}", "-": "{a} minus {b}", "*": "{a} times {b}", "/": "{a} divided by {b}"},
}


def _apply(op, a, b):
    return a + b if op == "+" else a - b if op == "-" else a * b


def _steps_three(op, a, rest, w):
    """a op b op c with the usual precedence; `op` holds both signs, `rest` is (b, c)."""
    (b, c), (first, second) = rest, op
    lines = [f"{w['calc']}: {a}{first}{b}{second}{c}"]
    if second == "*" and first != "*":
        inner = b * c
        lines.append("; ".join(product_steps(min(b, c), max(b, c)) if min(b, c) < 10 else [f"{b}*{c}={inner}"]))
        u, last, v = a, first, inner
    else:
        u, last, v = _apply(first, a, b), second, c
        lines.append(f"{a}{first}{b}={u}")
    total = _apply(last, u, v)
    lines.append(f"{signed(u) if u < 0 else u}{last}{v}={total}")
    lines.append(f"{w['result']}: {a}{first}{b}{second}{c}={total}")
    if last == "+":
        check = f"{signed(total)}-{v}={u}"
    elif last == "-":
        check = f"{signed(total)}+{v}={u}"
    else:
        check = f"{v}*{signed(u)}={total}"
    lines.append(f"{w['check']}: {check} ✓")
    return lines, str(total)


def _size(rng):
    return rng.choice([rng.randint(0, 20), rng.randint(2, 99), rng.randint(10, 99), rng.randint(100, 999),
                       rng.randint(100, 999)])


def sample_params(rng):
    """Draws (op, a, b); for two operators op is a pair such as "+*" and b is (b, c)."""
    op = rng.choice("++--**//<3") if rng.random() < 0.95 else "4"
    if op == "3":
        pair = rng.choice(["++", "+-", "-+", "--", "*+", "*-", "+*", "-*"])
        if "*" not in pair:
            return pair, rng.randint(0, 99), (rng.randint(1, 99), rng.randint(1, 99))
        one, two, other = rng.randint(1, 9), rng.randint(1, 20), rng.randint(0, 99)
        return (pair, one, (two, other)) if pair[0] == "*" else (pair, other, (one, two))
    if op == "4":
        a, b = rng.randint(100, 9999), rng.randint(100, 9999)
        return (rng.choice("+-"), a, b) if a >= b else ("+", a, b)
    if op in "+-":
        a, b = _size(rng), _size(rng)
        if op == "-" and a < b and rng.random() < 0.75:
            a, b = b, a
        return op, a, b
    if op == "*":
        kind = rng.random()
        if kind < 0.35:
            return op, rng.randint(0, 12), rng.randint(0, 12)
        if kind < 0.6:
            return op, rng.randint(2, 9), rng.randint(10, 99)
        if kind < 0.75:
            return op, rng.randint(2, 9), rng.randint(100, 999)
        if kind < 0.95:
            return op, rng.randint(10, 99), rng.randint(10, 99)
        return op, rng.randint(100, 999), rng.randint(11, 29)
    if op == "/":
        b = rng.choice([rng.randint(2, 9), rng.randint(2, 9), rng.randint(2, 12)])
        q = rng.choice([rng.randint(1, 12), rng.randint(2, 99), rng.randint(10, 999 // b)])
        a = b * q + (rng.randint(1, b - 1) if rng.random() < 0.25 else 0)
        return op, a, b
    if rng.random() < 0.5:
        a = rng.randint(0, 999)
        b = rng.choice([rng.randint(0, 999), max(0, a + rng.randint(-20, 20))])
        return "<", a, b
    whole = rng.randint(0, 20)
    other = whole if rng.random() < 0.8 else rng.randint(0, 20)
    return "<", f"{whole}.{_fraction(rng)}", f"{other}.{_fraction(rng)}"


def _fraction(rng):
    return rng.choice([str(rng.randint(1, 9)), f"{rng.randint(1, 99):02d}"]).rstrip("0") or "5"


def _key(op, a, b):
    """Commuted operands share a key, so a swapped copy cannot leak over the split."""
    if op in "+*<":
        a, b = sorted((a, b), key=str)
    return op, a, b


def _compare_steps(a, b, lang):
    zh = lang == "zh"
    lines = [("比较: " if zh else "Compare: ") + f"{a}, {b}"]
    if isinstance(a, int):
        x, y = a, b
    else:
        (wa, fa), (wb, fb) = a.split("."), b.split(".")
        sign = "=" if wa == wb else ("<" if int(wa) < int(wb) else ">")
        lines.append(("整数部分: " if zh else "Whole parts: ") + f"{wa}{sign}{wb}")
        if wa == wb:
            fa2, fb2 = fa.ljust(2, "0"), fb.ljust(2, "0")
            sign = "=" if fa2 == fb2 else ("<" if fa2 < fb2 else ">")
            lines.append(("小数部分: " if zh else "Decimals: ") + f".{fa2}{sign}.{fb2}")
        x, y = float(a), float(b)
    sign = "=" if x == y else ("<" if x < y else ">")
    flip = {"=": "=", "<": ">", ">": "<"}[sign]
    lines.append(f"{a}{sign}{b}")
    lines.append(("检查: " if zh else "Check: ") + f"{b}{flip}{a} ✓")
    if x == y:
        return lines, ("两个数相等。" if zh else "They are equal. "), f"{a}={b}"
    top = a if x > y else b
    return lines, (f"{top}更大。" if zh else f"{top} is larger. "), str(top)


def make(rng, lang, test=False, heldout=None, phrasing=None, noise=True):
    """One F0 example; `test` picks the half of the parameter split."""
    while True:
        op, a, b = sample_params(rng)
        if is_test("F0", _key(op, a, b)) == test:
            break
    if op == "<":
        name, template = pick_template(rng, phrases.F0_COMPARE[lang], heldout)
        prompt = expand(rng, template).format(a=a, b=b)
        think, answer, boxed = _compare_steps(a, b, lang)
        answer = f"{answer}\\boxed{{{boxed}}}"
    elif len(op) == 2:
        name, template = pick_template(rng, {k: t for k, t in phrases.F0[lang].items() if "{e}" in t}, heldout)
        gap = " " if rng.random() < 0.2 else ""
        text = f"{a}{gap}{op[0]}{gap}{b[0]}{gap}{op[1]}{gap}{b[1]}"
        prompt = expand(rng, template).format(e=text.replace("*", rng.choice("**×")))
        think, boxed = _steps_three(op, a, b, _WORDS[lang])
        answer = f"{a}{op[0]}{b[0]}{op[1]}{b[1]}={boxed}{'。' if lang == 'zh' else '. '}\\boxed{{{boxed}}}"
    else:
        name, template = pick_template(rng, phrases.F0[lang], heldout)
        gap = " " if rng.random() < 0.2 else ""
        sign = rng.choice(_SIGNS[op])
        in_words = (a, b)
        if lang == "zh" and noise and max(a, b) < 1000 and rng.random() < 0.2:
            in_words = (zh_number(a), zh_number(b))
        prompt = expand(rng, template).format(
            e=f"{a}{gap}{sign}{gap}{b}", w=_SPOKEN[lang][op].format(a=in_words[0], b=in_words[1]))
        think, boxed = _STEPS[op](a, b, _WORDS[lang])
        end = "。" if lang == "zh" else ". "
        answer = f"{a}{op}{b}={boxed}{end}\\boxed{{{boxed}}}"
    if noise:
        plain = prompt
        prompt = decorate(rng, prompt, lang)
        if lang == "zh" and not has_cjk(prompt):  # A bare expression counts as English.
            prompt = plain if has_cjk(plain) else plain + "？"
    return Example("F0", lang, f"F0.{lang}.{name}", prompt, numbered(think), answer, boxed)
