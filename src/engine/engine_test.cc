// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

#include "engine/fake_model.h"
#include "engine/test_outcome.h"

namespace lemma::engine {
namespace {

using std::chrono::seconds;

std::unique_ptr<Engine> MakeEngine(const EngineOptions& options, size_t context = 2000) {
  auto engine = Engine::Create(std::make_unique<FakeModel>(context), options);
  EXPECT_TRUE(engine.ok()) << engine.status().ToString();
  return std::move(*engine);
}

Outcome RunOne(Engine& engine, const GenerateRequest& request) {
  auto generation = engine.Submit(request);
  EXPECT_TRUE(generation.ok()) << generation.status().ToString();
  return Drain(**generation, 1)[0];
}

TEST(EngineTest, OutputDoesNotDependOnNeighboursBatchOrPages) {
  std::vector<GenerateRequest> requests;
  std::vector<Outcome> alone;
  for (uint64_t i = 0; i < 12; ++i) requests.push_back(MakeRequest(i, 5 + 37 * i, 200 + 5 * i));
  for (const auto& request : requests) {
    const auto engine = MakeEngine({});
    alone.push_back(RunOne(*engine, request));
    EXPECT_EQ(alone.back().finish, FinishReason::kLength);
  }
  for (const size_t batch_tokens : {7u, 64u, 512u}) {
    for (const size_t pages : {12u, 33u, 400u}) {  // 12 is less than all need: preemption
      EngineOptions options;
      options.scheduler.batch_tokens = batch_tokens;
      options.kv_pages = pages;
      options.context_tokens = 700;
      const auto engine = MakeEngine(options);
      std::vector<std::unique_ptr<Generation>> running;
      for (const auto& request : requests) running.push_back(std::move(*engine->Submit(request)));
      for (size_t i = 0; i < running.size(); ++i) {
        EXPECT_EQ(Drain(*running[i], 1)[0], alone[i]) << batch_tokens << " " << pages << " " << i;
      }
      EXPECT_TRUE(engine->CheckIntegrity().ok()) << engine->CheckIntegrity().ToString();
      EXPECT_EQ(engine->Stats().pages.used, 0u);
      if (pages == 12) {
        EXPECT_GT(engine->Stats().preemptions, 0u);
      }
    }
  }
}

TEST(EngineTest, SamplesShareOnePrefill) {
  const auto engine = MakeEngine({});
  GenerateRequest request = MakeRequest(5, 300, 40);
  request.samples = 5;
  const auto first = Drain(**engine->Submit(request), 5);
  EXPECT_TRUE(engine->CheckIntegrity().ok());  // the figures are those of the last step then
  EXPECT_EQ(engine->Stats().prefill_tokens, 300u);
  EXPECT_NE(first.at(0).tokens, first.at(1).tokens);
  const auto other = MakeEngine({});
  EXPECT_EQ(Drain(**other->Submit(request), 5), first);
  request.samples = 1;
  EXPECT_EQ(RunOne(*other, request), first.at(0));
  EXPECT_TRUE(other->CheckIntegrity().ok());
}

TEST(EngineTest, PrefixCacheIsUsedWithinASaltOnly) {
  const auto engine = MakeEngine({});
  GenerateRequest request = MakeRequest(9, 200, 10);
  const Outcome cold = RunOne(*engine, request);
  EXPECT_EQ(cold.usage.cached_tokens, 0u);
  const Outcome warm = RunOne(*engine, request);
  EXPECT_EQ(warm.usage.cached_tokens, 192u);
  EXPECT_EQ(warm, cold);
  request.cache_salt = 1;
  const Outcome stranger = RunOne(*engine, request);
  EXPECT_EQ(stranger.usage.cached_tokens, 0u);
  EXPECT_EQ(stranger, cold);
}

TEST(EngineTest, FinishReasonsAreExplicit) {
  const auto engine = MakeEngine({}, 100);
  GenerateRequest request = MakeRequest(1, 90, 1000);
  request.max_tokens.reset();
  const Outcome full = RunOne(*engine, request);
  EXPECT_EQ(full.finish, FinishReason::kContextFull);
  EXPECT_EQ(full.tokens.size(), 10u);

  request.stop_tokens = {full.tokens[4]};
  const Outcome stopped = RunOne(*engine, request);
  EXPECT_EQ(stopped.finish, FinishReason::kStop);
  EXPECT_LE(stopped.tokens.size(), 4u);
  request.min_tokens = 8;
  EXPECT_GE(RunOne(*engine, request).tokens.size(), 8u);

  request = MakeRequest(1, 3, 0);
  const Outcome none = RunOne(*engine, request);
  EXPECT_EQ(none.finish, FinishReason::kLength);
  EXPECT_TRUE(none.tokens.empty());
}

TEST(EngineTest, CancelEndsEverySampleAndReturnsPages) {
  const auto engine = MakeEngine({});
  GenerateRequest request = MakeRequest(1, 100, 1900);
  request.samples = 3;
  auto generation = *engine->Submit(request);
  ASSERT_TRUE(generation->Next(seconds(20)));
  generation->CancelSample(1);
  generation->Cancel();
  for (const auto& [sample, outcome] : Drain(*generation, 3)) {
    EXPECT_EQ(outcome.finish, FinishReason::kCancelled) << sample;
  }
  EXPECT_TRUE(engine->CheckIntegrity().ok());
  { const auto dropped = *engine->Submit(MakeRequest(2, 50, 1900)); }
  for (int i = 0; i < 12000 && engine->Stats().pages.used > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(engine->Stats().pages.used, 0u);
}

TEST(EngineTest, ASlowConsumerStopsOnlyItself) {
  EngineOptions options;
  options.event_capacity = 8;
  const auto engine = MakeEngine(options);
  auto slow = *engine->Submit(MakeRequest(1, 20, 500));
  const Outcome other = RunOne(*engine, MakeRequest(2, 20, 900));
  EXPECT_EQ(other.tokens.size(), 900u);
  EXPECT_EQ(Drain(*slow, 1)[0].tokens.size(), 500u);
}

TEST(EngineTest, AFailedStepIsAnErrorForItsRequestAndTheEngineLives) {
  const auto engine = MakeEngine({});
  GenerateRequest bad = MakeRequest(1, 20, 5);
  bad.prompt[3] = FakeModel::kPoison;
  const Outcome failed = RunOne(*engine, bad);
  EXPECT_EQ(failed.finish, FinishReason::kError);
  EXPECT_EQ(failed.error.message(), "poisoned");
  bad.samples = 3;
  for (const auto& [sample, outcome] : Drain(**engine->Submit(bad), 3)) {
    EXPECT_EQ(outcome.finish, FinishReason::kError) << sample;
  }
  EXPECT_EQ(RunOne(*engine, MakeRequest(1, 20, 5)).finish, FinishReason::kLength);
  EXPECT_TRUE(engine->CheckIntegrity().ok());
}

TEST(EngineTest, ASequenceThatCanNeverFitIsAnError) {
  EngineOptions options;
  options.kv_pages = 2;
  const auto engine = MakeEngine(options, 1000);
  EXPECT_EQ(engine->context_tokens(), 128u);
  GenerateRequest request = MakeRequest(1, 100, 1000);
  request.samples = 2;  // the shared page is copied: a third page would be needed
  const auto out = Drain(**engine->Submit(request), 2);
  EXPECT_EQ(out.at(0).finish, FinishReason::kContextFull);
  EXPECT_EQ(out.at(1).finish, FinishReason::kContextFull);
  EXPECT_TRUE(engine->CheckIntegrity().ok());
}

TEST(EngineTest, RefusesBadRequests) {
  const auto engine = MakeEngine({}, 100);
  const auto message = [&](const GenerateRequest& r) {
    return engine->Submit(r).status().message();
  };
  EXPECT_EQ(message(MakeRequest(1, 0, 5)), "prompt: expected at least one token");
  EXPECT_EQ(
      message(MakeRequest(1, 100, 5)),
      "prompt: 100 tokens do not fit the context of 100 (one place is needed for the answer)");
  GenerateRequest request = MakeRequest(1, 5, 5);
  request.prompt[2] = 40;
  EXPECT_EQ(message(request), "prompt[2]: token 40 is not in the vocabulary of 40");
  request = MakeRequest(1, 5, 5);
  request.samples = 0;
  EXPECT_NE(message(request).find("samples"), std::string::npos);
  request = MakeRequest(1, 5, 5);
  request.sampling.top_p = 1.5F;
  EXPECT_EQ(message(request), "top_p: 1.5 is out of range, expected above 0, at most 1");
}

TEST(EngineTest, TokensArriveFromManyThreadsAtOnce) {
  const auto engine = MakeEngine({});
  std::vector<Outcome> expected;
  for (uint64_t i = 0; i < 8; ++i) expected.push_back(RunOne(*engine, MakeRequest(i, 30, 50)));
  std::vector<std::thread> threads;
  std::vector<Outcome> got(8);
  for (uint64_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] { got[i] = RunOne(*engine, MakeRequest(i, 30, 50)); });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(got, expected);
}

}  // namespace
}  // namespace lemma::engine
