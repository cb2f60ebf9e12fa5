// SPDX-License-Identifier: Apache-2.0
// Rotation frequencies of RoPE (Su et al. 2021) with the ways to stretch a context: linear
// position interpolation (Chen et al. 2023), YaRN (Peng et al. 2023, "NTK-by-parts" and the
// attention temperature) and per-pair divisors (Llama 3, tensor rope_freqs.weight).
// Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lemma::model {

enum class RopeScalingKind : uint8_t { kNone, kLinear, kYarn };

struct RopeScaling {
  RopeScalingKind kind = RopeScalingKind::kNone;
  double factor = 1.0;            // how many times longer the context became, > 0
  double original_context = 0.0;  // trained tokens before stretching, > 0 for YaRN
  double attention_factor = 1.0;  // multiplies the magnitude, whatever the kind
  // YaRN: pairs that turn more than beta_fast times within the original context keep their
  // frequency, those that turn less than beta_slow times are divided by `factor`.
  double beta_fast = 32.0;
  double beta_slow = 1.0;
  double extrapolation_mix = 1.0;  // "ext_factor", 0..1
};

struct Rope {
  std::vector<float> frequencies;  // radians a position, one for each rotated pair
  float magnitude = 1.0F;          // multiplies cos and sin
};

// `dimensions` rotated values (even, > 0), `base` > 1. `divisors` is empty or one positive value a
// pair: the pair's frequency is divided by it.
Rope MakeRope(size_t dimensions, double base, const RopeScaling& scaling,
              std::span<const float> divisors);

}  // namespace lemma::model
