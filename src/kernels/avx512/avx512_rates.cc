// SPDX-License-Identifier: Apache-2.0
// Multiply rates of AVX-512: f32 FMA and VNNI.
#include <immintrin.h>

#include "kernels/rate_loops.h"

namespace lemma::kernels {

void Avx512FmaLoop(uint64_t iterations, uint8_t* sink) {
  constexpr int kChains = 12;
  __m512 chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = _mm512_set1_ps(static_cast<float>(i));
  const __m512 a = _mm512_set1_ps(0.5F);
  const __m512 b = _mm512_set1_ps(1.0F);
  for (uint64_t n = 0; n < iterations; ++n) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chain[i] = _mm512_fmadd_ps(chain[i], a, b);
  }
  for (int i = 1; i < kChains; ++i) chain[0] = _mm512_add_ps(chain[0], chain[i]);
  _mm512_storeu_ps(sink, chain[0]);
}

void Avx512VnniLoop(uint64_t iterations, uint8_t* sink) {
  constexpr int kChains = 12;
  __m512i chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = _mm512_set1_epi32(i);
  const __m512i a = _mm512_set1_epi8(3);
  const __m512i b = _mm512_set1_epi8(-1);
  for (uint64_t n = 0; n < iterations; ++n) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chain[i] = _mm512_dpbusd_epi32(chain[i], a, b);
  }
  for (int i = 1; i < kChains; ++i) chain[0] = _mm512_add_epi32(chain[0], chain[i]);
  _mm512_storeu_si512(sink, chain[0]);
}

}  // namespace lemma::kernels
