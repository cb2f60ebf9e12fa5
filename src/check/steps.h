// SPDX-License-Identifier: Apache-2.0
// Checks every clean "a op b (op c)* = d" in a chain of thought. Soft: a flag is a hint that a step
// is wrong, never a refutation, since a chain may correct itself and plain text has other readings.
// What is not clean is skipped: words that belong to the sum ("half of 12 + 3"), letters, powers,
// a change of units (ratio 100), two numbers side by side. A right side may be rounded to its last
// digit. No thread rule; cost is linear in the text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "check/numeral.h"

namespace lemma::check {

struct StepFlag {
  Span span;         // of left = right in the text
  std::string left;  // as written, "80-15"
  Rational left_value;
  Rational right_value;
};

struct StepReport {
  size_t checked = 0;
  std::vector<StepFlag> flags;  // 64 at most
};
StepReport CheckSteps(std::string_view chain);

}  // namespace lemma::check
