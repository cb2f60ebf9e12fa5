// SPDX-License-Identifier: Apache-2.0
#include "server/anthropic/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <utility>

namespace lemma::server::anthropic {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = service::StreamEvent::Kind;

const ReplyHead kHead{"msg_01", "m", 12, {"x: unknown field, ignored"}};

service::StreamEvent Event(Kind kind, std::string text) {
  service::StreamEvent event;
  event.kind = kind;
  event.text = std::move(text);
  return event;
}

service::StreamEvent Call() {
  service::StreamEvent event = Event(Kind::kToolCall, "");
  event.tool_call = {"", "get", R"({"city":"Ulm"})"};
  return event;
}

service::StreamEvent Finish(service::FinishReason reason) {
  service::StreamEvent event = Event(Kind::kFinish, "");
  event.finish = reason;
  event.usage.prompt_tokens = 12;
  event.usage.cached_tokens = 4;
  event.usage.generated_tokens = 5;
  event.usage.thinking_tokens = 2;
  return event;
}

// What a client of the wire format makes of the text: event name and body.
std::vector<std::pair<std::string, json::value>> Read(std::string_view text) {
  std::vector<std::pair<std::string, json::value>> out;
  while (!text.empty()) {
    const size_t end = text.find("\n\n");
    EXPECT_NE(end, std::string_view::npos);
    const std::string_view block = text.substr(0, end);
    const size_t line = block.find('\n');
    EXPECT_TRUE(block.starts_with("event: "));
    EXPECT_TRUE(block.substr(line + 1).starts_with("data: "));
    out.emplace_back(block.substr(7, line - 7), json::parse(block.substr(line + 7)));
    EXPECT_EQ(out.back().first, out.back().second.at("type").as_string());
    text.remove_prefix(end + 2);
  }
  return out;
}

TEST(EventWriterTest, ThinkingTextAndCallsAreBlocksInOrder) {
  EventWriter writer(kHead);
  std::string text = writer.Start();
  text += writer.Add(Event(Kind::kPrefill, ""));
  text += writer.Add(Event(Kind::kThinking, "h"));
  text += writer.Add(Event(Kind::kThinking, "m"));
  text += writer.Add(Event(Kind::kContent, "Hi"));
  text += writer.Add(Event(Kind::kContent, ""));
  text += writer.Add(Call());
  text += writer.Add(Finish(service::FinishReason::kToolCalls));
  const auto events = Read(text);
  std::vector<std::string> names;
  for (const auto& [name, body] : events) names.push_back(name);
  EXPECT_THAT(names,
              ElementsAre("message_start", "ping", "content_block_start", "content_block_delta",
                          "content_block_delta", "content_block_delta", "content_block_stop",
                          "content_block_start", "content_block_delta", "content_block_stop",
                          "content_block_start", "content_block_delta", "content_block_stop",
                          "message_delta", "message_stop"));
  const json::value& message = events[0].second.at("message");
  EXPECT_EQ(message.at("id"), "msg_01");
  EXPECT_EQ(message.at("usage").at("input_tokens"), 12);
  EXPECT_EQ(message.at("warnings").at(0), "x: unknown field, ignored");
  EXPECT_EQ(message.at("stop_reason"), nullptr);
  EXPECT_EQ(events[2].second.at("content_block").at("type"), "thinking");
  EXPECT_EQ(events[3].second.at("delta").at("thinking"), "h");
  EXPECT_EQ(events[5].second.at("delta").at("type"), "signature_delta");
  EXPECT_EQ(events[5].second.at("delta").at("signature"), json::string(Signature("hm")));
  EXPECT_EQ(events[8].second.at("delta").at("text"), "Hi");
  EXPECT_EQ(events[8].second.at("index"), 1);
  EXPECT_EQ(events[10].second.at("content_block").at("name"), "get");
  EXPECT_EQ(events[10].second.at("content_block").at("id"), "toolu_01_0");
  EXPECT_EQ(events[11].second.at("delta").at("partial_json"), R"({"city":"Ulm"})");
  EXPECT_EQ(events[13].second.at("delta").at("stop_reason"), "tool_use");
  EXPECT_EQ(events[13].second.at("usage").at("input_tokens"), 8);
  EXPECT_EQ(events[13].second.at("usage").at("cache_read_input_tokens"), 4);
  EXPECT_EQ(events[13].second.at("usage").at("output_tokens"), 5);
}

TEST(EventWriterTest, AnEmptyReplyHasNoBlocks) {
  EventWriter writer(kHead);
  const auto events = Read(writer.Add(Finish(service::FinishReason::kStop)));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].second.at("delta").at("stop_reason"), "end_turn");
  EXPECT_EQ(events[1].first, "message_stop");
}

