// SPDX-License-Identifier: Apache-2.0
// The sampler chain of one sequence. Same logits, history, seed and step give the same token,
// whatever else runs. Not thread-safe; copy to branch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/sampling_params.h"

namespace lemma::engine {

struct TokenLogprob {
  int32_t token = 0;
  float logprob = 0.0F;  // natural logarithm, of the model's own distribution
};

struct SampledToken {
  int32_t token = 0;
  std::optional<float> logprob;            // when asked for
  std::vector<TokenLogprob> top_logprobs;  // best first
};

class Sampler {
 public:
  // REQUIRES: ValidateSamplingParams passed. `stream` tells the samples of one request apart.
  Sampler(const SamplingParams& params, uint64_t stream);

  // Chooses token number `step` (0 = first generated). `history` is prompt and output so far,
  // `generated` how many of them, at the end, are output. `banned` tokens are never chosen.
  // logits is scratch: changed in place. Non-finite logits are treated as -infinity.
  SampledToken Sample(std::span<float> logits, std::span<const int32_t> history, size_t generated,
                      std::span<const int32_t> banned);

 private:
  struct Candidate {
    int32_t token;
    float logit;
    float probability;
  };

  void Penalise(std::span<float> logits, std::span<const int32_t> history, size_t generated) const;
  int32_t Draw(std::span<const float> logits, size_t step);
  void CollectCandidates(std::span<const float> logits);

  SamplingParams params_;
  uint64_t stream_seed_;
  std::vector<Candidate> candidates_;
};

// The penalty of each token that DRY would lower after `history` (token -> amount to subtract).
std::unordered_map<int32_t, float> DryPenalties(const DryParams& dry,
                                                std::span<const int32_t> history);

}  // namespace lemma::engine
