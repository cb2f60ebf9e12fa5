# SPDX-License-Identifier: Apache-2.0
"""F4: choices of people with a condition. F6: dice, coins, balls. F7: whether m divides p(n) for all n."""

import itertools
import math
from fractions import Fraction

from curriculum import words_chance as words
from curriculum.core import Family, engine_feedback, reason
from curriculum.equations import polynomial


def choose(chain, n, k):
    """C(n, k) with its steps."""
    if k < 0 or k > n:
        return 0
    if k <= 1:
        return n if k else 1
    ways = n
    for i in range(2, k + 1):  # C(n,i) = C(n,i-1)*(n-i+1)/i
        ways = chain.calc(chain.mul(ways, n - i + 1), "/", i, f"C({n},{i})=")
    return ways


class Choice(Family):
    """Params: (kind, n, k) with kind apart / must / without, or ("girl", boys, girls, k)."""

    name, share = "F4", 0.2

    def draw(self, rng, level):
        k = rng.randint(2 if level < 4 else 3, level + 1 if level < 3 else 5)
        kind = rng.choices(["apart", "must", "without", "girl"], [6, 1, 1, 2])[0]
        low, high = {1: (4, 9), 2: (6, 13), 3: (9, 18), 4: (12, 22)}[level]
        n = rng.randint(low, high)
        if k >= n - 1 or k == 5 and n > 12:
            return None
        if kind == "girl":
            girls = rng.randint(1, n - 2)
            return ("girl", n - girls, girls, k) if k <= n - girls else None
        return kind, n, k

    def prompt(self, rng, lang, params, heldout):
        kind, n, k = params[0], params[1], params[-1]
        name, text = self.pick(rng, words.CHOICE[kind][lang], heldout)
        return kind + name, text.format(n=n, k=k, b=n, g=params[2])

    def solve(self, chain, params):
        kind, n, k = params[0], params[1], params[-1]
        if kind == "apart":
            chain.given(chain.say(f"{n}选{k}, 甲乙不同时", f"choose {k} of {n}, two not together"))
            chain.setup(f"C({n},{k})-C({n - 2},{k - 2})")
            out = chain.sub(choose(chain, n, k), choose(chain, n - 2, k - 2))
            chain.check_equal(out, "+", math.comb(n - 2, k - 2), math.comb(n, k))
            return out
        if kind == "girl":
            g = params[2]
            chain.given(chain.say(f"男{n}, 女{g}, 选{k}, 至少1女", f"{n} boys, {g} girls, choose {k}, at least 1 girl"))
            chain.setup(f"C({n + g},{k})-C({n},{k})")
            out = chain.sub(choose(chain, n + g, k), choose(chain, n, k))
            chain.check_equal(out, "+", math.comb(n, k), math.comb(n + g, k))
            return out
        m, j = (n - 1, k - 1) if kind == "must" else (n - 1, k)
        chain.given(chain.say(f"{n}选{k}, 甲{'必选' if kind == 'must' else '不选'}", f"choose {k} of {n}, one {'always' if kind == 'must' else 'never'}"))
        chain.setup(f"C({m},{j})")
        out = choose(chain, m, j)
        want = math.comb(m, j)
        chain.check(f"C({m},{m - j})={want}" + ("" if out == want else f"≠{out}"), out == want)
        return out

    def truth(self, params):
        kind, n, k = params[0], params[1], params[-1]
        people = range(n + params[2] if kind == "girl" else n)
        good = {"apart": lambda s: not (0 in s and 1 in s), "must": lambda s: 0 in s, "without": lambda s: 0 not in s,
                "girl": lambda s: max(s) >= n}[kind]
        return sum(1 for s in itertools.combinations(people, k) if good(s))

    def boxed(self, answer, lang, params):
        return str(answer)

    def say(self, answer, lang, params):
        return f"共有{answer}种选法。\\boxed{{{answer}}}" if lang == "zh" else f"There are {answer} ways. \\boxed{{{answer}}}"

    def feedback(self, params, answer, lang):
        return engine_feedback(lang, str(answer), [reason(lang, "count")]) if params[0] == "apart" else ""


