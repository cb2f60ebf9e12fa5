// SPDX-License-Identifier: Apache-2.0
#include "sandbox/python_tests_source.h"

namespace lemma::sandbox {
namespace {

// Both sides.
constexpr char kCodec[] = R"py(
import builtins, json, os, sys, types

def encode(value):
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        return value
    if kind is int:
        return value if -2**53 < value < 2**53 else ["i", hex(value)]
    if isinstance(value, float):
        return ["f", float.hex(value)]
    if isinstance(value, int):
        return encode(int(value))
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, complex):
        return ["c", float.hex(value.real), float.hex(value.imag)]
    if isinstance(value, bytes):
        return ["b", bytes.hex(value)]
    if isinstance(value, bytearray):
        return ["B", bytes(value).hex()]
    for tag, sequence in SEQUENCES.items():
        if isinstance(value, sequence):
            return [tag] + [encode(item) for item in value]
    if isinstance(value, dict):
        return ["d"] + [[encode(k), encode(v)] for k, v in value.items()]
    if isinstance(value, range):
        return ["r", encode(value.start), encode(value.stop), encode(value.step)]
    if hasattr(value, "__next__") and hasattr(value, "__iter__"):
        return ["g"] + [encode(item) for item in value]
    raise NotData(kind.__name__)

class NotData(Exception):
    pass

class Malformed(Exception):
    pass

SEQUENCES = {"l": list, "t": tuple, "s": set, "z": frozenset}

def decode(value):
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is not list or not value or type(value[0]) is not str:
        raise Malformed("not a value")
    tag, parts = value[0], value[1:]
    if tag in SEQUENCES:
        return SEQUENCES[tag]([decode(part) for part in parts])
    if tag == "d":
        return {decode(k): decode(v) for k, v in parts}
    if tag == "g":
        return iter([decode(part) for part in parts])
    if tag == "i" and len(parts) == 1:
        return int(parts[0], 16)
    if tag == "f" and len(parts) == 1:
        return float.fromhex(parts[0])
    if tag == "c" and len(parts) == 2:
        return complex(float.fromhex(parts[0]), float.fromhex(parts[1]))
    if tag == "b" and len(parts) == 1:
        return bytes.fromhex(parts[0])
    if tag == "B" and len(parts) == 1:
        return bytearray.fromhex(parts[0])
    if tag == "r" and len(parts) == 3:
        return range(*[decode(part) for part in parts])
    raise Malformed("unknown tag")

def send(stream, message):
    data = json.dumps(message).encode("ascii")
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()

# The next message, or None at the end.
def receive(stream, max_bytes):
    head = stream.read(4)
    if len(head) < 4:
        return None
    size = int.from_bytes(head, "big")
    if size > max_bytes:
        raise Malformed("a message of %d bytes" % size)
    data = stream.read(size)
    if len(data) < size:
        return None
    return json.loads(data)

IN_PLACE = (list, dict, set, bytearray)
)py";

constexpr char kCandidate[] = R"py(
def describe(error):
    import traceback
    names = [c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"]
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__)[-5:])
    own = type(error).__name__
    try:
        text = str(error)
    except Exception:
        text = ""
    return ["raised", names[0] if names else "Exception", own[:100], text[:400], trace[-400:]]

def load(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    module = types.ModuleType("candidate")
    module.__file__ = path
    sys.modules["candidate"] = module
    exec(compile(text, "candidate.py", "exec"), module.__dict__)
    return module

def call(module, message):
    _, name, args, kwargs = message
    args = decode(args)
    before = [encode(a) if isinstance(a, IN_PLACE) else None for a in args]
    result = getattr(module, name)(*args, **decode(kwargs))
    reply = encode(result)
    changed = []
    for index, old in enumerate(before):
        if old is not None:
            new = encode(args[index])
            if new != old:
                changed.append([index, new])
    return ["value", reply, changed]

def serve():
    requests, replies = os.fdopen(3, "rb"), os.fdopen(4, "wb")
    try:
        module = load("/box/candidate.py")
    except BaseException as error:
        return send(replies, describe(error))
    send(replies, ["ready", [n for n, v in list(vars(module).items())
                             if callable(v) and n.isidentifier()]])
    while True:
        message = receive(requests, 1 << 30)
        if message is None:
            return
        try:
            reply = call(module, message)
        except NotData as error:
            reply = ["not data", str(error)[:100]]
        except BaseException as error:
            reply = describe(error)
        sys.stdout.flush()
        send(replies, reply)

sys.setrecursionlimit(3000)
serve()
)py";

