// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/unicode_class.h"

#include <algorithm>
#include <iterator>

namespace lemma::tokenizer {
namespace {

constexpr CharClass kL = kLetter;
constexpr CharClass kN = kNumber;
constexpr CharClass kP = kPunctuation;
constexpr CharClass kS = kSymbol;
constexpr CharClass kM = kMark;
constexpr CharClass kW = kSpace;
constexpr CharClass kO = kOther;

struct Range {
  uint32_t first;
  CharClass cls;
};
constexpr Range kRanges[] = {
#include "tokenizer/unicode_ranges.inc"
};

}  // namespace

UnicodeTable::UnicodeTable() {
  constexpr size_t kLeaf = size_t{1} << kShift;
  std::array<uint8_t, kLeaf> leaf{};
  size_t range = 0;
  for (uint32_t code = 0; code < 0x110000; ++code) {
    while (range + 1 < std::size(kRanges) && kRanges[range + 1].first <= code) ++range;
    leaf[code % kLeaf] = (code == '\r' || code == '\n') ? kNewline : kRanges[range].cls;
    if (code % kLeaf != kLeaf - 1) continue;
    size_t found = 0;
    while (
        found * kLeaf < leaves_.size() &&
        !std::equal(leaf.begin(), leaf.end(), leaves_.begin() + static_cast<long>(found * kLeaf)))
      ++found;
    if (found * kLeaf == leaves_.size()) leaves_.insert(leaves_.end(), leaf.begin(), leaf.end());
    index_[code >> kShift] = static_cast<uint16_t>(found);
  }
}

const UnicodeTable& UnicodeTable::Get() {
  static const UnicodeTable table;
  return table;
}

}  // namespace lemma::tokenizer
