// SPDX-License-Identifier: Apache-2.0
// For tests of answers: events as the service gives them, and what was written read back. Test code
// only.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http_types.h"
#include "server/stream_pump.h"
#include "service/generate.h"

namespace lemma::server::openai::testing {

namespace json = boost::json;
using service::FinishReason;
using service::StreamEvent;
using Kind = StreamEvent::Kind;

inline StreamEvent Text(Kind kind, std::string text, size_t sample = 0) {
  StreamEvent event;
  event.kind = kind;
  event.text = std::move(text);
  event.sample = sample;
  return event;
}

inline StreamEvent Call(std::string name) {
  StreamEvent event;
  event.kind = Kind::kToolCall;
  event.tool_call = {"call_1", std::move(name), R"({"x":1})"};
  return event;
}

inline StreamEvent Finish(FinishReason reason, size_t sample = 0) {
  StreamEvent event;
  event.kind = Kind::kFinish;
  event.finish = reason;
  event.sample = sample;
  event.usage.prompt_tokens = 10;
  event.usage.cached_tokens = 4;
  event.usage.generated_tokens = 5;
  event.usage.thinking_tokens = 2;
  return event;
}

inline StreamStart Started(size_t samples = 1) {
  StreamStart start;
  start.model = "m";
  start.seed = 7;
  start.samples = samples;
  return start;
}

inline std::string_view Spelling(int32_t token) { return token == 1 ? "\xe4\xbd" : "ab"; }

// The objects of "data:" lines; the end mark is a string.
inline std::vector<json::value> Events(std::string_view text) {
  std::vector<json::value> out;
  while (!text.empty()) {
    const size_t end = text.find("\n\n");
    EXPECT_NE(end, std::string_view::npos) << text;
    if (end == std::string_view::npos) break;
    std::string_view block = text.substr(0, end);
    text.remove_prefix(end + 2);
    const size_t data = block.find("data: ");
    EXPECT_NE(data, std::string_view::npos);
    block.remove_prefix(data + 6);
    out.push_back(block == "[DONE]" ? json::value("[DONE]") : json::parse(block));
  }
  return out;
}

inline json::value Body(const Response& response) { return json::parse(response.body); }

}  // namespace lemma::server::openai::testing
