// SPDX-License-Identifier: Apache-2.0
#include "reasoning/solve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "reasoning/script_source.h"
#include "reasoning/solve_json.h"

namespace lemma::reasoning {
namespace {

using testing::Arrival;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedChain;
using testing::ScriptedSource;

constexpr const char* kChickens = "鸡兔同笼，共有35个头，94只脚，鸡兔各几只？";
constexpr const char* kRight = "鸡23只，兔12只。\\boxed{鸡23,兔12}";
constexpr const char* kWrong = "鸡24只，兔11只。\\boxed{鸡24,兔11}";
constexpr const char* kAlsoWrong = "鸡22只，兔13只。\\boxed{鸡22,兔13}";
// A question that no reader of the checker knows.
constexpr const char* kOpen = "Tom's uncle gave him 3 coins and 5 stamps; how many gifts in all?";

SolveRequest Ask(std::string question) {
  SolveRequest out;
  out.question = std::move(question);
  out.options.profile = "r1";
  return out;
}

SolveResult Solved(ChainSource& source, const SolveRequest& request, const SolveHooks& hooks = {}) {
  auto result = Solve(source, Scaffolds(), request, hooks);
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  return result.ok() ? *std::move(result) : SolveResult{};
}

std::vector<ChainEnd> Ends(const SolveResult& result) {
  std::vector<ChainEnd> out;
  for (const Chain& chain : result.chains) out.push_back(chain.end);
  return out;
}

TEST(SolveTest, AProvenAnswerEndsTheVote) {
  ScriptedSource source({{kWrong, 30}, {kRight, 20}, {kWrong, 40}});
  const SolveResult result = Solved(source, Ask(kChickens));
  EXPECT_EQ(result.status, SolveStatus::kVerified);
  EXPECT_EQ(result.stopped_by, StopReason::kVerified);
  EXPECT_EQ(result.answer, "鸡23,兔12");
  EXPECT_EQ(result.chosen, 1U);
  // The others were longer: what they would have said does not count.
  EXPECT_THAT(Ends(result),
              ElementsAre(ChainEnd::kCancelled, ChainEnd::kAnswered, ChainEnd::kCancelled));
  EXPECT_EQ(result.votes.voters(), 1U);
  EXPECT_EQ(result.tokens, 60U);
}

TEST(SolveTest, TheResultDoesNotDependOnWhoArrivesFirst) {
  const std::vector<ScriptedChain> script = {{"\\boxed{8}", 50}, {"\\boxed{7}", 20},
                                             {"\\boxed{8}", 30}, {"\\boxed{8}", 60},
                                             {"\\boxed{8}", 20}, {"\\boxed{9}", 20}};
  std::vector<std::string> all;
  for (const Arrival arrival : {Arrival::kInOrder, Arrival::kReversed, Arrival::kShortestFirst}) {
    ScriptedSource source(script, arrival);
    SolveRequest request = Ask(kOpen);
    request.options.chains = 6;
    SolveResult result = Solved(source, request);
    result.seconds = 0;
    all.push_back(SolveResultJson(result, ChainTexts::kNo));
  }
  EXPECT_EQ(all[0], all[1]);
  EXPECT_EQ(all[0], all[2]);
}

TEST(SolveTest, AgreementEndsTheVoteWithoutProof) {
  ScriptedSource source({{"\\boxed{8}"}, {"\\boxed{8}"}, {"\\boxed{8}"}, {"\\boxed{1}"}});
  const SolveResult result = Solved(source, Ask(kOpen));
  EXPECT_EQ(result.status, SolveStatus::kConsistent);
  EXPECT_EQ(result.stopped_by, StopReason::kAgreement);
  EXPECT_EQ(result.agreeing, 3U);
  EXPECT_EQ(result.votes.voters(), 3U);
  EXPECT_EQ(source.left(), 1U);  // (3, 0) is 0.9375: enough
}

TEST(SolveTest, ASplitVoteGoesOnToTheLastChain) {
  ScriptedSource source({{"\\boxed{8}"},
                         {"\\boxed{7}"},
                         {"\\boxed{8}"},
                         {"\\boxed{7}"},
                         {"\\boxed{6}"},
                         {"\\boxed{8}"},
                         {"\\boxed{5}"},
                         {"\\boxed{7}"}});
  const SolveResult result = Solved(source, Ask(kOpen));
  EXPECT_EQ(result.stopped_by, StopReason::kAllChains);
  EXPECT_EQ(result.votes.voters(), 8U);
  EXPECT_EQ(result.agreeing, 3U);
  EXPECT_EQ(result.status, SolveStatus::kUnverified);  // 8 and 7 have three votes each
}

TEST(SolveTest, ChainsThatWereCutNeverVote) {
  ScriptedSource source({{"\\boxed{7}", 10, "", service::FinishReason::kLength},
                         {"", 10, "thinking, and then"},
                         {"no number here", 10}});
  SolveRequest request = Ask(kOpen);
  request.options.chains = 3;
  const SolveResult result = Solved(source, request);
  EXPECT_THAT(Ends(result),
              ElementsAre(ChainEnd::kUnfinished, ChainEnd::kUnfinished, ChainEnd::kNoAnswer));
  EXPECT_FALSE(result.chosen.has_value());
  EXPECT_EQ(result.status, SolveStatus::kUnverified);
  const auto json = boost::json::parse(SolveResultJson(result, ChainTexts::kNo));
  EXPECT_TRUE(json.at("answer").is_null());
}

TEST(SolveTest, AnswersHaveALimitOfTheirOwn) {
  const auto limit = [](const auto& set) {
    ScriptedSource source({{"\\boxed{7}"}});
    SolveRequest request = Ask(kOpen);
    request.options.chains = 1;
    set(request.options);
    Solved(source, request);
    return source.requests.at(0).settings.answer_limit;
  };
  EXPECT_EQ(limit([](SolveOptions& o) { o.answer_tokens = 5; }), 5U);
  EXPECT_EQ(limit([](SolveOptions&) {}), 1024U);
  // Under a deadline the time is the limit, unless one is asked for.
  EXPECT_EQ(limit([](SolveOptions& o) { o.deadline = 60; }), std::nullopt);
  EXPECT_EQ(limit([](SolveOptions& o) {
              o.deadline = 60;
              o.answer_tokens = 5;
            }),
            5U);
}

TEST(SolveTest, AStepThatFillsTheAnswerEndsItsChain) {
  ScriptedSource source({{"\\boxed{7}", 10, "", service::FinishReason::kLength, true}});
  SolveRequest request = Ask(kOpen);
  request.options.chains = 1;
  request.options.rewind = Switch::kOn;
  const SolveResult result = Solved(source, request);
  EXPECT_THAT(Ends(result), ElementsAre(ChainEnd::kUnfinished));
  EXPECT_EQ(source.requests.size(), 1U);
  EXPECT_EQ(result.votes.voters(), 0U);
}

TEST(SolveTest, ARefutedAnswerComesBackWithWhatWasComputed) {
  ScriptedSource source({{kWrong}, {kWrong}, {kWrong}, {kWrong, 50}, {kRight, 30}});
  SolveRequest request = Ask(kChickens);
  request.options.chains = 3;
  std::vector<std::string> told;
  SolveHooks hooks;
  hooks.on_event = [&](const SolveEvent& event) {
    if (event.kind == SolveEvent::Kind::kRetry) told.push_back(event.text);
  };
  const SolveResult result = Solved(source, request, hooks);
  EXPECT_EQ(result.status, SolveStatus::kVerified);
  EXPECT_EQ(result.retry_rounds, 1U);
  ASSERT_EQ(source.requests.size(), 2U);
  const auto& messages = source.requests[1].conversation.messages;
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[1].content, kWrong);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(messages[2].content, told[0]);
  EXPECT_THAT(told[0], HasSubstr("92"));
  EXPECT_THAT(told[0], HasSubstr("94"));
  EXPECT_THAT(told[0], Not(HasSubstr("23")));  // never the solution
}

TEST(SolveTest, AStuckModelIsAskedAfresh) {
  ScriptedSource source({{kWrong}, {kWrong}, {kWrong}, {kWrong}, {kWrong}});
  SolveRequest request = Ask(kChickens);
  request.options.chains = 1;
  request.options.retries = 2;
  const SolveResult result = Solved(source, request);
  EXPECT_EQ(result.status, SolveStatus::kRefuted);
  EXPECT_EQ(result.retry_rounds, 2U);
  ASSERT_EQ(source.requests.size(), 3U);
  EXPECT_EQ(source.requests[1].conversation.messages.size(), 3U);
  EXPECT_EQ(source.requests[2].conversation.messages.size(), 1U);
}

TEST(SolveTest, TheNextRoundIsToldOfTheNewAnswer) {
  ScriptedSource source({{kWrong}, {kWrong}, {kAlsoWrong}, {kAlsoWrong}, {kRight}, {kRight}});
  SolveRequest request = Ask(kChickens);
  request.options.chains = 2;
  request.options.first_chains = 2;
  request.options.retries = 2;
  const SolveResult result = Solved(source, request);
  EXPECT_EQ(result.status, SolveStatus::kVerified);
  EXPECT_EQ(result.retry_rounds, 2U);
  ASSERT_EQ(source.requests.size(), 3U);
  const auto& second = source.requests[2].conversation.messages;
  ASSERT_EQ(second.size(), 3U);
  EXPECT_EQ(second[1].content, kAlsoWrong);
  EXPECT_THAT(second[2].content, HasSubstr("96"));  // 2 * 22 + 4 * 13
}

TEST(SolveTest, TestsOfCodeDecide) {
  const char* good = "```python\ndef add(a, b):\n    return a + b\n```";
  const char* bad = "```python\ndef add(a, b):\n    return a - b\n```";
  ScriptedSource source({{bad, 10}, {good, 20}});
  SolveRequest request = Ask("Write a function add(a, b).");
  request.evidence.tests = "assert add(1, 2) == 3\nassert add(-1, 1) == 0\n";
  const SolveResult result = Solved(source, request);
  EXPECT_EQ(result.task.task, Task::kCode);
  if (result.status == SolveStatus::kUnverified) GTEST_SKIP() << "no sandbox here";
  EXPECT_EQ(result.status, SolveStatus::kVerified);
  EXPECT_EQ(result.chosen, 1U);
}

TEST(SolveTest, CodeThatDoesNotRunIsAskedForAgain) {
  const char* good = "```python\ndef add(a, b):\n    return a + b\n```";
  const char* bad = "```python\ndef add(a, b):\n    return a - b\n```";
  const char* broken = "```python\ndef add(a, b):\n    return a + for b\n```";
  ScriptedSource source(
      {{bad, 10}, {broken, 20}, {broken, 10}, {broken, 11}, {good, 9}, {bad, 12}});
  SolveRequest request = Ask("Write a function add(a, b).");
  request.evidence.tests = "assert add(1, 2) == 3\nassert add(-1, 1) == 0\n";
  request.options.chains = 2;
  request.options.retries = 2;
  const SolveResult result = Solved(source, request);
  if (source.requests.size() < 2) GTEST_SKIP() << "no sandbox here";
  EXPECT_EQ(result.status, SolveStatus::kVerified);
  EXPECT_EQ(result.retry_rounds, 2U);
  ASSERT_EQ(source.requests.size(), 3U);
  EXPECT_THAT(source.requests[2].conversation.messages.back().content, HasSubstr("SyntaxError"));
}

TEST(SolveTest, ShortStopsAVoteThatNothingElseEnds) {
  ScriptedSource source({{"\\boxed{1}", 30}, {"\\boxed{2}", 10}, {"\\boxed{3}", 20}});
  SolveRequest request = Ask(kOpen);
  request.options.chains = request.options.first_chains = 3;
  request.options.enough = 1;
  request.options.short_m = 2;
  const SolveResult result = Solved(source, request);
  EXPECT_EQ(result.stopped_by, StopReason::kShort);
  EXPECT_EQ(result.votes.voters(), 2U);
}

TEST(SolveTest, TheLastEventSaysWhatEndedIt) {
  for (const bool retries : {true, false}) {
    ScriptedSource source({{kWrong}, {kWrong}, {kAlsoWrong}, {kAlsoWrong}});
    SolveRequest request = Ask(kChickens);
    request.options.chains = 2;
    request.options.retries = retries ? 1 : 0;
    std::vector<SolveEvent::Kind> kinds;
    SolveHooks hooks;
    hooks.on_event = [&kinds](const SolveEvent& event) { kinds.push_back(event.kind); };
    EXPECT_EQ(Solved(source, request, hooks).stopped_by, StopReason::kAllChains);
    ASSERT_FALSE(kinds.empty());
    EXPECT_EQ(kinds.back(), SolveEvent::Kind::kStopped);
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), SolveEvent::Kind::kStopped), 1);
  }
}

