# SPDX-License-Identifier: Apache-2.0
"""F8: word problems of one to three steps. A row of words_stories.STORIES holds the wordings, the
ranges, the steps and the way back; steps name operands: letters, numbers, or #i for an earlier result."""

from fractions import Fraction

from curriculum import words_stories as words
from curriculum.chain import Inexact
from curriculum.core import Family, engine_feedback, reason


class Stories(Family):
    """Params: (row, values, i) - name of the story, its numbers, which names and things."""

    name, share = "F8", 0.08

    def draw(self, rng, level):
        rows = [r for r in words.STORIES if words.STORIES[r]["level"] <= level and (level < 3 or words.STORIES[r]["level"] > 1)]
        row = rng.choice(rows)
        values = words.STORIES[row]["draw"](rng, {1: 30, 2: 99, 3: 600, 4: 30000}[level])
        return (row, tuple(values), rng.randrange(1 << 20)) if all(v >= 1 for v in values) else None

    def key(self, params):
        return params[:2]

    def _names(self, params, lang):
        i = params[2]
        people, things = words.PEOPLE[lang], words.THINGS[lang]
        who, i = people[i % len(people)], i // len(people)
        other, i = people[i % len(people)], i // len(people)
        if other == who:
            other = people[(people.index(who) + 1) % len(people)]
        unit, noun = things[i % len(things)]
        return {"who": who, "who2": other, "u": unit, "noun": noun}

    def prompt(self, rng, lang, params, heldout):
        row = words.STORIES[params[0]]
        name, text = self.pick(rng, row[lang], heldout)
        return params[0] + name, text.format(**dict(zip("abcd", params[1])), **self._names(params, lang))

    def _operand(self, chain_values, values, name):
        if name.startswith("#"):
            return chain_values[int(name[1:])]
        return values["abcd".index(name)] if name in "abcd" else int(name)

    def solve(self, chain, params):
        row, values = words.STORIES[params[0]], params[1]
        shown = dict(zip("abcd", values))
        chain.given(", ".join(f"{k}={v}" for k, v in shown.items()))
        chain.setup("".join(str(shown.get(ch, ch)) for ch in row["formula"]))
        results = []
        for op, left, right in row["steps"]:
            x, y = self._operand(results, values, left), self._operand(results, values, right)
            if op == "/" and (y == 0 or x % y):
                raise Inexact
            results.append({"+": chain.add, "-": chain.sub, "*": chain.mul, "/": lambda u, v: chain.calc(u, "/", v)}[op](x, y))
        self._check(chain, row, values, results[-1])
        return results[-1]

    def _check(self, chain, row, values, answer):
        """Walks back from the answer to the first number of the story."""
        back, texts = [], []
        for op, left, right in row["back"]:
            x, y = (answer if s == "x" else self._operand(back, values, s) for s in (left, right))
            value = {"+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y, "/": lambda: Fraction(x, y)}[op]()
            texts.append(f"{x}{op}{y}={value}")
            back.append(value)
        want = values["abcd".index(row["to"])]
        chain.check("; ".join(texts) + ("" if back[-1] == want else f"≠{want}"), back[-1] == want)

    def truth(self, params):
        value = eval(words.STORIES[params[0]]["formula"], {}, {k: Fraction(v) for k, v in zip("abcd", params[1])})  # our own text
        if value.denominator != 1:
            raise ValueError("a story must come out whole")
        return int(value)

    def boxed(self, answer, lang, params):
        return str(answer)

    def say(self, answer, lang, params):
        return (f"答案是{answer}。" if lang == "zh" else f"The answer is {answer}. ") + f"\\boxed{{{answer}}}"

    def feedback(self, params, answer, lang):
        """The engine reads the Chinese stories of its own grammar."""
        if lang != "zh" or not words.STORIES[params[0]].get("read"):
            return ""
        return engine_feedback(lang, str(answer), [reason(lang, "not_a_solution")])
