// SPDX-License-Identifier: Apache-2.0
// Bodies of the native routes of llama.cpp's server (github ggml-org/llama.cpp,
// tools/server/README.md, 2026). What cannot be done is refused by name. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "chat/message.h"
#include "server/object_reader.h"
#include "server/serving.h"
#include "service/generate.h"

namespace lemma::server::llamacpp {

struct CompletionBody {
  ModelRef model;
  service::CompletionRequest completion;
  bool stream = false;
  bool return_tokens = false;  // ids beside the text; needs no logprobs from the client
  bool show_logprobs = false;  // n_probs
  bool timings_per_token = false;
};
Result<CompletionBody> ParseCompletion(std::string_view text, BodyNotes& notes);

struct TokenizeBody {
  ModelRef model;
  std::string content;
  bool add_special = false;
  bool parse_special = true;
  bool with_pieces = false;
};
Result<TokenizeBody> ParseTokenize(std::string_view text, BodyNotes& notes);

struct DetokenizeBody {
  ModelRef model;
  std::vector<int32_t> tokens;
};
Result<DetokenizeBody> ParseDetokenize(std::string_view text, BodyNotes& notes);

struct ApplyTemplateBody {
  ModelRef model;
  chat::Conversation conversation;
};
Result<ApplyTemplateBody> ParseApplyTemplate(std::string_view text, BodyNotes& notes);

}  // namespace lemma::server::llamacpp
