# SPDX-License-Identifier: Apache-2.0
"""F1 heads and legs (wheels, tickets, coins), F2 three-digit numbers, F5 recurrences."""

import phrases
from common import expand

from curriculum import words_count as words
from curriculum.chain import NONE, operand
from curriculum.core import Family, engine_feedback, fact, reason

# (name, other name, legs, English name by which the checker sorts)
_READ = {"zh": [("鸡", "chicken", 2), ("鸭", "duck", 2), ("雉", "pheasant", 2), ("兔", "rabbit", 4), ("猪", "pig", 4), ("羊", "sheep", 4), ("牛", "cow", 4), ("狗", "dog", 4)],
         "en": [("chickens", "chicken", 2), ("ducks", "duck", 2), ("hens", "chicken", 2), ("rabbits", "rabbit", 4), ("pigs", "pig", 4), ("sheep", "sheep", 4),
                ("cows", "cow", 4), ("dogs", "dog", 4), ("goats", "goat", 4)]}
_VEHICLES = {"zh": [("自行车", "小汽车", 2, 4), ("自行车", "三轮车", 2, 3), ("三轮车", "小汽车", 3, 4), ("小汽车", "卡车", 4, 6)],
             "en": [("bicycles", "cars", 2, 4), ("bicycles", "tricycles", 2, 3), ("tricycles", "cars", 3, 4), ("cars", "trucks", 4, 6)]}
_TICKETS = {"zh": [("儿童票", "成人票"), ("学生票", "成人票"), ("普通票", "贵宾票")],
            "en": [("child tickets", "adult tickets"), ("student tickets", "adult tickets"), ("regular tickets", "premium tickets")]}


