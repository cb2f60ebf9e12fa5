// SPDX-License-Identifier: Apache-2.0
// Reads the input as the body of /v1/messages and of /v1/messages/count_tokens. Checks that an
// error has a message, that what generation accepts counting accepts too, and that replies made of
// the body's own texts are JSON, in blocks that open and close.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/anthropic/reply.h"
#include "server/anthropic/request.h"

namespace lemma::server::anthropic {
namespace {

using service::StreamEvent;

StreamEvent Event(StreamEvent::Kind kind, const std::string& text) {
  StreamEvent event;
  event.kind = kind;
  event.text = text;
  return event;
}

size_t CountOf(std::string_view text, std::string_view word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
  return count;
}

void Echo(const MessagesBody& body, const BodyNotes& notes) {
  const ReplyHead head{"msg_0", body.model.name, 0, notes.warnings()};
  EventWriter writer(head);
  MessageBuilder builder(head);
  std::string text = writer.Start();
  const auto add = [&](const StreamEvent& event) {
    text += writer.Add(event);
    builder.Add(event);
  };
  for (const chat::Message& message : body.chat.conversation.messages) {
    add(Event(StreamEvent::Kind::kThinking, message.reasoning));
    add(Event(StreamEvent::Kind::kContent, message.content));
    for (const chat::ToolCall& call : message.tool_calls) {
      StreamEvent event = Event(StreamEvent::Kind::kToolCall, {});
      event.tool_call = call;
      add(event);
    }
  }
  const StreamEvent finish = Event(StreamEvent::Kind::kFinish, {});
  text += writer.Add(finish);
  if (CountOf(text, "\nevent: content_block_start\n") !=
      CountOf(text, "\nevent: content_block_stop\n")) {
    std::abort();
  }
  boost::json::error_code error;
  boost::json::parse(builder.Finish(finish), error);
  if (error) std::abort();
}

}  // namespace
}  // namespace lemma::server::anthropic

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lemma::server::anthropic;  // NOLINT(google-build-using-namespace): a short main
  using lemma::server::BodyNotes;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  BodyNotes notes;
  const auto messages = ParseMessages(body, notes);
  if (!messages.ok() && messages.status().message().empty()) std::abort();
  BodyNotes counting;
  const auto counted = ParseCountTokens(body, counting);
  if (messages.ok() && !counted.ok()) std::abort();
  if (messages.ok()) Echo(*messages, notes);
  return 0;
}
