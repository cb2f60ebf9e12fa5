// SPDX-License-Identifier: Apache-2.0
// What searches over steps and policies stand on: answers that go on from tokens that are written,
// steps that end a sample, sums that are finished, a temperature of its own behind the thinking.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/sample_watch.h"
#include "service/test_model.h"

namespace lemma::service {
namespace {

using testing::DeepseekTokens;
using testing::Must;
using testing::ReadAll;
using testing::TextOf;
using testing::UserSays;
using Kind = StreamEvent::Kind;

LoadedModel& ExactModel() {
  static const auto model = [] {
    LoadOptions options;
    options.threads = 1;
    options.context = 512;
    // Prompts and generated tokens are computed alike: what is written gives the same bits.
    options.prefill_type = kernels::MatmulType::kInt8;
    return testing::LoadTiny(options);
  }();
  return *model;
}

ChatRequest AskFor(size_t max_tokens) {
  ChatRequest out;
  out.conversation.messages = {UserSays("1 + 1 = ?")};
  out.settings.sampling.temperature = 0.0F;
  out.settings.sampling.seed = 1;
  out.settings.ignore_eos = true;
  out.settings.max_tokens = max_tokens;
  return out;
}

std::string AllText(const std::vector<StreamEvent>& events) {
  return TextOf(events, Kind::kThinking) + "|" + TextOf(events, Kind::kContent);
}

TEST(ContinueTest, GoesOnFromWhatIsWritten) {
  const auto whole = Must(StartChat(ExactModel(), AskFor(40)));
  const std::string text = AllText(ReadAll(*whole));
  const std::vector<int32_t> tokens = whole->tokens(0);
  ASSERT_EQ(tokens.size(), 40U);
  for (const size_t cut : {1U, 17U, 39U}) {
    ChatRequest request = AskFor(40 - cut);
    request.written.assign(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(cut));
    const auto rest = Must(StartChat(ExactModel(), request));
    const auto events = ReadAll(*rest);
    EXPECT_EQ(AllText(events), text) << cut;
    EXPECT_EQ(rest->tokens(0).size(), 40 - cut);
    EXPECT_EQ(events.back().usage.generated_tokens, 40 - cut);
    std::vector<int32_t> joined = request.written;
    joined.insert(joined.end(), rest->tokens(0).begin(), rest->tokens(0).end());
    EXPECT_EQ(joined, tokens);
  }
}

TEST(ContinueTest, TheLimitOfTheAnswerCountsWhatIsWritten) {
  ChatRequest request = AskFor(200);
  request.settings.thinking_budget = 20;
  request.settings.answer_limit = 30;
  const auto whole = Must(StartChat(ExactModel(), request));
  const auto events = ReadAll(*whole);
  ASSERT_TRUE(events.back().answer_full);
  const std::vector<int32_t> tokens = whole->tokens(0);
  ASSERT_LT(tokens.size(), 200U);
  for (const size_t cut : {size_t{10}, tokens.size() - 25, tokens.size() - 1, tokens.size()}) {
    request.written.assign(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(cut));
    const auto rest = Must(StartChat(ExactModel(), request));
    const auto more = ReadAll(*rest);
    EXPECT_EQ(more.back().finish, FinishReason::kLength) << cut;
    EXPECT_TRUE(more.back().answer_full) << cut;
    EXPECT_EQ(rest->tokens(0).size(), tokens.size() - cut);
    EXPECT_EQ(AllText(more), AllText(events)) << cut;
  }
}

TEST(ContinueTest, WhatIsWrittenMustFitTheContext) {
  ChatRequest request = AskFor(4);
  request.written.assign(600, 5);
  EXPECT_FALSE(StartChat(ExactModel(), request).ok());
}

TEST(ContinueTest, AStepEndsTheSampleAndTheNextGoesOn) {
  const auto whole = Must(StartChat(ExactModel(), AskFor(40)));
  const std::string text = TextOf(ReadAll(*whole), Kind::kThinking);
  ASSERT_GT(text.size(), 12U);
  // A piece of the text that the thinking has: the step ends behind it.
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  size_t at = 6;
  while (at + 2 < text.size() && !(letter(text[at]) && letter(text[at + 1]))) ++at;
  ASSERT_LT(at + 2, text.size()) << text;
  ChatRequest request = AskFor(40);
  request.settings.step_end = text.substr(at, 2);
  const auto step = Must(StartChat(ExactModel(), request));
  const auto events = ReadAll(*step);
  EXPECT_EQ(events.back().finish, FinishReason::kStopString);
  EXPECT_EQ(events.back().matched_stop, request.settings.step_end);
  const std::string got = TextOf(events, Kind::kThinking);
  EXPECT_NE(got.find(request.settings.step_end), got.npos);
  EXPECT_LT(step->tokens(0).size(), 40U);
  EXPECT_EQ(text.substr(0, got.size()), got);
}

TEST(ContinueTest, OneSampleIsCancelledTheOtherGoesOn) {
  ChatRequest request = AskFor(200);
  request.settings.samples = 2;
  const auto stream = Must(StartChat(ExactModel(), request));
  stream->CancelSample(0);
  std::vector<FinishReason> reasons(2);
  for (const StreamEvent& event : ReadAll(*stream)) {
    if (event.kind == Kind::kFinish) reasons[event.sample] = event.finish;
  }
  EXPECT_EQ(reasons[0], FinishReason::kCancelled);
  EXPECT_EQ(reasons[1], FinishReason::kLength);
  EXPECT_TRUE(ExactModel().engine().CheckIntegrity().ok());
}

// A watch that is fed a text, as if a model wrote it.
struct Fed {
  std::vector<std::pair<std::string, std::string>> forced;  // text so far, what is forced
  std::vector<std::pair<std::string, float>> temperatures;
};
Fed Feed(WatchRules rules, const std::vector<std::string>& pieces) {
  rules.tokens = &DeepseekTokens();
  const auto shared = std::make_shared<WatchShared>(std::move(rules), 1);
  const auto watch = MakeWatchFactory(shared)(0);
  Fed out;
  std::string so_far;
  std::vector<int32_t> tokens;
  for (const std::string& piece : pieces) {
    const std::vector<int32_t> more = DeepseekTokens().Encode(piece);
    tokens.insert(tokens.end(), more.begin(), more.end());
  }
  for (const int32_t token : tokens) {
    so_far += DeepseekTokens().Piece(token, tokenizer::ControlPieces::kRender);
    const engine::WatchVerdict verdict = watch->OnToken(token);
    if (verdict.temperature) out.temperatures.emplace_back(so_far, *verdict.temperature);
    std::string forced;
    for (const int32_t each : verdict.force) {
      forced += DeepseekTokens().Piece(each);
      watch->OnToken(each);
    }
    if (!forced.empty()) out.forced.emplace_back(so_far, forced);
  }
  return out;
}

TEST(ContinueTest, SumsAreFinishedInThinkingAndAnswer) {
  WatchRules rules;
  rules.parser.start = chat::StartState::kThinking;
  rules.calculator = CalculatorMode::kOn;
  const Fed fed =
      Feed(rules, {"12+7=", "\n", "3 * 4 =", " ", "\nx+1=", "\n</think>\n\n", "94-70="});
  ASSERT_EQ(fed.forced.size(), 3U);
  EXPECT_EQ(fed.forced[0].second, "19");
  EXPECT_EQ(fed.forced[1].second, "12");
  EXPECT_EQ(fed.forced[2].second, "24");
  rules.calculator = CalculatorMode::kOff;
  EXPECT_TRUE(Feed(rules, {"12+7="}).forced.empty());
}

TEST(ContinueTest, TheTemperatureBehindWrittenThinkingIsThatOfTheAnswer) {
  WatchRules rules;
  rules.tokens = &DeepseekTokens();
  rules.parser.start = chat::StartState::kThinking;
  rules.answer_temperature = 0.2F;
  const auto start = [&](std::string_view written) {
    rules.written = DeepseekTokens().Encode(written);
    return StartOfWatch(std::make_shared<WatchShared>(rules, 1)).temperature;
  };
  EXPECT_EQ(start("a thought\n</think>\n\nThe answer"), 0.2F);
  EXPECT_EQ(start("a thought\n</think>"), 0.2F);
  EXPECT_EQ(start("a thought\n"), std::nullopt);
  rules.parser.start = chat::StartState::kContent;
  EXPECT_EQ(start("no thought"), std::nullopt);
  rules.answer_temperature.reset();
  EXPECT_EQ(start("<think>a thought</think>"), std::nullopt);
}

// Thinking is drawn hot, the answer is not drawn at all: cut anywhere in the answer, the rest is
// the same.
TEST(ContinueTest, AnAnswerGoesOnAtItsOwnTemperature) {
  ChatRequest request = AskFor(200);
  request.settings.sampling.temperature = 1.0F;
  request.settings.answer_temperature = 0.0F;
  request.settings.thinking_budget = 20;
  const auto whole = Must(StartChat(ExactModel(), request));
  const auto events = ReadAll(*whole);
  const std::vector<int32_t> tokens = whole->tokens(0);
  ASSERT_EQ(tokens.size(), 200U);
  const size_t thinking = events.back().usage.thinking_tokens;
  ASSERT_LT(thinking, 150U);
  for (const size_t cut : {thinking + 5, thinking + 20, size_t{190}}) {
    request.written.assign(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(cut));
    request.settings.max_tokens = 200 - cut;
    const auto rest = Must(StartChat(ExactModel(), request));
    EXPECT_EQ(AllText(ReadAll(*rest)), AllText(events)) << cut;
  }
}

TEST(ContinueTest, TheTemperatureChangesWhereTheThinkingEnds) {
  WatchRules rules;
  rules.parser.start = chat::StartState::kThinking;
  rules.answer_temperature = 0.2F;
  const Fed fed = Feed(rules, {"a thought\n</think>\n\nThe answer"});
  ASSERT_EQ(fed.temperatures.size(), 1U);
  EXPECT_TRUE(fed.temperatures[0].first.ends_with("</think>")) << fed.temperatures[0].first;
  EXPECT_EQ(fed.temperatures[0].second, 0.2F);
}

}  // namespace
}  // namespace lemma::service