TEST(EventWriterTest, AFailureIsAnErrorEvent) {
  EventWriter writer(kHead);
  service::StreamEvent finish = Finish(service::FinishReason::kError);
  finish.error = InternalError("worker fault");
  const auto events = Read(writer.Add(finish));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].first, "error");
  EXPECT_EQ(events[0].second.at("error").at("type"), "api_error");
  EXPECT_THAT(std::string(events[0].second.at("error").at("message").as_string()),
              HasSubstr("worker fault"));
}

TEST(MessageBuilderTest, TheSameBlocksAsOneObject) {
  MessageBuilder builder(kHead);
  builder.Add(Event(Kind::kThinking, "h"));
  builder.Add(Event(Kind::kThinking, "m"));
  builder.Add(Event(Kind::kContent, "Hi"));
  builder.Add(Call());
  service::StreamEvent finish = Finish(service::FinishReason::kStopString);
  finish.matched_stop = "END";
  const json::value out = json::parse(builder.Finish(finish));
  const json::array& content = out.at("content").as_array();
  ASSERT_EQ(content.size(), 3U);
  EXPECT_EQ(content[0].at("thinking"), "hm");
  EXPECT_EQ(content[0].at("signature"), json::string(Signature("hm")));
  EXPECT_EQ(content[1].at("text"), "Hi");
  EXPECT_EQ(content[2].at("input").at("city"), "Ulm");
  EXPECT_EQ(out.at("stop_reason"), "stop_sequence");
  EXPECT_EQ(out.at("stop_sequence"), "END");
  EXPECT_EQ(out.at("usage").at("output_tokens_details").at("thinking_tokens"), 2);
  EXPECT_EQ(out.at("warnings").as_array().size(), 1U);
}

TEST(ReplyTest, CutRepliesSayByWhat) {
  EXPECT_EQ(StopReason(service::FinishReason::kLength), "max_tokens");
  EXPECT_EQ(StopReason(service::FinishReason::kContextFull), "model_context_window_exceeded");
  MessageBuilder builder(kHead);
  const json::value out = json::parse(builder.Finish(Finish(service::FinishReason::kDeadline)));
  EXPECT_EQ(out.at("stop_reason"), "max_tokens");
  EXPECT_THAT(std::string(out.at("warnings").at(1).as_string()), HasSubstr("time limit"));
}

TEST(ReplyTest, ErrorsHaveTheShapeOfTheApi) {
  ApiError error;
  error.kind = ErrorKind::kModelNotFound;
  error.message = "no model \"x\"";
  const Response response = FormatError(error);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body,
            R"({"type":"error","error":{"type":"not_found_error","message":"no model \"x\""}})");
  error.kind = ErrorKind::kContextOverflow;
  error.message = "prompt: 9 tokens do not fit the context of 8";
  EXPECT_THAT(ErrorBody(error), HasSubstr("\"prompt is too long: 9 tokens do not fit"));
  EXPECT_EQ(ErrorType(ErrorKind::kUnauthorized), "authentication_error");
  EXPECT_EQ(ErrorType(ErrorKind::kOverloaded), "overloaded_error");
}

}  // namespace
}  // namespace lemma::server::anthropic
