// SPDX-License-Identifier: Apache-2.0
// The rules act at exact tokens: fed with texts token by token, and through the engine with a tiny
// model.
#include "service/sample_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/utf8.h"
#include "service/test_model.h"
#include "service/thinking.h"

namespace lemma::service {
namespace {

using testing::DeepseekTokens;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::Must;
using testing::ReadAll;
using ::testing::StartsWith;
using testing::TextOf;
using Kind = StreamEvent::Kind;

constexpr std::string_view kClose = "</think>";

LoadedModel& WatchedModel() {
  static const auto model = testing::LoadTiny(2048);
  return *model;
}

std::vector<int32_t> Encode(std::string_view text) { return DeepseekTokens().Encode(text); }

std::shared_ptr<WatchShared> Rules(std::optional<size_t> budget, bool loop_guard = true,
                                   chat::StartState start = chat::StartState::kThinking) {
  WatchRules rules;
  rules.tokens = &DeepseekTokens();
  rules.parser.start = start;
  rules.budget = budget;
  rules.loop_guard = loop_guard;
  rules.closing = {Encode("\n\nEnough.\n</think>\n\n"), Encode("\nEnough.\n</think>\n\n"),
                   Encode("Enough.\n</think>\n\n")};
  return std::make_shared<WatchShared>(std::move(rules), 1);
}

struct Watched {
  std::string text;      // with what was forced
  size_t forced_at = 0;  // tokens before it; 0: nothing was forced
  bool ended = false;
};
// What comes out when the model would write `text`.
Watched Feed(const std::shared_ptr<WatchShared>& shared, std::string_view text) {
  const auto watch = MakeWatchFactory(shared)(0);
  Watched run;
  std::vector<int32_t> out;
  for (const int32_t token : Encode(text)) {
    out.push_back(token);
    const auto verdict = watch->OnToken(token);
    if (!verdict.force.empty()) {
      run.forced_at = out.size();
      for (const int32_t forced : verdict.force) {
        out.push_back(forced);
        EXPECT_TRUE(watch->OnToken(forced).force.empty());
      }
    }
    run.ended = verdict.end;
    if (run.ended) break;
  }
  run.text = DeepseekTokens().Decode(out);
  return run;
}

std::string Sentences(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += "Step " + std::to_string(i) + " gives us the value " + std::to_string(i * i % 97) +
            " and so on. ";
  }
  return text;
}

TEST(SampleWatch, TheBudgetClosesAtTheEndOfASentence) {
  const std::string text = Sentences(50);
  for (const size_t budget : {40U, 64U, 65U, 66U, 200U}) {
    const auto shared = Rules(budget);
    const Watched run = Feed(shared, text);
    EXPECT_GE(run.forced_at, budget);
    EXPECT_LE(run.forced_at, budget + kThinkingGrace);
    const size_t at = run.text.find("\n\nEnough.\n</think>\n\n");
    ASSERT_NE(at, std::string::npos) << run.text;
    EXPECT_TRUE(EndsSentence(run.text.substr(0, at))) << run.text.substr(0, at);
    EXPECT_THAT(text, StartsWith(run.text.substr(0, at)));
    EXPECT_EQ(shared->reports[0].closed_by, ThinkingEnd::kBudget);
    EXPECT_EQ(Feed(Rules(budget), text).forced_at, run.forced_at) << "every time at the same token";
  }
}

TEST(SampleWatch, WithoutASentenceItClosesAfterTheGrace) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += " word" + std::to_string(i * 7919 % 1000);
  EXPECT_EQ(Feed(Rules(100), text).forced_at, 100 + kThinkingGrace);
  EXPECT_EQ(Feed(Rules(5), text).forced_at, 10U) << "a small budget has a small grace";
  EXPECT_EQ(Feed(Rules(0), text).forced_at, 1U);
}

TEST(SampleWatch, AfterALineNoBlankLineIsDoubled) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "item " + std::to_string(i * 31 % 89) + "\n";
  EXPECT_THAT(Feed(Rules(50), text).text, HasSubstr("\n\nEnough."));
  EXPECT_EQ(Feed(Rules(50), text).text.find("\n\n\nEnough."), std::string::npos);
}

