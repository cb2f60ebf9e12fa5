// SPDX-License-Identifier: Apache-2.0
// Unit tests of a Python function that nobody trusts, such that it cannot fake a pass. The code and
// the tests run in two jails that share nothing but two pipes. A call in the tests is sent over as
// plain data, and its result comes back as plain data, decoded into fresh None, bool, int, float,
// complex, str, bytes, bytearray, list, tuple, set, frozenset, dict, range and iterators.
// Guaranteed: the code cannot read the tests or the verdict, change their interpreter, skip an
// assertion or end them with success; leaving early, printing, patching builtins or objects that
// are equal to everything do not help. All it can do is answer with values: a pass means that every
// assertion of the tests held on the values it returned, and that it was called at least once.
// Not guaranteed: that the tests are good, that the code does the same on other inputs (it may know
// the answers), or anything if the tests themselves are hostile. What the code returns beyond plain
// data (objects of its own classes, functions) is an error, not a failure. A list, dict, set or
// bytearray that it changes in place is changed for the tests too, as in one interpreter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "sandbox/jail.h"

namespace lemma::sandbox {

struct PythonTestTask {
  std::string code;  // the code under test; runs as a module, not as __main__
  // Assertions that call the function by its name, on their own or in functions test...(), or
  // check(candidate) as HumanEval has it. `from solution import NAME` gives the function, too.
  std::string tests;
  std::string entry_point;  // name of the function under test: a Python identifier
  // Trusted helpers and imports that the tests use, such as HumanEval's prompt. May be empty; then
  // functions of the code under test stand in for names that the tests do not define.
  std::string support;
  JailLimits limits = DefaultLimits();  // for each side
  std::string bwrap;

  static JailLimits DefaultLimits();
};

enum class TestOutcome {
  kPassed,
  kFailed,  // an assertion did not hold, or the code raised an exception that the tests let pass
  kError,  // the tests could not be carried out: syntax errors, early exit, values that are no data
  kLimit,  // time, memory or output ran out
};

// "passed", "failed", "error", "limit".
std::string_view TestOutcomeName(TestOutcome outcome);

struct PythonTestResult {
  TestOutcome outcome = TestOutcome::kError;
  // Of kError and kLimit: it is the code that does not load, lacks the function, ends early, or
  // uses up processor time, memory or output, so that it cannot pass. Else it may be the tests, or
  // what cannot be sent.
  bool by_code = false;
  std::string message;  // one or more lines for people and for feedback to a model
  int line = 0;         // of the tests, where it failed; 0 if unknown
  std::string source;   // of the failed assertion
  std::string call;     // the last call before the failure: "add(1, 2)"
  std::string got;      // left and right side of a failed comparison, as Python writes them
  std::string expected;
  std::string output;          // what the code under test printed
  int64_t num_calls = 0;       // of the code under test
  int64_t num_assertions = 0;  // that were evaluated
  double wall_seconds = 0;
};

// kUnsupported: no sandbox here, nothing ran. kInvalidArgument: a bad entry_point or limit.
Result<PythonTestResult> RunPythonTests(const PythonTestTask& task);

}  // namespace lemma::sandbox
