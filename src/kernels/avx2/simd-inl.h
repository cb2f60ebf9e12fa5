// SPDX-License-Identifier: Apache-2.0
// The vector type of the AVX2 + FMA + F16C kernels: 8 of a tile's 16 rows in one register.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/simd/x86_bytes-inl.h"

namespace lemma::kernels {
namespace {

struct Simd {
  using Bytes = __m256i;
  using Ints = __m256i;
  using Floats = __m256;
  static constexpr size_t kRows = 8;         // f32 lanes
  static constexpr size_t kMaxRows = 4;      // activation rows per pass, integer formats
  static constexpr size_t kFloatRows = 2;    // the same for float formats
  static constexpr size_t kAttendRows = 3;   // attention rows that share a load of K or V
  static constexpr size_t kPairVectors = 1;  // vectors of tokens or dimensions beside them
#if defined(__AVXVNNI__)
  static constexpr int kSignedOffset = 128;
#else
  static constexpr int kSignedOffset = 0;
#endif
  static constexpr bool kPairs = false;  // no product of two activation rows at once

  static void PrefetchL1(const uint8_t* at) { _mm_prefetch(at, _MM_HINT_T0); }
  static void PrefetchL2(const uint8_t* at) { _mm_prefetch(at, _MM_HINT_T1); }

  static Bytes LoadBytes(const uint8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static Bytes SplatByte(int byte) { return _mm256_set1_epi8(static_cast<char>(byte)); }
  static Bytes SplatTable(const int8_t* table) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
  }
  static Bytes LookUp(Bytes table, Bytes index) { return _mm256_shuffle_epi8(table, index); }
  static Bytes And(Bytes a, Bytes b) { return _mm256_and_si256(a, b); }
  static Bytes Or(Bytes a, Bytes b) { return _mm256_or_si256(a, b); }
  static Bytes Xor(Bytes a, Bytes b) { return _mm256_xor_si256(a, b); }
  template <int kBits>
  static Bytes Right(Bytes a) {
    return _mm256_srli_epi16(a, kBits);
  }
  template <int kBits>
  static Bytes Left(Bytes a) {
    return _mm256_slli_epi16(a, kBits);
  }

  static Ints SplatInt(int value) { return _mm256_set1_epi32(value); }
  static Ints AddInts(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
  static Ints MulInts(Ints a, Ints b) { return _mm256_mullo_epi32(a, b); }
  static Ints LoadInt8(const int8_t* from) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  }
  static Ints LoadUint8Pairs(const uint8_t* from) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static Ints SplatPair(const int16_t* pair) { return _mm256_set1_epi32(Load4(pair)); }
  static Ints AddPairProducts(Ints acc, Ints a, Ints b) {
    return _mm256_add_epi32(acc, _mm256_madd_epi16(a, b));
  }

#if defined(__AVXVNNI__)
  static Bytes PrepareSigned(Bytes q) { return Xor(q, SplatByte(0x80)); }
  template <size_t kCount>
  static Ints DotSigned(Ints acc, const Bytes* q, const int8_t* a) {
    return DotUnsigned<kCount, 255>(acc, q, a);
  }
  template <size_t kCount, int kMax>
  static Ints DotUnsigned(Ints acc, const Bytes* q, const int8_t* a) {
    for (size_t i = 0; i < kCount; ++i) {
      acc = _mm256_dpbusd_avx_epi32(acc, q[i], _mm256_set1_epi32(Load4(a + 4 * i)));
    }
    return acc;
  }
#else
  static Bytes PrepareSigned(Bytes q) { return q; }
  // vpmaddubsw wants one unsigned side: |q|, with the sign moved to a. No sum overflows: a pair
  // is at most 2 * 128 * 127 = 32512 in magnitude.
  template <size_t kCount>
  static Ints DotSigned(Ints acc, const Bytes* q, const int8_t* a) {
    for (size_t i = 0; i < kCount; ++i) {
      const Bytes signed_a = _mm256_sign_epi8(_mm256_set1_epi32(Load4(a + 4 * i)), q[i]);
      acc = AddPairs(acc, _mm256_maddubs_epi16(_mm256_abs_epi8(q[i]), signed_a));
    }
    return acc;
  }
  // As many products as fit are added in 16 bits before they are widened.
  template <size_t kCount, int kMax>
  static Ints DotUnsigned(Ints acc, const Bytes* q, const int8_t* a) {
    constexpr size_t kFit = 32767 / (2 * kMax * 127);
    constexpr size_t kRun = kFit < kCount ? kFit : kCount;
    static_assert(kRun >= 1);
    for (size_t begin = 0; begin < kCount; begin += kRun) {
      Ints words = Product(q[begin], a + 4 * begin);
      for (size_t i = begin + 1; i < begin + kRun && i < kCount; ++i) {
        words = _mm256_add_epi16(words, Product(q[i], a + 4 * i));
      }
      acc = AddPairs(acc, words);
    }
    return acc;
  }
#endif

