// SPDX-License-Identifier: Apache-2.0
// Events in, JSON out: the shapes of OpenAI's answers.
#include "server/openai/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "server/openai/chat_reply.h"
#include "server/openai/completion_reply.h"
#include "server/openai/reply_testing.h"
#include "server/openai/responses_reply.h"

namespace lemma::server::openai {
namespace {

namespace json = boost::json;
using service::FinishReason;
using service::StreamEvent;
using Kind = StreamEvent::Kind;
using testing::Body;
using testing::Call;
using ::testing::ElementsAre;
using testing::Events;
using testing::Finish;
using ::testing::HasSubstr;
using testing::Spelling;
using testing::Started;
using testing::Text;

ChatReplyOptions Options() {
  ChatReplyOptions options;
  options.id = "chatcmpl-1";
  options.created = 3;
  return options;
}

TEST(ChatReply, OneObject) {
  ChatObject object(Options());
  object.Start(Started(), Spelling);
  object.Add(Text(Kind::kThinking, "hm"));
  object.Add(Text(Kind::kContent, "he\"y"));
  object.Add(Finish(FinishReason::kStop));
  const json::value body = Body(object.End());
  EXPECT_EQ(body.at("object"), "chat.completion");
  EXPECT_EQ(body.at("id"), "chatcmpl-1");
  EXPECT_EQ(body.at("model"), "m");
  const json::value& choice = body.at("choices").at(0);
  EXPECT_EQ(choice.at("message").at("role"), "assistant");
  EXPECT_EQ(choice.at("message").at("content"), "he\"y");
  EXPECT_EQ(choice.at("message").at("reasoning_content"), "hm");
  EXPECT_EQ(choice.at("message").at("reasoning"), "hm");
  EXPECT_EQ(choice.at("finish_reason"), "stop");
  EXPECT_TRUE(choice.at("logprobs").is_null());
  EXPECT_EQ(body.at("usage"), json::parse(R"({"prompt_tokens":10,"completion_tokens":5,
      "total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},
      "completion_tokens_details":{"reasoning_tokens":2,"accepted_prediction_tokens":0,
      "rejected_prediction_tokens":0}})"));
  EXPECT_FALSE(body.as_object().contains("warnings"));
}

TEST(ChatReply, ReasoningMayBeLeftOut) {
  ChatReplyOptions options = Options();
  options.include_reasoning = false;
  ChatObject object(options);
  object.Start(Started(), Spelling);
  object.Add(Text(Kind::kThinking, "hm"));
  object.Add(Finish(FinishReason::kStop));
  EXPECT_FALSE(Body(object.End())
                   .at("choices")
                   .at(0)
                   .at("message")
                   .as_object()
                   .contains("reasoning_content"));
  ChatChunks chunks(options);
  chunks.Start(Started(), Spelling);
  EXPECT_EQ(chunks.Add(Text(Kind::kThinking, "hm")), "");
}

TEST(ChatReply, SeveralSamplesAndToolCalls) {
  ChatObject object(Options());
  object.Start(Started(2), Spelling);
  object.Add(Text(Kind::kContent, "b", 1));
  object.Add(Call("f"));
  object.Add(Finish(FinishReason::kToolCalls, 0));
  object.Add(Finish(FinishReason::kLength, 1));
  const json::value body = Body(object.End());
  const json::value& first = body.at("choices").at(0);
  EXPECT_EQ(first.at("finish_reason"), "tool_calls");
  EXPECT_TRUE(first.at("message").at("content").is_null());
  EXPECT_EQ(first.at("message").at("tool_calls"), json::parse(R"([{"id":"call_1","type":"function",
                "function":{"name":"f","arguments":"{\"x\":1}"}}])"));
  EXPECT_EQ(body.at("choices").at(1).at("message").at("content"), "b");
  EXPECT_EQ(body.at("choices").at(1).at("finish_reason"), "length");
  EXPECT_EQ(body.at("usage").at("completion_tokens"), 10);
  EXPECT_EQ(body.at("usage").at("prompt_tokens"), 10);
}

TEST(ChatReply, LogprobsHaveBytesAndAlternatives) {
  ChatReplyOptions options = Options();
  options.logprobs = true;
  ChatObject object(options);
  object.Start(Started(), Spelling);
  StreamEvent event = Text(Kind::kContent, "x");
  event.logprobs.push_back({});
  event.logprobs[0].token = 1;
  event.logprobs[0].logprob = -0.5F;
  event.logprobs[0].top_logprobs = {{1, -0.5F}, {2, -1.0F}};
  object.Add(event);
  object.Add(Finish(FinishReason::kStop));
  const json::value body = Body(object.End());
  const json::value& item = body.at("choices").at(0).at("logprobs").at("content").at(0);
  EXPECT_EQ(item.at("token"), "\xef\xbf\xbd\xef\xbf\xbd");  // half a character
  EXPECT_EQ(item.at("bytes"), json::parse("[228,189]"));
  EXPECT_EQ(item.at("logprob"), -0.5);
  EXPECT_EQ(item.at("top_logprobs").as_array().size(), 2U);
  EXPECT_EQ(item.at("top_logprobs").at(1).at("token"), "ab");
}

TEST(ChatReply, EndsThatAreNoStops) {
  const auto ended = [](FinishReason reason) {
    ChatObject object(Options());
    object.Start(Started(), Spelling);
    object.Add(Text(Kind::kContent, "x"));
    StreamEvent finish = Finish(reason);
    finish.matched_stop = "END";
    object.Add(finish);
    const json::value body = Body(object.End());
    return body.at("choices").at(0);
  };
  EXPECT_EQ(ended(FinishReason::kStopString).at("stop_reason"), "END");
  EXPECT_EQ(ended(FinishReason::kStopString).at("finish_reason"), "stop");
  EXPECT_EQ(ended(FinishReason::kContextFull).at("finish_reason"), "length");
  EXPECT_EQ(ended(FinishReason::kContextFull).at("stop_reason"), "context_full");
  EXPECT_EQ(ended(FinishReason::kLoop).at("stop_reason"), "loop");
  EXPECT_EQ(ended(FinishReason::kDeadline).at("stop_reason"), "deadline");
  EXPECT_TRUE(ended(FinishReason::kLength).at("stop_reason").is_null());
}

TEST(ChatReply, AFailedSampleFailsTheRequest) {
  ChatObject object(Options());
  object.Start(Started(), Spelling);
  StreamEvent finish = Finish(FinishReason::kError);
  finish.error = InternalError("broken");
  object.Add(finish);
  const Response response = object.End();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(Body(response).at("error").at("message"), "broken");
  ChatChunks chunks(Options());
  chunks.Start(Started(), Spelling);
  EXPECT_EQ(Events(chunks.Add(finish)).at(0).at("error").at("message"), "broken");
  EXPECT_EQ(chunks.Add(finish), "");
  EXPECT_EQ(chunks.End(), "") << "the error is the last event";
}

// What the pump makes of a request that the server cancelled.
TEST(Replies, AStopOfTheServerIsAnErrorAtTheEnd) {
  StreamEvent finish = Finish(FinishReason::kError);
  finish.error = Status(StatusCode::kCancelled, "the server stopped");
  ChatChunks chat(Options());
  chat.Start(Started(2), Spelling);
  std::string text = chat.Add(finish);
  text += chat.Add(finish);
  text += chat.End();
  const auto events = Events(text);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].at("error").at("code"), "shutting_down");
  CompletionChunks completion({});
  completion.Start(Started(), Spelling);
  text = completion.Add(finish);
  text += completion.End();
  const auto lines = Events(text);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].at("error").at("type"), "service_unavailable_error");
  ResponseBuilder builder({});
  builder.Start(Started(), Spelling);
  EXPECT_THAT(builder.Add(finish), HasSubstr("event: response.failed"));
}

