// SPDX-License-Identifier: Apache-2.0
#include "engine/speculation.h"

#include <gtest/gtest.h>

#include <chrono>

#include "engine/engine.h"
#include "engine/fake_model.h"
#include "engine/test_outcome.h"

namespace lemma::engine {
namespace {

using std::chrono::seconds;

TEST(DraftRecordTest, LearnsFromWhatCame) {
  DraftRecord record;
  EXPECT_LT(record.Chance(2), record.Chance(30));
  for (int i = 0; i < 60; ++i) record.Count(2, true);
  EXPECT_GT(record.Chance(2), 0.9);
  for (int i = 0; i < 60; ++i) record.Count(2, false);
  EXPECT_LT(record.Chance(2), 0.35) << "older counts fade";
  EXPECT_NEAR(record.Chance(8), 0.65, 1e-9) << "other classes stay";
}

TEST(StepCostsTest, MeasuredLatelyElseBySlopeElseGuessed) {
  StepCosts costs;
  EXPECT_EQ(costs.Ratio(1, 1), 1);
  EXPECT_NEAR(costs.Ratio(1, 5), 1.2, 1e-9);
  costs.Record(1, 1.0);
  costs.Record(3, 1.4);
  EXPECT_NEAR(costs.Ratio(1, 3), 1.4, 1e-9);
  EXPECT_NEAR(costs.Ratio(1, 6), 2.0, 1e-9) << "extrapolated";
  EXPECT_NEAR(costs.Ratio(1, 2), 1.2, 1e-9) << "interpolated";
  for (const double t : {1.0, 50.0, 1.0, 1.0, 60.0}) costs.Record(1, t);
  EXPECT_NEAR(costs.Ratio(1, 3), 1.4, 1e-9) << "outliers do not count";
  for (int i = 0; i < 2000; ++i) costs.Record(1, 1.0);
  EXPECT_NEAR(costs.Ratio(1, 3), 1.1, 1e-9) << "too old: to be measured again";
  costs.Record(4, 0.5);
  EXPECT_EQ(costs.Ratio(1, 4), 1) << "never below 1";
}

SequenceDrafts Periodic(size_t most) {
  SequenceDrafts drafts;
  std::vector<int32_t> text;
  for (int32_t i = 0; i < 80; ++i) text.push_back(i % 9);
  drafts.Propose(text, most);
  return drafts;
}

TEST(PlanDraftsTest, WeighsWhatIsWonAgainstWhatItCosts) {
  const SequenceDrafts sure = Periodic(5);
  const SequenceDrafts none;
  const SpeculationOptions options;
  const std::vector<const SequenceDrafts*> one{&sure};
  StepCosts cheap;
  for (size_t rows = 1; rows <= 8; ++rows) cheap.Record(rows, 1 + 0.01 * static_cast<double>(rows));
  EXPECT_EQ(PlanDrafts(one, cheap, options).counts, (std::vector<size_t>{5}));
  StepCosts dear;
  for (size_t rows = 1; rows <= 8; ++rows) dear.Record(rows, static_cast<double>(rows));
  EXPECT_EQ(PlanDrafts(one, dear, options).counts, (std::vector<size_t>{0}));
  const SpeculationOptions always{.mode = Speculation::kAlways};
  EXPECT_EQ(PlanDrafts(one, dear, always).counts, (std::vector<size_t>{5}));
  const std::vector<const SequenceDrafts*> four{&none, &sure, &none, &sure};
  EXPECT_EQ(PlanDrafts(four, cheap, options).counts, (std::vector<size_t>{0, 2, 0, 2}))
      << "8 rows in all";
  const std::vector<const SequenceDrafts*> eight(8, &sure);
  EXPECT_EQ(PlanDrafts(eight, cheap, options).counts, std::vector<size_t>(8, 0));
  // Five rows for the price of two, the sixth is dear: stop before it.
  StepCosts step;
  for (size_t rows = 1; rows <= 8; ++rows) step.Record(rows, rows <= 4 ? 1.0 : 3.0);
  EXPECT_EQ(PlanDrafts(one, step, options).counts, (std::vector<size_t>{3}));
}

TEST(SequenceDraftsTest, ChecksTokensAgainstTheDraft) {
  SequenceDrafts drafts = Periodic(5);  // 80 = 8 * 9 + 8: goes on with 8, 0, 1, 2, 3
  ASSERT_EQ(drafts.proposed(), 5u);
  drafts.Keep(2, 0.1);
  EXPECT_EQ(std::vector<int32_t>(drafts.tokens().begin(), drafts.tokens().end()),
            (std::vector<int32_t>{8, 0}));
  EXPECT_TRUE(drafts.Check(0, 8));
  EXPECT_FALSE(drafts.Check(1, 7)) << "another token";
  EXPECT_TRUE(drafts.Check(1, 0));
  EXPECT_FALSE(drafts.Check(2, 1)) << "right, but not in the step";
  EXPECT_FALSE(drafts.Check(9, 1));
}

TEST(SequenceDraftsTest, LossesUseUpTheCredit) {
  SequenceDrafts drafts = Periodic(5);
  EXPECT_TRUE(drafts.HasCredit());
  size_t lost = 0;
  for (; drafts.HasCredit(); ++lost) {
    drafts.Keep(5, 0.2);
    drafts.Settle(0);
  }
  EXPECT_LE(lost, 4u);
  // A hundredth of the time may be spent on trying.
  size_t tried = 0;
  for (int step = 0; step < 10000; ++step) {
    const bool draft = drafts.HasCredit();
    tried += draft ? 1 : 0;
    drafts.Keep(draft ? 5 : 0, draft ? 0.2 : 0);
    drafts.Settle(0);
  }
  EXPECT_NEAR(static_cast<double>(tried), 10000 * 0.01 / 0.2, 50);
  const SequenceDrafts* const one[] = {&drafts};
  while (drafts.HasCredit()) {
    drafts.Keep(5, 0.2);
    drafts.Settle(0);
  }
  const SequenceDrafts again = drafts;
  EXPECT_EQ(PlanDrafts(one, {}, {}).counts, (std::vector<size_t>{0}));
  for (int step = 0; step < 3; ++step) {
    drafts.Keep(5, 0.2);
    drafts.Settle(4);
  }
  EXPECT_TRUE(drafts.HasCredit());
  EXPECT_FALSE(again.HasCredit());
}

struct TestEngine {
  std::unique_ptr<Engine> engine;
  FakeModel* model;
};

TestEngine MakeEngine(Speculation mode, double repetition, EngineOptions options = {}) {
  auto model = std::make_unique<FakeModel>(2000, repetition);
  FakeModel* raw = model.get();
  options.speculation.mode = mode;
  auto engine = Engine::Create(std::move(model), options);
  EXPECT_TRUE(engine.ok()) << engine.status().ToString();
  return {std::move(*engine), raw};
}

// A request with a bit of everything, by its number.
GenerateRequest MakeRepeats(uint64_t seed) {
  Rng rng(seed);
  GenerateRequest request;
  const size_t prompt = 1 + rng.NextBelow(150);
  for (size_t i = 0; i < prompt; ++i) {
    const bool copy = i > 10 && rng.NextBelow(4) > 0;
    request.prompt.push_back(copy ? request.prompt[i - 9]
                                  : static_cast<int32_t>(rng.NextBelow(38)));
  }
  request.sampling.seed = seed;
  request.max_tokens = 1 + rng.NextBelow(200);
  const float temperatures[] = {0, 0, 0.3F, 1};
  request.sampling.temperature = temperatures[rng.NextBelow(4)];
  if (rng.NextBelow(2) == 0) request.sampling.top_logprobs = rng.NextBelow(3);
  if (rng.NextBelow(4) == 0) request.sampling.top_p = 0.7F;
  if (rng.NextBelow(4) == 0) request.sampling.repeat_penalty = 1.1F;
  if (rng.NextBelow(4) == 0) request.sampling.frequency_penalty = 0.05F;
  if (rng.NextBelow(6) == 0) request.sampling.dry.multiplier = 0.5F;
  if (rng.NextBelow(3) == 0) request.stop_tokens = {static_cast<int32_t>(rng.NextBelow(38))};
  if (rng.NextBelow(2) == 0) request.min_tokens = rng.NextBelow(*request.max_tokens + 1);
  if (rng.NextBelow(4) == 0) request.samples = 1 + rng.NextBelow(5);
  return request;
}

TEST(SpeculationTest, OutputIsThatOfThePlainRun) {
  size_t accepted = 0;
  size_t rejected = 0;
  for (const double repetition : {0.0, 6.0, 40.0, 1000.0}) {
    const TestEngine plain = MakeEngine(Speculation::kOff, repetition);
    const TestEngine ahead = MakeEngine(Speculation::kAlways, repetition);
    const TestEngine chosen = MakeEngine(Speculation::kAuto, repetition);
    for (uint64_t i = 0; i < 60; ++i) {
      const GenerateRequest request = MakeRepeats(i);
      const auto expected = Drain(**plain.engine->Submit(request), request.samples);
      const auto got = Drain(**ahead.engine->Submit(request), request.samples);
      EXPECT_EQ(got, expected) << repetition << " " << i;
      EXPECT_EQ(Drain(**chosen.engine->Submit(request), request.samples), expected);
      for (const auto& [sample, outcome] : got) {
        EXPECT_LE(outcome.usage.accepted_tokens, outcome.usage.drafted_tokens);
        accepted += outcome.usage.accepted_tokens;
        rejected += outcome.usage.drafted_tokens - outcome.usage.accepted_tokens;
      }
      const Status status = ahead.engine->CheckIntegrity();
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
    // Answered between steps: the figures of the last step are in.
    ASSERT_TRUE(plain.engine->CheckIntegrity().ok());
    EXPECT_EQ(ahead.engine->Stats().decode_tokens, plain.engine->Stats().decode_tokens);
    EXPECT_LE(ahead.model->passes, plain.model->passes);
    EXPECT_EQ(ahead.engine->Stats().pages.used, 0u);
    // Nothing rejected is found again: the caches hold the same prefixes.
    GenerateRequest long_prompt = MakeRepeats(3);
    long_prompt.samples = 1;
    long_prompt.max_tokens = 3;
    for (int i = 0; i < 300; ++i) long_prompt.prompt.push_back(i % 7);
    static_cast<void>(Drain(**plain.engine->Submit(long_prompt), 1));
    EXPECT_EQ(Drain(**ahead.engine->Submit(long_prompt), 1),
              Drain(**plain.engine->Submit(long_prompt), 1));
  }
  EXPECT_GT(accepted, 1000u) << "the test has to see both";
  EXPECT_GT(rejected, 1000u);
}

TEST(SpeculationTest, NeighboursAndPreemptionDoNotChangeTheOutput) {
  for (const size_t pages : {12u, 33u, 400u}) {
    EngineOptions options;
    options.kv_pages = pages;
    options.context_tokens = 700;
    const TestEngine plain = MakeEngine(Speculation::kOff, 20, options);
    const TestEngine ahead = MakeEngine(Speculation::kAlways, 20, options);
    std::vector<GenerateRequest> requests;
    for (uint64_t i = 0; i < 12; ++i) {
      requests.push_back(MakeRepeats(100 + i));
      requests.back().samples = 1;
      requests.back().max_tokens = 250 + 10 * i;
      requests.back().stop_tokens.clear();
    }
    std::vector<std::unique_ptr<Generation>> running;
    for (const auto& request : requests) {
      running.push_back(std::move(*ahead.engine->Submit(request)));
    }
    for (size_t i = 0; i < running.size(); ++i) {
      EXPECT_EQ(Drain(*running[i], 1), Drain(**plain.engine->Submit(requests[i]), 1)) << i;
    }
    const Status status = ahead.engine->CheckIntegrity();
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_GT(ahead.engine->Stats().accepted_tokens, 0u);
  }
}

TEST(SpeculationTest, TextReachesTheEndOfTheContextExactly) {
  for (size_t context = 60; context < 70; ++context) {
    EngineOptions options;
    options.context_tokens = context;
    const TestEngine plain = MakeEngine(Speculation::kOff, 40, options);
    const TestEngine ahead = MakeEngine(Speculation::kAlways, 40, options);
    GenerateRequest request = MakeRepeats(1);
    request.prompt.assign(20, 3);
    request.max_tokens.reset();
    request.sampling = {};
    request.sampling.temperature = 0;
    request.samples = 1;
    request.stop_tokens.clear();
    const auto expected = Drain(**plain.engine->Submit(request), 1);
    EXPECT_EQ(expected.at(0).finish, FinishReason::kContextFull);
    EXPECT_EQ(expected.at(0).tokens.size(), context - 20);
    EXPECT_EQ(Drain(**ahead.engine->Submit(request), 1), expected);
  }
}

TEST(SpeculationTest, RepeatingTextTakesFewerPasses) {
  const TestEngine ahead = MakeEngine(Speculation::kAlways, 1000);
  GenerateRequest request = MakeRepeats(1);
  request.sampling = {};
  request.sampling.temperature = 0;
  request.samples = 1;
  request.stop_tokens.clear();
  request.max_tokens = 600;
  const auto out = Drain(**ahead.engine->Submit(request), 1);
  EXPECT_EQ(out.at(0).tokens.size(), 600u);
  EXPECT_LT(ahead.model->passes, 300u);
  EXPECT_GT(out.at(0).usage.accepted_tokens, 300u);
}

TEST(SpeculationTest, CancelReturnsEveryPage) {
  const TestEngine ahead = MakeEngine(Speculation::kAlways, 1000);
  GenerateRequest request = MakeRepeats(1);
  request.samples = 3;
  request.max_tokens = 1800;
  request.sampling = {};
  request.stop_tokens.clear();
  auto generation = *ahead.engine->Submit(request);
  ASSERT_TRUE(generation->Next(seconds(20)));
  generation->Cancel();
  for (const auto& [sample, outcome] : Drain(*generation, 3)) {
    EXPECT_EQ(outcome.finish, FinishReason::kCancelled) << sample;
  }
  EXPECT_TRUE(ahead.engine->CheckIntegrity().ok());
  EXPECT_EQ(ahead.engine->Stats().pages.used, 0u);
}

}  // namespace
}  // namespace lemma::engine
