# SPDX-License-Identifier: Apache-2.0
"""F11: one small Python function from thirty kinds with a name and a constant; answers are code, checked by tests."""

from curriculum.core import Family

# kind: (zh task, en task, parameter, body with {k}, arguments of the tests). {k} is the constant.
TASKS = {
    "add": ("返回x加{k}", "return x plus {k}", "x", "return x + {k}", [0, 5, -3]),
    "sub": ("返回x减{k}", "return x minus {k}", "x", "return x - {k}", [0, 50, -3]),
    "mul": ("返回x的{k}倍", "return {k} times x", "x", "return {k} * x", [0, 4, -2]),
    "mod": ("返回x除以{k}的余数", "return the remainder of x divided by {k}", "x", "return x % {k}", [0, 17, 100]),
    "floor": ("返回x除以{k}的整数商", "return the whole quotient of x and {k}", "x", "return x // {k}", [0, 17, 100]),
    "power": ("返回x的{k}次方", "return x to the power {k}", "x", "return x ** {k}", [0, 2, 3]),
    "divides": ("判断x能否被{k}整除", "return whether x is divisible by {k}", "x", "return x % {k} == 0", [0, 12, 35]),
    "above": ("判断x是否大于{k}", "return whether x is greater than {k}", "x", "return x > {k}", [0, 9, 80]),
    "atmost": ("返回x和{k}中较小的", "return the smaller of x and {k}", "x", "return min(x, {k})", [0, 9, 80]),
    "atleast": ("返回x和{k}中较大的", "return the larger of x and {k}", "x", "return max(x, {k})", [0, 9, 80]),
    "distance": ("返回x与{k}的差的绝对值", "return the absolute difference of x and {k}", "x", "return abs(x - {k})", [0, 9, 80]),
    "upto": ("返回1到n的和再加{k}", "return the sum of 1 to n plus {k}", "n", "return n * (n + 1) // 2 + {k}", [1, 4, 10]),
    "countabove": ("返回列表a中大于{k}的数的个数", "return how many numbers in the list a are greater than {k}", "a", "return sum(1 for x in a if x > {k})", [[], [1, 5, 99], [k for k in range(0, 40, 3)]]),
    "keepabove": ("返回列表a中大于{k}的数", "return the numbers in the list a that are greater than {k}", "a", "return [x for x in a if x > {k}]", [[], [1, 5, 99], [40, 3, 20]]),
    "keepmultiples": ("返回列表a中{k}的倍数", "return the numbers in the list a that are multiples of {k}", "a", "return [x for x in a if x % {k} == 0]", [[], [1, 6, 12], [40, 35, 18]]),
    "countmultiples": ("返回列表a中{k}的倍数的个数", "return how many numbers in the list a are multiples of {k}", "a", "return sum(1 for x in a if x % {k} == 0)", [[], [1, 6, 12], [40, 35, 18]]),
    "scale": ("返回把列表a中每个数乘{k}的列表", "return the list a with each number times {k}", "a", "return [{k} * x for x in a]", [[], [1, 2], [0, -3, 5]]),
    "shift": ("返回把列表a中每个数加{k}的列表", "return the list a with {k} added to each number", "a", "return [x + {k} for x in a]", [[], [1, 2], [0, -3, 5]]),
    "sumabove": ("返回列表a中大于{k}的数的和", "return the sum of the numbers in the list a that are greater than {k}", "a", "return sum(x for x in a if x > {k})", [[], [1, 5, 99], [40, 3, 20]]),
    "first": ("返回列表a的前{k}个元素", "return the first {k} items of the list a", "a", "return a[:{k}]", [[], [1, 2, 3], list(range(60))]),
    "last": ("返回列表a的后{k}个元素", "return the last {k} items of the list a", "a", "return a[-{k}:]", [[], [1, 2, 3], list(range(60))]),
    "every": ("从列表a的第一个元素起每隔{k}个取一个", "return every item of the list a at a step of {k}", "a", "return a[::{k}]", [[], [1, 2, 3], list(range(60))]),
    "repeat": ("返回字符串s重复{k}次", "return the string s repeated {k} times", "s", "return s * {k}", ["", "a", "xy"]),
    "longer": ("判断字符串s的长度是否大于{k}", "return whether the string s is longer than {k}", "s", "return len(s) > {k}", ["", "abc", "a" * 60]),
    "head": ("返回字符串s的前{k}个字符", "return the first {k} characters of the string s", "s", "return s[:{k}]", ["", "hello world", "ab"]),
    "reverse": ("返回反转后的字符串s再接上{k}个叹号", "return the string s reversed, then {k} exclamation marks", "s", "return s[::-1] + \"!\" * {k}", ["", "abc", "xy"]),
    "digits": ("返回n的各位数字之和加{k}", "return the digit sum of n plus {k}", "n", "return sum(int(c) for c in str(n)) + {k}", [0, 19, 12345]),
    "squares": ("返回1到n的平方和减{k}", "return the sum of the squares of 1 to n minus {k}", "n", "return sum(i * i for i in range(1, n + 1)) - {k}", [0, 3, 10]),
    "table": ("返回{k}的前n个倍数的列表", "return the list of the first n multiples of {k}", "n", "return [{k} * i for i in range(1, n + 1)]", [0, 3, 6]),
    "countchar": ("返回字符串s中字母a的个数乘{k}", "return the number of letters a in the string s times {k}", "s", "return {k} * s.count(\"a\")", ["", "banana", "xyz"]),
}
_NAMES = ["f", "g", "h", "solve", "calc", "compute", "work", "run", "get", "make", "task", "process", "answer", "apply", "helper", "func"]
_ASK = {"zh": {"1": "写一个Python函数{f}({p})，{t}。", "2": "请用Python实现函数{f}({p})：{t}。", "3": "用Python写函数{f}({p})，要求{t}，只输出一个```python代码块。", "4": "实现{f}({p})，{t}。", "5h": "编写Python函数：{f}({p})，功能是{t}。"},
        "en": {"1": "Write a Python function {f}({p}): {t}.", "2": "Implement {f}({p}) in Python; it should {t}.", "3": "Define a Python function {f}({p}) to {t}. Output one ```python block only.", "4": "Python: {f}({p}) should {t}.",
               "5h": "Please code a Python function named {f} with the parameter {p} to {t}."}}


