// SPDX-License-Identifier: Apache-2.0
// The Unicode properties that pre-tokenizers ask for: the general category's first letter and
// White_Space (Unicode Character Database), in a two-level table. Immutable; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/utf8.h"

namespace lemma::tokenizer {

// One bit a class, so that a pattern's [...] is a mask.
enum CharClass : uint8_t {
  kOther = 1,        // control, format, unassigned, and bytes that are no UTF-8
  kLetter = 2,       // \p{L}
  kNumber = 4,       // \p{N}
  kPunctuation = 8,  // \p{P}
  kSymbol = 16,      // \p{S}
  kMark = 32,        // \p{M}
  kSpace = 64,       // \s without line ends
  kNewline = 128,    // \r and \n
};
using ClassMask = uint8_t;
inline constexpr ClassMask kAnySpace = kSpace | kNewline;

class UnicodeTable {
 public:
  static const UnicodeTable& Get();
  // REQUIRES: code < 0x110000.
  [[nodiscard]] CharClass Class(uint32_t code) const {
    return static_cast<CharClass>(leaves_[static_cast<size_t>(index_[code >> kShift]) << kShift |
                                          (code & ((1U << kShift) - 1))]);
  }

 private:
  UnicodeTable();
  static constexpr uint32_t kShift = 7;
  std::array<uint16_t, (0x110000 >> kShift)> index_{};
  std::vector<uint8_t> leaves_;
};

struct Char {
  uint32_t code = kInvalidUtf8;
  uint8_t length = 0;  // 0: past the end
  uint8_t cls = 0;     // 0: past the end, in no mask
};

// Reads the characters of a text. A byte that is no UTF-8 is one character of class kOther.
class CharReader {
 public:
  explicit CharReader(std::string_view text) : text_(text), table_(UnicodeTable::Get()) {}

  [[nodiscard]] Char At(size_t position) const {
    if (position >= text_.size()) return {};
    const auto byte = static_cast<uint8_t>(text_[position]);
    if (byte < 0x80) return {byte, 1, table_.Class(byte)};
    const Utf8Char c = DecodeUtf8(text_.substr(position));
    if (c.code_point == kInvalidUtf8) return {kInvalidUtf8, 1, kOther};
    return {c.code_point, c.length, table_.Class(c.code_point)};
  }
  // The first position at or after `position` whose class is not in `mask`.
  [[nodiscard]] size_t SkipClass(size_t position, ClassMask mask) const {
    for (Char c = At(position); (c.cls & mask) != 0; c = At(position)) position += c.length;
    return position;
  }
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] size_t size() const { return text_.size(); }

 private:
  std::string_view text_;
  const UnicodeTable& table_;
};

}  // namespace lemma::tokenizer