class Chance(Family):
    """Params: ("dice", n, sum), ("least", sum), ("coins", n, k), ("same", r, w), ("different", r, w)."""

    name, share = "F6", 0.25

    def draw(self, rng, level):
        kind = rng.choices(["dice", "least", "coins", "same", "different"], [5, 1, 1.2, 1.2, 1.2])[0]
        if kind == "dice":
            n = 2 if level == 1 or level == 2 and rng.random() < 0.4 else 3
            return kind, n, rng.randint(n, 6 * n)
        if kind == "least":
            return kind, rng.randint(3, 12)
        if kind == "coins":
            n = rng.randint(2, 2 + 2 * level)
            return kind, n, rng.randint(0, n)
        top = {1: 5, 2: 8, 3: 14, 4: 40}[level]
        return kind, rng.randint(2, top), rng.randint(1, top)

    def prompt(self, rng, lang, params, heldout):
        kind = params[0]
        name, text = self.pick(rng, words.CHANCE[kind][lang], heldout)
        return kind + name, text.format(a=params[1], b=params[-1])

    def _reduced(self, chain, hits, total):
        if not hits:
            return Fraction(0)
        g = chain.gcd(total, hits) if chain.fine else math.gcd(hits, total)
        top, bottom = (chain.calc(hits, "/", g), chain.calc(total, "/", g)) if g > 1 else (hits, total)
        chain.check(f"{top}*{total}={top * total}; {bottom}*{hits}={bottom * hits}", top * total == bottom * hits)
        return Fraction(top, bottom)

    def _pairs(self, chain, t):
        """Ways of two dice with sum t."""
        if t < 2 or t > 12:
            return 0
        return chain.calc(t, "-", 1) if t <= 7 else chain.calc(13, "-", t)

    def solve(self, chain, params):
        kind = params[0]
        if kind == "dice":
            return self._solve_dice(chain, params[1], params[2])
        if kind == "least":
            s = params[1]
            chain.given(chain.say(f"2个骰子, 和≥{s}", f"2 dice, sum≥{s}"))
            chain.setup(chain.say("逐个和计数, 除以36", "count each sum, divide by 36"))
            hits = 0
            for t in range(s, 13):
                hits = chain.calc(hits, "+", self._pairs(chain, t), f"{t}: ")
                chain.flush()
            below = sum(6 - abs(t - 7) for t in range(2, s))
            chain.check_equal(hits, "+", below, 36)
            return self._reduced(chain, hits, 36)
        if kind == "coins":
            n, k = params[1:]
            chain.given(chain.say(f"{n}枚硬币, {k}个正面", f"{n} coins, {k} heads"))
            chain.setup(f"C({n},{k})/2^{n}")
            hits = choose(chain, n, min(k, n - k))
            chain.note(f"C({n},{k})={hits}; 2^{n}={2**n}")
            parts = math.comb(n - 1, k - 1) if k else 0, math.comb(n - 1, k)
            chain.check(f"{parts[0]}+{parts[1]}={sum(parts)}" + ("" if sum(parts) == hits else f"≠{hits}"), sum(parts) == hits)
            return self._reduced(chain, hits, 2**n)
        r, w = params[1:]
        n = r + w
        chain.given(chain.say(f"红{r}, 白{w}, 取2", f"{r} red, {w} white, take 2"))
        chain.setup(f"{r}*{r - 1}/({n}*{n - 1})" if kind == "same" else f"2*{r}*{w}/({n}*{n - 1})")
        hits = chain.mul(r, r - 1) if kind == "same" else chain.mul(chain.mul(2, r), w)
        total = chain.mul(n, n - 1)
        others = ([2 * r * w] if kind == "same" else [r * (r - 1)]) + [w * (w - 1)]
        got = hits + sum(others)
        chain.check(f"{hits}+{others[0]}+{others[1]}={got}" + ("" if got == total else f"≠{total}"), got == total)
        return self._reduced(chain, hits, total)

    def _solve_dice(self, chain, n, s):
        chain.given(chain.say(f"{n}个骰子, 和{s}", f"{n} dice, sum {s}"))
        chain.setup(chain.say(f"共6^{n}种", f"6^{n} cases"))
        if n == 2:
            hits = self._pairs(chain, s)
            chain.check(f"6-|{s}-7|={6 - abs(s - 7)}", hits == 6 - abs(s - 7))
            return self._reduced(chain, hits, chain.calc(6, "*", 6))
        hits = 0
        for d in range(1, 7):
            if 2 <= s - d <= 12:
                ways = self._pairs(chain, chain.calc(s, "-", d, f"{d}: "))
                hits = chain.calc(hits, "+", ways)
                chain.flush()
        chain.calc(36, "*", 6)
        small = min(s, 21 - s)  # as many ways for s as for 21-s
        if small <= 8:
            want = math.comb(small - 1, 2)
            chain.check(f"C({small - 1},2)={want}" + ("" if want == hits else f"≠{hits}"), want == hits)
        else:
            want = 25 if small == 9 else 27
            chain.check(f"{hits}" + ("" if want == hits else f"≠{want}"), want == hits)
        return self._reduced(chain, hits, 216)

    def truth(self, params):
        kind = params[0]
        if kind in ("dice", "least"):
            n, ok = (params[1], lambda t: t == params[2]) if kind == "dice" else (2, lambda t: t >= params[1])
            rolls = list(itertools.product(range(1, 7), repeat=n))
            return Fraction(sum(ok(sum(roll)) for roll in rolls), len(rolls))
        if kind == "coins":
            flips = list(itertools.product((0, 1), repeat=params[1]))
            return Fraction(sum(sum(f) == params[2] for f in flips), len(flips))
        balls = [0] * params[1] + [1] * params[2]
        pairs = list(itertools.combinations(balls, 2))
        return Fraction(sum((a == b == 0) if kind == "same" else a != b for a, b in pairs), len(pairs))

    def boxed(self, answer, lang, params):
        return str(answer)

    def say(self, answer, lang, params):
        return f"概率是{answer}。\\boxed{{{answer}}}" if lang == "zh" else f"The probability is {answer}. \\boxed{{{answer}}}"

    def feedback(self, params, answer, lang):
        return engine_feedback(lang, str(answer), [reason(lang, "count")]) if params[0] == "dice" else ""


