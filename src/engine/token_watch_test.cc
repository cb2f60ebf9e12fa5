// SPDX-License-Identifier: Apache-2.0
// Watches that force tokens at random places and end samples: what comes out does not depend on
// speculation, chunks, preemption or neighbours.
#include "engine/token_watch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "engine/fake_model.h"
#include "engine/test_outcome.h"

namespace lemma::engine {
namespace {

// Decides by a hash of all tokens so far.
class HashWatch final : public TokenWatch {
 public:
  explicit HashWatch(uint64_t seed) : hash_(seed) {}
  WatchVerdict OnToken(int32_t token) override {
    hash_ = RandomBits(hash_, static_cast<uint32_t>(token));
    WatchVerdict verdict;
    const uint64_t dice = hash_ % 100;
    if (dice < 6) {
      for (size_t i = 0; i < 1 + dice * 3; ++i) {
        verdict.force.push_back(static_cast<int32_t>((hash_ >> i) % 38));
      }
    }
    verdict.end = dice == 99;
    return verdict;
  }

 private:
  uint64_t hash_;
};

GenerateRequest MakeWatched(uint64_t seed) {
  GenerateRequest request;
  for (size_t i = 0; i < 5 + seed * 11 % 150; ++i) {
    request.prompt.push_back(static_cast<int32_t>(i > 9 ? request.prompt[i - 9] : i + seed % 20));
  }
  request.sampling.seed = seed;
  request.sampling.temperature = seed % 3 == 0 ? 0.0F : 0.4F;
  request.sampling.top_logprobs = 1;
  if (seed % 4 == 0) request.sampling.frequency_penalty = 0.1F;
  request.max_tokens = 20 + seed * 17 % 200;
  request.samples = 1 + seed % 3;
  request.watch = [seed](size_t sample) { return std::make_unique<HashWatch>(seed * 8 + sample); };
  return request;
}

std::unique_ptr<Engine> MakeWatchedEngine(const EngineOptions& options) {
  auto engine = Engine::Create(std::make_unique<FakeModel>(700, 30), options);
  EXPECT_TRUE(engine.ok()) << engine.status().ToString();
  return std::move(*engine);
}

TEST(TokenWatch, OutputIsAFunctionOfTheRequest) {
  EngineOptions one_by_one;
  one_by_one.scheduler.batch_tokens = 1;
  one_by_one.speculation.mode = Speculation::kOff;
  const auto reference = MakeWatchedEngine(one_by_one);
  std::vector<GenerateRequest> requests;
  std::vector<std::map<size_t, Outcome>> expected;
  std::map<FinishReason, size_t> endings;
  for (uint64_t i = 0; i < 24; ++i) {
    requests.push_back(MakeWatched(i));
    expected.push_back(Drain(**reference->Submit(requests[i]), requests[i].samples));
    for (const auto& [sample, outcome] : expected.back()) ++endings[outcome.finish];
  }
  EXPECT_GT(endings[FinishReason::kWatch], 3U) << "the test has to see both";
  EXPECT_GT(endings[FinishReason::kLength], 3U);
  for (const Speculation mode : {Speculation::kOff, Speculation::kAlways, Speculation::kAuto}) {
    for (const size_t pages : {24U, 400U}) {
      EngineOptions options;
      options.kv_pages = pages;
      options.speculation.mode = mode;
      const auto engine = MakeWatchedEngine(options);
      std::vector<std::unique_ptr<Generation>> running;
      for (const auto& request : requests) {
        running.push_back(std::move(*engine->Submit(request)));
      }
      for (size_t i = 0; i < running.size(); ++i) {
        EXPECT_EQ(Drain(*running[i], requests[i].samples), expected[i]) << i << " " << pages;
      }
      const Status status = engine->CheckIntegrity();
      EXPECT_TRUE(status.ok()) << status.ToString();
      EXPECT_EQ(engine->Stats().pages.used, 0U);
    }
  }
}

class Script final : public TokenWatch {
 public:
  Script(size_t at, std::vector<int32_t> force) : at_(at), force_(std::move(force)) {}
  WatchVerdict OnToken(int32_t token) override {
    seen.push_back(token);
    return {seen.size() == at_ ? force_ : std::vector<int32_t>(), false};
  }
  std::vector<int32_t> seen;

 private:
  size_t at_;
  std::vector<int32_t> force_;
};

TEST(TokenWatch, ForcedTokensFollowAtTheVeryPlace) {
  const auto engine = MakeWatchedEngine({});
  GenerateRequest request = MakeWatched(1);
  request.samples = 1;
  request.max_tokens = 30;
  request.watch = {};
  const auto free = Drain(**engine->Submit(request), 1).at(0);
  const std::vector<int32_t> forced = {7, 7, 1, 36};
  for (const size_t at : {1U, 9U, 28U, 30U}) {
    request.watch = [&](size_t) { return std::make_unique<Script>(at, forced); };
    const auto generation = *engine->Submit(request);
    std::vector<SampledToken> tokens;
    Usage usage;
    for (;;) {
      const auto event = generation->Next(std::chrono::seconds(20));
      ASSERT_TRUE(event);
      if (event->kind == EventKind::kToken) tokens.push_back(event->token);
      if (event->kind != EventKind::kFinish) continue;
      EXPECT_EQ(event->finish, FinishReason::kLength);
      usage = event->usage;
      break;
    }
    ASSERT_EQ(tokens.size(), 30U) << "forced ones count";
    EXPECT_EQ(usage.generated_tokens, 30U);
    for (size_t i = 0; i < tokens.size(); ++i) {
      const bool is_forced = i >= at && i < at + forced.size();
      EXPECT_EQ(tokens[i].forced, is_forced) << i;
      if (i < at) {
        EXPECT_EQ(tokens[i].token, free.tokens[i]);
      }
      if (is_forced) {
        EXPECT_EQ(tokens[i].token, forced[i - at]);
        EXPECT_EQ(tokens[i].logprob, 0.0F) << "it was certain";
      }
    }
  }
}

TEST(TokenWatch, SeesEveryTokenOnce) {
  const auto engine = MakeWatchedEngine({});
  GenerateRequest request = MakeWatched(2);
  request.samples = 1;
  request.max_tokens = 60;
  std::vector<int32_t> seen;
  class Teller final : public TokenWatch {
   public:
    explicit Teller(std::vector<int32_t>* out) : out_(out) {}
    WatchVerdict OnToken(int32_t token) override {
      out_->push_back(token);
      return {out_->size() == 20 ? std::vector<int32_t>{3, 4, 5} : std::vector<int32_t>(), false};
    }

   private:
    std::vector<int32_t>* out_;
  };
  request.watch = [&](size_t) { return std::make_unique<Teller>(&seen); };
  const auto outcome = Drain(**engine->Submit(request), 1).at(0);
  EXPECT_EQ(seen, outcome.tokens);
}

}  // namespace
}  // namespace lemma::engine
