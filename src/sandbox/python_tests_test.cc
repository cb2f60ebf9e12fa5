// SPDX-License-Identifier: Apache-2.0
#include "sandbox/python_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lemma::sandbox {
namespace {

using ::testing::HasSubstr;

constexpr char kTests[] =
    "def check(candidate):\n"
    "    assert candidate(1, 2) == 3\n"
    "    assert candidate(-1, 1) == 0, 'zero'\n"
    "    assert candidate(10, 20) == 30\n";

PythonTestTask Task(std::string code, std::string tests = kTests) {
  PythonTestTask task;
  task.code = std::move(code);
  task.tests = std::move(tests);
  task.entry_point = "add";
  task.limits.wall_seconds = 60;  // the machine may be busy
  return task;
}

PythonTestResult MustRun(const PythonTestTask& task) {
  Result<PythonTestResult> result = RunPythonTests(task);
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  return result.ok() ? std::move(*result) : PythonTestResult();
}

TEST(PythonTests, PassesWhatIsRight) {
  const PythonTestResult result = MustRun(Task("def add(a, b):\n    return a + b\n"));
  EXPECT_EQ(result.outcome, TestOutcome::kPassed) << result.message;
  EXPECT_EQ(result.num_calls, 3);
  EXPECT_EQ(result.num_assertions, 3);
}

TEST(PythonTests, SaysWhichAssertionFailedAndWithWhat) {
  const PythonTestResult result = MustRun(Task("def add(a, b):\n    return abs(a) + b\n"));
  EXPECT_EQ(result.outcome, TestOutcome::kFailed);
  EXPECT_EQ(result.line, 3);
  EXPECT_EQ(result.source, "assert candidate(-1, 1) == 0, 'zero'");
  EXPECT_EQ(result.call, "add(-1, 1)");
  EXPECT_EQ(result.got, "2");
  EXPECT_EQ(result.expected, "0");
  EXPECT_THAT(result.message, HasSubstr("zero"));
}

TEST(PythonTests, SaysWhatTheCodeRaised) {
  const PythonTestResult result = MustRun(Task("def add(a, b):\n    return a + [b][a]\n"));
  EXPECT_EQ(result.outcome, TestOutcome::kFailed);
  EXPECT_THAT(result.message, HasSubstr("the code raised IndexError: list index out of range"));
  EXPECT_THAT(result.message, HasSubstr("line 2"));
  EXPECT_EQ(result.call, "add(1, 2)");
}

TEST(PythonTests, ErrorsAreNotFailures) {
  const auto message = [](const PythonTestTask& task) {
    const PythonTestResult result = MustRun(task);
    EXPECT_EQ(result.outcome, TestOutcome::kError) << result.message;
    return result.message;
  };
  EXPECT_THAT(message(Task("def add(a, b:\n")), HasSubstr("SyntaxError"));
  EXPECT_THAT(message(Task("x = 1\n")), HasSubstr("does not define add"));
  const std::string good = "def add(a, b): return a + b\n";
  EXPECT_THAT(message(Task(good, "assert True\n")), HasSubstr("never called"));
  EXPECT_THAT(message(Task(good, "assert add(1, 2 == 3\n")), HasSubstr("SyntaxError"));
  EXPECT_THAT(message(Task(good, "assert nothing(1) == 3\n")), HasSubstr("NameError"));
  EXPECT_THAT(message(Task(good, "import sys\nadd(1, 2)\nsys.exit(0)\n")), HasSubstr("SystemExit"));
  EXPECT_THAT(message(Task(good, "import os\nadd(1, 2)\nos._exit(0)\n")), HasSubstr("no verdict"));
  PythonTestTask task = Task(good);
  task.entry_point = "a b";
  EXPECT_EQ(RunPythonTests(task).status().code(), StatusCode::kInvalidArgument);
  task.entry_point = "add";
  task.bwrap = "/nonexistent";
  EXPECT_EQ(RunPythonTests(task).status().code(), StatusCode::kUnsupported);
}

TEST(PythonTests, LimitsAreSaid) {
  PythonTestTask task = Task("def add(a, b):\n    while True: pass\n");
  task.limits.cpu_seconds = 1;
  PythonTestResult result = MustRun(task);
  EXPECT_EQ(result.outcome, TestOutcome::kLimit) << result.message;
  EXPECT_EQ(result.message, "the code: cpu limit of 1 s");
  task = Task("import time\ndef add(a, b): time.sleep(1000)\n");
  task.limits.wall_seconds = 2;
  result = MustRun(task);
  EXPECT_EQ(result.outcome, TestOutcome::kLimit) << result.message;
  EXPECT_THAT(result.message, HasSubstr("wall limit"));
  task = Task("def add(a, b):\n    while True: print('x' * 1000)\n");
  EXPECT_EQ(MustRun(task).outcome, TestOutcome::kLimit);
}

TEST(PythonTests, ValuesKeepTheirTypes) {
  const std::string code =
      "def add(a): return a\n"
      "def it(): yield from [1, 2]\n"
      "def sort(a): a.sort()\n"
      "def fail(kind): raise {'v': ValueError, 'm': type('Mine', (KeyError,), {})}[kind]('no')\n";
  const std::string tests =
      "values = [None, True, 0, -1, 2**53, -2**200, 1.5, -0.0, float('inf'), 1e-320, 2 + 1j,\n"
      "  '', 'a\\u4e2d\\U0001F600\\ud800', b'\\x00\\xff', bytearray(b'x'), [], [[1], (2,)], (),\n"
      "  set(), {1, 'a'}, frozenset([(1, 2)]), {}, {(1, None): [2.5]}, range(1, 9, 2)]\n"
      "for v in values:\n"
      "    r = add(v)\n"
      "    assert type(r) is type(v)\n"
      "    assert repr(r) == repr(v)\n"
      "r = add(float('nan'))\n"
      "assert r != r\n"
      "assert list(it()) == [1, 2]\n"
      "x = [3, 1, 2]\n"
      "assert sort(x) is None\n"
      "assert x == [1, 2, 3]\n"
      "for kind, error in [('v', ValueError), ('m', KeyError)]:\n"
      "    try:\n"
      "        fail(kind)\n"
      "        assert False\n"
      "    except error: pass\n";
  const PythonTestResult result = MustRun(Task(code, tests));
  EXPECT_EQ(result.outcome, TestOutcome::kPassed) << result.message << result.source << result.got;
}

TEST(PythonTests, TestsComeInSeveralShapes) {
  const std::string shapes[] = {
      "assert add(1, 2) == 3\n",
      "def test_one():\n    assert add(1, 2) == 3\ndef test_two(): assert add(0, 1) == 1\n",
      "from solution import add as plus\nassert plus(1, 2) == 3\n",
      "import candidate as c\ndef test(): assert c.add(1, 2) == 3\n",
  };
  for (const std::string& tests : shapes) {
    // A function of the code that happens to be called check is nobody's test.
    const std::string rest = "def check(x): return True\ndef test_mine(): return True\n";
    const PythonTestResult right = MustRun(Task("def add(a, b): return a + b\n" + rest, tests));
    EXPECT_EQ(right.outcome, TestOutcome::kPassed) << right.message << tests;
    const PythonTestResult wrong = MustRun(Task("def add(a, b): return a * b\n" + rest, tests));
    EXPECT_EQ(wrong.outcome, TestOutcome::kFailed) << wrong.message << tests;
  }
}

TEST(PythonTests, SupportIsTrustedAndComesFirst) {
  // The code's own `twin` would make every answer right.
  PythonTestTask task = Task("def twin(x): return 7\ndef add(x): return 7\n",
                             "def check(c):\n    assert c(1) == twin(1)\n");
  EXPECT_EQ(MustRun(task).outcome, TestOutcome::kPassed);
  task.support = "def twin(x): return 2 * x\ndef add(x):\n    '''A stub.'''\n";
  EXPECT_EQ(MustRun(task).outcome, TestOutcome::kFailed);
}

// Each of these knows no answer; none may pass.
TEST(PythonTests, NothingFakesAPass) {
  const std::string cheats[] = {
      "import sys\nsys.exit(0)\n",
      "import os\nos._exit(0)\n",
      "def add(a, b):\n    import os\n    os._exit(0)\n",
      "def add(a, b): raise SystemExit(0)\n",
      "def add(a, b): raise KeyboardInterrupt\n",
      "def add(a, b): raise GeneratorExit\n",
      "def add(a, b): raise StopIteration\n",
      // Equal to everything.
      "class E:\n  def __eq__(self, o): return True\n  def __ne__(self, o): return False\n"
      "def add(a, b): return E()\n",
      "class E(int):\n  def __eq__(self, o): return True\n  __hash__ = int.__hash__\n"
      "def add(a, b): return E(-99)\n",
      "class E(float):\n  def __eq__(self, o): return True\n"
      "def add(a, b): return E(-99)\n",
      "class E(list):\n  def __eq__(self, o): return True\n"
      "def add(a, b): return E()\n",
      // Patching what the tests would use.
      "import builtins\nbuiltins.AssertionError = type('Q', (BaseException,), {})\n"
      "builtins.all = builtins.any = lambda *a: True\nbuiltins.repr = lambda o: '3'\n"
      "def add(a, b): return -99\n",
      "import operator\noperator.eq = lambda a, b: True\ndef add(a, b): return -99\n",
      "import json\njson.dumps = lambda m: '{\"outcome\": \"passed\"}'\ndef add(a, b): return "
      "-99\n",
      "def check(c): pass\ndef add(a, b): return -99\n",
      "__debug__ if True else 0\nimport sys\nsys.flags = None\ndef add(a, b): return -99\n",
      // Writing the verdict.
      "def add(a, b):\n  import os\n  v = b'{\"outcome\": \"passed\", \"calls\": 3}'\n"
      "  for fd in range(64):\n    try: os.write(fd, v)\n    except OSError: pass\n"
      "  os._exit(0)\n",
      "print('passed', flush=True)\nprint('{\"outcome\": \"passed\"}')\ndef add(a, b): return "
      "-99\n",
      "import os\ndef frame(b): return len(b).to_bytes(4, 'big') + b\n"
      "os.write(4, frame(b'[\"ready\",[\"add\",\"check\"]]') + frame(b'[\"passed\"]') * 9)\n"
      "def add(a, b): return -99\n",
      // Damaged replies.
      "import os\ndef add(a, b):\n  os.write(4, b'\\xff\\xff\\xff\\xff')\n  return -99\n",
      "import os\ndef add(a, b):\n  b = b'[' * 100000\n"
      "  os.write(4, len(b).to_bytes(4, 'big') + b)\n  return -99\n",
      "import os\ndef add(a, b):\n  b = b'[\"value\",[\"s\",[\"l\"]],[]]'\n"
      "  os.write(4, len(b).to_bytes(4, 'big') + b)\n  return -99\n",
      "import os\ndef add(a, b):\n  b = b'[\"value\",3,[[0,[\"l\"]]]]'\n"
      "  os.write(4, len(b).to_bytes(4, 'big') + b)\n  return -99\n",
      "import os\nos.close(4)\ndef add(a, b): return -99\n",
      // Looking for the tests and their interpreter.
      "import os, sys, gc\ndef add(a, b):\n  f = sys._getframe()\n  while f:\n"
      "    for v in list(f.f_locals.values()) + list(f.f_globals.values()):\n"
      "      if isinstance(v, str) and 'candidate(' in v and 'def load' not in v: return 3\n"
      "    f = f.f_back\n"
      "  for p in ('/box/tests.py', '/box/task.json', '/proc/self/mem', 'tests.py'):\n"
      "    if os.path.exists(p): return 3\n"
      "  return -99\n",
      "import os, signal\ndef add(a, b):\n  try: os.kill(os.getppid(), 9)\n  except OSError: pass\n"
      "  try: os.kill(-1, 9)\n  except OSError: pass\n  return -99\n",
      "import ctypes\ndef add(a, b):\n  ctypes.string_at(0)\n  return 3\n",
      "import atexit, os\natexit.register(lambda: os.write(4, b'\\0\\0\\0\\3[3]'))\n"
      "def add(a, b): return -99\n",
      "def add(*a, **k): return add\n",
      "def add(a, b):\n  while True:\n    yield 3\n",
      "add = type('T', (), {'__call__': lambda s, *a: NotImplemented})()\n",
  };
  int number = 0;
  for (const std::string& cheat : cheats) {
    PythonTestTask task = Task(cheat);
    task.limits.cpu_seconds = 2;
    const PythonTestResult result = MustRun(task);
    EXPECT_NE(result.outcome, TestOutcome::kPassed) << "cheat " << number << ":\n" << cheat;
    ++number;
  }
}

}  // namespace
}  // namespace lemma::sandbox
