// SPDX-License-Identifier: Apache-2.0
#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace lemma::engine {
namespace {

constexpr int32_t kHistory[] = {1, 2, 3};

SampledToken Once(const SamplingParams& params, std::vector<float> logits, size_t generated = 0) {
  Sampler sampler(params, 0);
  return sampler.Sample(logits, kHistory, generated, {});
}

// Tokens drawn over many steps, with their frequencies.
std::map<int32_t, double> Frequencies(const SamplingParams& params,
                                      const std::vector<float>& logits) {
  constexpr int kDraws = 20000;
  std::map<int32_t, double> out;
  Sampler sampler(params, 0);
  std::vector<int32_t> history(kDraws, 0);
  for (int i = 0; i < kDraws; ++i) {
    std::vector<float> copy = logits;
    const auto token = sampler.Sample(copy, std::span(history).first(static_cast<size_t>(i)),
                                      static_cast<size_t>(i), {});
    out[token.token] += 1.0 / kDraws;
  }
  return out;
}

TEST(SamplerTest, GreedyTakesTheBestAndTheLowestIdOnTies) {
  SamplingParams params;
  params.temperature = 0;
  EXPECT_EQ(Once(params, {1, 5, 5, 2}).token, 1);
  EXPECT_EQ(Once(params, {NAN, -2, INFINITY, -1}).token, 3)
      << "non-finite logits are no candidates";
}

TEST(SamplerTest, DrawsWithTheModelsProbabilities) {
  const auto f = Frequencies({}, {std::log(0.5F), std::log(0.3F), std::log(0.2F)});
  EXPECT_NEAR(f.at(0), 0.5, 0.015);
  EXPECT_NEAR(f.at(1), 0.3, 0.015);
  EXPECT_NEAR(f.at(2), 0.2, 0.015);
}

TEST(SamplerTest, TemperatureSharpens) {
  SamplingParams params;
  params.temperature = 0.5F;  // p^2, normalised: 0.25, 0.09, 0.04 of 0.38
  const auto f = Frequencies(params, {std::log(0.5F), std::log(0.3F), std::log(0.2F)});
  EXPECT_NEAR(f.at(0), 0.25 / 0.38, 0.015);
  EXPECT_NEAR(f.at(2), 0.04 / 0.38, 0.015);
}

std::set<int32_t> Support(const SamplingParams& params, const std::vector<float>& logits) {
  std::set<int32_t> out;
  for (const auto& [token, share] : Frequencies(params, logits)) out.insert(token);
  return out;
}

TEST(SamplerTest, TruncationKeepsWhatItShould) {
  const std::vector<float> logits{std::log(0.5F), std::log(0.25F), std::log(0.15F), std::log(0.1F)};
  SamplingParams params;
  params.top_k = 2;
  EXPECT_EQ(Support(params, logits), (std::set<int32_t>{0, 1}));
  params = {};
  params.top_p = 0.7F;
  EXPECT_EQ(Support(params, logits), (std::set<int32_t>{0, 1}));
  params.top_p = 0.8F;
  EXPECT_EQ(Support(params, logits), (std::set<int32_t>{0, 1, 2}));
  params = {};
  params.min_p = 0.25F;  // at least 0.125
  EXPECT_EQ(Support(params, logits), (std::set<int32_t>{0, 1, 2}));
  params = {};
  params.typical_p = 0.2F;  // entropy 1.21: the token of surprise 1.39 is the most typical
  EXPECT_EQ(Support(params, logits), (std::set<int32_t>{1}));
}

TEST(SamplerTest, PenaltiesChangeTheChoice) {
  SamplingParams params;
  params.temperature = 0;
  params.repeat_penalty = 2;
  EXPECT_EQ(Once(params, {1.5F, 2, 1, 1}).token, 0) << "2 is in the history: 2 / 2 < 1.5";
  params = {};
  params.temperature = 0;
  params.presence_penalty = 1;
  EXPECT_EQ(Once(params, {1.5F, 2, 1, 1}, 0).token, 1) << "the prompt does not count";
  EXPECT_EQ(Once(params, {1.5F, 2, 1, 1}, 3).token, 0);
  params = {};
  params.temperature = 0;
  params.logit_bias = {{3, 100.0F}};
  EXPECT_EQ(Once(params, {1, 2, 3, 0}).token, 3);
}

TEST(SamplerTest, DryPenalisesTheContinuationOfARepeat) {
  DryParams dry;
  dry.multiplier = 1;
  dry.base = 2;
  dry.allowed_length = 2;
  // ... 5 6 7 8 ... 5 6 7 -> 8 would repeat a run of three.
  const std::vector<int32_t> history{5, 6, 7, 8, 1, 5, 6, 7};
  const auto penalties = DryPenalties(dry, history);
  ASSERT_EQ(penalties.size(), 1u);
  EXPECT_FLOAT_EQ(penalties.at(8), 2.0F);
  dry.breakers = {6};
  EXPECT_TRUE(DryPenalties(dry, history).empty()) << "the run is cut to one token";
}

TEST(SamplerTest, LogprobsAreTheModelsOwn) {
  SamplingParams params;
  params.temperature = 0;
  params.top_logprobs = 2;
  params.logit_bias = {{2, 50.0F}};
  const auto token = Once(params, {std::log(0.5F), std::log(0.3F), std::log(0.2F)});
  EXPECT_EQ(token.token, 2);
  EXPECT_NEAR(*token.logprob, std::log(0.2), 1e-5);
  ASSERT_EQ(token.top_logprobs.size(), 2u);
  EXPECT_EQ(token.top_logprobs[0].token, 0);
  EXPECT_NEAR(token.top_logprobs[0].logprob, std::log(0.5), 1e-5);
}

TEST(SamplerTest, SeedsAndStreamsDiffer) {
  const std::vector<float> logits(1000, 0.0F);
  const auto draw = [&](uint64_t seed, uint64_t stream) {
    SamplingParams params;
    params.seed = seed;
    Sampler sampler(params, stream);
    std::vector<float> copy = logits;
    return sampler.Sample(copy, {}, 0, {}).token;
  };
  EXPECT_EQ(draw(1, 0), draw(1, 0));
  EXPECT_NE(draw(1, 0), draw(2, 0));
  EXPECT_NE(draw(1, 0), draw(1, 1));
}

TEST(SamplerTest, BannedTokensAreNeverChosen) {
  SamplingParams params;
  params.temperature = 0;
  Sampler sampler(params, 0);
  std::vector<float> logits{1, 9, 3};
  const int32_t banned[] = {1};
  EXPECT_EQ(sampler.Sample(logits, {}, 0, banned).token, 2);
}

TEST(SamplerTest, ValidationNamesTheField) {
  SamplingParams params;
  params.temperature = -1;
  EXPECT_EQ(ValidateSamplingParams(params, 10).message(),
            "temperature: -1 is out of range, expected 0 to 100");
  params = {};
  params.top_p = NAN;
  EXPECT_FALSE(ValidateSamplingParams(params, 10).ok());
  params = {};
  params.logit_bias = {{10, 1.0F}};
  EXPECT_FALSE(ValidateSamplingParams(params, 10).ok());
  EXPECT_TRUE(ValidateSamplingParams({}, 10).ok());
}

}  // namespace
}  // namespace lemma::engine
