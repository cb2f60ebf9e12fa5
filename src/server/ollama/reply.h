// SPDX-License-Identifier: Apache-2.0
// Replies of the Ollama API as lines of JSON: pieces of a stream, the last line with its figures,
// and the whole reply of a request that is not streamed. Durations are nanoseconds. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/api_error.h"
#include "server/dialect/token_text.h"
#include "service/generate.h"

namespace lemma::server::ollama {

enum class Api : uint8_t { kGenerate, kChat };

struct ReplyHead {
  Api api = Api::kChat;
  std::string model;
  std::string created_at;  // RFC 3339, see Timestamp
};

// What one line adds: the events of one sample, in part or as a whole.
struct ReplyText {
  std::string thinking;
  std::string content;
  std::vector<chat::ToolCall> tool_calls;
  std::vector<engine::SampledToken> logprobs;
  [[nodiscard]] bool empty() const {
    return thinking.empty() && content.empty() && tool_calls.empty();
  }
};
// Takes what an event other than kFinish adds.
void Append(const service::StreamEvent& event, ReplyText& text);

struct ReplyEnd {
  std::string done_reason;  // "stop", "length", "load", "unload", ...
  service::StreamUsage usage;
  std::chrono::nanoseconds total{0};
  std::chrono::nanoseconds load{0};  // before the request reached the engine
  std::vector<std::string> warnings;
  service::Truncation truncation;  // of the prompt; told when there is one
  std::string lemma = {};          // a JSON object, of a verified answer; else empty
  bool has_figures = true;         // false for load and unload
};

// One object without a newline. `end` may be null: more lines follow. `token_text` may be empty
// when there are no logprobs.
std::string ReplyLine(const ReplyHead& head, const ReplyText& text, const ReplyEnd* end,
                      const TokenText& token_text);

// "stop", "length", "tool_calls" counts as "stop" as in Ollama; others as they are.
std::string_view DoneReason(service::FinishReason reason);
// {"error": message}
std::string ErrorBody(std::string_view message);
Response FormatError(const ApiError& error);

// "2026-01-31T12:00:00.123456789Z"
std::string Timestamp(std::chrono::system_clock::time_point time);

}  // namespace lemma::server::ollama
