// SPDX-License-Identifier: Apache-2.0
// What every tile kernel needs: the configuration of the eight tile registers, a fence for the
// compiler, and the rounding of what goes into bf16 tiles. Compiled only with the AMX flags.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace lemma::kernels {
namespace {

// GCC's tile intrinsics name no memory: without this, stores move over tile loads.
inline void CompilerFence() { __asm__ volatile("" ::: "memory"); }

// The 64 bytes of ldtilecfg (Intel SDM 1, chapter 18).
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfig) == 64);

// Registers 0 to 5 (results, activations) get `rows` rows, 6 and 7 (weights) sixteen; all rows are
// 64 bytes. To be undone by _tile_release, so that the thread has no tile state to be saved.
inline void ConfigureTiles(size_t rows) {
  TileConfig config;
  for (size_t i = 0; i < 8; ++i) {
    config.row_bytes[i] = 64;
    config.rows[i] = static_cast<uint8_t>(i < 6 ? rows : 16);
  }
  __asm__ volatile("" ::"r"(&config) : "memory");  // the intrinsic names only the first 8 bytes
  _tile_loadconfig(&config);
}

// The bits of the first `count` of 16 floats, 0 for the others.
inline __m512i LoadUpTo16(const float* from, size_t count) {
  const auto lanes = static_cast<__mmask16>(count < 16 ? (1U << count) - 1 : 0xFFFFU);
  return _mm512_maskz_loadu_epi32(lanes, from);
}

// FloatToFiniteBf16 of the floats with these bits.
inline __m256i FiniteBf16(__m512i bits) {
  const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
  const __m512i rest = _mm512_and_si512(bits, magnitude);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(rest, 16), _mm512_set1_epi32(1));
  const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(rest, _mm512_set1_epi32(0x7FFF)), odd);
  const __m512i finite = _mm512_min_epu32(_mm512_srli_epi32(sum, 16), _mm512_set1_epi32(0x7F7F));
  const __m512i sign = _mm512_srli_epi32(_mm512_andnot_si512(magnitude, bits), 16);
  const __mmask16 kept = _mm512_cmpge_epu32_mask(rest, _mm512_set1_epi32(0x26800000));
  return _mm512_cvtepi32_epi16(_mm512_maskz_or_epi32(kept, finite, sign));
}

}  // namespace
}  // namespace lemma::kernels
