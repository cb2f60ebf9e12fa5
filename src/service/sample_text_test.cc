// SPDX-License-Identifier: Apache-2.0
#include "service/sample_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"
#include "service/test_vocab.h"

namespace lemma::service {
namespace {

using Kind = StreamEvent::Kind;
using testing::DeepseekTokens;

SampleText::Options Thinking(std::vector<std::string> stop = {}) {
  SampleText::Options options;
  options.parser.start = chat::StartState::kThinking;
  options.stop = std::move(stop);
  return options;
}

// Feeds the tokens of `text` one by one and ends; every event's text must be whole characters.
std::vector<StreamEvent> Feed(const SampleText::Options& options, std::string_view text) {
  SampleText sample(DeepseekTokens(), options);
  std::vector<StreamEvent> events;
  for (const int32_t id : DeepseekTokens().Encode(text, tokenizer::SpecialTokens::kParse)) {
    engine::SampledToken token;
    token.token = id;
    token.logprob = -0.5F;
    sample.Push(token, events);
  }
  sample.Finish({}, events);
  for (const StreamEvent& event : events) EXPECT_TRUE(IsValidUtf8(event.text)) << event.text;
  return events;
}

std::string Join(const std::vector<StreamEvent>& events, Kind kind) {
  std::string text;
  for (const StreamEvent& event : events) {
    if (event.kind == kind) text += event.text;
  }
  return text;
}

TEST(SampleText, ThinkingContentAndCounts) {
  const auto events = Feed(Thinking(), "先算 12*13 🤔。\n</think>\n\n答案是 156 🎉");
  EXPECT_EQ(Join(events, Kind::kThinking), "先算 12*13 🤔。");
  EXPECT_EQ(Join(events, Kind::kContent), "答案是 156 🎉");
  const StreamEvent& end = events.back();
  EXPECT_EQ(end.kind, Kind::kFinish);
  EXPECT_EQ(end.finish, FinishReason::kStop);
  EXPECT_FALSE(end.thinking_unfinished);
  const auto count = [](std::string_view text) { return DeepseekTokens().Encode(text).size(); };
  EXPECT_EQ(end.usage.thinking_tokens, count("先算 12*13 🤔。\n</think>"));
  EXPECT_EQ(end.usage.generated_tokens,
            count("先算 12*13 🤔。\n</think>\n\n答案是 156 🎉"));
}

TEST(SampleText, UnfinishedThinkingIsSaid) {
  const auto events = Feed(Thinking(), "still going ");
  EXPECT_TRUE(events.back().thinking_unfinished);
  EXPECT_EQ(Join(events, Kind::kThinking), "still going ");
  EXPECT_EQ(Join(events, Kind::kContent), "");
}

TEST(SampleText, StopStringsEndTheContentButNotTheThinking) {
  const auto events = Feed(Thinking({"\n\n", "Question"}), "a\n\nb Question\n</think>\n\nx y\n\nz");
  EXPECT_EQ(Join(events, Kind::kThinking), "a\n\nb Question");
  EXPECT_EQ(Join(events, Kind::kContent), "x y");
  EXPECT_EQ(events.back().finish, FinishReason::kStopString);
  EXPECT_EQ(events.back().matched_stop, "\n\n");
}

TEST(SampleText, NoPartOfAStopStringComesOut) {
  const auto events = Feed(Thinking({"完毕!!"}), "</think>好 完毕! 完毕!! 再见");
  EXPECT_EQ(Join(events, Kind::kContent), "好 完毕! ");
  EXPECT_EQ(events.back().matched_stop, "完毕!!");
}

TEST(SampleText, ControlTokensGiveNoText) {
  const auto events = Feed(Thinking(), "</think>a<｜User｜>b<|EOT|>");
  EXPECT_EQ(Join(events, Kind::kContent), "ab");
}

TEST(SampleText, ToolCallsChangeTheFinishReason) {
  SampleText::Options options = Thinking({"stop"});
  options.sample = 3;
  options.parser.tools = chat::ToolSyntax::kDeepseek;
  const auto events = Feed(options,
                           "</think>Let me st\n<tool_call>{\"name\": \"f\", \"arguments\": {\"s\": "
                           "\"stop\"}}</tool_call>");
  EXPECT_EQ(Join(events, Kind::kContent), "Let me st") << "held for the stop string, then given";
  EXPECT_EQ(events.back().finish, FinishReason::kToolCalls);
  const StreamEvent& call = events[events.size() - 2];
  ASSERT_EQ(call.kind, Kind::kToolCall);
  EXPECT_EQ(call.tool_call.name, "f");
  EXPECT_EQ(call.tool_call.id, "call_3_0");
  EXPECT_EQ(call.sample, 3U);
}

// The bytes of the tokens whose logprobs came with the events of a kind.
std::string Spelled(const std::vector<StreamEvent>& events, Kind kind) {
  std::string text;
  for (const StreamEvent& event : events) {
    if (event.kind != kind) continue;
    for (const auto& token : event.logprobs) {
      text += DeepseekTokens().Piece(token.token, tokenizer::ControlPieces::kRender);
    }
  }
  return text;
}

TEST(SampleText, LogprobsTravelWithTheTextTheyBelongTo) {
  SampleText::Options options = Thinking({"END"});
  options.keep_logprobs = true;
  const auto events = Feed(options, "hm\n</think>\n\nE x E\nfine 🎉𓀀");
  EXPECT_THAT(Spelled(events, Kind::kThinking), ::testing::StartsWith("hm"));
  EXPECT_EQ(Spelled(events, Kind::kContent), "E x E\nfine 🎉𓀀");
  for (const StreamEvent& event : events) {
    const bool text = event.kind == Kind::kContent || event.kind == Kind::kThinking;
    EXPECT_EQ(event.logprobs.empty(), !text) << event.text;
  }
}

TEST(SampleText, LogprobsOfContentSpellTheContent) {
  for (const std::string_view text :
       {"a\n</think>\n\n37+58=95. b", "</think>\n\n95", "x\n</think>\n\ny STOP z"}) {
    for (const chat::StartState start : {chat::StartState::kContent, chat::StartState::kThinking}) {
      SampleText::Options options = Thinking({" STOP"});
      options.parser.start = start;
      options.keep_logprobs = true;
      const auto events = Feed(options, text);
      EXPECT_THAT(Spelled(events, Kind::kContent),
                  ::testing::StartsWith(Join(events, Kind::kContent)))
          << text;
      EXPECT_THAT(Spelled(events, Kind::kContent), ::testing::Not(::testing::HasSubstr("think")));
      EXPECT_THAT(Spelled(events, Kind::kContent), ::testing::Not(::testing::HasSubstr("STOP")));
    }
  }
}

TEST(SampleText, BrokenCharacterAtTheEndIsReplaced) {
  const auto& tokens = DeepseekTokens();
  SampleText::Options options;
  SampleText sample(tokens, options);
  std::vector<StreamEvent> events;
  std::vector<int32_t> ids = tokens.Encode("a𓀀");
  ASSERT_GT(ids.size(), 2U);
  ids.pop_back();  // the last bytes of the character are missing
  for (const int32_t id : ids) sample.Push({id, std::nullopt, {}}, events);
  EXPECT_EQ(Join(events, Kind::kContent), "a");
  SampleText::Ending ending;
  ending.reason = FinishReason::kLength;
  sample.Finish(ending, events);
  EXPECT_THAT(Join(events, Kind::kContent), ::testing::StartsWith("a\xEF\xBF\xBD"));
  EXPECT_EQ(events.back().finish, FinishReason::kLength);
}

}  // namespace
}  // namespace lemma::service
