// SPDX-License-Identifier: Apache-2.0
// Examples of a question about code, as tests: what a call of the asked function gives. Read are
//   >>> f([1, 2])         f(1) == 2         f(1) returns 2         f(1) 返回 2
//   3                     f(1) -> 2         f(1) should return 2   f(1) 应（该）返回 2
// with Python literals alone on both sides (numbers, strings, lists, tuples, dicts, True, False,
// None); everything else is no example. A call that is given two results is dropped, and so are
// sentences that may tell of a fault ("returns 5 but ...") or a condition ("if f(1) == 2").
// Examples are no specification: that all of them hold is CHECKED, never VERIFIED. Pure functions,
// linear in the question.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "check/check.h"

namespace lemma::reasoning {

struct CodeExamples {
  std::string function;
  std::string tests;  // Python: one assertion a line; empty: no example
  size_t count = 0;
};
inline constexpr size_t kMostExamples = 32;

// Of the function `function`.
CodeExamples ExamplesIn(std::string_view question, std::string_view function);
// Of the function that the question asks for: the one of its last `def`, else the last one of
// `code` that it has examples of. None if the code does not define it at the top level.
CodeExamples ExamplesFor(std::string_view question, std::string_view code);

// What tests found, told of examples: VERIFIED becomes CHECKED, and nothing says "tests".
void TellOfExamples(const CodeExamples& examples, check::Finding& finding);

}  // namespace lemma::reasoning
