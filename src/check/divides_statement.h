// SPDX-License-Identifier: Apache-2.0
// "m divides p(n)" as both of its readers find it: the formula, what is said of it, and of which n.
// Internal to the folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/reading.h"

namespace lemma::check {

// A remainder that something leaves, or does not leave.
struct ResidueProperty {
  Rational modulus;
  Rational remainder = 0;
  bool negated = false;
  std::vector<Span> numbers;  // where they stand
};

// What both readings build slots from.
struct DividesStatement {
  std::optional<ResidueProperty> claim;
  std::optional<ResidueProperty> condition;
  std::optional<Span> polynomial;
};

// The formulas of a text that are in one and the same letter, and that letter.
struct LetterFormulas {
  std::vector<Span> spans;
  std::string letter;
  [[nodiscard]] bool IsLetterAlone(std::string_view text, Span span) const {
    return text.substr(span.begin, span.end - span.begin) == letter;
  }
};

// Unset: formulas in different letters.
std::optional<LetterFormulas> FindFormulas(std::string_view text);
// Unset: the claim is missing or negated, or a number does not fit.
std::optional<Slots> DividesSlots(std::string_view text, const DividesStatement& s,
                                  const std::string& letter);
std::optional<Problem> DividesProblem(const Slots& slots);

}  // namespace lemma::check
