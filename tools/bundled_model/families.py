# SPDX-License-Identifier: Apache-2.0
"""Problem families F1 (heads and legs), F2 (three-digit numbers), F5 (recurrences), F9 (equations).

Each `make_*` draws parameters, keeps those of the asked half of the split, and writes the prompt,
numbered reasoning with one binary operation per equation, a check line, and a boxed answer.
"""

import math

import atoms
import phrases
from atoms import product_steps, signed
from common import Example, decorate, expand, has_cjk, is_test, numbered, pick_template, zh_number

# (name, unit, legs) pairs: the first has fewer legs.
_ANIMALS = {
    "zh": [("鸡", "兔", 2, 4), ("鸡", "兔", 2, 4), ("鸡", "兔子", 2, 4), ("鸭", "兔", 2, 4), ("鹅", "羊", 2, 4), ("鸵鸟", "牛", 2, 4),
           ("鹤", "龟", 2, 4), ("鸭子", "狗", 2, 4), ("麻雀", "猫", 2, 4), ("甲虫", "蜘蛛", 6, 8), ("蚂蚁", "蜘蛛", 6, 8),
           ("鸡", "猪", 2, 4), ("兔子", "蜻蜓", 4, 6), ("雉", "兔", 2, 4)],
    "en": [("chickens", "rabbits", 2, 4), ("chickens", "rabbits", 2, 4), ("chickens", "cows", 2, 4), ("ducks", "sheep", 2, 4),
           ("geese", "pigs", 2, 4), ("ostriches", "goats", 2, 4), ("hens", "rabbits", 2, 4), ("birds", "cats", 2, 4),
           ("cranes", "turtles", 2, 4), ("beetles", "spiders", 6, 8), ("ants", "spiders", 6, 8),
           ("ducks", "dogs", 2, 4), ("chickens", "pigs", 2, 4), ("frogs", "beetles", 4, 6)],
}
_VEHICLES = {
    "zh": [("自行车", "小汽车", 2, 4), ("自行车", "三轮车", 2, 3), ("三轮车", "小汽车", 3, 4), ("摩托车", "汽车", 2, 4),
           ("小汽车", "卡车", 4, 6)],
    "en": [("bicycles", "cars", 2, 4), ("bicycles", "tricycles", 2, 3), ("tricycles", "cars", 3, 4), ("motorcycles", "cars", 2, 4),
           ("cars", "trucks", 4, 6)],
}
_TICKETS = {
    "zh": [("儿童票", "成人票"), ("学生票", "成人票"), ("普通票", "贵宾票")],
    "en": [("child tickets", "adult tickets"), ("student tickets", "adult tickets"),
           ("regular tickets", "premium tickets")],
}


def _f1_setting(rng, lang):
    """(phrase table, a, b, legs of a, legs of b, zh measure word)."""
    kind = rng.random()
    if kind < 0.68:
        return (phrases.F1[lang], *rng.choice(_ANIMALS[lang]), "只")
    if kind < 0.84:
        return (phrases.F1_WHEELS[lang], *rng.choice(_VEHICLES[lang]), "辆")
    low = rng.randint(2, 8)
    return (phrases.F1_PRICE[lang], *rng.choice(_TICKETS[lang]), low, rng.randint(low + 1, 9), "张")


def _f1_counts(rng, la, lb):
    """(n, m): mostly solvable, about one in seven not."""
    n = rng.choice([rng.randint(3, 40), rng.randint(5, 99)])
    second = rng.randint(1, n - 1) if rng.random() < 0.95 else rng.choice([0, n])
    m = la * (n - second) + lb * second
    kind = rng.random()
    if kind < 0.07:
        m += rng.randint(1, max(1, lb - la - 1))
    elif kind < 0.105:
        m = max(1, la * n - rng.randint(1, 12))
    elif kind < 0.14:
        m = lb * n + rng.randint(1, 12)
    return n, m