constexpr char kTester[] = R"py(
import ast, operator

# Ends the tests whatever they catch.
class Stop(BaseException):
    def __init__(self, outcome, message, by_code=False):
        self.outcome, self.message, self.by_code = outcome, message, by_code

class CandidateError(Exception):
    pass

state = {"calls": 0, "assertions": 0, "call": "", "failed": None, "raised": None}

def short(value, limit=400):
    try:
        text = repr(value)
    except ValueError:
        text = "<a number of too many digits>"
    return text if len(text) <= limit else text[:limit - 3] + "..."

def exchange(message):
    try:
        if message is not None:
            send(requests, message)
        reply = receive(replies, max_message)
    except BrokenPipeError:
        reply = None
    except (Malformed, ValueError, RecursionError, MemoryError) as error:
        raise Stop("error", "the code sent a damaged reply: %s" % type(error).__name__)
    if reply is None:
        raise Stop("gone", "")
    if type(reply) is not list or not reply:
        raise Stop("error", "the code sent a damaged reply")
    return reply

def strings(reply, count):
    parts = reply[1:]
    if len(parts) != count or any(type(part) is not str for part in parts):
        raise Stop("error", "the code sent a damaged reply")
    return parts

def raise_here(reply):
    base, own, text, trace = strings(reply, 4)
    own, text, trace = own[:100], text[:400], trace[-400:]
    state["raised"] = (own, text, trace)
    kind = getattr(builtins, base, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = CandidateError
    try:
        error = kind(text)
    except Exception:
        error = CandidateError(own + ": " + text)
    raise error

def apply_changes(args, changed):
    for index, new in changed:
        old, new = args[index], decode(new)
        if type(index) is not int or index < 0 or type(new) is not type(old):
            raise Malformed("a changed argument")
        if isinstance(old, (list, bytearray)):
            old[:] = new
        elif isinstance(old, (dict, set)):
            old.clear()
            old.update(new)

def make_proxy(name):
    def proxy(*args, **kwargs):
        shown = [short(a, 200) for a in args]
        shown += ["%s=%s" % (k, short(v, 200)) for k, v in kwargs.items()]
        state["call"] = ("%s(%s)" % (name, ", ".join(shown)))[:600]
        state["calls"] += 1
        state["raised"] = None
        try:
            message = ["call", name, encode(args), encode(kwargs)]
        except NotData as error:
            raise Stop("error", "the tests pass a value that is no plain data: %s" % error)
        reply = exchange(message)
        if reply[0] == "raised":
            raise_here(reply)
        if reply[0] == "not data":
            raise Stop("error", "the code returned a value that is no plain data: %s"
                       % strings(reply, 1)[0])
        try:
            tag, value, changed = reply
            if tag != "value":
                raise Malformed("a reply")
            apply_changes(args, changed)
            return decode(value)
        except (Malformed, ValueError, TypeError, IndexError, RecursionError, MemoryError,
                OverflowError, AttributeError) as error:
            raise Stop("error", "the code sent a damaged reply: %s" % type(error).__name__)
    proxy.__name__ = name
    return proxy

OPERATORS = {
    "Eq": operator.eq, "NotEq": operator.ne, "Lt": operator.lt, "LtE": operator.le,
    "Gt": operator.gt, "GtE": operator.ge, "Is": operator.is_, "IsNot": operator.is_not,
    "In": lambda a, b: a in b, "NotIn": lambda a, b: a not in b}
WORDS = {"Eq": "", "NotEq": "anything but ", "Lt": "less than ", "LtE": "at most ",
         "Gt": "more than ", "GtE": "at least ", "Is": "", "IsNot": "anything but ",
         "In": "one of ", "NotIn": "none of "}

def check_pair(name, left, right):
    state["assertions"] += 1
    state["raised"] = None
    holds = OPERATORS[name](left, right)
    state["failed"] = None if holds else (short(left), WORDS[name] + short(right))
    return holds

def check_truth(value):
    state["assertions"] += 1
    state["raised"] = state["failed"] = None
    return value

# Lets every assertion report its two sides.
class Assertions(ast.NodeTransformer):
    def visit_Assert(self, node):
        self.generic_visit(node)
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            called = ast.Call(ast.Name(" check_pair", ast.Load()), [
                ast.Constant(type(test.ops[0]).__name__), test.left, test.comparators[0]], [])
        else:
            called = ast.Call(ast.Name(" check_truth", ast.Load()), [test], [])
        node.test = ast.copy_location(called, test)
        return ast.fix_missing_locations(node)

def read(name):
    with open("/box/" + name, encoding="utf-8") as file:
        return file.read()

def place(error, tree, text):
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            line = trace.tb_lineno
        trace = trace.tb_next
    found = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= line <= n.end_lineno]
    if not found:
        return line, ""
    node = min(found, key=lambda n: n.end_lineno - n.lineno)
    return node.lineno, (ast.get_source_segment(text, node) or "")[:600]

