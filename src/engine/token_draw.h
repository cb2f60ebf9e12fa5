// SPDX-License-Identifier: Apache-2.0
// The draw of a token at a temperature, after typical_p, top_p and min_p. Probabilities are whole
// numbers: the weight of a token is exp((logit - best) / temperature) in units of 2^-32, rounded.
// Sums of them have no rounding, so that no order of adding can change a choice, and a token that
// has less than 2^-33 of the best one's probability is never drawn. Tokens stand in the order of
// Better; a partial order by buckets is enough to find the one that is meant.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/logit_scan.h"
#include "engine/sampling_params.h"

namespace lemma::engine {

// exp(z) for -745 < z <= 0, relative error below 1e-11, the same bits on every processor.
double ExpOfNegative(double z);

struct WeightedToken {
  int32_t token = 0;
  float logit = 0;
  uint64_t weight = 0;
};

class TokenDraw {
 public:
  static constexpr double kOne = 4294967296.0;  // weight of the best token
  static constexpr float kLowest = -23.0F;      // below it weights are 0

  // Begins a row. REQUIRES: temperature > 0, best finite.
  void Begin(float best, float temperature);
  // The distance from the best logit in units of the temperature, 0 or less; falls with the logit.
  [[nodiscard]] float Scaled(float logit) const { return (logit - best_) / temperature_; }
  // REQUIRES: each token once. Tokens of weight 0 are left out.
  void Add(int32_t token, float logit);

  // The token that `uniform`, in [0, 1), stands for, after the stages of `params` behind top_k.
  // REQUIRES: at least one token was added.
  int32_t Draw(const SamplingParams& params, double uniform);

 private:
  static constexpr size_t kBuckets = 1024;
  static constexpr size_t kFewTokens = 64;  // so few are simply sorted

  [[nodiscard]] size_t BucketOf(float logit) const;
  int32_t DrawSorted(const SamplingParams& params, double uniform);
  int32_t DrawByBuckets(const SamplingParams& params, double uniform);
  void KeepTypical(float mass);
  // Sorts the tokens of a bucket into bucket_.
  void Gather(size_t bucket);

  float best_ = 0;
  float temperature_ = 1;
  std::vector<WeightedToken> tokens_;
  uint64_t total_ = 0;
  std::array<uint64_t, kBuckets> sums_{};
  std::vector<WeightedToken> bucket_;
};

}  // namespace lemma::engine
