// SPDX-License-Identifier: Apache-2.0
// Finds whole tokens written out in a text: of all patterns that start leftmost, the longest. A
// table of first bytes makes text without them cheap to pass; a candidate costs at most the longest
// pattern times log(patterns). Immutable after building; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/vocab.h"

namespace lemma::tokenizer {

class SpecialMatcher {
 public:
  struct Pattern {
    std::string_view text;  // not empty, distinct; must outlive the matcher
    TokenId id;
  };
  struct Match {
    size_t position;  // kNone: none
    size_t length;
    TokenId id;
    static constexpr size_t kNone = static_cast<size_t>(-1);
  };

  SpecialMatcher() = default;
  explicit SpecialMatcher(std::vector<Pattern> patterns);

  [[nodiscard]] Match FindNext(std::string_view text, size_t from) const;

 private:
  [[nodiscard]] Match MatchAt(std::string_view text, size_t at) const;

  std::vector<Pattern> patterns_;           // ascending by text
  std::array<uint32_t, 257> first_byte_{};  // patterns that start with byte b: [b], [b + 1]
};

}  // namespace lemma::tokenizer
