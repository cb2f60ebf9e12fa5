// SPDX-License-Identifier: Apache-2.0
// The answer a text gives, and where it gives it. Rules, best first: the last balanced \boxed{}
// after </think>, a line of the form "答案：", "The answer is", "####", a code fence, a JSON object
// with the key "answer", the last number of the last sentence (weak). The value is exact; what
// cannot be read is kept as text and equals nothing but itself. No thread rule.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/numeral.h"
#include "check/surd.h"

namespace lemma::check {

enum class AnswerRule { kBoxed, kBoxedInThinking, kFinalLine, kCodeFence, kJson, kLastNumber };
std::string_view AnswerRuleName(AnswerRule rule);

enum class AnswerKind {
  kNumber,      // numbers[0], and unit
  kTuple,       // (1, 2): order counts
  kSet,         // {1, 2}, "x=1 或 x=2": order does not count, no doubles
  kNamed,       // "鸡23只，兔12只", "x=1, y=2"
  kInterval,    // [1, 2)
  kNoSolution,  // 无解, no solution, ∅
  kText,        // anything else, spaces folded
};

struct NamedValue {
  std::string name;  // as written
  Surd value;
  std::string unit;
};

struct Answer {
  AnswerKind kind = AnswerKind::kText;
  std::vector<Surd> numbers;      // kNumber, kTuple, kSet (ascending)
  std::vector<NamedValue> named;  // kNamed, in the order of the text
  std::string unit;               // kNumber: as written, "" without one
  // Digits after the point where a number is written as a decimal (two more for a percentage), the
  // most of any. A decimal may be meant as a rounded value: see RoundsTo.
  std::optional<int> decimals;
  bool reduced = true;  // no fraction in it can be shortened
  // kInterval; unset ends are infinite.
  std::optional<Surd> low;
  std::optional<Surd> high;
  bool low_closed = false;
  bool high_closed = false;
  std::string text;  // the answer as written
};

// Reads an answer that stands alone ("x = 3/2", "23只", "\\frac12"). Never fails: kText at worst.
Answer ParseAnswer(std::string_view raw);

struct Extracted {
  Answer answer;
  AnswerRule rule = AnswerRule::kBoxed;
  Span span;  // of answer.text in the text given
};
// nullopt: the text gives no answer by any rule.
std::optional<Extracted> ExtractAnswer(std::string_view text);

// Whether `given`, written with so many digits after the point, is `truth` rounded.
bool RoundsTo(const Surd& truth, const Surd& given, int decimals);

// Exact equality of meaning. Numbers: equal values, and equal units where both have one (元=块,
// meters = m). Sets: same members. Named: the same names with the same values. Text: same bytes.
// A number equals a set or tuple or named answer of that one number.
bool SameAnswer(const Answer& a, const Answer& b);

}  // namespace lemma::check
