// SPDX-License-Identifier: Apache-2.0
// Replies of the Messages API: one message object, or the events that build it: message_start,
// then blocks (start, deltas, stop) of thinking, text and tool_use, message_delta with the reason
// and usage, message_stop. Thinking blocks end in a signature, as clients expect; ours is a
// checksum of the text, no proof of origin. Pure functions of what they are given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/api_error.h"
#include "service/generate.h"

namespace lemma::server::anthropic {

struct ReplyHead {
  std::string id;  // "msg_..."
  std::string model;
  size_t prompt_tokens = 0;
  std::vector<std::string> warnings;  // of reading the body; not a field of Anthropic's
};

// "end_turn", "max_tokens", "stop_sequence", "tool_use", "model_context_window_exceeded".
std::string_view StopReason(service::FinishReason reason);

// "lemma1:" and 16 hexadecimal digits.
std::string Signature(std::string_view thinking);

// The events of one reply as server-sent events, ready to be written.
class EventWriter {
 public:
  explicit EventWriter(ReplyHead head);

  std::string Start();
  // What an event of the stream becomes: perhaps nothing. A failed sample becomes an error event,
  // after which nothing may follow.
  std::string Add(const service::StreamEvent& event);
  static std::string Ping();

 private:
  enum class Block : uint8_t { kNone, kThinking, kText };
  std::string Open(Block block);
  std::string CloseBlock();
  std::string Text(Block block, std::string_view text);
  std::string ToolUse(const chat::ToolCall& call);
  std::string Finish(const service::StreamEvent& event);

  const ReplyHead head_;
  Block block_ = Block::kNone;
  size_t index_ = 0;  // of the block that is open, or comes next
  size_t tool_uses_ = 0;
  std::string thinking_;  // of the open block
};

// The same reply as one object.
class MessageBuilder {
 public:
  explicit MessageBuilder(ReplyHead head);
  // Events but kFinish.
  void Add(const service::StreamEvent& event);
  [[nodiscard]] std::string Finish(const service::StreamEvent& finish) const;

 private:
  struct Part {
    service::StreamEvent::Kind kind;
    std::string text;
    chat::ToolCall call;
  };
  const ReplyHead head_;
  std::vector<Part> parts_;
};

// {"type":"error","error":{"type":...,"message":...}}
std::string_view ErrorType(ErrorKind kind);
std::string ErrorBody(const ApiError& error);
Response FormatError(const ApiError& error);

}  // namespace lemma::server::anthropic
