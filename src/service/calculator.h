// SPDX-License-Identifier: Apache-2.0
// Finishes sums in a text exactly: behind "a op b =" it gives the digits that must follow (the
// calculator annotation of GSM8K, Cobbe et al. 2021, for any model). It acts only where the left
// side stands for itself: numbers and operators alone, behind the start of a line, a mark that
// opens or separates, or Chinese text; a whole result; no word or unknown that may belong to it.
// One thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lemma::service {

class Calculator {
 public:
  // The next piece of the text. If it completes the left side and its "=" (and the space behind it,
  // where the sum is written with spaces): the result, digits and perhaps a minus sign; behind "=-"
  // the digits of a negative one.
  std::optional<std::string> Push(std::string_view piece);

 private:
  std::string line_;  // the end of the line so far
};

// The value of the sum that stands alone at the end of `text`, without the "=" and the space behind
// it: what Calculator gives. A pure function.
std::optional<std::string> SumAtEnd(std::string_view text);

}  // namespace lemma::service