class Divides(Family):
    """Params: (a, b, c, d, m): m divides a*n^3+b*n^2+c*n+d for every whole n?"""

    name, share = "F7", 0.1

    def draw(self, rng, level):
        m = rng.randint(2, {1: 3, 2: 6, 3: 7, 4: 9}[level])
        a = 0 if level == 1 else rng.choice([0, 1, 1])
        b = rng.randint(1, 4) if a == 0 else rng.choice([0, 0, 1, 2, 3])
        c, d = rng.choice([1, 1, -1]) * rng.randint(1, 9), rng.choice([0, 0, 0, rng.randint(1, 9)])
        if level == 4:  # larger, and as often true
            b, c, d = b + m * rng.randint(0, 4), c + m * rng.randint(0, 9), d + m * rng.randint(0, 9)
        params = (a, b, c, d, m)
        if any(self._value(params, n) < 0 for n in range(m)):
            return None
        return params if self.truth(params) or rng.random() < 0.12 else None

    def _value(self, params, n):
        a, b, c, d, _ = params
        return a * n**3 + b * n**2 + c * n + d

    def prompt(self, rng, lang, params, heldout):
        table = words.EVEN if params[4] == 2 and rng.random() < 0.4 else words.DIVIDES
        name, text = self.pick(rng, table[lang], heldout)
        return name, text.format(e=polynomial(list(params[:4])).replace("x", "n"), m=params[4])

    def solve(self, chain, params):
        m = params[4]
        text = polynomial(list(params[:4])).replace("x", "n")
        chain.given(chain.say(f"{text}, 除数{m}", f"{text}, divisor {m}"))
        chain.setup(chain.say(f"n=0..{m - 1}逐个看余数", f"remainders for n=0..{m - 1}"))
        bad = None
        for n in range(m):
            terms = [c * n**p for c, p in zip(params[:4], (3, 2, 1, 0)) if c and (n or p == 0)]
            value = terms[0] if terms else 0
            for term in terms[1:]:
                value = chain.calc(value, "+" if term >= 0 else "-", abs(term), f"n={n}: ")
            if len(terms) < 2:
                chain.note(f"n={n}: {value}")
            if value < 0:
                raise ValueError
            _, r = chain.divide(value, m)
            chain.flush()
            if r:
                bad = n
                break
        if bad is None:
            chain.check(f"n={m + 1}: {self._value(params, m + 1)}={m}*{self._value(params, m + 1) // m}", self.truth(params))
            return True
        value = self._value(params, bad)
        chain.check(f"n={bad}: {value}{chain.say('余', ' r ')}{value % m}", value % m != 0)
        return False

    def truth(self, params):
        return all(self._value(params, n) % params[4] == 0 for n in range(-params[4], params[4] + 1))

    def boxed(self, answer, lang, params):
        return {"zh": ("不成立", "成立"), "en": ("no", "yes")}[lang][int(answer)]

    def say(self, answer, lang, params):
        text = self.boxed(answer, lang, params)
        return (f"结论{text}。" if lang == "zh" else ("It always holds. " if answer else "It does not always hold. ")) + f"\\boxed{{{text}}}"

    def feedback(self, params, answer, lang):
        return engine_feedback(lang, self.boxed(answer, lang, params), [reason(lang, "counterexample" if answer else "value")])
