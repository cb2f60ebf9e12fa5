// SPDX-License-Identifier: Apache-2.0
// The sampler written down plainly, as the definition: every stage on a fully sorted list of all
// tokens. Two versions of the arithmetic: whole weights, which the engine must match exactly, and
// textbook probabilities in floating point, from which it may differ only where two sums meet to
// the last digits. Test code only.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/rng.h"
#include "engine/sampling_params.h"
#include "engine/token_draw.h"

namespace lemma::engine {

struct ReferenceCandidate {
  int32_t token;
  float logit;
  double mass;  // weight or probability
};

enum class ReferenceArithmetic { kWholeWeights, kTextbook };

inline double MassSum(const std::vector<ReferenceCandidate>& all) {
  double sum = 0;
  for (const ReferenceCandidate& c : all) sum += c.mass;
  return sum;
}

inline void ReferenceTopP(std::vector<ReferenceCandidate>& all, float top_p) {
  const double mass = static_cast<double>(top_p) * MassSum(all);
  double sum = 0;
  size_t keep = 0;
  while (keep < all.size() && sum < mass) sum += all[keep++].mass;
  all.resize(std::max<size_t>(keep, 1));
}

inline void ReferenceTypical(std::vector<ReferenceCandidate>& all, float typical_p) {
  const double total = MassSum(all);
  const auto surprise = [&](const ReferenceCandidate& c) { return -std::log(c.mass / total); };
  double entropy = 0;
  for (const ReferenceCandidate& c : all) entropy += c.mass / total * surprise(c);
  std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    return std::abs(surprise(a) - entropy) < std::abs(surprise(b) - entropy);
  });
  double sum = 0;
  size_t keep = 0;
  while (keep < all.size() && sum < typical_p * total) sum += all[keep++].mass;
  all.resize(std::max<size_t>(keep, 1));
}

// The choice among penalised logits.
inline int32_t ReferenceChoice(std::span<const float> logits, const SamplingParams& params,
                               uint64_t stream, size_t step, ReferenceArithmetic arithmetic) {
  std::vector<ReferenceCandidate> all;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isfinite(logits[i])) all.push_back({static_cast<int32_t>(i), logits[i], 0});
  }
  const auto better = [](const ReferenceCandidate& a, const ReferenceCandidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  std::sort(all.begin(), all.end(), better);
  if (all.empty()) return 0;
  if (params.greedy()) return all.front().token;
  if (params.top_k > 0 && params.top_k < all.size()) all.resize(params.top_k);
  const float best = all.front().logit;
  for (ReferenceCandidate& c : all) {
    const float scaled = (c.logit - best) / params.temperature;
    if (arithmetic == ReferenceArithmetic::kTextbook) {
      c.mass = std::exp(static_cast<double>(scaled));
    } else {
      c.mass = WeightOf(scaled);
    }
  }
  std::erase_if(all, [](const ReferenceCandidate& c) { return c.mass == 0; });
  if (params.typical_p < 1.0F) {
    ReferenceTypical(all, params.typical_p);
    std::sort(all.begin(), all.end(), better);
  }
  if (params.top_p < 1.0F) ReferenceTopP(all, params.top_p);
  if (params.min_p > 0.0F) {
    const double least = static_cast<double>(params.min_p) * all.front().mass;
    std::erase_if(all, [least](const ReferenceCandidate& c) { return c.mass < least; });
  }
  double left = RandomUniform(RandomBits(params.seed, stream), step) * MassSum(all);
  if (arithmetic == ReferenceArithmetic::kWholeWeights) left = std::floor(left);
  for (const ReferenceCandidate& c : all) {
    left -= c.mass;
    if (left < 0) return c.token;
  }
  return all.back().token;
}

}  // namespace lemma::engine