TEST(SampleWatch, NeverInsideACharacter) {
  std::string text;  // of several tokens each
  for (int i = 0; i < 200; ++i)
    text += "\xF0\x9F\xA6" + std::string(1, static_cast<char>(0x80 + i % 60));
  for (size_t budget = 1; budget < 40; ++budget) {
    const Watched run = Feed(Rules(budget), text);
    const size_t at = run.text.find("\n\nEnough.");
    ASSERT_NE(at, std::string::npos) << budget;
    EXPECT_TRUE(IsValidUtf8(run.text.substr(0, at))) << budget;
  }
}

TEST(SampleWatch, ModelsThatCloseInTimeAreLeftAlone) {
  const std::string text = Sentences(3) + "\n</think>\n\n" + Sentences(40);
  const auto shared = Rules(100);
  const Watched run = Feed(shared, text);
  EXPECT_EQ(run.text, text);
  EXPECT_EQ(shared->reports[0].closed_by, ThinkingEnd::kNone);
}

TEST(SampleWatch, TheBudgetCountsFromWhereThinkingBegins) {
  const auto start = chat::StartState::kContent;
  const std::string opened = "<think>\n" + Sentences(50);
  EXPECT_GE(Feed(Rules(60, true, start), opened).forced_at, 60U);
  // An answer that speaks of the tag is no thinking.
  const std::string answer = "The tag <think> begins it. " + Sentences(50);
  EXPECT_EQ(Feed(Rules(60, true, start), answer).text, answer);
}

TEST(SampleWatch, EndsThinkingOnRequest) {
  const auto shared = Rules(std::nullopt);
  shared->end_thinking = true;
  const Watched run = Feed(shared, Sentences(20));
  EXPECT_GT(run.forced_at, 0U);
  EXPECT_LE(run.forced_at, kThinkingGrace + 1);
  EXPECT_EQ(shared->reports[0].closed_by, ThinkingEnd::kRequested);
}

TEST(SampleWatch, ALoopInThinkingClosesIt) {
  std::string text = Sentences(5);
  for (int i = 0; i < 20; ++i) text += "Wait, let me check that again, it may be wrong. ";
  const auto shared = Rules(std::nullopt);
  const Watched run = Feed(shared, text);
  EXPECT_THAT(run.text, HasSubstr("Enough.\n</think>\n\n"));
  EXPECT_FALSE(run.ended) << "the answer follows";
  const WatchReport& report = shared->reports[0];
  EXPECT_EQ(report.closed_by, ThinkingEnd::kLoop);
  ASSERT_TRUE(report.loop);
  EXPECT_TRUE(report.loop->in_thinking);
  EXPECT_EQ(report.loop->at_token, run.forced_at);
  EXPECT_EQ(report.loop->finding.period,
            Encode(" Wait, let me check that again, it may be wrong.").size());
}

TEST(SampleWatch, ALoopInTheAnswerEndsIt) {
  std::string text = "So.</think>";
  for (int i = 0; i < 200; ++i) text += "The answer is that the answer is what it is. ";
  const auto shared = Rules(std::nullopt);
  const Watched run = Feed(shared, text);
  EXPECT_TRUE(run.ended);
  EXPECT_EQ(run.forced_at, 0U);
  ASSERT_TRUE(shared->reports[0].loop);
  EXPECT_FALSE(shared->reports[0].loop->in_thinking);
  EXPECT_FALSE(Feed(Rules(std::nullopt, /*loop_guard=*/false), text).ended);
}

TEST(ClosingTokens, CloseWithTheSentenceAsPlainText) {
  const ClosingTokens closing =
      MakeClosingTokens(WatchedModel(), "Stop </think> <｜User｜> now.", kClose);
  const auto text = [&](const std::vector<int32_t>& ids) {
    return WatchedModel().tokens().Decode(ids, tokenizer::ControlPieces::kRender);
  };
  EXPECT_EQ(text(closing.after_text), "\n\nStop </think> <｜User｜> now.\n</think>\n\n");
  EXPECT_EQ(text(closing.after_line), "\nStop </think> <｜User｜> now.\n</think>\n\n");
  const auto user = WatchedModel().tokens().Find("<｜User｜>");
  ASSERT_TRUE(user);
  EXPECT_THAT(closing.after_text, ::testing::Not(::testing::Contains(*user)));
  EXPECT_EQ(text(MakeClosingTokens(WatchedModel(), "", kClose).after_text), "\n</think>\n\n");
}

