# SPDX-License-Identifier: Apache-2.0
"""F3: a root on one side, √(kx+a) = x+b. F9: linear equations, and quadratic ones with whole roots."""

import math
from fractions import Fraction

from curriculum import words_count as words
from curriculum.chain import NONE, Inexact, operand
from curriculum.core import Family, engine_feedback, fact, reason


def polynomial(coefs, star="", gap=""):
    """Text of sum c_i x^i from the highest power down; coefs = [c_n, ..., c_0]."""
    out, top = "", len(coefs) - 1
    for i, c in enumerate(coefs):
        power = top - i
        if c == 0:
            continue
        body = {0: "", 1: "x"}.get(power, f"x^{power}")
        size = str(abs(c)) + (star if power else "") if abs(c) != 1 or power == 0 else ""
        sign = ("-" if c < 0 else "") if not out else (f"{gap}{'-' if c < 0 else '+'}{gap}")
        out += sign + size + body
    return out or "0"


def roots_text(roots, lang):
    if not roots:
        return NONE[lang]
    return (" 或 " if lang == "zh" else " or ").join(f"x={r}" for r in roots)


class _Equations(Family):
    """Answers are tuples of roots in rising order; a root (p, d) stands for (p+√d)/2."""

    def boxed(self, answer, lang, params):
        return roots_text([f"({r[0]}+√{r[1]})/2" if isinstance(r, tuple) else r for r in answer], lang)

    def say(self, answer, lang, params):
        text = self.boxed(answer, lang, params)
        lead = {"zh": "无解。" if not answer else f"{text}。", "en": "There is no solution. " if not answer else f"{text}. "}[lang]
        return lead + f"\\boxed{{{text}}}"

    def prompt(self, rng, lang, params, heldout):
        name, text = self.pick(rng, words.EQUATION[lang], heldout)
        return name, text.format(e=self.equation(params, rng))

    def feedback(self, params, answer, lang):
        claim = self.boxed(answer, lang, params)
        if any(isinstance(r, tuple) for r in answer):
            return ""
        relation = self.relation(params)
        if not answer:
            return engine_feedback(lang, claim, [reason(lang, "exists")])
        facts, good = [], True
        for r in answer:
            sides = self.sides(params, r)
            if sides is None:
                return ""
            left, right = sides
            good = good and left == right
            facts.append(fact(lang, relation, f"x={r}", left, right))
        return engine_feedback(lang, claim, facts + ([reason(lang, "missing")] if good else []))


class RootEquation(_Equations):
    """Params: (k, a, b) of √(kx+a) = x+b."""

    name, share = "F3", 0.15

    def draw(self, rng, level):
        if rng.random() < 0.1:
            k, a, b = 1, rng.randint(-9, 9), rng.randint(-5, 5)
            d = 1 - 4 * b + 4 * a
            return (k, a, b) if 1 < d < 150 and math.isqrt(d) ** 2 != d else None
        if rng.random() < 0.12:
            k, a, b = rng.choice([1, 2]), rng.randint(-9, 9), rng.randint(1, 9)
            return (k, a, b) if k * k - 4 * (k * b - a) < 0 else None
        k = rng.choice({1: [1], 2: [1, 1, 2, 3], 3: [1, 2, 3, 4, 5, -1, -2], 4: [2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -3]}[level])
        y, b = rng.randint(0, {1: 6, 2: 9, 3: 14, 4: 60}[level]), rng.randint(-9, 9) if level < 4 else rng.randint(-40, 40)
        a = y * y - k * (y - b)
        return (k, a, b) if abs(a) < (130 if level < 4 else 6000) and b else None

    def equation(self, params, rng=None):
        k, a, b = params
        gap = rng.choice(["", "", " "]) if rng else ""
        inside = polynomial([k, a], gap=gap)
        if rng and rng.random() < 0.15:
            return f"sqrt({inside}){gap}={gap}{polynomial([1, b], gap=gap)}"
        return f"√({inside}){gap}={gap}{polynomial([1, b], gap=gap)}"

    def relation(self, params):
        k, a, b = params
        return f"sqrt({polynomial([k, a], '*')})={polynomial([1, b])}"

    def sides(self, params, x):
        k, a, b = params
        inside = k * x + a
        if inside < 0 or math.isqrt(inside) ** 2 != inside:
            return None
        return math.isqrt(inside), x + b

    def solve(self, chain, params):
        k, a, b = params
        chain.given(self.equation(params))
        chain.setup(f"{polynomial([1, 2 * b, b * b])}={polynomial([k, a])}")
        big_b = chain.calc(2 * b, "-", k)
        big_c = chain.calc(b * b, "-", a)
        chain.note(f"{polynomial([1, big_b, big_c])}=0")
        d = chain.calc(chain.calc(big_b, "*", big_b), "-", chain.calc(4, "*", big_c))
        if d < 0:
            chain.note(f"{d}<0, {NONE[chain.lang]}")
            disc = (2 * b - k) ** 2 - 4 * (b * b - a)
            chain.check(f"D={disc}", disc < 0)
            return ()
        s = math.isqrt(d)
        if s * s != d:
            if k != 1 or d <= 1:
                raise Inexact
            chain.note(chain.say(f"x=({-big_b}±√{d})/2; 减号使右边为负, 舍去", f"x=({-big_b}±√{d})/2; minus makes the right side negative, dropped"))
            chain.check(f"{big_b}^2-4*{operand(big_c)}={d}", (2 * b - k) ** 2 - 4 * (b * b - a) == d and big_b == 2 * b - k)
            return ((-big_b, d),)
        chain.note(f"√{d}={s}")
        roots = []
        for sign in ("-", "+") if s else ("-",):
            x = chain.calc(chain.calc(-big_b, sign, s), "/", 2, "x=")
            y = chain.calc(x, "+", b)
            if y < 0:
                chain.note(f"{y}<0, " + chain.say(f"舍去x={x}", f"drop x={x}"))
            else:
                roots.append(x)
        for x in roots:
            good = x + b >= 0 and (x + b) ** 2 == k * x + a
            chain.check(f"x={x}: {k}*{operand(x)}+{operand(a)}={k * x + a}; {x + b}*{operand(x + b)}={(x + b) ** 2}", good)
        return tuple(sorted(set(roots)))

    def truth(self, params):
        k, a, b = params
        whole = [x for x in range(-400, 401) if x + b >= 0 and (x + b) ** 2 == k * x + a]
        d = k * k - 4 * (k * b - a)  # of y^2 - k*y + k*b - a with y = x + b
        if whole or d < 0:
            return tuple(whole)
        return ((k - 2 * b, d),)


