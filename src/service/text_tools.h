// SPDX-License-Identifier: Apache-2.0
// A model's tokenizer and prompt format for those who want to look at them. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "chat/message.h"
#include "service/loaded_model.h"

namespace lemma::service {

struct TokenizeOptions {
  bool add_special = false;   // BOS, if the model wants one
  bool parse_special = true;  // spellings of control tokens become those tokens
};
std::vector<int32_t> TokenizeText(const LoadedModel& model, std::string_view text,
                                  const TokenizeOptions& options);

// Valid UTF-8: bytes that are none become U+FFFD. Control tokens are written out. InvalidArgument
// names the index of a token outside the vocabulary.
Result<std::string> DetokenizeTokens(const LoadedModel& model, std::span<const int32_t> tokens);
// The bytes of one token, as they are: perhaps a part of a character. REQUIRES: in the vocabulary.
std::string_view TokenBytes(const LoadedModel& model, int32_t token);

// The prompt of a conversation as text (what /apply-template shows).
Result<std::string> RenderPrompt(const LoadedModel& model, const chat::Conversation& conversation);

}  // namespace lemma::service
