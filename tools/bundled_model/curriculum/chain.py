# SPDX-License-Identifier: Apache-2.0
"""Writes a chain of thought step by step and computes while it writes.

Every equation that a family needs goes through Chain.calc, so that one equation can be made wrong on
purpose (a slip): what follows is computed from the wrong value, as a model would do. Check steps are
always computed truly, so a chain with a slip ends in "✗" where its check can see it.
"""

MARKS = "①②③④"
LABELS = {"zh": ("已知", "列式", "计算", "检查"), "en": ("Given", "Set up", "Compute", "Check")}
REDO = {"zh": "✗ 重新计算", "en": "✗ Compute again"}
NONE = {"zh": "无解", "en": "no solution"}


def operand(value):
    """A number as a right operand: negatives in parentheses."""
    return f"({value})" if value < 0 else str(value)


def slipped(rng, value):
    """A wrong result of the kind that a small model writes: one digit or a carry off."""
    size = abs(value)
    deltas = [1, -1, 1, -1]
    if size >= 10:
        deltas += [10, -10, rng.choice([-2, 2, 5, -5])]
    if size >= 100:
        deltas += [100, -100]
    out = value + rng.choice(deltas)
    digits = str(size)
    if size >= 10 and rng.random() < 0.2:
        swapped = int(digits[:-2] + digits[-1] + digits[-2])
        out = swapped if value >= 0 else -swapped
    return out if out != value else value + 1


class Chain:
    """Steps of one solution. `fine`: four marked steps and a check, one operation a line; else short equations."""

    def __init__(self, rng, lang, fine, slip_at=None):
        self.rng, self.lang, self.fine, self.slip_at = rng, lang, fine, slip_at
        self.lines, self.count, self.ok = [], 0, True
        self._checks, self._pending = [], []

    @property
    def zh(self):
        return self.lang == "zh"

    def say(self, zh, en):
        return zh if self.zh else en

    def given(self, text):
        if self.fine:
            self.lines.append(f"{MARKS[0]} {LABELS[self.lang][0]}: {text}")

    def setup(self, text):
        """The formula; a short chain keeps it, too."""
        self.lines.append(f"{MARKS[1]} {LABELS[self.lang][1]}: {text}" if self.fine else text)

    def note(self, text):
        """A line of its own in the computing step."""
        self.flush()
        self.lines.append(self._lead() + text)

    def calc(self, a, op, b, name=""):
        """One equation; returns its value (wrong if the slip falls on it). Division must be exact."""
        value = {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a // b}[op]()
        if op == "/" and a % b:
            raise Inexact
        value = self.slip(value)
        self._pending.append(f"{name}{a}{op}{operand(b)}={value}")
        if self.fine:
            self.flush()
        return value

    def slip(self, value):
        """The value, or a wrong one where the slip falls."""
        if self.count == self.slip_at:
            value = slipped(self.rng, value)
        self.count += 1
        return value

    def divide(self, a, b, name=""):
        """a/b with remainder: (quotient, remainder)."""
        q, r = divmod(a, b)
        q = self.slip(q)
        self._pending.append(f"{name}{a}/{operand(b)}={q}" + (f"{self.say('余', ' r ')}{r}" if r else ""))
        if self.fine:
            self.flush()
        return q, r

    def gcd(self, a, b):
        """The greatest common divisor by Euclid's divisions."""
        while b:
            q, _ = self.divide(a, b)
            rest = a - q * b
            if not 0 <= rest < b:
                raise Inexact
            a, b = b, rest
        return a

    def add(self, a, b, name=""):
        return self.calc(a, "+", b, name)

    def sub(self, a, b, name=""):
        return self.calc(a, "-", b, name)

    def mul(self, a, b, name=""):
        """a*b. A short chain writes two long factors by partial products; a fine one is read along with a calculator."""
        small, big = sorted((abs(a), abs(b)))
        if self.fine or a < 0 or b < 0 or small < 10 or big % 10 == 0 and small < 100 or small % 10 == 0:
            return self.calc(a, "*", b, name)
        high, low = small // 10 * 10, small % 10
        return self.add(self.calc(big, "*", high), self.calc(big, "*", low), name)

    def flush(self):
        if self._pending:
            self.lines.append(self._lead() + "; ".join(self._pending))
            self._pending = []

    def _lead(self):
        """The mark of the computing step, once."""
        if not self.fine or any(line.startswith(MARKS[2]) for line in self.lines):
            return ""
        return f"{MARKS[2]} {LABELS[self.lang][2]}: "

    def check(self, text, good):
        """One piece of the check step; `good` is computed truly by the caller."""
        self.ok = self.ok and good
        self._checks.append(text + (" ✓" if good else " ✗"))

    def check_equal(self, a, op, b, want):
        """a op b against the value that it must have."""
        value = {"+": a + b, "-": a - b, "*": a * b}[op]
        self.check(f"{a}{op}{operand(b)}={value}" + ("" if value == want else f"≠{want}"), value == want)

    def check_sum(self, terms, want):
        """sum of k*x against a total; terms are (k, x)."""
        parts = [f"{k}*{operand(x)}={k * x}" for k, x in terms]
        values = [k * x for k, x in terms]
        total = sum(values)
        text = "; ".join(parts) + "; " + "+".join(operand(v) if i else str(v) for i, v in enumerate(values)) + f"={total}"
        self.check(text + ("" if total == want else f"≠{want}"), total == want)

    def close(self):
        """Ends the chain; the check line only in a fine one."""
        self.flush()
        if self.fine and self._checks:
            self.lines.append(f"{MARKS[3]} {LABELS[self.lang][3]}: " + "; ".join(self._checks))
        return self.lines


class Inexact(Exception):
    """A slip made a division inexact; the caller draws another slip."""
