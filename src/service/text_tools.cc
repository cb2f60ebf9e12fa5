// SPDX-License-Identifier: Apache-2.0
#include "service/text_tools.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace lemma::service {

std::vector<int32_t> TokenizeText(const LoadedModel& model, std::string_view text,
                                  const TokenizeOptions& options) {
  using tokenizer::SpecialTokens;
  const tokenizer::Tokenizer& tokens = model.tokens();
  std::vector<int32_t> ids;
  if (options.add_special && tokens.add_bos() && tokens.bos()) ids.push_back(*tokens.bos());
  const auto special = options.parse_special ? SpecialTokens::kParse : SpecialTokens::kPlainText;
  tokens.EncodeAppend(text, special, ids);
  return ids;
}

Result<std::string> DetokenizeTokens(const LoadedModel& model, std::span<const int32_t> tokens) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] < 0 || static_cast<size_t>(tokens[i]) >= model.tokens().size()) {
      return InvalidArgument(fmt::format("tokens[{}]: {} is not in the vocabulary of {}", i,
                                         tokens[i], model.tokens().size()));
    }
  }
  return SanitizeUtf8(model.tokens().Decode(tokens, tokenizer::ControlPieces::kRender));
}

std::string_view TokenBytes(const LoadedModel& model, int32_t token) {
  return model.tokens().Piece(token, tokenizer::ControlPieces::kRender);
}

Result<std::string> RenderPrompt(const LoadedModel& model, const chat::Conversation& conversation) {
  LEMMA_ASSIGN_OR_RETURN(const chat::Prompt prompt, model.prompts().Build(conversation));
  return chat::JoinParts(prompt.parts);
}

}  // namespace lemma::service
