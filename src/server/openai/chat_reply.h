// SPDX-License-Identifier: Apache-2.0
// The answer of /v1/chat/completions: one object, or chunks as server-sent events. Both are pure
// functions of the events; ChatSink is what connects them with an exchange.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/http_types.h"
#include "server/openai/chat_request.h"
#include "server/openai/reply.h"
#include "server/stream_pump.h"

namespace lemma::server::openai {

struct ChatReplyOptions {
  std::string id;
  int64_t created = 0;
  bool include_usage = false;
  bool include_reasoning = true;
  bool logprobs = false;
  bool return_progress = false;
  std::vector<std::string> warnings;  // of reading the body
};

// Events in, text of server-sent events out.
class ChatChunks {
 public:
  explicit ChatChunks(ChatReplyOptions options);
  std::string Start(const StreamStart& start, TokenText text);
  std::string Add(const service::StreamEvent& event);
  // Usage, if asked for, and the mark of the end; nothing after an error, which is the last event.
  std::string End();

 private:
  [[nodiscard]] std::string Chunk(size_t sample, std::string_view delta,
                                  std::string_view more) const;
  [[nodiscard]] std::string TextDelta(const service::StreamEvent& event) const;
  std::string ToolDelta(const service::StreamEvent& event);
  std::string Finish(const service::StreamEvent& event);
  [[nodiscard]] std::string Progress(const service::StreamEvent& event) const;

  const ChatReplyOptions options_;
  TokenText text_;
  std::string head_;                // {"id":...,"model":...
  std::vector<size_t> tool_calls_;  // by sample
  UsageSum usage_;
  size_t unfinished_ = 0;
  uint64_t seed_ = 0;
  bool failed_ = false;
  service::Truncation truncation_;
  std::vector<std::string> warnings_;
};

// Events in, one object out.
class ChatObject {
 public:
  explicit ChatObject(ChatReplyOptions options);
  void Start(const StreamStart& start, TokenText text);
  void Add(const service::StreamEvent& event);
  // An ApiError's response when a sample failed, or none of them got a token in time.
  [[nodiscard]] Response End() const;

 private:
  struct Choice {
    std::string content;
    std::string reasoning;
    std::vector<chat::ToolCall> calls;
    std::vector<engine::SampledToken> logprobs;
    std::vector<engine::SampledToken> reasoning_logprobs;
    service::StreamEvent finish;
  };
  [[nodiscard]] boost::json::object Message(const Choice& choice) const;
  [[nodiscard]] boost::json::value Logprobs(const Choice& choice) const;  // null: none asked for

  const ChatReplyOptions options_;
  TokenText text_;
  std::string model_;
  uint64_t seed_ = 0;
  std::vector<Choice> choices_;
  UsageSum usage_;
  service::Truncation truncation_;
  std::vector<std::string> warnings_;
};

// Answers on the exchange.
std::unique_ptr<StreamSink> MakeChatSink(ExchangePtr exchange, const ChatBody& body,
                                         std::vector<std::string> warnings);

}  // namespace lemma::server::openai