  static Floats Splat(float value) { return _mm256_set1_ps(value); }
  static Floats Load(const float* from) { return _mm256_loadu_ps(from); }
  static Floats LoadFloatBytes(const uint8_t* from) { return _mm256_castsi256_ps(LoadBytes(from)); }
  static Floats LoadHalves(const uint8_t* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static Floats LoadBf16s(const uint8_t* from) {
    const __m128i words = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(words), 16));
  }
  static Floats RoundToBf16(Floats a) {
    const __m256i bits = _mm256_castps_si256(a);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), SplatInt(1));
    const __m256i sum = _mm256_add_epi32(_mm256_add_epi32(bits, SplatInt(0x7FFF)), odd);
    return _mm256_castsi256_ps(_mm256_and_si256(sum, SplatInt(-0x10000)));
  }
  // a, and 0 where test > limit.
  static Floats ZeroAbove(Floats a, Floats test, Floats limit) {
    return _mm256_and_ps(_mm256_cmp_ps(test, limit, _CMP_NGT_UQ), a);
  }
  // a, and 0 where test < limit.
  static Floats ZeroBelow(Floats a, Floats test, Floats limit) {
    return _mm256_and_ps(_mm256_cmp_ps(test, limit, _CMP_NLT_UQ), a);
  }
  // kRows pairs (even, odd) of neighbours.
  static void LoadBf16Pairs(const uint8_t* from, Floats* even, Floats* odd) {
    const __m256i words = LoadBytes(from);
    *even = _mm256_castsi256_ps(_mm256_slli_epi32(words, 16));
    *odd = _mm256_castsi256_ps(_mm256_and_si256(words, SplatInt(-0x10000)));
  }
  static void LoadInt8Pairs(const uint8_t* from, Floats* even, Floats* odd) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m256i words = _mm256_cvtepi8_epi16(bytes);
    *even = _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(words, 16), 16));
    *odd = _mm256_cvtepi32_ps(_mm256_srai_epi32(words, 16));
  }
  static void Store(float* to, Floats a) { _mm256_storeu_ps(to, a); }
  static void StoreHalves(uint16_t* to, Floats a) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static Floats Add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static Floats Sub(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
  static Floats Mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats Div(Floats a, Floats b) { return _mm256_div_ps(a, b); }
  static Floats Fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
  static Floats FmaNegated(Floats a, Floats b, Floats c) { return _mm256_fnmadd_ps(a, b, c); }
  // The second operand when either is NaN.
  static Floats Max(Floats a, Floats b) { return _mm256_max_ps(a, b); }
  static Floats Min(Floats a, Floats b) { return _mm256_min_ps(a, b); }
  static Floats ToFloats(Ints a) { return _mm256_cvtepi32_ps(a); }
  static Ints Round(Floats a) { return _mm256_cvtps_epi32(a); }
  static Ints AsInts(Floats a) { return _mm256_castps_si256(a); }
  static Floats AsFloats(Ints a) { return _mm256_castsi256_ps(a); }
  static Ints MaxInts(Ints a, Ints b) { return _mm256_max_epi32(a, b); }
  static Ints ShiftToExponent(Ints a) { return _mm256_slli_epi32(a, 23); }
  static void StoreInts(int32_t* to, Ints a) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), a);
  }
  static void StoreInt8(int8_t* to, Ints a) {
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi16(words, words));
  }

 private:
  static int Load4(const void* from) {
    int word;
    std::memcpy(&word, from, 4);
    return word;
  }
  static Ints Product(Bytes q, const int8_t* a) {
    return _mm256_maddubs_epi16(q, _mm256_set1_epi32(Load4(a)));
  }
  static Ints AddPairs(Ints acc, Ints words) {
    return _mm256_add_epi32(acc, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
  }
};

}  // namespace
}  // namespace lemma::kernels
