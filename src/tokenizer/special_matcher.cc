// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/special_matcher.h"

#include <algorithm>
#include <utility>

namespace lemma::tokenizer {
namespace {

uint8_t ByteAt(std::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

}  // namespace

SpecialMatcher::SpecialMatcher(std::vector<Pattern> patterns) : patterns_(std::move(patterns)) {
  std::sort(patterns_.begin(), patterns_.end(),
            [](const Pattern& a, const Pattern& b) { return a.text < b.text; });
  for (const Pattern& pattern : patterns_) ++first_byte_[ByteAt(pattern.text, 0) + size_t{1}];
  for (size_t b = 0; b < 256; ++b) first_byte_[b + 1] += first_byte_[b];
}

SpecialMatcher::Match SpecialMatcher::FindNext(std::string_view text, size_t from) const {
  if (patterns_.empty()) return {Match::kNone, 0, 0};
  for (size_t at = from; at < text.size(); ++at) {
    const uint8_t byte = ByteAt(text, at);
    if (first_byte_[byte] == first_byte_[byte + size_t{1}]) continue;
    const Match match = MatchAt(text, at);
    if (match.position != Match::kNone) return match;
  }
  return {Match::kNone, 0, 0};
}

SpecialMatcher::Match SpecialMatcher::MatchAt(std::string_view text, size_t at) const {
  // [low, high) are the patterns that agree with the text in their first `depth` bytes.
  const uint8_t first = ByteAt(text, at);
  auto low = patterns_.begin() + first_byte_[first];
  auto high = patterns_.begin() + first_byte_[first + size_t{1}];
  Match best{Match::kNone, 0, 0};
  for (size_t depth = 1; low != high; ++depth) {
    if (low->text.size() == depth) {
      best = {at, depth, low->id};
      ++low;
    }
    if (at + depth >= text.size()) break;
    const uint8_t byte = ByteAt(text, at + depth);
    low = std::partition_point(low, high,
                               [&](const Pattern& p) { return ByteAt(p.text, depth) < byte; });
    high = std::partition_point(low, high,
                                [&](const Pattern& p) { return ByteAt(p.text, depth) == byte; });
  }
  return best;
}

}  // namespace lemma::tokenizer