def _f1_think(n, m, a, b, la, lb, lang):
    """Reasoning lines and the pair (count of a, count of b), or None without a solution."""
    zh = lang == "zh"
    none = "无解" if zh else "no solution"
    lines = [f"已知: 总数{n}, 合计{m}; {a}: {la}, {b}: {lb}" if zh
             else f"Given: count {n}, total {m}; {a}: {la}, {b}: {lb}"]
    check = "检查" if zh else "Check"
    lines.append(("全是" if zh else "All ") + f"{a}: {la}*{n}={la * n}")
    extra = m - la * n
    lines.append(("多出" if zh else "Extra") + f": {m}-{la * n}={extra}")
    if extra < 0:
        lines.append(f"{extra}<0, {none}")
        lines.append(f"{check}: {m}<{la * n} ✓")
        return lines, None
    gap = lb - la
    lines.append(("每个差" if zh else "Difference") + f": {lb}-{la}={gap}")
    if extra % gap:
        rem = "余" if zh else " r "
        low = extra // gap
        lines.append(f"{b}: {extra}/{gap}={low}{rem}{extra % gap}, " + ("不是整数, " if zh else "not whole, ") + none)
        lines.append(f"{check}: {gap}*{low}={gap * low}; {extra}-{gap * low}={extra % gap} ✓")
        return lines, None
    second = extra // gap
    first = n - second
    lines.append(f"{b}: {extra}/{gap}={second}")
    lines.append(f"{a}: {n}-{second}={first}")
    if first < 0:
        lines.append(f"{first}<0, {none}")
        lines.append(f"{check}: {lb}*{n}={lb * n}; {m}>{lb * n} ✓")
        return lines, None
    lines.append(f"{check}: {first}+{second}={n}; {la}*{first}={la * first}; {lb}*{second}={lb * second}; "
                 f"{la * first}+{lb * second}={m} ✓")
    return lines, (first, second)


def make_f1(rng, lang, test=False, heldout=None, noise=True):
    """Two kinds of things, their number and the sum of their legs (wheels, prices)."""
    while True:
        table, a, b, la, lb, unit = _f1_setting(rng, lang)
        n, m = _f1_counts(rng, la, lb)
        if is_test("F1", (la, lb, n, m)) == test:
            break
    name, template = pick_template(rng, table, heldout)
    shown = (a, b, la, lb) if rng.random() < 0.75 else (b, a, lb, la)
    spoken = lang == "zh" and noise and rng.random() < 0.07
    prompt = expand(rng, template).format(a=shown[0], b=shown[1], la=shown[2], lb=shown[3],
                                          n=zh_number(n) if spoken else n, m=zh_number(m) if spoken else m)
    if lang == "en":
        prompt = prompt[0].upper() + prompt[1:]
    think, pair = _f1_think(n, m, a, b, la, lb, lang)
    if pair is None:
        boxed = "无解" if lang == "zh" else "no solution"
        answer = f"无解。\\boxed{{{boxed}}}" if lang == "zh" else f"There is no solution. \\boxed{{{boxed}}}"
    elif lang == "zh":
        boxed = f"{a}{pair[0]},{b}{pair[1]}"
        answer = f"{a}{pair[0]}{unit}, {b}{pair[1]}{unit}。\\boxed{{{boxed}}}"
    else:
        boxed = f"{a} {pair[0]}, {b} {pair[1]}"
        answer = f"There are {pair[0]} {a} and {pair[1]} {b}. \\boxed{{{boxed}}}"
    if noise:
        prompt = decorate(rng, prompt, lang, shuffle=True)
    return Example("F1", lang, f"F1.{lang}.{name}", prompt, numbered(think), answer, boxed)


def _relation(rng, value, lang):
    """Words for "this digit = tens digit + value"."""
    if lang == "zh":
        if value == 0:
            return rng.choice(["和十位数字相同", "等于十位数字", "与十位数字相等"])
        word = rng.choice(["大", "多"]) if value > 0 else rng.choice(["小", "少"])
        return rng.choice(["比十位数字", "比十位数字", "比十位"]) + f"{word}{abs(value)}"
    if value == 0:
        return rng.choice(["equals the tens digit", "is the same as the tens digit", "is equal to the tens digit"])
    more = rng.choice(["more", "greater", "larger"])
    less = rng.choice(["less", "smaller"])
    return f"is {abs(value)} {more if value > 0 else less} than the tens digit"


