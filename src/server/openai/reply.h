// SPDX-License-Identifier: Apache-2.0
// What OpenAI's answers have in common: reasons, usage, log probabilities, errors. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/api_error.h"
#include "server/dialect/token_text.h"
#include "service/generate.h"

namespace lemma::server::openai {

// "stop", "length" or "tool_calls": what clients know. The rest is told in "stop_reason".
std::string_view FinishReasonText(service::FinishReason reason);
// The stop string, or why the text ended early ("context_full", "loop", "deadline", "cancelled");
// null after an ordinary end.
boost::json::value StopReason(const service::StreamEvent& finish);

// Sums over the prompts and samples of one request.
class UsageSum {
 public:
  // Of a finish event. The samples of one prompt share its tokens.
  void Add(const service::StreamUsage& usage, size_t prompt = 0);
  [[nodiscard]] boost::json::object ToJson() const;
  // As llama.cpp's server writes it: tokens, milliseconds and rates of prompt and answer.
  [[nodiscard]] boost::json::object Timings() const;
  [[nodiscard]] const service::StreamUsage& total() const { return total_; }

 private:
  struct PromptTokens {
    size_t all = 0;
    size_t cached = 0;
  };
  std::vector<PromptTokens> prompts_;
  service::StreamUsage total_;
};

// [{token, logprob, bytes, top_logprobs}]
boost::json::array LogprobItems(const std::vector<engine::SampledToken>& tokens,
                                const TokenText& text);

boost::json::array ToArray(const std::vector<std::string>& texts);

// {"error": {message, type, param, code}}
boost::json::object ErrorObject(const ApiError& error);
Response FormatError(const ApiError& error);
// The same on routes whose prompt is made of the field `field`: what is wrong with the prompt is
// said of that.
ErrorFormatter FormatErrorOf(std::string_view field);

// "chatcmpl-" and 24 random letters and digits.
std::string NewId(std::string_view prefix);
int64_t UnixTime();
inline constexpr std::string_view kFingerprint = "lemma";

}  // namespace lemma::server::openai