class Code(Family):
    """Params: (kind, k, name)."""

    name, share = "F11", 0.12

    def draw(self, rng, level):
        kind = rng.choice(list(TASKS))
        return kind, rng.randint(2, {1: 9, 2: 30, 3: 60, 4: 99}[level]), rng.choice(_NAMES)

    def key(self, params):
        return params[:2]

    def prompt(self, rng, lang, params, heldout):
        kind, k, f = params
        zh, en, p, _, _ = TASKS[kind]
        name, ask = self.pick(rng, _ASK[lang], heldout)
        text = ask.format(f=f, p=p, t=(zh if lang == "zh" else en).format(k=k))
        if rng.random() < 0.4:
            text += "\n" + self.tests(params).split("\n")[rng.randrange(3)]
        return f"{kind}{name}", text

    def call(self, params, argument):
        return f"{params[2]}({argument!r})"

    def tests(self, params):
        """Assertions with the values of the reference body."""
        space = {}
        exec(self.source(params), space)  # source of our own making
        return "\n".join(f"assert {self.call(params, a)} == {space[params[2]](a)!r}" for a in TASKS[params[0]][4])

    def source(self, params, k=None):
        kind, own, f = params
        return f"def {f}({TASKS[kind][2]}):\n    {TASKS[kind][3].format(k=own if k is None else k)}\n"

    def solve(self, chain, params):
        kind, k, f = params
        zh, en, p, body, _ = TASKS[kind]
        chain.given(chain.say(f"函数{f}({p}), {zh.format(k=k)}", f"function {f}({p}), {en.format(k=k)}"))
        k = chain.slip(k)
        if k < 1:
            raise ValueError
        chain.setup(body.format(k=k))
        source = self.source(params, k)
        space = {}
        exec(source, space)
        argument = TASKS[kind][4][1]
        chain.check(f"{self.call(params, argument)} == {space[f](argument)!r}", k == params[1])
        return source

    def truth(self, params):
        return self.source(params)

    def boxed(self, answer, lang, params):
        return answer

    def say(self, answer, lang, params):
        return f"```python\n{answer}```"

    def feedback(self, params, answer, lang):
        """The engine's words on the first test that fails (src/reasoning/verify.cc)."""
        wrong, right = {}, {}
        exec(answer, wrong)
        exec(self.source(params), right)
        f = params[2]
        for argument in TASKS[params[0]][4]:
            got, want = wrong[f](argument), right[f](argument)
            if got != want:
                line = f"assert {self.call(params, argument)} == {want!r}"
                detail = f"{self.call(params, argument)}：得到 {got!r}，应为 {want!r}" if lang == "zh" else f"{self.call(params, argument)}: got {got!r}, expected {want!r}"
                return ("测试不通过：\n" if lang == "zh" else "A test fails:\n") + f"assertion failed\n{line}\n{detail}"
        return ""