def _f2_params(rng):
    """(s, p, q): about 70 % have a solution."""
    if rng.random() < 0.7:
        a, b, c = rng.randint(1, 9), rng.randint(0, 9), rng.randint(0, 9)
        return a + b + c, a - b, c - b
    kind = rng.random()
    if kind < 0.6:
        p, q = rng.randint(-6, 7), rng.randint(-6, 7)
        return rng.randint(3, 25), p, q
    return rng.randint(2, 26), rng.randint(-9, 9), rng.randint(-9, 9)


def _shift(value):
    return "" if value == 0 else f"{value:+d}"


def _f2_think(s, p, q, lang):
    zh = lang == "zh"
    none = "无解" if zh else "no solution"
    check = "检查" if zh else "Check"
    hundreds, tens, units = ("百位", "十位", "个位") if zh else ("hundreds", "tens", "units")
    rem = "余" if zh else " r "
    lines = [f"已知: 数字和{s}, {hundreds}=x{_shift(p)}, {tens}=x, {units}=x{_shift(q)}" if zh
             else f"Given: digit sum {s}, {hundreds}=x{_shift(p)}, {tens}=x, {units}=x{_shift(q)}"]
    both = p + q
    lines.append(f"{p}+{signed(q)}={both}; 3x{_shift(both)}={s}")
    rest = s - both
    lines.append(f"3x={s}-{signed(both)}={rest}")
    if rest % 3:
        lines.append(f"{rest}/3={rest // 3}{rem}{rest % 3}, " + ("不是整数, " if zh else "not whole, ") + none)
        lines.append(f"{check}: 3*{signed(rest // 3)}={rest // 3 * 3}; {rest // 3 * 3}+{rest % 3}={rest} ✓")
        return lines, None
    x = rest // 3
    lines.append(f"x={rest}/3={x}")
    a, c = x + p, x + q
    lines.append(f"{hundreds}: {x}+{signed(p)}={a}")
    lines.append(f"{units}: {x}+{signed(q)}={c}")
    for label, digit, low in ((tens, x, 0), (hundreds, a, 1), (units, c, 0)):
        if digit < low or digit > 9:
            sign = f"{digit}<{low}" if digit < low else f"{digit}>9"
            lines.append(f"{label}: {sign}, {none}")
            lines.append(f"{check}: {sign} ✓")
            return lines, None
    lines.append(f"{check}: {a}+{x}={a + x}; {a + x}+{c}={s} ✓")
    return lines, a * 100 + x * 10 + c


def make_f2(rng, lang, test=False, heldout=None, noise=True):
    """Three-digit number from its digit sum and two relations to the tens digit."""
    while True:
        s, p, q = _f2_params(rng)
        if is_test("F2", (s, p, q)) == test:
            break
    name, template = pick_template(rng, phrases.F2[lang], heldout)
    prompt = expand(rng, template).format(s=s, h=_relation(rng, p, lang), u=_relation(rng, q, lang))
    think, number = _f2_think(s, p, q, lang)
    if number is None:
        boxed = "无解" if lang == "zh" else "no solution"
        answer = f"无解, 没有这样的三位数。\\boxed{{{boxed}}}" if lang == "zh" else \
            f"There is no solution: no such number exists. \\boxed{{{boxed}}}"
    else:
        boxed = str(number)
        answer = f"这个三位数是{number}。\\boxed{{{boxed}}}" if lang == "zh" else f"The number is {number}. \\boxed{{{boxed}}}"
    if noise:
        prompt = decorate(rng, prompt, lang, shuffle=True)
    return Example("F2", lang, f"F2.{lang}.{name}", prompt, numbered(think), answer, boxed)


def _f5_params(rng):
    while True:
        p = rng.choice([1, 2, 2, 2, 3, 3, 4])
        a = rng.randint(1, 12) if rng.random() < 0.8 else rng.randint(1, 30)
        q, n = rng.randint(-9, 9), rng.choice([3, 4, 5, 6, 7, 8, 9, 10])
        if p == 1 and q == 0:
            continue
        values = [a]
        for _ in range(n - 1):
            values.append(p * values[-1] + q)
        if 0 <= min(values) and max(values) <= 1300 and all(p * v <= 1309 for v in values[:-1]):
            return a, p, q, n, values