class Equation(_Equations):
    """Params: ("lin", a, b, c, d) of ax+b = cx+d, or ("quad", b, c) of x^2+bx+c = 0."""

    name, share = "F9", 0.06

    def draw(self, rng, level):
        if rng.random() < 0.4:
            top = {1: 6, 2: 10, 3: 16, 4: 80}[level]
            if rng.random() < 0.15:
                b, c = rng.randint(-6, 6), rng.randint(1, 20)
                return ("quad", b, c) if b * b < 4 * c else None
            p, q = rng.randint(-top, top), rng.randint(-top, top)
            return "quad", -(p + q), p * q
        top = {1: 9, 2: 12, 3: 30, 4: 300}[level]
        a, c = rng.randint(-top, top), rng.choice([0, rng.randint(-top, top), rng.randint(1, top)])
        b, x = rng.randint(-4 * top, 4 * top), rng.randint(-top, top)
        if a == 0 or a == c and rng.random() > 0.2:
            return None
        d = b + rng.choice([-1, 1]) * rng.randint(1, 20) if a == c else (a - c) * x + b
        if a != c and level > 1 and rng.random() < 0.15:
            d += rng.randint(1, 9)
        return ("lin", a, b, c, d) if abs(d) < (1000 if level < 4 else 100000) else None

    def equation(self, params, rng=None):
        gap = rng.choice(["", "", " "]) if rng else ""
        if params[0] == "quad":
            return f"{polynomial([1, params[1], params[2]], gap=gap)}{gap}={gap}0"
        _, a, b, c, d = params
        return f"{polynomial([a, b], gap=gap)}{gap}={gap}{polynomial([c, d], gap=gap)}"

    def relation(self, params):
        if params[0] == "quad":
            return f"{polynomial([1, params[1], params[2]], '*')}=0"
        _, a, b, c, d = params
        return f"{polynomial([a, b], '*')}={polynomial([c, d], '*')}"

    def sides(self, params, x):
        if params[0] == "quad":
            return x * x + params[1] * x + params[2], 0
        _, a, b, c, d = params
        return a * x + b, c * x + d

    def solve(self, chain, params):
        chain.given(self.equation(params))
        if params[0] == "quad":
            return self._solve_quadratic(chain, params[1], params[2])
        _, a, b, c, d = params
        chain.setup(f"({a}-{operand(c)})x={d}-{operand(b)}")
        k = chain.calc(a, "-", c)
        m = chain.calc(d, "-", b)
        if k == 0:
            if m == 0:
                raise Inexact
            chain.note(f"0≠{m}, {NONE[chain.lang]}")
            chain.check(f"{a}={c}", a == c and b != d)
            return ()
        if m % k:
            g = math.gcd(m, k) * (1 if k > 0 else -1)
            top, bottom = (chain.calc(m, "/", g), chain.calc(k, "/", g)) if g != 1 else (m, k)
            x = Fraction(top, bottom)
            chain.note(f"x={x}")
            chain.check(f"{a - c}*{operand(top)}={(a - c) * top}; {d - b}*{operand(bottom)}={(d - b) * bottom}", (a - c) * top == (d - b) * bottom)
            return (x,)
        x = chain.calc(m, "/", k, "x=")
        left, right = a * x + b, c * x + d
        chain.check(f"{a}*{operand(x)}+{operand(b)}={left}; {c}*{operand(x)}+{operand(d)}={right}", left == right)
        return (x,)

    def _solve_quadratic(self, chain, b, c):
        chain.setup(f"D={operand(b)}^2-4*{operand(c)}")
        d = chain.calc(chain.calc(b, "*", b), "-", chain.calc(4, "*", c))
        if d < 0:
            chain.note(f"{d}<0, {NONE[chain.lang]}")
            chain.check(f"D={b * b - 4 * c}", b * b < 4 * c)
            return ()
        s = math.isqrt(d)
        if s * s != d:
            raise Inexact
        chain.note(f"√{d}={s}")
        roots = []
        for sign in ("-", "+") if s else ("-",):
            roots.append(chain.calc(chain.calc(-b, sign, s), "/", 2, "x="))
        x, y = roots[0], roots[-1]
        chain.check_equal(x, "+", y, -b)
        chain.check_equal(x, "*", y, c)
        return tuple(sorted(set(roots)))

    def truth(self, params):
        if params[0] == "quad":
            return tuple(x for x in range(-100, 101) if x * x + params[1] * x + params[2] == 0)
        _, a, b, c, d = params
        return () if a == c else (Fraction(d - b, a - c),)
