// SPDX-License-Identifier: Apache-2.0
// How a token is chosen from logits. Names and meanings are the field's; neutral values switch a
// stage off. Where these numbers come from (request, file, model family) is the service's business.
//
// Order of the stages (that of Hugging Face transformers and vLLM; llama.cpp applies temperature
// last): logit bias -> repeat penalty -> presence, frequency -> DRY -> temperature -> top_k ->
// typical_p -> top_p -> min_p -> draw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace lemma::engine {

// "Don't repeat yourself": lowers a token that would continue a repeated run of tokens, by
// multiplier * base^(run - allowed_length).
struct DryParams {
  float multiplier = 0.0F;  // 0 = off
  float base = 1.75F;
  size_t allowed_length = 2;
  size_t last_tokens = 0;         // window, 0 = everything
  std::vector<int32_t> breakers;  // tokens that a run never crosses
};

struct SamplingParams {
  float temperature = 1.0F;        // 0 = greedy (the highest logit, lowest id on ties)
  size_t top_k = 0;                // 0 = off
  float top_p = 1.0F;              // (0, 1], Holtzman et al. 2019
  float min_p = 0.0F;              // [0, 1], share of the best probability
  float typical_p = 1.0F;          // (0, 1], Meister et al. 2022
  float repeat_penalty = 1.0F;     // > 0; on the last repeat_last_n tokens, prompt included
  size_t repeat_last_n = 64;       // 0 = everything
  float presence_penalty = 0.0F;   // [-2, 2], generated tokens only
  float frequency_penalty = 0.0F;  // [-2, 2], generated tokens only
  DryParams dry;
  std::vector<std::pair<int32_t, float>> logit_bias;
  uint64_t seed = 0;
  std::optional<size_t> top_logprobs;  // absent: none; 0: the chosen token's only; at most 20

  [[nodiscard]] bool greedy() const { return temperature == 0.0F; }
};

inline constexpr size_t kMaxTopLogprobs = 20;

// The error names the field, its value and the allowed range.
Status ValidateSamplingParams(const SamplingParams& params, size_t vocab);

}  // namespace lemma::engine
