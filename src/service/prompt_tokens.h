// SPDX-License-Identifier: Apache-2.0
// Prompt parts to tokens. Control tokens come from format text only. Format and input text between
// two control tokens are tokenised together, as if the prompt were one string, so the ids are those
// of the reference implementations; but where input spells a token of the protocol that an
// ordinary vocabulary entry stands for ("<think>", "<tool_call>"), it is cut, so that it stays
// text. Immutable: safe to use from many threads. The tokenizer must outlive it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/message.h"
#include "tokenizer/tokenizer.h"

namespace lemma::service {

class PromptEncoder {
 public:
  explicit PromptEncoder(const tokenizer::Tokenizer& tokens);

  // Adds no BOS of its own.
  [[nodiscard]] std::vector<int32_t> Encode(const std::vector<chat::PromptPart>& parts) const;

 private:
  // Spellings to ids, found at a position of a text, longest first.
  class SpellingSet {
   public:
    void Add(std::string_view spelling, int32_t id);
    void Finish();
    struct Hit {
      int32_t id;
      size_t length;
    };
    [[nodiscard]] std::optional<Hit> At(std::string_view text) const;

   private:
    std::unordered_map<std::string, int32_t> ids_;
    std::vector<size_t> lengths_;  // descending
    bool first_bytes_[256] = {};
  };
  struct Run;

  void EncodeRun(Run& run, std::vector<int32_t>& ids) const;

  const tokenizer::Tokenizer& tokens_;
  SpellingSet control_;
  SpellingSet guarded_;  // user-defined tokens that look like marks
};

}  // namespace lemma::service