// An answer of which one chain is refuted and a shorter one could not be read is told with what
// refutes it.
TEST(SolveTest, TheChainThatShowsTheVerdictSpeaks) {
  ScriptedSource source({{kWrong, 30}, {kWrong, 20}});
  SolveRequest request = Ask(kChickens);
  request.options.chains = 2;
  request.options.retries = 0;
  const SolveResult result = Solved(source, request);
  EXPECT_EQ(result.status, SolveStatus::kRefuted);
  ASSERT_TRUE(result.chosen);
  EXPECT_EQ(result.chains[*result.chosen].report.status, check::Verdict::kRefuted);
}

TEST(SolveTest, TheTraceIdIsOfAllThatMatters) {
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) {
    ScriptedSource source({{"\\boxed{1}"}, {"\\boxed{1}"}, {"\\boxed{1}"}});
    SolveRequest request = Ask(kOpen);
    request.options.chains = 3;
    if (i == 1) request.options.top_p = 0.5F;
    if (i == 2) request.options.retries = 0;
    if (i == 3) request.options.scaffold = "four-steps";
    if (i == 4) request.options.seed = 1;
    ids.push_back(Solved(source, request).trace_id);
  }
  EXPECT_EQ(ids.front(), ids.back());
  ids.pop_back();
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST(SolveTest, OptionsOutOfRangeAreNamed) {
  ScriptedSource source({});
  SolveRequest request = Ask(kOpen);
  request.options.chains = 0;
  auto result = Solve(source, Scaffolds(), request, {});
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.status().message(), HasSubstr("chains: 0 is out of range, expected 1 to 64"));
  request = Ask(kOpen);
  request.options.profile = "best";
  result = Solve(source, Scaffolds(), request, {});
  EXPECT_THAT(result.status().message(), HasSubstr("expected r1, generic, bundled or seed"));
  request = Ask(kOpen);
  request.options.scaffold = "five-steps";
  result = Solve(source, Scaffolds(), request, {});
  EXPECT_THAT(result.status().message(), HasSubstr("four-steps"));
}