class Heads(Family):
    """Params: (kind, a, b, la, lb, n, m) with names as indices into the banks; la < lb."""

    name, share = "F1", 0.06

    def draw(self, rng, level):
        kind = rng.choices(["read", "wheels", "price"], [7, 2, 1])[0]
        n = {1: rng.randint(4, 30), 2: rng.randint(15, 80), 3: rng.randint(60, 250), 4: rng.randint(1000, 40000)}[level]
        if kind == "read":
            i, la, lb = rng.randrange(1 << 16), 2, 4
        elif kind == "wheels":
            i = rng.randrange(4)
            la, lb = _VEHICLES["en"][i][2:]
        else:
            i, la = rng.randrange(3), rng.randint(2, 12)
            lb = la + rng.randint(1, 7)
        second = rng.randint(1, n - 1)
        m = la * (n - second) + lb * second
        odd = rng.random()
        if odd < 0.08 and lb - la > 1:
            m += rng.randint(1, lb - la - 1)
        elif odd < 0.10:
            m = lb * n + rng.randint(1, 12)
        elif odd < 0.12:
            m = la * n - rng.randint(1, min(12, la * n - 1))
        return kind, i, la, lb, n, m

    def key(self, params):
        return params[2:]

    def names(self, params, lang):
        """((name, key), (name, key)) with la before lb."""
        kind, i = params[0], params[1]
        if kind == "read":
            two = [a for a in _READ[lang] if a[2] == 2]
            four = [a for a in _READ[lang] if a[2] == 4]
            first = two[0] if i % 2 else two[i // 2 % len(two)]
            second = four[0] if i // 8 % 2 else four[i // 16 % len(four)]
            return first[:2], second[:2]
        bank = _VEHICLES[lang][i] if kind == "wheels" else _TICKETS[lang][i]
        return (bank[0], ""), (bank[1], "")

    def prompt(self, rng, lang, params, heldout):
        kind, _, la, lb, n, m = params
        (a, _), (b, _) = self.names(params, lang)
        if kind == "read":
            table = words.F1_READ if rng.random() < 0.75 else phrases.F1
        else:
            table = phrases.F1_WHEELS if kind == "wheels" else phrases.F1_PRICE
        name, text = self.pick(rng, table[lang], heldout)
        text = text.format(a=a, b=b, la=la, lb=lb, n=n, m=m)
        return name, text[0].upper() + text[1:]

    def solve(self, chain, params):
        _, _, la, lb, n, m = params
        (a, _), (b, _) = self.names(params, chain.lang)
        chain.given(chain.say(f"总数{n}, 合计{m}; {a}{la}, {b}{lb}", f"count {n}, total {m}; {a} {la}, {b} {lb}"))
        chain.setup(f"x+y={n}; {la}x+{lb}y={m}")
        low = chain.mul(la, n)
        extra = chain.sub(m, low)
        if extra < 0:
            chain.note(f"{extra}<0, {NONE[chain.lang]}")
            chain.check(f"{m}<{la * n}", m < la * n)
            return None
        gap = lb - la
        y, r = chain.divide(extra, gap) if gap > 1 else (extra, 0)
        if r:
            chain.note(chain.say("不是整数, ", "not whole, ") + NONE[chain.lang])
            chain.check(f"{gap}*{extra // gap}+{r}={extra}", (m - la * n) % gap != 0)
            return None
        x = chain.sub(n, y)
        if x < 0:
            chain.note(f"{x}<0, {NONE[chain.lang]}")
            chain.check(f"{lb}*{n}={lb * n}<{m}", lb * n < m)
            return None
        chain.check_equal(x, "+", y, n)
        chain.check_sum(((la, x), (lb, y)), m)
        return x, y

    def truth(self, params):
        _, _, la, lb, n, m = params
        found = [(x, n - x) for x in range(n + 1) if la * x + lb * (n - x) == m]
        return found[0] if found else None

    def boxed(self, answer, lang, params):
        if answer is None:
            return NONE[lang]
        (a, _), (b, _) = self.names(params, lang)
        gap = "" if lang == "zh" else " "
        return f"{a}{gap}{answer[0]},{gap}{b}{gap}{answer[1]}"

    def say(self, answer, lang, params):
        box = f"\\boxed{{{self.boxed(answer, lang, params)}}}"
        if answer is None:
            return f"无解。{box}" if lang == "zh" else f"There is no solution. {box}"
        (a, _), (b, _) = self.names(params, lang)
        unit = {"read": "只", "wheels": "辆", "price": "张"}[params[0]]
        return f"{a}{answer[0]}{unit}, {b}{answer[1]}{unit}。{box}" if lang == "zh" else f"There are {answer[0]} {a} and {answer[1]} {b}. {box}"

    def feedback(self, params, answer, lang):
        kind, _, la, lb, n, m = params
        if kind != "read":
            return ""
        claim = self.boxed(answer, lang, params)
        if answer is None:
            return engine_feedback(lang, claim, [reason(lang, "exists")])
        (_, ka), (_, kb) = self.names(params, lang)
        x, y = answer if ka < kb else answer[::-1]
        kx, ky = (la, lb) if ka < kb else (lb, la)
        at = f"x={x}, y={y}"
        return engine_feedback(lang, claim, [fact(lang, f"x+y={n}", at, x + y, n), fact(lang, f"{kx}*x+{ky}*y={m}", at, kx * x + ky * y, m)])


class Digits(Family):
    """Params: (s, p, q): digit sum, hundreds - tens, units - tens."""

    name, share = "F2", 0.2

    def draw(self, rng, level):
        top = {1: 3, 2: 5, 3: 8, 4: 8}[level]
        if rng.random() < 0.75:
            a, b, c = rng.randint(1, 9), rng.randint(0, 9), rng.randint(0, 9)
            s, p, q = a + b + c, a - b, c - b
        else:
            s, p, q = rng.randint(2, 25), rng.randint(-top, top), rng.randint(-top, top)
        return (s, p, q) if p and q and max(abs(p), abs(q)) <= top else None

    def _relation(self, value, lang):
        if lang == "zh":
            return f"{'大' if value > 0 else '小'}{abs(value)}"
        return f"{abs(value)} {'more' if value > 0 else 'less'} than"

    def prompt(self, rng, lang, params, heldout):
        s, p, q = params
        if rng.random() < 0.75:
            name, text = self.pick(rng, words.F2_READ[lang], heldout)
            return name, text.format(s=s, h=self._relation(p, lang), u=self._relation(q, lang))
        name, text = self.pick(rng, phrases.F2[lang], heldout)
        rel = [f"比十位数字{self._relation(v, lang)}" if lang == "zh" else f"is {self._relation(v, lang)} the tens digit" for v in (p, q)]
        return name, text.format(s=s, h=rel[0], u=rel[1])

    def solve(self, chain, params):
        s, p, q = params
        hundreds, units = chain.say("百位", "hundreds"), chain.say("个位", "units")
        chain.given(chain.say(f"数字和{s}, 百位=x{p:+d}, 十位=x, 个位=x{q:+d}", f"digit sum {s}, hundreds=x{p:+d}, tens=x, units=x{q:+d}"))
        chain.setup(f"3x{p:+d}{q:+d}={s}")
        both = chain.calc(p, "+", q)
        rest = chain.calc(s, "-", both)
        x, r = chain.divide(rest, 3) if rest >= 0 else (rest, 0)
        if rest < 0 or r:
            chain.note(chain.say("不是整数, ", "not whole, ") + NONE[chain.lang] if r else f"{rest}<0, {NONE[chain.lang]}")
            chain.check(f"{s}-{operand(p + q)}={s - p - q}", (s - p - q) % 3 != 0 or s - p - q < 0)
            return None
        a = chain.calc(x, "+", p, hundreds + ": ")
        c = chain.calc(x, "+", q, units + ": ")
        for digit, low in ((a, 1), (x, 0), (c, 0)):
            if not low <= digit <= 9:
                chain.note(f"{digit}{'<' + str(low) if digit < low else '>9'}, {NONE[chain.lang]}")
                chain.check(f"3*{x}{both:+d}={3 * x + p + q}", 3 * x + p + q == s)
                return None
        chain.check(f"{a}+{x}+{c}={a + x + c}" + ("" if a + x + c == s else f"≠{s}"), a + x + c == s)
        chain.check_equal(a, "-", x, p)
        chain.check_equal(c, "-", x, q)
        return 100 * a + 10 * x + c

    def truth(self, params):
        s, p, q = params
        found = [n for n in range(100, 1000) if sum(map(int, str(n))) == s and n // 100 - n // 10 % 10 == p and n % 10 - n // 10 % 10 == q]
        return found[0] if found else None

    def boxed(self, answer, lang, params):
        return NONE[lang] if answer is None else str(answer)

    def say(self, answer, lang, params):
        box = f"\\boxed{{{self.boxed(answer, lang, params)}}}"
        if answer is None:
            return f"无解, 没有这样的三位数。{box}" if lang == "zh" else f"There is no such number. {box}"
        return f"这个三位数是{answer}。{box}" if lang == "zh" else f"The number is {answer}. {box}"

    def feedback(self, params, answer, lang):
        s, p, q = params
        claim = self.boxed(answer, lang, params)
        if answer is None:
            return engine_feedback(lang, claim, [reason(lang, "exists")])
        a, b, c = answer // 100, answer // 10 % 10, answer % 10
        if not 1 <= a <= 9:
            return ""
        at = f"a={a}, b={b}, c={c}"
        return engine_feedback(lang, claim, [fact(lang, f"a-b={p}", at, a - b, p), fact(lang, f"c-b={q}", at, c - b, q), fact(lang, f"a+b+c={s}", at, a + b + c, s)])


class Recurrence(Family):
    """Params: (a, p, q, n): a1 = a, a(n+1) = p*a(n) + q, a(n) asked."""

    name, share = "F5", 0.08

    def draw(self, rng, level):
        p = rng.choice({1: [1, 2, 2], 2: [2, 2, 3], 3: [2, 3, 3, 4, 5], 4: [2, 3, 4, 5, 6, 7, 8, 9]}[level])
        a, q = rng.randint(1, {1: 9, 2: 15, 3: 30, 4: 300}[level]), rng.choice([-1, 1, 1]) * rng.randint(1, 9 if level < 4 else 60)
        n = rng.randint(3 if level < 4 else 5, {1: 5, 2: 7, 3: 10, 4: 10}[level])
        value = a
        for _ in range(n - 1):
            value = p * value + q
            if not 0 <= value < {1: 500, 2: 4000, 3: 40000, 4: 10000000}[level]:
                return None
        return a, p, q, n

    def prompt(self, rng, lang, params, heldout):
        a, p, q, n = params
        name, text = self.pick(rng, words.F5_READ[lang], heldout)
        gap = rng.choice(["", "", " "])
        star = "" if p == 1 else rng.choice([str(p), f"{p}*", str(p)])
        tail = f"{gap}{'+' if q > 0 else '-'}{gap}{abs(q)}"
        return name, text.replace("@a@", str(a)).replace("@n@", str(n)).replace("@r@", f"{star}a_n{tail}").replace("@R@", f"{star}a(n){tail}")

    def solve(self, chain, params):
        a, p, q, n = params
        chain.given(chain.say(f"a1={a}, 乘{p}, 加{operand(q)}, 求a{n}", f"a1={a}, times {p}, plus {operand(q)}, find a{n}"))
        if chain.fine:
            chain.setup(f"a(n+1)={p}*a(n){q:+d}")
        values = [a]
        for i in range(2, n + 1):
            product = chain.mul(p, values[-1]) if p > 1 else values[-1]
            values.append(chain.calc(product, "+", q, f"a{i}: "))
            chain.flush()
        last, before = values[-1], values[-2]
        good = True
        for u, v in zip(values, values[1:]):
            good = good and p * u + q == v
        chain.check(f"{last}-{operand(q)}={last - q}; {p}*{before}={p * before}", good)
        return last

    def truth(self, params):
        a, p, q, n = params
        return a * p ** (n - 1) + q * sum(p**i for i in range(n - 1))

    def boxed(self, answer, lang, params):
        return str(answer)

    def say(self, answer, lang, params):
        return f"a{params[3]}={answer}" + ("。" if lang == "zh" else ". ") + f"\\boxed{{{answer}}}"

    def feedback(self, params, answer, lang):
        return engine_feedback(lang, str(answer), [reason(lang, "value")])


__all__ = ["Heads", "Digits", "Recurrence", "expand"]