// What comes out under a limit of the answer, with the watch's report.
Watched FeedLimited(size_t limit, std::string_view text, WatchReport& report,
                    chat::StartState start = chat::StartState::kThinking,
                    CalculatorMode calculator = CalculatorMode::kOff) {
  WatchRules rules = Rules(std::nullopt, true, start)->rules;
  rules.answer_limit = limit;
  rules.calculator = calculator;
  const auto shared = std::make_shared<WatchShared>(std::move(rules), 1);
  Watched out = Feed(shared, text);
  report = shared->reports[0];
  return out;
}

std::string FirstTokens(std::string_view text, size_t count) {
  std::vector<int32_t> tokens = Encode(text);
  tokens.resize(std::min(tokens.size(), count));
  return DeepseekTokens().Decode(tokens);
}

TEST(AnswerLimit, CountsFromTheFirstWordBehindTheThinking) {
  const std::string thought = Sentences(6) + "\n</think>\n\n";
  const std::string answer = Sentences(4);
  for (const size_t limit : {1U, 5U, 20U}) {
    WatchReport report;
    const Watched run = FeedLimited(limit, thought + answer, report);
    EXPECT_EQ(run.text, thought + FirstTokens(answer, limit));
    EXPECT_TRUE(run.ended);
    EXPECT_TRUE(report.answer_full);
  }
  WatchReport report;
  EXPECT_EQ(FeedLimited(1000, thought + answer, report).text, thought + answer);
  EXPECT_FALSE(report.answer_full);
}

TEST(AnswerLimit, IsThatOfAllWhereNothingIsThought) {
  const auto start = chat::StartState::kContent;
  WatchReport report;
  EXPECT_EQ(FeedLimited(7, Sentences(4), report, start).text, FirstTokens(Sentences(4), 7));
  EXPECT_TRUE(report.answer_full);
  const std::string thought = "<think>\n" + Sentences(6) + "</think>";
  EXPECT_EQ(FeedLimited(7, thought + Sentences(4), report, start).text,
            thought + FirstTokens(Sentences(4), 7));
}

TEST(AnswerLimit, ASumIsCutToo) {
  const std::string thought = "So.\n</think>\n\n";
  const std::string sum = "123456789*987654321=";  // of 18 digits, in several tokens
  const size_t before = Encode(sum).size();
  WatchReport report;
  const Watched run = FeedLimited(before + 2, thought + sum + " and so on", report,
                                  chat::StartState::kThinking, CalculatorMode::kOn);
  EXPECT_TRUE(run.ended);
  EXPECT_TRUE(report.answer_full);
  EXPECT_EQ(run.text, thought + sum + FirstTokens("121932631112635269", 2));
}

ChatRequest AskWatched(std::string text) {
  ChatRequest request;
  request.conversation.messages = {testing::UserSays(std::move(text))};
  request.settings.sampling.seed = 3;
  request.settings.sampling.temperature = 1.0F;
  request.settings.max_tokens = 200;
  request.settings.ignore_eos = true;
  return request;
}

std::vector<StreamEvent> WatchedChat(const ChatRequest& request) {
  auto stream = Must(StartChat(WatchedModel(), request));
  return ReadAll(*stream);
}

