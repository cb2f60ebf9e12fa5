// SPDX-License-Identifier: Apache-2.0
// SentencePiece BPE (Kudo and Richardson 2018) as in Llama 2: starting from characters, the
// adjacent pair whose joined text is the token of highest score is merged, the leftmost first. What
// is no token in the end is written byte by byte. Immutable: Encode from any thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/flat_hash.h"
#include "tokenizer/vocab.h"

namespace lemma::tokenizer {

class SpmModel {
 public:
  struct Parts {
    StringTable words;          // written form of every token that merging may give
    std::vector<float> scores;  // one a token
    size_t longest;             // bytes of the longest key of `words`
    std::optional<std::array<TokenId, 256>> bytes;  // absent: `unknown` instead
    TokenId unknown;                                // used only without `bytes`
  };
  explicit SpmModel(Parts parts) : parts_(std::move(parts)) {}

  // Appends the ids of `text`, in which spaces are already written as U+2581. O(n log n).
  void Encode(std::string_view text, std::vector<TokenId>& ids) const;

 private:
  struct Symbol;
  void AppendSymbol(std::string_view symbol, std::vector<TokenId>& ids) const;

  Parts parts_;
};

}  // namespace lemma::tokenizer
