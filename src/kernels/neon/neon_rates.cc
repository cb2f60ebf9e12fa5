// SPDX-License-Identifier: Apache-2.0
// Multiply rate of NEON: f32 FMA.
#include <arm_neon.h>

#include "kernels/rate_loops.h"

namespace lemma::kernels {

void NeonFmaLoop(uint64_t iterations, uint8_t* sink) {
  constexpr int kChains = 12;
  float32x4_t chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = vdupq_n_f32(static_cast<float>(i));
  const float32x4_t a = vdupq_n_f32(0.5F);
  const float32x4_t b = vdupq_n_f32(0.25F);
  for (uint64_t n = 0; n < iterations; ++n) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chain[i] = vfmaq_f32(chain[i], a, b);
  }
  for (int i = 1; i < kChains; ++i) chain[0] = vaddq_f32(chain[0], chain[i]);
  vst1q_f32(reinterpret_cast<float*>(sink), chain[0]);
}

}  // namespace lemma::kernels
