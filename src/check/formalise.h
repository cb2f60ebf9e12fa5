// SPDX-License-Identifier: Apache-2.0
// Text (Chinese or English) -> Problem, for the families named below. Each family has two readers
// that share no rule: the strict one must consume every word of the text by its vocabulary, the
// loose one looks for numbers by their neighbours and refuses words of warning. A problem has
// readings = 2 only if both find the very same slots; with one it stays incomplete, with none there
// is no problem. Unknown words therefore cost coverage, not truth.
// Families: two kinds of animals by heads and feet; one equation; "m divides p(n)"; dice with a
// given sum; a choice of people of whom two refuse each other; a three-digit number by its digits;
// a term of a sequence with a first term and a step; Chinese word problems of one to three steps
// (story.h). Cost: below 10 ms, 2,000 bytes at most. No thread rule.
#pragma once

#include <optional>
#include <string_view>

#include "check/problem.h"

namespace lemma::check {

std::optional<Problem> Formalise(std::string_view text);

}  // namespace lemma::check
