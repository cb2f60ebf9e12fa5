// SPDX-License-Identifier: Apache-2.0
// The first half of making a Tokenizer: a VocabData whose lengths, ids, types and duplicates are
// checked, with the bytes that every token stands for. What the merges need is in model_parts.h.
// Movable value; const use from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tokenizer/flat_hash.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocab.h"

namespace lemma::tokenizer {

struct CheckedVocab {
  VocabData data;                   // types is filled, ids are in range; merges as given
  StringTable by_text{0};           // written forms, without empty ones
  std::vector<std::string> pieces;  // the bytes a token stands for
  std::vector<uint8_t> mergeable;   // 1: merging may give it; its piece is what it was made of
  std::vector<TokenId> eog;         // ascending
  std::vector<std::string> warnings;

  [[nodiscard]] size_t size() const { return data.tokens.size(); }
  [[nodiscard]] TokenType type(TokenId id) const { return data.types[static_cast<size_t>(id)]; }
  [[nodiscard]] const std::string& text(TokenId id) const {
    return data.tokens[static_cast<size_t>(id)];
  }
  [[nodiscard]] std::optional<TokenId> Find(std::string_view text) const {
    const TokenId id = text.empty() ? -1 : by_text.Find(text);
    return id < 0 ? std::nullopt : std::optional(id);
  }
};

Result<CheckedVocab> CheckVocab(VocabData data, const VocabLimits& limits);

// Control and unknown tokens have no text of their own and never come from plain text.
inline bool IsControlType(TokenType type) {
  return type == TokenType::kControl || type == TokenType::kUnknown;
}

}  // namespace lemma::tokenizer