# What the tests define but do not call themselves.
def run_functions(space, candidate):
    own = [(name, value) for name, value in space.items() if isinstance(value, types.FunctionType)
           and value.__code__.co_filename == "tests.py"]
    for name, value in own:
        if name == "check" and value.__code__.co_argcount == 1:
            value(candidate)
        elif name.startswith("test") and value.__code__.co_argcount == 0:
            value()

def verdict():
    text = read("tests.py")
    space = {"__name__": "tests", " check_pair": check_pair, " check_truth": check_truth}
    tree = None
    try:
        tree = ast.parse(text, "tests.py")
        program = compile(Assertions().visit(ast.parse(text, "tests.py")), "tests.py", "exec")
        exec(compile(read("support.py"), "support.py", "exec"), space)
        ready = exchange(None)
        if ready[0] == "raised":
            own, message, trace = strings(ready, 4)[1:]
            raise Stop("error", "the code does not load: %s: %s\n%s" % (own[:100], message[:400], trace[-400:]), True)
        if ready[0] != "ready" or len(ready) != 2 or type(ready[1]) is not list:
            raise Stop("error", "the code sent a damaged reply")
        names = [n for n in ready[1] if type(n) is str and n.isidentifier()]
        if task["entry_point"] not in names:
            raise Stop("error", "the code does not define %s" % task["entry_point"], True)
        proxies = {name: make_proxy(name) for name in names}
        for name, proxy in proxies.items():
            if name == task["entry_point"] or not (name in space or hasattr(builtins, name)):
                space[name] = proxy
        for name in ("solution", "candidate"):
            sys.modules[name] = types.ModuleType(name)
            vars(sys.modules[name]).update(proxies)
        exec(program, space)
        run_functions(space, proxies[task["entry_point"]])
    except Stop as error:
        line, source = place(error, tree, text) if tree else (0, "")
        return {"outcome": error.outcome, "message": error.message, "line": line, "source": source,
                "by_code": error.by_code}
    except AssertionError as error:
        line, source = place(error, tree, text)
        got, expected = state["failed"] or ("", "")
        message = "assertion failed" + (": " + str(error)[:400] if str(error) else "")
        if state["raised"]:
            message = "the code raised %s: %s\n%s" % state["raised"]
        return {"outcome": "failed", "message": message, "line": line, "source": source,
                "got": got, "expected": expected}
    except BaseException as error:
        line, source = place(error, tree, text) if tree else (0, "")
        if state["raised"]:
            return {"outcome": "failed", "message": "the code raised %s: %s\n%s" % state["raised"],
                    "line": line, "source": source}
        return {"outcome": "error", "line": line, "source": source, "message":
                "the tests do not run: %s: %s" % (type(error).__name__, str(error)[:400])}
    if state["calls"] == 0:
        return {"outcome": "error", "message": "the tests never called the code"}
    return {"outcome": "passed", "message": "all assertions held"}

replies, requests = os.fdopen(3, "rb"), os.fdopen(4, "wb")
task = json.loads(read("task.json"))
max_message = task["max_message"]
sys.setrecursionlimit(3000)
report = verdict()
report.update(calls=state["calls"], assertions=state["assertions"], call=state["call"])
os.write(5, json.dumps(report).encode("ascii"))
)py";

}  // namespace

std::string CandidateSource() { return std::string(kCodec) + kCandidate; }
std::string TesterSource() { return std::string(kCodec) + kTester; }

}  // namespace lemma::sandbox
