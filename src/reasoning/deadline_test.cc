// SPDX-License-Identifier: Apache-2.0
// Deadlines on a scripted pace: what is planned fits into the time by that pace, and chains that
// think on and on are made to answer before it is over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "reasoning/solve.h"

namespace lemma::reasoning {
namespace {

using service::FinishReason;
using service::StreamEvent;

// Tokens a second of each of n chains, by a pace.
double RateOf(const Pace& pace, size_t chains) {
  const double one = 1 / pace.one_chain;
  const double many = static_cast<double>(pace.chains) / pace.many_chains;
  const double share = static_cast<double>(chains - 1) / static_cast<double>(pace.chains - 1);
  return 1 / (one + share * (many - one));
}

// A model that thinks until it is told to stop, then answers, a token after the other at the rate
// of its pace. `clock`, in seconds, is the test's own: each look at the run moves it.
class PacedRun final : public ChainRun {
 public:
  PacedRun(const Pace& pace, size_t chains, size_t answer_tokens, double& clock)
      : clock_(clock),
        start_(clock),
        rate_(RateOf(pace, chains)),
        answer_tokens_(answer_tokens),
        tokens_(chains) {}

  std::optional<StreamEvent> Next(std::chrono::nanoseconds) override {
    if (next_ == tokens_.size()) return std::nullopt;
    clock_ += 0.002;
    const double now = clock_ - start_;
    for (auto& each : tokens_) each.resize(static_cast<size_t>(now * rate_));
    if (!closed_ || now < *closed_ + static_cast<double>(answer_tokens_) / rate_) {
      return std::nullopt;
    }
    StreamEvent out;
    out.sample = next_;
    if (!said_) {
      out.kind = StreamEvent::Kind::kContent;
      out.text = "\\boxed{8}";
    } else {
      out.kind = StreamEvent::Kind::kFinish;
      out.finish = FinishReason::kStop;
      out.usage.generated_tokens = tokens_[next_++].size();
    }
    said_ = !said_;
    return out;
  }
  void CancelChain(size_t) override {}
  void EndThinking() override {
    if (!closed_) closed_ = clock_ - start_;
  }
  [[nodiscard]] const std::vector<int32_t>& tokens(size_t chain) const override {
    return tokens_[chain];
  }

 private:
  double& clock_;
  double start_;
  double rate_;
  size_t answer_tokens_;
  std::vector<std::vector<int32_t>> tokens_;
  std::optional<double> closed_;
  size_t next_ = 0;
  bool said_ = false;
};

class PacedSource final : public ChainSource {
 public:
  PacedSource(const Pace& pace, size_t answer_tokens)
      : pace_(pace), answer_tokens_(answer_tokens) {}
  Result<std::unique_ptr<ChainRun>> Start(const service::ChatRequest& request) override {
    groups.push_back(request.settings.samples);
    return std::unique_ptr<ChainRun>(
        std::make_unique<PacedRun>(pace_, request.settings.samples, answer_tokens_, clock));
  }
  Pace MeasuredPace() override {
    clock += measuring;
    return pace_;
  }
  size_t PromptTokens(const chat::Conversation&) override { return 100; }

  std::vector<size_t> groups;
  double measuring = 0;  // seconds that takes
  double clock = 100;

