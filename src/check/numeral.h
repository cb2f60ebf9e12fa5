// SPDX-License-Identifier: Apache-2.0
// Numbers as people write them, read exactly: 1,234.5, full-width digits, 一百二十三, 两千零五,
// 二〇二四, 三分之二, 一又二分之一, 三点一四, 百分之五, 3万, 半. What has two readings is refused
// (一百二 is 120 in speech, 102 on a form), never guessed. No thread rule.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "check/rational.h"

namespace lemma::check {

// Bytes [begin, end) of a text.
struct Span {
  size_t begin = 0;
  size_t end = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

enum class NumeralScript { kDigits, kChinese };

struct Numeral {
  Rational value;
  size_t bytes = 0;  // consumed
  NumeralScript script = NumeralScript::kDigits;
};
// The longest number at the start of `text`, without a sign; nullopt: none starts here, or what
// starts here has two readings. "1,234" is one number only with groups of three; 千 before 克 米 瓦
// belongs to the unit.
std::optional<Numeral> ReadNumeral(std::string_view text);

// The ASCII form of a full-width form (U+FF01..U+FF5E), or the code point itself.
char32_t NarrowForm(char32_t c);

}  // namespace lemma::check