TEST(SolveTest, EveryGroupHasASeedOfItsOwn) {
  ScriptedSource source({{"\\boxed{1}"}, {"\\boxed{2}"}, {"\\boxed{3}"}, {"\\boxed{4}"}});
  SolveRequest request = Ask(kOpen);
  request.options.chains = 4;
  request.options.first_chains = 2;
  request.options.seed = 7;
  (void)Solved(source, request);
  ASSERT_EQ(source.requests.size(), 2U);
  EXPECT_NE(source.requests[0].settings.sampling.seed, source.requests[1].settings.sampling.seed);
}

TEST(SolveTest, WhenTheTimeIsUpTheChainsAreCut) {
  ScriptedSource source({{"\\boxed{1}"}, {"\\boxed{2}"}, {"\\boxed{3}"}});
  SolveRequest request = Ask(kOpen);
  request.options.deadline = 0.2;
  double clock = 100;
  SolveHooks hooks;
  hooks.clock = [&clock] { return clock; };
  hooks.on_event = [&clock](const SolveEvent& event) {  // a slow model
    if (event.kind == SolveEvent::Kind::kText) clock += 0.25;
  };
  const SolveResult result = Solved(source, request, hooks);
  EXPECT_EQ(result.stopped_by, StopReason::kDeadline);
  EXPECT_EQ(result.votes.voters(), 0U);
  EXPECT_THAT(Ends(result), ElementsAre(ChainEnd::kCancelled));  // fitted to the time: one chain
  EXPECT_LT(result.policy.thinking_tokens, 4096U);
}

TEST(SolveTest, ACancelledRequestEndsAtOnce) {
  ScriptedSource source({{"\\boxed{1}"}, {"\\boxed{2}"}, {"\\boxed{3}"}});
  SolveHooks hooks;
  hooks.cancelled = [] { return true; };
  const SolveResult result = Solved(source, Ask(kOpen), hooks);
  EXPECT_EQ(result.stopped_by, StopReason::kCancelled);
  EXPECT_THAT(Ends(result),
              ElementsAre(ChainEnd::kCancelled, ChainEnd::kCancelled, ChainEnd::kCancelled));
}

}  // namespace
}  // namespace lemma::reasoning
