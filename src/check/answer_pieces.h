// SPDX-License-Identifier: Apache-2.0
// The parts of an answer: one number with its name and unit, and how an answer falls into such
// parts. Internal to the folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/surd.h"

namespace lemma::check {

// One number with what stands around it.
struct AnswerPiece {
  std::string name;
  std::vector<Surd> values;  // two for ±
  std::string unit;
  std::optional<int> decimals;
  bool reduced = true;
};

// Without spaces, emphasis and closing punctuation at the ends.
std::string_view TrimAnswer(std::string_view text);
// Splits where brackets are closed. Commas of 1,234 do not split.
std::vector<std::string_view> SplitAnswer(std::string_view text);
bool HasDigit(std::string_view text);
// Whether a text may name what a number stands for.
bool IsAnswerName(std::string_view text);
// [name] value [unit], the whole text; false: it is something else.
bool ReadAnswerPiece(std::string_view text, AnswerPiece& piece);

}  // namespace lemma::check
