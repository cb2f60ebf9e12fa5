// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "server/finish_notes.h"

namespace lemma::server::ollama {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = service::StreamEvent::Kind;

const ReplyHead kChatHead{Api::kChat, "m", "2026-01-31T12:00:00.000000001Z"};
const ReplyHead kGenerateHead{Api::kGenerate, "m", "2026-01-31T12:00:00.000000001Z"};

service::StreamEvent Event(Kind kind, std::string text) {
  service::StreamEvent event;
  event.kind = kind;
  event.text = std::move(text);
  return event;
}

TEST(ReplyTest, PiecesOfAStream) {
  ReplyText text;
  Append(Event(Kind::kContent, "你好 \"q\""), text);
  EXPECT_EQ(ReplyLine(kGenerateHead, text, nullptr, {}),
            "{\"model\":\"m\",\"created_at\":\"2026-01-31T12:00:00.000000001Z\","
            "\"response\":\"你好 \\\"q\\\"\",\"done\":false}");
  ReplyText thought;
  Append(Event(Kind::kThinking, "hm"), thought);
  EXPECT_EQ(ReplyLine(kChatHead, thought, nullptr, {}),
            "{\"model\":\"m\",\"created_at\":\"2026-01-31T12:00:00.000000001Z\",\"message\":"
            "{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}");
}

TEST(ReplyTest, TheLastLineHasNanosecondsAndCounts) {
  ReplyEnd end;
  end.done_reason = "stop";
  end.usage.prompt_tokens = 26;
  end.usage.cached_tokens = 20;
  end.usage.generated_tokens = 7;
  end.usage.thinking_tokens = 3;
  end.usage.prefill_seconds = 0.5;
  end.usage.decode_seconds = 0.25;
  end.total = std::chrono::milliseconds(900);
  end.load = std::chrono::milliseconds(100);
  end.warnings = {"w"};
  const json::object out = json::parse(ReplyLine(kChatHead, {}, &end, {})).as_object();
  EXPECT_EQ(out.at("done"), true);
  EXPECT_EQ(out.at("done_reason"), "stop");
  EXPECT_EQ(out.at("total_duration"), 900'000'000);
  EXPECT_EQ(out.at("load_duration"), 100'000'000);
  EXPECT_EQ(out.at("prompt_eval_count"), 26);
  EXPECT_EQ(out.at("prompt_eval_duration"), 500'000'000);
  EXPECT_EQ(out.at("eval_count"), 7);
  EXPECT_EQ(out.at("eval_duration"), 250'000'000);
  EXPECT_EQ(out.at("cached_prompt_count"), 20);
  EXPECT_EQ(out.at("thinking_eval_count"), 3);
  EXPECT_EQ(out.at("warnings"), json::array({"w"}));
  EXPECT_EQ(out.at("message").at("content"), "");
}

TEST(ReplyTest, ATruncationIsToldAtTheEnd) {
  ReplyEnd end;
  end.done_reason = "stop";
  EXPECT_EQ(json::parse(ReplyLine(kChatHead, {}, &end, {})).as_object().if_contains("truncated"),
            nullptr);
  end.truncation = {3, 700};
  EXPECT_EQ(json::parse(ReplyLine(kChatHead, {}, &end, {})).at("truncated"),
            json::parse(R"({"dropped_messages":3,"dropped_tokens":700})"));
}

TEST(ReplyTest, LoadHasNoFigures) {
  ReplyEnd end;
  end.done_reason = "load";
  end.has_figures = false;
  EXPECT_EQ(ReplyLine(kGenerateHead, {}, &end, {}),
            "{\"model\":\"m\",\"created_at\":\"2026-01-31T12:00:00.000000001Z\",\"response\":\"\","
            "\"done\":true,\"done_reason\":\"load\"}");
}

TEST(ReplyTest, ArgumentsOfCallsAreObjects) {
  service::StreamEvent event = Event(Kind::kToolCall, "");
  event.tool_call = {"c1", "get", R"({"city":"Ulm"})"};
  ReplyText text;
  Append(event, text);
  event.tool_call = {"", "bad", "{no json"};
  Append(event, text);
  const json::value out = json::parse(ReplyLine(kChatHead, text, nullptr, {}));
  const json::array& calls = out.at("message").at("tool_calls").as_array();
  EXPECT_EQ(calls.at(0).at("id"), "c1");
  EXPECT_EQ(calls.at(0).at("function").at("arguments").at("city"), "Ulm");
  EXPECT_EQ(calls.at(1).at("function").at("arguments"), "{no json");
  EXPECT_EQ(calls.at(1).as_object().if_contains("id"), nullptr);
}

TEST(ReplyTest, LogprobsGiveBytesOfPartsOfCharacters) {
  service::StreamEvent event = Event(Kind::kContent, "x");
  event.logprobs.push_back({1, -0.5F, {{1, -0.5F}, {2, -2.F}}});
  event.logprobs.push_back({2, std::nullopt, {}});  // not asked for
  ReplyText text;
  Append(event, text);
  const auto spell = [](int32_t token) { return std::string_view(token == 1 ? "x" : "\xE4\xBD"); };
  const json::value out = json::parse(ReplyLine(kGenerateHead, text, nullptr, spell));
  const json::array& rows = out.at("logprobs").as_array();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows.at(0).at("token"), "x");
  EXPECT_EQ(rows.at(0).at("logprob"), -0.5);
  EXPECT_EQ(rows.at(0).at("top_logprobs").at(1).at("bytes"), json::array({0xE4, 0xBD}));
}

TEST(ReplyTest, ReasonsAndWhatTheyLeaveUnsaid) {
  EXPECT_EQ(DoneReason(service::FinishReason::kStopString), "stop");
  EXPECT_EQ(DoneReason(service::FinishReason::kContextFull), "length");
  EXPECT_EQ(DoneReason(service::FinishReason::kDeadline), "deadline");
  service::StreamEvent finish;
  finish.kind = Kind::kFinish;
  EXPECT_TRUE(FinishNotes(finish).empty());
  finish.finish = service::FinishReason::kContextFull;
  finish.thinking_unfinished = true;
  finish.loop.emplace();
  finish.loop->in_thinking = true;
  finish.loop->at_token = 900;
  EXPECT_THAT(FinishNotes(finish), ElementsAre(HasSubstr("context is full"), HasSubstr("no answer"),
                                               HasSubstr("900 tokens: thinking was closed")));
}

TEST(ReplyTest, TimestampsAndErrors) {
  ApiError missing;
  missing.kind = ErrorKind::kModelNotFound;
  missing.message = "no \"x\"";
  EXPECT_EQ(Timestamp(std::chrono::system_clock::time_point(std::chrono::nanoseconds(5))),
            "1970-01-01T00:00:00.000000005Z");
  const Response response = FormatError(missing);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"error":"no \"x\""})");
}

}  // namespace
}  // namespace lemma::server::ollama
