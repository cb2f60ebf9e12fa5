// SPDX-License-Identifier: Apache-2.0
// Replies of llama.cpp's native /completion: pieces of a stream and the last object, with its
// counts and timings. Durations are milliseconds. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/api_error.h"
#include "server/dialect/token_text.h"
#include "service/generate.h"

namespace lemma::server::llamacpp {

struct ReplyText {
  std::string content;
  std::vector<engine::SampledToken> tokens;
};

struct ReplyShape {
  std::string model;
  bool tokens = false;    // ids
  bool logprobs = false;  // completion_probabilities
  TokenText token_text;
  uint64_t seed = 0;
  std::string prompt;
  std::vector<std::string> warnings;
  size_t dropped_tokens = 0;  // truncated
};

std::string PieceJson(const ReplyShape& shape, const ReplyText& text, size_t prompt_tokens);
std::string FinalJson(const ReplyShape& shape, const ReplyText& text,
                      const service::StreamEvent& finish);
// "eos", "word", "limit", "none".
std::string_view StopType(service::FinishReason reason);

// {"error":{"code":...,"message":...,"type":...}}
std::string ErrorBody(const ApiError& error);
Response FormatError(const ApiError& error);

}  // namespace lemma::server::llamacpp