TEST(ChatReply, NothingInTimeIsATimeout) {
  ChatObject object(Options());
  object.Start(Started(), Spelling);
  StreamEvent finish = Finish(FinishReason::kDeadline);
  finish.usage.generated_tokens = 0;
  object.Add(finish);
  EXPECT_EQ(object.End().status, 408);
}

TEST(ChatReply, Chunks) {
  ChatReplyOptions options = Options();
  options.include_usage = true;
  options.warnings = {"foo: unknown field, ignored"};
  ChatChunks chunks(options);
  std::string text = chunks.Start(Started(2), Spelling);
  text += chunks.Add(Text(Kind::kThinking, "h\n"));
  text += chunks.Add(Text(Kind::kContent, "你", 1));
  text += chunks.Add(Call("f"));
  text += chunks.Add(Finish(FinishReason::kToolCalls, 0));
  text += chunks.Add(Finish(FinishReason::kStop, 1));
  text += chunks.End();
  const std::vector<json::value> events = Events(text);
  ASSERT_EQ(events.size(), 9U);
  for (size_t i = 0; i + 1 < events.size(); ++i) {
    EXPECT_EQ(events[i].at("object"), "chat.completion.chunk");
    EXPECT_EQ(events[i].at("id"), "chatcmpl-1");
    EXPECT_TRUE(events[i].as_object().contains("usage"));
  }
  EXPECT_EQ(events[0].at("choices").at(0).at("delta").at("role"), "assistant");
  EXPECT_EQ(events[1].at("choices").at(0).at("index"), 1);
  EXPECT_EQ(events[2].at("choices").at(0).at("delta"),
            json::parse(R"({"reasoning_content":"h\n","reasoning":"h\n"})"));
  EXPECT_EQ(events[3].at("choices").at(0).at("delta").at("content"), "你");
  EXPECT_EQ(events[4].at("choices").at(0).at("delta").at("tool_calls"),
            json::parse(R"([{"id":"call_1","type":"function","index":0,
                "function":{"name":"f","arguments":"{\"x\":1}"}}])"));
  EXPECT_EQ(events[5].at("choices").at(0).at("finish_reason"), "tool_calls");
  EXPECT_EQ(events[6].at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(events[6].at("warnings"), json::parse(R"(["foo: unknown field, ignored"])"));
  EXPECT_TRUE(events[6].at("usage").is_null());
  EXPECT_EQ(events[6].at("seed"), 7);
  EXPECT_EQ(events[7].at("choices").as_array().size(), 0U);
  EXPECT_EQ(events[7].at("usage").at("completion_tokens"), 10);
  EXPECT_EQ(events[8], "[DONE]");
}