TEST(ThinkingControl, TheAnswerFollowsTheClosedThinking) {
  ChatRequest request = AskWatched("hi");
  request.settings.thinking_budget = 50;
  const auto events = WatchedChat(request);
  const StreamEvent& end = events.back();
  EXPECT_EQ(end.thinking_end, ThinkingEnd::kBudget);
  EXPECT_EQ(end.finish, FinishReason::kLength);
  EXPECT_FALSE(end.thinking_unfinished);
  EXPECT_EQ(end.usage.generated_tokens, 200U);
  EXPECT_GT(end.usage.forced_tokens, 5U);
  EXPECT_GE(end.usage.thinking_tokens, 50U);
  EXPECT_LE(end.usage.thinking_tokens, 50 + kThinkingGrace + end.usage.forced_tokens);
  EXPECT_THAT(TextOf(events, Kind::kThinking),
              EndsWith(std::string(ClosingSentence(TextLanguage::kEnglish))));
  EXPECT_FALSE(TextOf(events, Kind::kContent).empty());
  // The same again, whatever runs beside it and however it is computed.
  auto first = Must(StartChat(WatchedModel(), request));
  auto second = Must(StartChat(WatchedModel(), request));
  EXPECT_EQ(TextOf(ReadAll(*second), Kind::kContent), TextOf(events, Kind::kContent));
  EXPECT_EQ(TextOf(ReadAll(*first), Kind::kThinking), TextOf(events, Kind::kThinking));
}

TEST(ThinkingControl, TheAnswerHasItsOwnLimit) {
  ChatRequest request = AskWatched("hi");
  request.settings.thinking_budget = 50;
  const auto whole = WatchedChat(request);
  request.settings.answer_limit = 5;
  const auto events = WatchedChat(request);
  const StreamEvent& end = events.back();
  EXPECT_EQ(end.finish, FinishReason::kLength);
  EXPECT_TRUE(end.answer_full);
  EXPECT_FALSE(whole.back().answer_full) << "max_tokens";
  EXPECT_EQ(TextOf(events, Kind::kThinking), TextOf(whole, Kind::kThinking));
  EXPECT_LE(end.usage.generated_tokens, end.usage.thinking_tokens + 5 + 2);
  const std::string answer = TextOf(events, Kind::kContent);
  EXPECT_FALSE(answer.empty());
  EXPECT_LT(answer.size(), TextOf(whole, Kind::kContent).size());
  // Beside others the same.
  auto first = Must(StartChat(WatchedModel(), AskWatched("hi")));
  auto second = Must(StartChat(WatchedModel(), request));
  EXPECT_EQ(TextOf(ReadAll(*second), Kind::kContent), answer);
  request.settings.answer_limit = 0;
  EXPECT_FALSE(StartChat(WatchedModel(), request).ok());
}

TEST(ThinkingControl, WithoutThinkingTheLimitIsThatOfAllTokens) {
  ChatRequest request = AskWatched("hi");
  request.conversation.thinking = chat::Thinking::kOff;
  request.settings.answer_limit = 12;
  const auto end = WatchedChat(request).back();
  EXPECT_EQ(end.finish, FinishReason::kLength);
  EXPECT_TRUE(end.answer_full);
  EXPECT_GE(end.usage.generated_tokens, 12U);
  EXPECT_LE(end.usage.generated_tokens, 14U);  // white space before the first word
}

TEST(ThinkingControl, ClosesInTheLanguageOfThePromptOrAsTold) {
  ChatRequest request = AskWatched("你好，请问一加一等于几？");
  request.settings.thinking_budget = 20;
  EXPECT_THAT(TextOf(WatchedChat(request), Kind::kThinking),
              EndsWith(std::string(ClosingSentence(TextLanguage::kChinese))));
  request.settings.thinking_close_text = "Time is up!";
  EXPECT_THAT(TextOf(WatchedChat(request), Kind::kThinking), EndsWith("Time is up!"));
}

TEST(ThinkingControl, ABudgetOfNothingAsksForNoThinking) {
  ChatRequest request = AskWatched("hi");
  request.settings.thinking_budget = 0;
  const auto events = WatchedChat(request);
  EXPECT_EQ(TextOf(events, Kind::kThinking), "");
  EXPECT_EQ(events.back().thinking_end, ThinkingEnd::kNone);
  EXPECT_EQ(events.back().usage.thinking_tokens, 0U);
  ChatRequest off = AskWatched("hi");
  off.conversation.thinking = chat::Thinking::kOff;
  EXPECT_EQ(TextOf(WatchedChat(off), Kind::kContent), TextOf(events, Kind::kContent));
}

