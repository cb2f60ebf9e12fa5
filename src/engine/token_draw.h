// SPDX-License-Identifier: Apache-2.0
// The draw of a token at a temperature, after typical_p, top_p and min_p. Probabilities are whole
// numbers: the weight of a token is exp((logit - best) / temperature) in units of 2^-30, rounded.
// Sums of them have no rounding, so that no order of adding can change a choice; a token that has
// less than 2^-31 of the best one's probability is never drawn. Tokens stand in the order of
// Better; a partial order by buckets is enough to find the one that is meant.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/logit_scan.h"
#include "engine/sampling_params.h"

namespace lemma::engine {

// exp(z) for -745 < z <= 0, relative error below 1e-11, the same bits on every processor.
double ExpOfNegative(double z);

inline constexpr float kLowestScaled = -23.0F;  // exp of it is below 2^-31

// The larger of `scaled` and kLowestScaled. REQUIRES: scaled <= 0; may be -infinity.
inline float NotBelowLowest(float scaled) {
  // Of two numbers that are not positive, the larger is the one of the smaller bits. Comparing
  // bits, unlike floats, is vectorised by every compiler.
  const auto bits = std::bit_cast<uint32_t>(scaled);
  constexpr auto kMost = std::bit_cast<uint32_t>(kLowestScaled);
  return std::bit_cast<float>(bits < kMost ? bits : kMost);
}

// exp(z) in units of 2^-30 for kLowestScaled <= z <= 0, the same bits on every processor. Relative
// error below 3e-7 before rounding. Plain steps, so that a loop over it is vectorised.
inline uint32_t WeightWithin(float z) {
  constexpr float kRound = 12582912;  // 1.5 * 2^23: adding it rounds to a whole number
  constexpr float kLog2E = 1.44269504F;
  constexpr float kLn2High = 0.693359375F;
  constexpr float kLn2Low = -2.12194440e-4F;
  const float shifted = z * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (z - n * kLn2High) - n * kLn2Low;
  // Minimax coefficients of (exp(r) - 1 - r) / r^2 on |r| <= ln2/2 (Cephes expf).
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float e = (p * (r * r) + r) + 1.0F;
  // 2^(n + 30); the product is below 2^31, so that a signed conversion serves.
  const int32_t exponent =
      std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRound) + 30 + 127;
  const float power = std::bit_cast<float>(exponent * (1 << 23));
  // Halves up; lround would keep the loop from being vectorised.
  const float half_more = e * power + 0.5F;
  return static_cast<uint32_t>(static_cast<int32_t>(half_more));
}

// The same for all scaled <= 0; 0 for -infinity.
inline uint32_t WeightOf(float scaled) { return WeightWithin(NotBelowLowest(scaled)); }

struct WeightedToken {
  int32_t token = 0;
  float logit = 0;
  uint64_t weight = 0;
};

class TokenDraw {
 public:
  // Begins a row. REQUIRES: temperature > 0, best finite.
  void Begin(float best, float temperature);
  // The distance from the best logit in units of the temperature, 0 or less; falls with the logit.
  [[nodiscard]] float Scaled(float logit) const { return (logit - best_) / temperature_; }
  // Each token at most once; -infinity is welcome and never drawn.
  void Add(int32_t token, float logit);
  // Tokens first, first + 1, ...
  void AddRun(int32_t first, std::span<const float> logits);

  // The token that `uniform`, in [0, 1), stands for, after the stages of `params` behind top_k.
  // REQUIRES: the best token was added.
  int32_t Draw(const SamplingParams& params, double uniform);

 private:
  static constexpr size_t kBuckets = 1024;
  static constexpr size_t kFewTokens = 64;  // so few are simply sorted

  void Weigh();
  // The tokens of a bucket, or all with a weight, in order.
  void GatherBucket(size_t bucket);
  void GatherAll();
  [[nodiscard]] uint64_t WeightAbove(float share, uint64_t best) const;
  int32_t DrawSorted(const SamplingParams& params, double uniform);
  int32_t DrawByBuckets(const SamplingParams& params, double uniform);
  void KeepTypical(float mass);

  float best_ = 0;
  float temperature_ = 1;
  // Of the same tokens:
  std::vector<int32_t> tokens_;
  std::vector<float> logits_;
  std::vector<uint32_t> weights_;
  std::vector<int32_t> buckets_;  // rise as the logit falls
  uint64_t total_ = 0;
  std::array<uint64_t, kBuckets> sums_{};
  std::vector<WeightedToken> sorted_;
};

}  // namespace lemma::engine
