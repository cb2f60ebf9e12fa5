# SPDX-License-Identifier: Apache-2.0
"""F0: sums, products, quotients, remainders, fractions, greatest common divisors, three terms."""

import math
from fractions import Fraction

from curriculum import words_count as words
from curriculum.chain import operand
from curriculum.core import Family, engine_feedback, fact

_SIGNS = {"+": ["+"], "-": ["-"], "*": ["*", "*", "×"], "/": ["/", "÷"]}


def _number(rng, digits):
    return rng.randint(10 ** (digits - 1), 10**digits - 1)


def _exact(op, a, b):
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b}[op]()


class Arithmetic(Family):
    """Params: (kind, a, b) or ("three", a, op1, b, op2, c)."""

    name, share = "F0", 0.05

    def draw(self, rng, level):
        kind = rng.choice(["+", "-", "*", "*", "/", "rest", "reduce", "gcd", "three", "three"])
        if kind in "+-":
            top = level + (1 if level < 4 else 2)
            a, b = _number(rng, top), _number(rng, rng.randint(top - 1, top))
            return (kind, a, b) if kind == "+" or a >= b or rng.random() < 0.2 else (kind, b, a)
        if kind == "*":
            a, b = {1: (_number(rng, 2), rng.randint(2, 9)), 2: (_number(rng, rng.choice([2, 3])), rng.randint(3, 19)),
                    3: (_number(rng, rng.choice([2, 3])), rng.randint(12, 99)), 4: (_number(rng, rng.choice([4, 4, 5])), rng.randint(12, 99))}[level]
            return (kind, a, b) if rng.random() < 0.7 else (kind, b, a)
        if kind in ("/", "rest"):
            b = rng.randint(2, 9) if level < 3 else rng.randint(6, 29) if level == 3 else rng.randint(11, 90)
            q = {1: rng.randint(3, 20), 2: rng.randint(12, 150), 3: rng.randint(15, 150), 4: rng.randint(200, 3000)}[level]
            return kind, b * q + (rng.randint(1, b - 1) if kind == "rest" else 0), b
        if kind == "reduce":
            g, top = rng.randint(2, 6 + 4 * level), 4 + 6 * level
            a, b = rng.randint(1, top) * g, rng.randint(2, top) * g
            return (kind, a, b) if a % b else None
        if kind == "gcd":
            g, top = rng.randint(1, 8 * level), 5 + 8 * level
            a, b = sorted((g * rng.randint(2, top), g * rng.randint(2, top)), reverse=True)
            return (kind, a, b) if a != b else None
        return self._three(rng, level)

    def _three(self, rng, level):
        first, second = rng.choice([("+", "*"), ("-", "*"), ("*", "+"), ("*", "-"), ("+", "-"), ("-", "+"), ("+", "+")])
        size = {1: 30, 2: 60, 3: 400, 4: 20000}[level]
        a, b, c = rng.randint(2, size), rng.randint(2, size), rng.randint(2, size)
        if "*" in (first, second):
            small = rng.randint(2, {1: 9, 2: 9, 3: 14, 4: 60}[level])
            top = 99 if level < 4 else 999
            a, b, c = (small, min(b, top), c) if first == "*" else (a, small, min(c, top))
        return "three", a, first, b, second, c

    def key(self, params):
        if params[0] in ("+", "*", "gcd"):
            return (params[0], *sorted(params[1:]))
        return params

    def expression(self, params, sign=None):
        if params[0] == "three":
            return f"{params[1]}{params[2]}{params[3]}{params[4]}{params[5]}"
        return f"{params[1]}{sign or params[0]}{params[2]}"

    def prompt(self, rng, lang, params, heldout):
        kind = params[0]
        if kind in ("rest", "reduce", "gcd"):
            table = {"rest": words.F0_REST, "reduce": words.F0_REDUCE, "gcd": words.F0_GCD}[kind]
            name, text = self.pick(rng, table[lang], heldout)
            return kind + name, text.format(a=params[1], b=params[2])
        name, text = self.pick(rng, words.F0_VALUE[lang], heldout)
        e = self.expression(params, "*" if kind == "three" else rng.choice(_SIGNS[kind]))
        if rng.random() < 0.2 and "/" not in e:
            for sign in "+-*×÷":
                e = e.replace(sign, f" {sign} ")
        return name, text.format(e=e)

    def solve(self, chain, params):
        kind, a, b = params[0], params[1], params[2]
        if kind == "three":
            return self._solve_three(chain, params)
        shown = f"{a}{kind if kind in '+-*/' else ', '}{b}"
        chain.given(shown)
        if kind == "gcd":
            return self._solve_gcd(chain, a, b)
        if kind == "reduce":
            return self._solve_reduce(chain, a, b)
        if chain.fine:
            chain.setup(f"x={shown}" if kind in "+-*/" else f"{a}={b}*q+r")
        if kind == "rest":
            q, r = self._long(chain, a, b)
            chain.check(f"{b}*{q}+{r}={b * q + r}" + ("" if b * q + r == a else f"≠{a}"), b * q + r == a)
            return "r", q, r
        out = {"+": chain.add, "-": chain.sub, "*": chain.mul, "/": lambda x, y: self._long(chain, x, y)[0]}[kind](a, b)
        back = {"+": ("-", b, a), "-": ("+", b, a), "/": ("*", b, a)}
        if kind == "*":
            chain.check(f"{a % 9}*{b % 9}≡{a % 9 * (b % 9) % 9}, {out}≡{out % 9} (mod 9)", a * b % 9 == out % 9)
        else:
            op, other, want = back[kind]
            chain.check_equal(out, op, other, want)
        return out

    def _long(self, chain, a, b):
        """Long division, a digit of the quotient a line in a fine chain."""
        if not chain.fine or a < 10 * b:
            return chain.divide(a, b)
        quotient, rest = "", 0
        for digit in str(a):
            rest = 10 * rest + int(digit)
            if rest < b and not quotient:
                continue
            q, _ = chain.divide(rest, b)
            rest -= q * b
            if not (0 <= q <= 9 and 0 <= rest < b):
                raise ValueError
            quotient += str(q)
        chain.note(f"q={quotient}")
        return int(quotient), rest

    def _solve_gcd(self, chain, a, b):
        if chain.fine:
            chain.setup(f"gcd({a},{b})")
        x = chain.gcd(a, b)
        chain.check(f"{a}/{x}={a // x}; {b}/{x}={b // x}", a % x == 0 and b % x == 0)
        return x

    def _solve_reduce(self, chain, a, b):
        if chain.fine:
            chain.setup(f"gcd({a},{b})")
        g = chain.gcd(a, b) if chain.fine else math.gcd(a, b)
        top, bottom = chain.calc(a, "/", g), chain.calc(b, "/", g)
        chain.check(f"{top}*{b}={top * b}; {bottom}*{a}={bottom * a}", top * b == bottom * a)
        return Fraction(top, bottom)

    def _solve_three(self, chain, params):
        _, a, first, b, second, c = params
        chain.given(self.expression(params))
        if chain.fine:
            chain.setup(f"x={self.expression(params)}")
        do = {"+": chain.add, "-": chain.sub, "*": chain.mul}
        if second == "*" and first != "*":
            u, op, v = a, first, chain.mul(b, c)
            out = do[op](u, v)
        else:
            u, op, v = do[first](a, b), second, c
            out = do[op](u, v)
        back = "-" if op == "+" else "+"
        true_u, true_v = (a, _exact("*", b, c)) if second == "*" and first != "*" else (_exact(first, a, b), c)
        chain.check_equal(out, back, true_v, true_u)
        return out

    def truth(self, params):
        kind = params[0]
        if kind == "three":
            return eval(self.expression(params))  # digits and signs of our own making
        a, b = params[1], params[2]
        if kind == "gcd":
            return max(d for d in range(1, b + 1) if a % d == 0 and b % d == 0)
        if kind == "reduce":
            return Fraction(a, b)
        return ("r", a // b, a % b) if kind == "rest" else a // b if kind == "/" else _exact(kind, a, b)

    def boxed(self, answer, lang, params):
        if isinstance(answer, tuple):
            return f"{answer[1]}{'余' if lang == 'zh' else ' r '}{answer[2]}"
        return str(answer)

    def say(self, answer, lang, params):
        del params
        return ("答案是" if lang == "zh" else "The answer is ") + f"\\boxed{{{self.boxed(answer, lang, None)}}}" + ("。" if lang == "zh" else ".")

    def feedback(self, params, answer, lang):
        """Only "x = expression" is read by the engine."""
        if params[0] in ("rest", "gcd") or isinstance(answer, tuple):
            return ""
        e = f"{params[1]}/{params[2]}" if params[0] == "reduce" else self.expression(params)
        true = self.truth(params)
        return engine_feedback(lang, self.boxed(answer, lang, params), [fact(lang, f"x={e}", f"x={answer}", str(answer), str(true))])


__all__ = ["Arithmetic", "operand"]
