// SPDX-License-Identifier: Apache-2.0
// The vector type of the AVX-512 VNNI kernels: all 16 rows of a tile in one register.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/simd/x86_bytes-inl.h"

namespace lemma::kernels {
namespace {

struct Simd {
  using Bytes = __m512i;
  using Ints = __m512i;
  using Floats = __m512;
  static constexpr size_t kRows = 16;        // f32 lanes
  static constexpr size_t kMaxRows = 8;      // activation rows per pass, integer formats
  static constexpr size_t kFloatRows = 4;    // the same for float formats
  static constexpr size_t kAttendRows = 6;   // attention rows that share a load of K or V
  static constexpr size_t kPairVectors = 1;  // vectors of tokens or dimensions beside them
  static constexpr int kSignedOffset = 128;
  static constexpr bool kPairs = false;  // no product of two activation rows at once

  static void PrefetchL1(const uint8_t* at) { _mm_prefetch(at, _MM_HINT_T0); }
  static void PrefetchL2(const uint8_t* at) { _mm_prefetch(at, _MM_HINT_T1); }

  static Bytes LoadBytes(const uint8_t* from) { return _mm512_loadu_si512(from); }
  static Bytes SplatByte(int byte) { return _mm512_set1_epi8(static_cast<char>(byte)); }
  static Bytes SplatTable(const int8_t* table) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
  }
  static Bytes LookUp(Bytes table, Bytes index) { return _mm512_shuffle_epi8(table, index); }
  static Bytes And(Bytes a, Bytes b) { return _mm512_and_si512(a, b); }
  static Bytes Or(Bytes a, Bytes b) { return _mm512_or_si512(a, b); }
  static Bytes Xor(Bytes a, Bytes b) { return _mm512_xor_si512(a, b); }
  template <int kBits>
  static Bytes Right(Bytes a) {
    return _mm512_srli_epi16(a, kBits);
  }
  template <int kBits>
  static Bytes Left(Bytes a) {
    return _mm512_slli_epi16(a, kBits);
  }

  static Ints SplatInt(int value) { return _mm512_set1_epi32(value); }
  static Ints AddInts(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
  static Ints MulInts(Ints a, Ints b) { return _mm512_mullo_epi32(a, b); }
  static Ints LoadInt8(const int8_t* from) {
    return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static Ints LoadUint8Pairs(const uint8_t* from) {
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static Ints SplatPair(const int16_t* pair) { return _mm512_set1_epi32(Load4(pair)); }
  static Ints AddPairProducts(Ints acc, Ints a, Ints b) { return _mm512_dpwssd_epi32(acc, a, b); }

  // Codes as unsigned bytes, for vpdpbusd: signed ones are moved up by 128.
  static Bytes PrepareSigned(Bytes q) { return _mm512_xor_si512(q, SplatByte(0x80)); }
  template <size_t kCount>
  static Ints DotSigned(Ints acc, const Bytes* q, const int8_t* a) {
    return DotUnsigned<kCount, 255>(acc, q, a);
  }
  template <size_t kCount, int kMax>
  static Ints DotUnsigned(Ints acc, const Bytes* q, const int8_t* a) {
    for (size_t i = 0; i < kCount; ++i) {
      acc = _mm512_dpbusd_epi32(acc, q[i], _mm512_set1_epi32(Load4(a + 4 * i)));
    }
    return acc;
  }

  static Floats Splat(float value) { return _mm512_set1_ps(value); }
  static Floats Load(const float* from) { return _mm512_loadu_ps(from); }
  static Floats LoadFloatBytes(const uint8_t* from) { return _mm512_loadu_ps(from); }
  static Floats LoadHalves(const uint8_t* from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static Floats LoadBf16s(const uint8_t* from) {
    const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(words), 16));
  }
  static Floats RoundToBf16(Floats a) {
    const __m512i bits = _mm512_castps_si512(a);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), SplatInt(1));
    const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(bits, SplatInt(0x7FFF)), odd);
    return _mm512_castsi512_ps(_mm512_and_si512(sum, SplatInt(-0x10000)));
  }
  // a, and 0 where test > limit.
  static Floats ZeroAbove(Floats a, Floats test, Floats limit) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(test, limit, _CMP_NGT_UQ), a);
  }
  // a, and 0 where test < limit.
  static Floats ZeroBelow(Floats a, Floats test, Floats limit) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(test, limit, _CMP_NLT_UQ), a);
  }
  // kRows pairs (even, odd) of neighbours.
  static void LoadBf16Pairs(const uint8_t* from, Floats* even, Floats* odd) {
    const __m512i words = _mm512_loadu_si512(from);
    *even = _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
    *odd = _mm512_castsi512_ps(_mm512_and_si512(words, SplatInt(-0x10000)));
  }
  static void LoadInt8Pairs(const uint8_t* from, Floats* even, Floats* odd) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m512i words = _mm512_cvtepi8_epi16(bytes);
    *even = _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(words, 16), 16));
    *odd = _mm512_cvtepi32_ps(_mm512_srai_epi32(words, 16));
  }
  static void Store(float* to, Floats a) { _mm512_storeu_ps(to, a); }
  static void StoreHalves(uint16_t* to, Floats a) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                        _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static Floats Add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats Sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
  static Floats Mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats Div(Floats a, Floats b) { return _mm512_div_ps(a, b); }
  static Floats Fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static Floats FmaNegated(Floats a, Floats b, Floats c) { return _mm512_fnmadd_ps(a, b, c); }
  // The second operand when either is NaN.
  static Floats Max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
  static Floats Min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
  static Floats ToFloats(Ints a) { return _mm512_cvtepi32_ps(a); }
  static Ints Round(Floats a) { return _mm512_cvtps_epi32(a); }
  static Ints AsInts(Floats a) { return _mm512_castps_si512(a); }
  static Floats AsFloats(Ints a) { return _mm512_castsi512_ps(a); }
  static Ints MaxInts(Ints a, Ints b) { return _mm512_max_epi32(a, b); }
  static Ints ShiftToExponent(Ints a) { return _mm512_slli_epi32(a, 23); }
  static void StoreInts(int32_t* to, Ints a) { _mm512_storeu_si512(to, a); }
  static void StoreInt8(int8_t* to, Ints a) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(a));
  }

 private:
  static int Load4(const void* from) {
    int word;
    std::memcpy(&word, from, 4);
    return word;
  }
};

}  // namespace
}  // namespace lemma::kernels