def _f5_words(rng, p, q, lang):
    """The rule in words, joined to "the first term is ..."."""
    if lang == "zh":
        step = {1: "", 2: "的2倍"}.get(p, f"的{p}倍")
        tail = "" if q == 0 else (f"加{q}" if q > 0 else f"减{-q}")
        if p > 1 and q and rng.random() < 0.3:
            return rng.choice(["每次乘", "后一项由前一项乘", "每个数都是前一个数乘"]) + f"{p}再{tail}"
        lead = rng.choice(["后一项等于前一项", "每一项等于前一项", "以后每个数等于前一个数"])
        return lead + step + tail
    head = rng.choice(["each next term is ", "every later term is ", "each term after that is "])
    tail = "" if q == 0 else (f" plus {q}" if q > 0 else f" minus {-q}")
    if p > 1 and q and rng.random() < 0.3:
        verb = f"add {q}" if q > 0 else f"subtract {-q}"
        return rng.choice(["to get the next term, ", "for each next term "]) + f"multiply by {p} and {verb}"
    return head + ("the previous one" if p == 1 else f"{p} times the previous one") + tail


def make_f5(rng, lang, test=False, heldout=None, noise=True):
    """Linear recurrence a(n+1) = p*a(n) + q."""
    while True:
        a, p, q, n, values = _f5_params(rng)
        if is_test("F5", (a, p, q, n)) == test:
            break
    zh = lang == "zh"
    name, template = pick_template(rng, phrases.F5[lang], heldout)
    coef = "" if p == 1 else (f"{p}*" if rng.random() < 0.4 else str(p))
    gap = " " if rng.random() < 0.15 else ""
    tail = "" if q == 0 else f"{gap}{'+' if q > 0 else '-'}{gap}{abs(q)}"
    prompt = expand(rng, template.replace("{n}", "\x00")).replace("\x00", "{n}").format(
        a=a, n=n, r=f"{coef}a(n){tail}", r2=f"{coef}a_n{tail}", w=_f5_words(rng, p, q, lang))
    lines = [f"已知: a1={a}, 乘{p}, 加{signed(q)}, 求a{n}" if zh else f"Given: a1={a}, times {p}, plus {signed(q)}, find a{n}"]
    for i in range(1, n):
        steps = "; ".join(product_steps(p, values[i - 1]))
        lines.append(f"a{i + 1}: {steps}; {p * values[i - 1]}+{signed(q)}={values[i]}")
    last = p * values[-2]
    lines.append(("检查" if zh else "Check") + f": {values[-1]}-{signed(q)}={last}; {last}/{p}={values[-2]}=a{n - 1} ✓")
    boxed = str(values[-1])
    answer = f"a{n}={boxed}" + ("。" if zh else ". ") + f"\\boxed{{{boxed}}}"
    if noise:
        prompt = decorate(rng, prompt, lang)
    return Example("F5", lang, f"F5.{lang}.{name}", prompt, numbered(lines), answer, boxed)


def _f9_params(rng):
    while True:
        a = rng.choice([rng.randint(1, 9), rng.randint(-9, 9)])
        c = rng.choice([0, 0, rng.randint(-9, 9), rng.randint(1, 9)])
        b = rng.choice([0, rng.randint(-9, 9), rng.randint(-30, 50), rng.randint(1, 30)])
        x = rng.choice([rng.randint(0, 10), rng.randint(-12, 15)])
        if a == 0 or (a == c and rng.random() > 0.3):
            continue
        if abs(a - c) > 1 and rng.random() < 0.07:
            d = b + rng.randint(-60, 60)
            return a, b, c, d
        if a == c:
            d = b + rng.choice([-1, 1]) * rng.randint(1, 20)
        else:
            d = (a - c) * x + b
        return a, b, c, d


