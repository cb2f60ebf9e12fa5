// SPDX-License-Identifier: Apache-2.0
// The checker with everything that can be checked here: check/check.h, and unit tests of Python
// code in the sandbox. Tests that pass are VERIFIED (on these inputs), tests that fail REFUTED with
// the failing call; without tests the examples of the problem are run (code_examples.h), which are
// never more than CHECKED. Where nothing can be run, or time or memory ran out, UNVERIFIED with the
// reason. May be called from several threads at once.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "check/check.h"

namespace lemma::reasoning {

// What tests found of code that was run already, for answers that are checked one after the other.
// Not what ran out of time or memory. One thread.
struct TestMemo {
  std::map<std::string, check::Finding> findings;  // by code, tests and function
};

struct VerifyRequest {
  check::CheckRequest check;
  // Python: assertions that call the function, or check(candidate). Empty: the problem's examples.
  std::string tests;
  std::string entry_point;   // name of the function; empty: see GuessEntryPoint
  std::string support;       // trusted helpers of the tests; may be empty
  TestMemo* memo = nullptr;  // may be null; with equal `support` only
};

// Errors as check::CheckText; kInvalidArgument also if there is no function to test. Cost: with
// tests up to the limits of the sandbox (10 s).
Result<check::CheckReport> Verify(const VerifyRequest& request);

// The Python of an answer: its last fence of code behind the thinking, or all of it.
std::string CodeOf(std::string_view answer);
// The function of the code that the tests name; if they name none, the last one defined at the top
// level. Empty: the code defines none.
std::string GuessEntryPoint(std::string_view code, std::string_view tests);

}  // namespace lemma::reasoning
