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

#include "engine/logit_scan.h"
#include "engine/sampling_params.h"
#include "engine/token_draw.h"

namespace lemma::engine {

struct TokenLogprob {
  int32_t token = 0;
  float logprob = 0.0F;  // natural logarithm, of the model's own distribution
};

struct SampledToken {
  int32_t token = 0;
  std::optional<float> logprob;            // when asked for; 0 of a forced token
  std::vector<TokenLogprob> top_logprobs;  // best first
  bool forced = false;                     // by a TokenWatch, not drawn
};

class Sampler {
 public:
  // REQUIRES: ValidateSamplingParams passed. `stream` tells the samples of one request apart.
  Sampler(const SamplingParams& params, uint64_t stream);

  // Of the calls from here on; 0 or more.
  void SetTemperature(float temperature) { params_.temperature = temperature; }

  // Chooses token number `step` (0 = first generated). `history` is prompt and output so far,
  // `generated` how many of them, at the end, are output; the output of a later call begins with
  // that of the one before, or is shorter. `banned` tokens are never chosen.
  // logits is scratch: changed in place. Logits that are not finite are never chosen.
  SampledToken Sample(std::span<float> logits, std::span<const int32_t> history, size_t generated,
                      std::span<const int32_t> banned);

 private:
  // Changes a logit; the model's own is kept when it will be asked for.
  void Set(std::span<float> logits, int32_t token, float value);
  void CountGenerated(std::span<const int32_t> generated);
  void Penalise(std::span<float> logits, std::span<const int32_t> history, size_t generated);
  // From the row in scan_.
  int32_t Choose(size_t step);
  // The normaliser of the row in scan_: log of the sum of exp.
  double FillTopLogprobs(std::vector<TokenLogprob>& out);
  [[nodiscard]] float OwnLogit(std::span<const float> logits, int32_t token) const;

  SamplingParams params_;
  uint64_t stream_seed_;
  std::unordered_map<int32_t, int> counts_;  // of the first counted_ tokens of the output
  size_t counted_ = 0;
  // What follows lives for one call; kept for its memory.
  LogitScan scan_;
  TokenDraw draw_;
  std::vector<ScoredToken> best_tokens_;
  std::vector<ScoredToken> changed_;  // logits before they were changed, oldest first
};

// The penalty of each token that DRY would lower after `history` (token -> amount to subtract).
std::unordered_map<int32_t, float> DryPenalties(const DryParams& dry,
                                                std::span<const int32_t> history);

}  // namespace lemma::engine