def _side(rng, coef, const, var, gap, star):
    if coef == 0:
        return str(const)
    lead = {1: var, -1: "-" + var}.get(coef, f"{coef}{star}{var}")
    if const == 0:
        return lead
    if const > 0 and coef < 0 and rng.random() < 0.15:
        return f"{const}{gap}-{gap}" + (var if coef == -1 else f"{-coef}{star}{var}")
    return f"{lead}{gap}{'+' if const > 0 else '-'}{gap}{abs(const)}"


def _fraction(m, k):
    """m/k in lowest terms with a positive denominator."""
    g = math.gcd(m, k) * (1 if k > 0 else -1)
    return m // g, k // g


def _f9_fraction(m, k, v, lang):
    """Closing lines when the root is not an integer."""
    top, bottom = abs(m), abs(k)
    low, rest = divmod(top, bottom)
    num, den = _fraction(m, k)
    zh = lang == "zh"
    lines = [f"{top}/{bottom}={low}" + (f"余{rest}, 不是整数" if zh else f" r {rest}, not whole")]
    g = math.gcd(m, k)
    if g > 1:
        lines.append(f"{top}/{g}={top // g}; {bottom}/{g}={bottom // g}")
    lines.append(f"{v}={num}/{den}")
    lines.append(("检查" if zh else "Check") + f": {bottom}*{low}={bottom * low}; {bottom * low}+{rest}={top} ✓")
    return lines


def _f9_think(a, b, c, d, v, lang):
    zh = lang == "zh"
    check = "检查" if zh else "Check"
    lines = [("系数" if zh else "Coefficients") + f": a={a}, b={b}, c={c}, d={d}"]
    k, m = a - c, d - b
    lines.append(f"a-c: {a}-{signed(c)}={k}")
    lines.append(f"d-b: {d}-{signed(b)}={m}")
    lines.append(f"{k}{v}={m}")
    if k == 0:
        lines.append("0≠" + str(m) + (", 无解" if zh else ", no solution"))
        lines.append(f"{check}: a=c, b≠d ✓")
        return lines
    if m % k:
        return lines + _f9_fraction(m, k, v, lang)
    x = m // k
    lines.append(f"{v}={m}/{signed(k)}={x}")
    left, right = a * x, c * x
    lines.append(f"{check}: {a}*{signed(x)}={left}; {left}+{signed(b)}={left + b}; "
                 f"{c}*{signed(x)}={right}; {right}+{signed(d)}={right + d} ✓")
    return lines


def make_f9(rng, lang, test=False, heldout=None, noise=True):
    """Linear equation ax+b=cx+d with an integer root, or none when a=c."""
    while True:
        a, b, c, d = _f9_params(rng)
        if is_test("F9", (a, b, c, d)) == test:
            break
    v = rng.choice("xxxxy")
    gap = " " if rng.random() < 0.3 else ""
    star = "*" if rng.random() < 0.1 else ""
    equation = f"{_side(rng, a, b, v, gap, star)}{gap}={gap}{_side(rng, c, d, v, gap, star)}"
    name, template = pick_template(rng, phrases.F9[lang], heldout)
    prompt = expand(rng, template).format(e=equation, v=v)
    think = _f9_think(a, b, c, d, v, lang)
    zh = lang == "zh"
    if a == c:
        boxed = "无解" if zh else "no solution"
        answer = f"无解。\\boxed{{{boxed}}}" if zh else f"There is no solution. \\boxed{{{boxed}}}"
    else:
        num, den = _fraction(d - b, a - c)
        boxed = f"{v}={num}" if den == 1 else f"{v}={num}/{den}"
        answer = boxed + ("。" if zh else ". ") + f"\\boxed{{{boxed}}}"
    if noise:
        plain = prompt
        prompt = decorate(rng, prompt, lang)
        if zh and not has_cjk(prompt):
            prompt = plain if has_cjk(plain) else plain + "？"
    return Example("F9", lang, f"F9.{lang}.{name}", prompt, numbered(think), answer, boxed)


MAKERS = {"F0": atoms.make, "F1": make_f1, "F2": make_f2, "F5": make_f5, "F9": make_f9}