TEST(ThinkingControl, EverySampleHasItsBudget) {
  ChatRequest request = AskWatched("hi");
  request.settings.thinking_budget = 30;
  request.settings.samples = 3;
  size_t finished = 0;
  for (const StreamEvent& event : WatchedChat(request)) {
    if (event.kind != Kind::kFinish) continue;
    ++finished;
    // The noise may spell the closing tag by chance.
    EXPECT_THAT(event.thinking_end, ::testing::AnyOf(ThinkingEnd::kBudget, ThinkingEnd::kModel));
    EXPECT_LE(event.usage.thinking_tokens, 30 + kThinkingGrace + event.usage.forced_tokens);
  }
  EXPECT_EQ(finished, 3U);
}

// The engine waits for a consumer that does not read, so the request comes in time for certain.
TEST(ThinkingControl, EndsARunningThinkingOnRequest) {
  ChatRequest request = AskWatched("hi");
  request.settings.max_tokens = 1900;
  auto stream = Must(StartChat(WatchedModel(), request));
  ASSERT_TRUE(stream->Next(std::chrono::seconds(60)));
  stream->EndThinking();
  const auto events = ReadAll(*stream);
  EXPECT_EQ(events.back().thinking_end, ThinkingEnd::kRequested);
  EXPECT_EQ(events.back().usage.generated_tokens, 1900U);
  EXPECT_FALSE(TextOf(events, Kind::kContent).empty());
}

// A strong bias makes the model say one token for ever.
ChatRequest AskForALoop() {
  ChatRequest request = AskWatched("hi");
  request.settings.max_tokens = 1900;
  request.settings.sampling.temperature = 0.0F;
  const int32_t token = WatchedModel().tokens().Encode("a").front();
  request.settings.sampling.logit_bias.emplace_back(token, 100.0F);
  request.settings.sampling.repeat_penalty = 1.0F;
  return request;
}

TEST(LoopGuardInChats, ClosesThinkingThenEndsTheAnswer) {
  ChatRequest request = AskForALoop();
  request.settings.loop_guard = LoopGuardMode::kOn;
  const auto events = WatchedChat(request);
  const StreamEvent& end = events.back();
  EXPECT_EQ(end.finish, FinishReason::kLoop);
  EXPECT_EQ(end.thinking_end, ThinkingEnd::kLoop);
  ASSERT_TRUE(end.loop);
  EXPECT_FALSE(end.loop->in_thinking);
  EXPECT_EQ(end.loop->at_token, end.usage.generated_tokens);
  EXPECT_GE(end.loop->finding.repeats, AnswerLoopLimits().short_repeats);
  EXPECT_LT(end.usage.generated_tokens, 1000U);
  EXPECT_EQ(WatchedChat(request).back().usage.generated_tokens, end.usage.generated_tokens);
}

TEST(LoopGuardInChats, IsOffWhenToldOrWhereNoEndIsWanted) {
  ChatRequest request = AskForALoop();  // ignore_eos
  EXPECT_EQ(WatchedChat(request).back().finish, FinishReason::kLength);
  request.settings.ignore_eos = false;
  request.settings.loop_guard = LoopGuardMode::kOff;
  const auto end = WatchedChat(request).back();
  EXPECT_EQ(end.finish, FinishReason::kLength);
  EXPECT_FALSE(end.loop);
  request.settings.loop_guard = LoopGuardMode::kDefault;
  EXPECT_EQ(WatchedChat(request).back().finish, FinishReason::kLoop) << "on by default";
}

TEST(OnEvent, NothingIsMissedWithoutAWaitingThread) {
  ChatRequest request = AskWatched("hi");
  request.settings.samples = 2;
  const std::string expected = TextOf(WatchedChat(request), Kind::kThinking, 1);
  auto stream = Must(StartChat(WatchedModel(), request));
  std::atomic<size_t> calls{0};
  stream->OnEvent([&] {
    ++calls;
    calls.notify_one();
  });
  std::string text;
  size_t seen = 0;
  for (size_t finished = 0; finished < 2;) {
    calls.wait(seen);
    seen = calls;
    while (auto event = stream->Next(std::chrono::nanoseconds(0))) {
      if (event->sample == 1) text += event->text;
      if (event->kind == Kind::kFinish) ++finished;
    }
  }
  EXPECT_EQ(text, expected);
}

}  // namespace
}  // namespace lemma::service
