// SPDX-License-Identifier: Apache-2.0
// Multiply rate of AVX-VNNI: 256-bit vpdpbusd in VEX form.
#include <immintrin.h>

#include "kernels/rate_loops.h"

namespace lemma::kernels {

void AvxVnniLoop(uint64_t iterations, uint8_t* sink) {
  constexpr int kChains = 12;
  __m256i chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = _mm256_set1_epi32(i);
  const __m256i a = _mm256_set1_epi8(3);
  const __m256i b = _mm256_set1_epi8(-1);
  for (uint64_t n = 0; n < iterations; ++n) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chain[i] = _mm256_dpbusd_avx_epi32(chain[i], a, b);
  }
  for (int i = 1; i < kChains; ++i) chain[0] = _mm256_add_epi32(chain[0], chain[i]);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(sink), chain[0]);
}

}  // namespace lemma::kernels