 private:
  Pace pace_;
  size_t answer_tokens_;
};

SolveRequest AskWithin(double deadline) {
  SolveRequest out;
  out.question = "Tom's uncle gave him 3 coins and 5 stamps; how many gifts in all?";
  out.options.profile = "r1";
  out.options.retries = 0;
  out.options.deadline = deadline;
  return out;
}

// Solves by the source's clock.
Result<SolveResult> SolveByItsClock(PacedSource& source, const SolveRequest& request) {
  SolveHooks hooks;
  hooks.clock = [&source] { return source.clock; };
  return Solve(source, Scaffolds(), request, hooks);
}

struct Machine {
  const char* name;
  Pace pace;
};
constexpr Machine kMachines[] = {{"two slow cores", {40, 8, 20, 8}},
                                 {"a laptop", {200, 25, 110, 8}},
                                 {"a workstation", {4000, 90, 600, 8}}};

TEST(DeadlineTest, ThePlanFitsIntoTheTimeOnEveryMachine) {
  for (const Machine& machine : kMachines) {
    size_t chains_before = 0;
    size_t thinking_before = 0;
    for (const double seconds : {8.0, 20.0, 60.0, 300.0, 3600.0}) {
      Policy policy = *PolicyFor("r1", Task::kWord, Effort::kBalanced);
      const double close = FitToDeadline(policy, machine.pace, 100, seconds);
      const double rate = RateOf(machine.pace, policy.first_chains);
      const double waves =
          static_cast<double>(policy.max_chains) / static_cast<double>(policy.first_chains);
      const double prefill = 100 / machine.pace.prefill;
      const double wave = static_cast<double>(policy.thinking_tokens + policy.answer_tokens) / rate;
      const std::string what = std::string(machine.name) + ", " + std::to_string(seconds) + " s";
      // 64 tokens are tried even where there is no time for them.
      if (policy.thinking_tokens + policy.answer_tokens > 65) {
        EXPECT_LE(prefill + std::floor(waves) * wave, seconds) << what;
        EXPECT_LE(close + static_cast<double>(policy.answer_tokens) / rate, seconds) << what;
      }
      // More time never makes a poorer plan.
      EXPECT_GE(policy.first_chains, chains_before > 0 ? std::min<size_t>(chains_before, 3) : 1)
          << what;
      if (policy.first_chains == chains_before) {
        EXPECT_GE(policy.thinking_tokens, thinking_before) << what;
      }
      chains_before = policy.first_chains;
      thinking_before = policy.thinking_tokens;
    }
  }
}

TEST(DeadlineTest, TimeThatIsAmpleChangesNothing) {
  const Policy usual = *PolicyFor("r1", Task::kWord, Effort::kBalanced);
  Policy policy = usual;
  (void)FitToDeadline(policy, kMachines[2].pace, 100, 3600);
  EXPECT_EQ(policy.first_chains, usual.first_chains);
  EXPECT_EQ(policy.max_chains, usual.max_chains);
  EXPECT_EQ(policy.thinking_tokens, usual.thinking_tokens);
  EXPECT_EQ(policy.answer_tokens, usual.answer_tokens);
}

TEST(DeadlineTest, EndlessThinkingIsClosedInTimeForAnAnswer) {
  // 500 tok/s alone: 4 s are some 1,800 tokens, less than the 5,120 of a chain.
  PacedSource source({100'000, 500, 2000, 8}, 100);
  const double start = source.clock;
  const auto result = SolveByItsClock(source, AskWithin(4));
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->answer, "8");
  EXPECT_NE(result->stopped_by, StopReason::kDeadline);
  EXPECT_GT(source.clock - start, 1.5);  // what there was of time was used
  EXPECT_LT(source.clock - start, 4);
  EXPECT_DOUBLE_EQ(result->seconds, source.clock - start);
  ASSERT_EQ(source.groups.size(), 1U);
  EXPECT_EQ(source.groups[0], result->policy.first_chains);
}

TEST(DeadlineTest, TheTimeOfMeasuringIsNotPlannedWith) {
  const Pace pace = {100'000, 1000, 1000, 8};
  PacedSource source(pace, 10);
  source.measuring = 0.4;
  SolveRequest request = AskWithin(1.5);
  request.options.chains = 1;
  Policy planned = *PolicyFor("r1", Task::kWord, Effort::kBalanced);
  planned.first_chains = planned.max_chains = 1;
  (void)FitToDeadline(planned, pace, 100, 1.5 - 0.4);
  const auto result = SolveByItsClock(source, request);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  const auto number = [](size_t tokens) { return static_cast<double>(tokens); };
  EXPECT_NEAR(number(result->policy.thinking_tokens), number(planned.thinking_tokens), 1);
  EXPECT_NEAR(number(result->policy.answer_tokens), number(planned.answer_tokens), 1);
}

TEST(DeadlineTest, AModelThatIsSlowerThanItsPaceIsCutAtTheDeadline) {
  // It answers in 40,000 tokens, which nobody planned for.
  PacedSource source({100'000, 2000, 8000, 8}, 40'000);
  const double start = source.clock;
  const auto result = SolveByItsClock(source, AskWithin(0.6));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->stopped_by, StopReason::kDeadline);
  EXPECT_EQ(result->votes.voters(), 0U);
  EXPECT_NEAR(source.clock - start, 0.6, 0.01);
}

}  // namespace
}  // namespace lemma::reasoning
