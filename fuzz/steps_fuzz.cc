// SPDX-License-Identifier: Apache-2.0
// Sums in a chain of thought: flags lie inside the text, in order, and their two values differ.
// Input: the chain.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "check/steps.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const lemma::check::StepReport report = lemma::check::CheckSteps(text);
  Require(report.flags.size() <= report.checked && report.flags.size() <= 64);
  for (const lemma::check::StepFlag& flag : report.flags) {
    Require(flag.span.begin < flag.span.end && flag.span.end <= size);
    Require(flag.left_value != flag.right_value);
  }
  return 0;
}
