// SPDX-License-Identifier: Apache-2.0
// Multiply rates of AVX2: f32 FMA, and the int8 sequence of processors without VNNI.
#include <immintrin.h>

#include "kernels/rate_loops.h"

namespace lemma::kernels {

void Avx2FmaLoop(uint64_t iterations, uint8_t* sink) {
  constexpr int kChains = 12;
  __m256 chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = _mm256_set1_ps(static_cast<float>(i));
  const __m256 a = _mm256_set1_ps(0.5F);
  const __m256 b = _mm256_set1_ps(1.0F);
  for (uint64_t n = 0; n < iterations; ++n) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chain[i] = _mm256_fmadd_ps(chain[i], a, b);
  }
  for (int i = 1; i < kChains; ++i) chain[0] = _mm256_add_ps(chain[0], chain[i]);
  _mm256_storeu_ps(reinterpret_cast<float*>(sink), chain[0]);
}

void Avx2MaddubsLoop(uint64_t iterations, uint8_t* sink) {
  constexpr int kChains = 4;
  __m256i chain[kChains];
  __m256i input[kChains];
  for (int i = 0; i < kChains; ++i) {
    chain[i] = _mm256_setzero_si256();
    input[i] = _mm256_set1_epi8(static_cast<char>(i + 1));
  }
  const __m256i weights = _mm256_set1_epi8(3);
  const __m256i ones = _mm256_set1_epi16(1);
  for (uint64_t n = 0; n < iterations; ++n) {
#pragma GCC unroll 4
    for (int i = 0; i < kChains; ++i) {
      __asm__ volatile("" : "+x"(input[i]));  // else the products leave the loop
      const __m256i pairs = _mm256_maddubs_epi16(weights, input[i]);
      chain[i] = _mm256_add_epi32(chain[i], _mm256_madd_epi16(pairs, ones));
    }
  }
  for (int i = 1; i < kChains; ++i) chain[0] = _mm256_add_epi32(chain[0], chain[i]);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(sink), chain[0]);
}

}  // namespace lemma::kernels
