// SPDX-License-Identifier: Apache-2.0
#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "engine/sampler_reference.h"

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

TEST(SamplerTest, FrequencyCountsTheOutputAsItGrows) {
  SamplingParams params;
  params.temperature = 0;
  params.frequency_penalty = 0.5F;
  Sampler growing(params, 0);
  std::vector<int32_t> history{1, 1, 1};  // the prompt
  for (size_t generated = 0; generated < 40; ++generated) {
    std::vector<float> logits{1, 3, 2.2F, 0.1F};
    std::vector<float> copy = logits;
    Sampler fresh(params, 0);
    const int32_t token = growing.Sample(logits, history, generated, {}).token;
    ASSERT_EQ(token, fresh.Sample(copy, history, generated, {}).token) << generated;
    history.push_back(token);
  }
  EXPECT_EQ(std::count(history.begin(), history.end(), 1) - 3, 13);
  std::vector<float> logits{1, 3, 2.2F, 0.1F};
  EXPECT_EQ(growing.Sample(logits, history, 0, {}).token, 1) << "a shorter output begins anew";
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

// A row of one of several natures: flat, peaked, with many ties, with logits that are not finite.
std::vector<float> RandomRow(Rng& rng) {
  const size_t sizes[] = {1, 2, 63, 64, 65, 300, 3000};
  std::vector<float> logits(sizes[rng.NextBelow(7)]);
  const double scales[] = {0, 0.1, 1, 6, 40};
  const double scale = scales[rng.NextBelow(5)];
  const bool ties = rng.NextBelow(3) == 0;
  const bool holes = rng.NextBelow(4) == 0;
  for (float& x : logits) {
    // Roughly normal: the sum of four uniform numbers.
    double sum = -2;
    for (int i = 0; i < 4; ++i) sum += rng.NextUniform();
    x = static_cast<float>(sum * scale);
    if (ties) x = std::round(x * 2) / 2;
    if (holes && rng.NextBelow(5) == 0) {
      x = rng.NextBelow(2) == 0 ? std::numeric_limits<float>::quiet_NaN()
                                : std::numeric_limits<float>::infinity();
    }
  }
  return logits;
}

SamplingParams RandomParams(Rng& rng) {
  SamplingParams params;
  params.seed = rng.NextBits();
  const float temperatures[] = {0, 0.01F, 0.6F, 1, 5};
  params.temperature = temperatures[rng.NextBelow(5)];
  const size_t top_k[] = {0, 0, 1, 2, 40, 200};
  params.top_k = top_k[rng.NextBelow(6)];
  const float top_p[] = {1, 1, 0.0001F, 0.5F, 0.95F};
  params.top_p = top_p[rng.NextBelow(5)];
  const float min_p[] = {0, 0, 0.05F, 0.5F, 1};
  params.min_p = min_p[rng.NextBelow(5)];
  if (rng.NextBelow(5) == 0) params.typical_p = 0.7F;
  return params;
}

TEST(SamplerTest, EveryChoiceIsThatOfTheReference) {
  Rng rng(5);
  int textbook_differs = 0;
  constexpr int kRounds = 4000;
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<float> logits = RandomRow(rng);
    const SamplingParams params = RandomParams(rng);
    Sampler sampler(params, 7);
    for (size_t step = 0; step < 3; ++step) {
      std::vector<float> copy = logits;
      const int32_t token = sampler.Sample(copy, {}, step, {}).token;
      ASSERT_EQ(token, ReferenceChoice(logits, params, 7, step, ReferenceArithmetic::kWholeWeights))
          << round;
      textbook_differs +=
          token == ReferenceChoice(logits, params, 7, step, ReferenceArithmetic::kTextbook) ? 0 : 1;
    }
  }
  EXPECT_LE(textbook_differs, kRounds / 500) << "beyond rounding";
}

TEST(SamplerTest, ExponentialIsExactEnough) {
  for (double z = 0; z > -60; z -= 0.00137) {
    ASSERT_NEAR(ExpOfNegative(z) / std::exp(z), 1, 1e-11) << z;
  }
  EXPECT_EQ(ExpOfNegative(0), 1);
  EXPECT_EQ(WeightOf(0), 1U << 30);
  EXPECT_EQ(WeightOf(-std::numeric_limits<float>::infinity()), 0U);
  uint32_t before = WeightOf(0);
  for (float z = 0; z > -25; z -= 0.0007F) {
    const double exact = std::exp(static_cast<double>(z)) * (1 << 30);
    ASSERT_NEAR(WeightOf(z), exact, 0.51 + exact * 3e-7) << z;
    ASSERT_LE(WeightOf(z), before) << "falls with z";
    before = WeightOf(z);
  }
}

TEST(SamplerTest, LogprobsAreThoseOfAPlainSum) {
  Rng rng(6);
  for (int round = 0; round < 200; ++round) {
    std::vector<float> logits = RandomRow(rng);
    for (float& x : logits) x = std::isfinite(x) ? x : -std::numeric_limits<float>::infinity();
    SamplingParams params = RandomParams(rng);
    params.top_logprobs = rng.NextBelow(21);
    params.repeat_penalty = 1.3F;
    params.presence_penalty = 0.5F;
    const std::vector<int32_t> history(5, static_cast<int32_t>(rng.NextBelow(logits.size())));
    Sampler sampler(params, 0);
    std::vector<float> copy = logits;
    const SampledToken token = sampler.Sample(copy, history, 3, history);
    double sum = 0;
    for (const float x : logits) sum += std::exp(static_cast<double>(x));
    if (sum == 0) continue;
    const auto chosen = static_cast<size_t>(token.token);
    if (std::isfinite(logits[chosen])) {
      ASSERT_NEAR(*token.logprob, logits[chosen] - std::log(sum), 1e-4);
    }
    std::vector<ReferenceCandidate> all;
    for (size_t i = 0; i < logits.size(); ++i) {
      if (std::isfinite(logits[i])) all.push_back({static_cast<int32_t>(i), logits[i], 0});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.logit > b.logit; });
    ASSERT_EQ(token.top_logprobs.size(), std::min(*params.top_logprobs, all.size()));
    for (size_t i = 0; i < token.top_logprobs.size(); ++i) {
      ASSERT_EQ(token.top_logprobs[i].token, all[i].token);
      ASSERT_NEAR(token.top_logprobs[i].logprob, all[i].logit - std::log(sum), 1e-4);
    }
  }
}

}  // namespace
}  // namespace lemma::engine