TEST(ResponsesReply, EventsInTheOrderClientsExpect) {
  ResponseOptions options;
  options.id = "resp_1";
  ResponseBuilder builder(std::move(options));
  std::string text = builder.Start(Started(), Spelling);
  text += builder.Add(Text(Kind::kThinking, "h"));
  text += builder.Add(Text(Kind::kThinking, "m"));
  text += builder.Add(Text(Kind::kContent, "yes"));
  text += builder.Add(Call("f"));
  text += builder.Add(Finish(FinishReason::kToolCalls));
  std::vector<std::string> types;
  uint64_t sequence = 0;
  for (const json::value& event : Events(text)) {
    types.emplace_back(event.at("type").as_string());
    EXPECT_EQ(event.at("sequence_number"), sequence++);
  }
  EXPECT_THAT(types,
              ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                          "response.content_part.added", "response.reasoning_text.delta",
                          "response.reasoning_text.delta", "response.reasoning_text.done",
                          "response.content_part.done", "response.output_item.done",
                          "response.output_item.added", "response.content_part.added",
                          "response.output_text.delta", "response.output_text.done",
                          "response.content_part.done", "response.output_item.done",
                          "response.output_item.added", "response.function_call_arguments.delta",
                          "response.function_call_arguments.done", "response.output_item.done",
                          "response.completed"));
  const json::value body = Body(builder.Whole());
  EXPECT_EQ(body.at("status"), "completed");
  ASSERT_EQ(body.at("output").as_array().size(), 3U);
  EXPECT_EQ(body.at("output").at(0).at("content").at(0).at("text"), "hm");
  EXPECT_EQ(body.at("output").at(1).at("content").at(0).at("text"), "yes");
  EXPECT_EQ(body.at("output").at(2).at("arguments"), R"({"x":1})");
  EXPECT_EQ(body.at("usage").at("output_tokens_details").at("reasoning_tokens"), 2);
}

TEST(ResponsesReply, AnIncompleteAnswerSaysWhy) {
  ResponseBuilder builder({});
  builder.Start(Started(), Spelling);
  builder.Add(Text(Kind::kContent, "y"));
  EXPECT_THAT(builder.Add(Finish(FinishReason::kLength)), HasSubstr("event: response.incomplete"));
  const json::value body = Body(builder.Whole());
  EXPECT_EQ(body.at("incomplete_details").at("reason"), "max_output_tokens");
  EXPECT_EQ(body.at("output").at(0).at("status"), "incomplete");
}

TEST(Errors, TheirShape) {
  ApiError error;
  error.kind = ErrorKind::kOverloaded;
  error.message = "busy";
  error.retry_after_seconds = 3;
  const Response response = FormatError(error);
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.headers, ElementsAre(Header{"Retry-After", "3"}));
  EXPECT_EQ(Body(response), json::parse(R"({"error":{"message":"busy","param":null,
      "type":"service_unavailable_error","code":"overloaded"}})"));
}

TEST(Ids, AreDistinct) {
  EXPECT_NE(NewId("a-"), NewId("a-"));
  EXPECT_EQ(NewId("a-").size(), 26U);
}

TEST(Replies, AVerifiedAnswerHasItsResultAndWarnings) {
  StreamStart start = Started();
  start.warnings = {"w"};
  StreamEvent finish = Finish(FinishReason::kStop);
  finish.lemma = R"({"status":"VERIFIED"})";
  const json::value lemma = json::parse(finish.lemma);

  ChatObject object(Options());
  object.Start(start, Spelling);
  object.Add(finish);
  EXPECT_EQ(Body(object.End()).at("lemma"), lemma);
  EXPECT_EQ(Body(object.End()).at("warnings").at(0), "w");

  ChatChunks chunks(Options());
  chunks.Start(start, Spelling);
  const json::value last = Events(chunks.Add(finish)).at(0);
  EXPECT_EQ(last.at("lemma"), lemma);
  EXPECT_EQ(last.at("warnings").at(0), "w");

  ResponseBuilder builder({});
  const std::string created = builder.Start(start, Spelling);
  EXPECT_FALSE(Events(created).at(0).at("response").as_object().contains("lemma"));
  const json::value completed = Events(builder.Add(finish)).at(0);
  EXPECT_EQ(completed.at("response").at("lemma"), lemma);
  EXPECT_EQ(completed.at("response").at("warnings").at(0), "w");
  EXPECT_EQ(Body(builder.Whole()).at("lemma"), lemma);
}

}  // namespace
}  // namespace lemma::server::openai
