#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Repeats the checks of certificates that `lemma check` wrote, with code of its own: exact fractions,
roots, enumeration, Sturm's theorem. Usage: recheck_certificate.py FILE... (a certificate a line).
Exit code 0: all hold, 1: one does not, or there is none. It cannot judge whether a text was read rightly."""
import ast, dataclasses, functools, itertools, json, math, operator, re, sys
from fractions import Fraction as F
class Undefined(Exception): """No value: division by zero, the root of a negative number."""
class Rejected(Exception): """The certificate does not hold."""
def reject(why, kind=Rejected): raise kind(why)

# Polynomials: tuples of coefficients, lowest first, no zero at the end.
def trim(p): return trim(p[:-1]) if p and p[-1] == 0 else tuple(p)
def padd(p, q, s=1): return trim([a + s * b for a, b in itertools.zip_longest(p, q, fillvalue=F(0))])
def pmul(p, q):
    out = [F(0)] * (len(p) + len(q))
    for (i, a), (j, b) in itertools.product(enumerate(p), enumerate(q)): out[i + j] += a * b
    return trim(out)
def peval(p, x): return functools.reduce(lambda out, c: out * x + c, reversed(p), F(0))
def real_roots(p):  # how many different ones, by Sturm's theorem
    chain = [p, trim([i * c for i, c in enumerate(p)][1:])]
    while chain[-1]:
        a, b = chain[-2:]
        while len(a) >= len(b): a = padd(a, pmul((F(0),) * (len(a) - len(b)) + (a[-1] / b[-1],), b), -1)
        chain.append(tuple(-c for c in a))
    signs = [[(q[-1] > 0) == (right or len(q) % 2 == 1) for q in chain if q] for right in (0, 1)]
    return operator.sub(*(sum(a != b for a, b in zip(s, s[1:])) for s in signs))
def form(p, q, r, d):  # a fraction if it is one
    p, q, d = (pmul(c, (1 / d[0],)) if len(d) == 1 else c for c in (p, q, d))
    return Form(p, q, r if q else (), d) if q or len(p) > 1 or len(d) > 1 else sum(p, F(0))
@dataclasses.dataclass(frozen=True)
class Form:  # (p + q*sqrt(r)) / d; polynomials in the one unknown, or constants
    p: tuple; q: tuple; r: tuple; d: tuple
    def both(self, o):
        o = o if isinstance(o, Form) else Form(trim([F(o)]), (), (), (F(1),))
        return o, o.r if not self.q else self.r if not o.q or self.r == o.r else reject("two different roots")
    def __add__(self, o):
        o, r = self.both(o)
        p, q = (padd(pmul(a, o.d), pmul(b, self.d)) for a, b in ((self.p, o.p), (self.q, o.q)))
        return form(p, q, r, pmul(self.d, o.d))
    def __mul__(self, o):
        o, r = self.both(o)
        p, q = padd(pmul(self.p, o.p), pmul(pmul(self.q, o.q), r)), padd(pmul(self.p, o.q), pmul(self.q, o.p))
        return form(p, q, r, pmul(self.d, o.d))
    __neg__, __sub__, __rsub__ = lambda x: x * -1, lambda x, y: x + -y, lambda x, y: -x + y
    def inverse(self): return form(pmul(self.p, self.d), pmul(self.q, [-c for c in self.d]), self.r, self.norm())
    def norm(self): return padd(pmul(self.p, self.p), pmul(pmul(self.q, self.q), self.r), -1)
    __radd__, __rmul__ = __add__, __mul__
X = Form((F(0), F(1)), (), (), (F(1),))
def is_number(x): return not isinstance(x, Form) or max(map(len, (x.p, x.q, x.r, x.d))) == 1
def sign(x):
    a, b, d = (peval(c, 0) for c in (x.p, x.q, x.r)) if isinstance(x, Form) else (x, 0, 0)
    s, t, n = (a > 0) - (a < 0), (b > 0) - (b < 0), a * a - b * b * d
    return (s or t) if s * t >= 0 else s if n > 0 else t if n < 0 else 0
def sqrt(x):
    if not is_number(x): return reject("a root in a root") if x.q or len(x.d) > 1 else Form((), (F(1),), x.p, (F(1),))
    if sign(x) < 0: reject("the root of a negative number", Undefined)
    if isinstance(x, Form):  # (s+t*sqrt(d))^2 = a+b*sqrt(d)
        a, n = sum(x.p, F(0)), sqrt(sum(x.norm(), F(0)))
        roots = [] if isinstance(n, Form) else [sqrt(s / 2) for s in (a + n, a - n) if s > 0]
        s = next((s for s in roots if not isinstance(s, Form)), None)
        return absolute(Form((s,), (x.q[0] / (2 * s),), x.r, (F(1),))) if s else reject("a root in a root")
    n, out, k = F(x).numerator * F(x).denominator, F(1, F(x).denominator), 2
    if math.isqrt(n) ** 2 == n: return out * math.isqrt(n)
    while k * k <= n and k < 65536: n, out, k = (n // (k * k), out * k, k) if n % (k * k) == 0 else (n, out, k + 1)
    return Form((), (out,), (F(n),), (F(1),))
def absolute(x): return sqrt(x * x) if not is_number(x) else -x if sign(x) < 0 else x
def divide(x, y): return x * (y.inverse() if isinstance(y, Form) else 1 / F(y)) if y != 0 else reject("x/0", Undefined)
def whole(x): return int(x) if not isinstance(x, Form) and x == int(x) else divide(x, 0)
def power(x, n):
    if n == F(1, 2): return sqrt(x)
    out = functools.reduce(operator.mul, [x] * abs(whole(n)), 1)
    return out if n > 0 else divide(1, out) if n else divide(x, x)  # 0^0 is not defined
CALLS = {"sqrt": sqrt, "abs": absolute, "gcd": lambda a, b: math.gcd(whole(a), whole(b)),
         "lcm": lambda a, b: math.lcm(whole(a), whole(b)), "binom": lambda n, k: math.comb(whole(n), whole(k)),
         "factorial": lambda n: math.factorial(whole(n))}
OPS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: divide, ast.Pow: power,
       ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: lambda x, y: sign(x - y) < 0,
       ast.LtE: lambda x, y: sign(x - y) <= 0, ast.Gt: lambda x, y: sign(x - y) > 0, ast.GtE: lambda x, y: sign(x - y) >= 0}
def parse(text):  # an expression or a relation; read, never run
    text = re.sub(r"(\w+)!(?!=)", r"factorial(\1)", re.sub(r"(?<![<>!=])=", "==", text))
    return ast.parse(text.replace("^", "**"), mode="eval").body
def value(node, env={}):
    node = parse(node) if isinstance(node, str) else node
    if isinstance(node, ast.Constant) and type(node.value) is int: return node.value
    if isinstance(node, ast.Name) and node.id in env: return env[node.id]
    if isinstance(node, ast.BinOp): return OPS[type(node.op)](value(node.left, env), value(node.right, env))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub): return -value(node.operand, env)
    if isinstance(node, ast.Call): return CALLS[node.func.id](*[value(x, env) for x in node.args])
    return reject("an expression that is not known")
def gap(node, env): return value(node.left, env) - value(node.comparators[0], env)
def holds(node, env):
    try: return OPS[type(node.ops[0])](value(node.left, env), value(node.comparators[0], env))
    except Undefined: return False
def fits(v, x):
    low = max(v.get("low", 0), 0) if v["domain"] == "natural" else v.get("low", x)
    return (v["domain"] == "real" or not isinstance(x, Form) and x == int(x)) and sign(x - low) >= 0 >= sign(x - v.get("high", x))
def passes(p, cs, env): return all(holds(c, env) for c in cs) and all(fits(v, env[v["name"]]) for v in p["variables"])
def point(text): return {n: value(v) for n, v in (part.split("=") for part in text.split(", ") if part)}

# The families: what they find for "proof", and all points that solve the problem (None: not known).
def linear(p, a, cs, proof):
    zero, rows, done = {v["name"]: F(0) for v in p["variables"]}, [], 0
    for c in (c for c in cs if isinstance(c.ops[0], ast.Eq)):
        f = gap(c, {n: X * (7 * i + 3) + (i * i + 2) for i, n in enumerate(zero)}) + X * 0  # along a straight line
        if isinstance(f, Form) and (f.q or len(f.p) > 2 or len(f.d) > 1): reject("not linear")
        rows.append([gap(c, {**zero, n: F(1)}) - gap(c, zero) for n in zero] + [-gap(c, zero)])
    for col in range(len(zero)):
        rows[done:] = sorted(rows[done:], key=lambda row: row[col] == 0)
        if done == len(rows) or rows[done][col] == 0: continue
        rows[done] = [x / rows[done][col] for x in rows[done]]
        rows = [row if i == done else [x - row[col] * y for x, y in zip(row, rows[done])] for i, row in enumerate(rows)]
        done += 1
    kind = "none" if any(row[-1] for row in rows[done:]) else "unique" if done == len(zero) else "family"
    only = {n: rows[i][-1] for i, n in enumerate(zero)} if kind == "unique" else None
    found = [only] if only and passes(p, cs, only) else []
    return {"rational_solutions": kind, "only_point": only}, None if kind == "family" else found
def equation(p, a, cs, proof):
    if "solutions" not in proof: return {}, None
    x, shown = p["variables"][0]["name"], value(proof["necessary_polynomial"], {"x": X}).p
    f = gap(cs[0], {x: X}) + X * 0
    n = f.norm() if f.q else f.p  # zero at every solution
    good, bad = ([value(t) for t in proof[k].split("; ") if t] for k in ("solutions", "extraneous"))
    if len({*good, *bad}) != real_roots(n) or any(peval(n, c) != 0 for c in good + bad): reject("the candidates")
    if [c for c in good + bad if passes(p, cs, {x: c})] != good or pmul(shown, n[-1:]) != pmul(n, shown[-1:]): reject("the roots listed")
    own = {k: proof[k] for k in ("solutions", "extraneous", "necessary_polynomial")}
    return {**own, "real_roots": len(good + bad)}, [{x: c} for c in good]
def members(p, a, cs, proof):
    if "choice" in p:
        c, rules = p["choice"], {
            "not_both": lambda s, r: not {r["a"], r["b"]} <= s, "includes": lambda s, r: r["a"] in s,
            "both_or_neither": lambda s, r: (r["a"] in s) == (r["b"] in s), "excludes": lambda s, r: r["a"] not in s}
        every = [set(s) for s in itertools.combinations(range(c["n"]), c["k"])]
        hits = sum(all(rules[r["rule"]](s, r) for r in c["conditions"]) for s in every)
        return {"cases": len(every), "hits": hits}, None
    box = [range(max(v["low"], 0) if v["domain"] == "natural" else v["low"], v["high"] + 1) for v in p["variables"]]
    every = (dict(zip([v["name"] for v in p["variables"]], at)) for at in itertools.product(*box))
    hits = [e for e in every if all(holds(c, e) for c in cs)]
    values = sorted({value(p["query"]["expr"], h) for h in hits}) if "expr" in p["query"] else []
    return {"cases": math.prod(map(len, box)), "hits": len(hits), "values": "; ".join(map(str, values))}, hits
def recurrence(p, a, cs, proof):
    r = p["recurrence"]
    step = parse(r["step"])
    x = functools.reduce(lambda a, n: value(step, {"a": a, "n": n}), range(r["first_index"], r["index"]), value(r["first"]))
    return {"steps": r["index"] - r["first_index"], "computed": x}, None
def divisibility(p, a, cs, proof):
    d, f = p["divisibility"], value(p["divisibility"]["polynomial"], {"n": X}) + 0 * X
    m, c, (k, some) = d["modulus"], f.p if isinstance(f, Form) else (f,), d.get("condition", {"m": 1, "r": [0]}).values()
    rest = {n: peval(c, n) % m for n in range(math.lcm(m, k)) if n % k in some}
    if any(x.denominator != 1 for x in c) or value(proof["polynomial"], {"n": X}) != f or not rest: reject("the polynomial")
    mine = {"modulus": m, "residues": ",".join(map(str, [*rest.values()][:64])), "claim": proof["claim"], "polynomial": proof["polynomial"]}
    mine, first = {**mine, "condition": "n mod %d = %s" % (k, ",".join(map(str, some)))}, next((n for n in rest if rest[n]), None)
    return mine if first is None else {**mine, "counterexample": "n=%d" % first, "value": peval(c, first)}, None
FAMILIES = {"linear": linear, "equation": equation, "recurrence": recurrence, "divisibility": divisibility}
def given_by(a): return {value(t) for t in a["numbers"] or [x["value"] for x in a["named"]]}
def judge(p, a, cs, mine, points):  # the verdict on an answer, from what was found
    verdict, kind = (lambda good: "VERIFIED" if good else "REFUTED"), p["query"]["kind"]
    if kind == "claim": return verdict((mine["claim"] == "true") == ("counterexample" not in mine))
    if a["kind"] == "no_solution": return None if points is None else verdict(not points)
    if kind == "assignment":
        names = {w: v["name"] for v in p["variables"] for w in [v["name"], *v["labels"]]}
        if not passes(p, cs, {names[x["name"]]: value(x["value"]) for x in a["named"]}): return "REFUTED"
        return "VERIFIED" if points is not None and len(points) == 1 else "CHECKED"
    given = given_by(a)
    if kind in ("count", "probability"): return verdict(given == {F(mine["hits"], mine["cases"] if kind == "probability" else 1)})
    if "computed" in mine: return verdict(given == {mine["computed"]})
    if points is None: return "CHECKED" if all(passes(p, cs, {p["variables"][0]["name"]: g}) for g in given) else "REFUTED"
    right = {value(p["query"]["expr"], at) for at in points}
    return "CHECKED" if given < right and kind == "value" else verdict(given == right)
def check_numerals(p):  # every number of the text has a use or a reason, and its constraint has it
    text, spans = p["text"].encode(), [n["span"] for n in p["numerals"]]
    unused = [d for d in re.finditer(rb"\d+", text) if not any(b <= d.start() and d.end() <= e for b, e in spans)]
    if unused: reject("a number without use")
    for n in p["numerals"]:
        shown, parts = text[slice(*n["span"])].decode(), set(re.findall(r"\d+", n["value"])) - {"0", "1"}
        there = [c["relation"] for c in p["constraints"] if p["family"] == "linear" or c["span"] == n["span"]]
        if not (n["used"] or n["reason"]) or (shown.isdigit() and value(shown) != value(n["value"])): reject("a numeral")
        if n["used"] and there and not parts <= set(re.findall(r"\d+", " ".join(there))): reject("a constraint")
def check_line(line, relations, expr, given):
    rel, env, result = parse(line["relation"]), point(line["at"]), "pass"
    for node, shown in ((rel.left, line["left"]), (rel.comparators[0], line["right"])):
        try: computed = value(node, env)
        except Undefined: computed, result = None, "undefined"
        if computed != (value(shown) if shown else None): reject("a side of a line")
    if line["result"] != ("fail" if result == "pass" and not holds(rel, env) else result): reject("a line")
    if line["relation"] not in relations or (expr and given and value(expr, env) not in given): reject("another line")
def recheck(c):
    p, relations = c["problem"], [k["relation"] for k in c["problem"]["constraints"]]
    if (c["format"], c["version"]) != ("lemma-certificate", 1): reject("another format")
    if c["verdict"] in ("UNVERIFIED", "SELF-OK"): return "claims nothing"
    mine, points = FAMILIES.get(p["family"], members)(p, c["answer"], cs := [parse(r) for r in relations], c["proof"])
    for name, shown in c["proof"].items():
        own = mine.get(name)
        read = point if isinstance(own, dict) else str if isinstance(own, str) else value
        if read(shown) != own: reject("the proof: %s = %s, found %s" % (name, shown, own))
    if any(line in c["checks"][:i] for i, line in enumerate(c["checks"])): reject("a line twice")
    for line in c["checks"]: check_line(line, relations, p["query"].get("expr"), given_by(c["answer"]))
    found = judge(p, c["answer"], cs, mine, points)
    if found != c["verdict"] and (c["verdict"], found) != ("CHECKED", "VERIFIED"): reject("found %s" % found)
    if c["verdict"] == "CHECKED": return "holds"
    if not p["complete"] or p["readings"] < 2 or c["rule"] in ("last number", "boxed in thinking"): reject("half read")
    return check_numerals(p) or "holds"
def check_text(text):
    try: return recheck(json.loads(text))
    except Exception as why: return "REJECTED: %r" % why
if __name__ == "__main__":
    results = [(f, n, check_text(t)) for f in sys.argv[1:] for n, t in enumerate(open(f, encoding="utf-8"), 1)]
    for result in results: print("%s:%d: %s" % result)
    sys.exit(any(result[2].startswith("REJECTED") for result in results) if results else __doc__)
