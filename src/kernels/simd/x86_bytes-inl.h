// SPDX-License-Identifier: Apache-2.0
// 16-byte vectors for the scale fields of a tile (one byte a row), x86. Compiled once per ISA.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace lemma::kernels {
namespace {

struct Bytes16 {
  __m128i v;

  static Bytes16 Load(const uint8_t* from) {
    return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))};
  }
  static Bytes16 Splat(uint8_t byte) { return {_mm_set1_epi8(static_cast<char>(byte))}; }
  void Store(void* to) const { _mm_storeu_si128(static_cast<__m128i*>(to), v); }
  Bytes16 operator&(Bytes16 o) const { return {_mm_and_si128(v, o.v)}; }
  Bytes16 operator|(Bytes16 o) const { return {_mm_or_si128(v, o.v)}; }
  Bytes16 operator-(Bytes16 o) const { return {_mm_sub_epi8(v, o.v)}; }
  // Shifts act on 16-bit lanes: mask what crosses bytes.
  Bytes16 Right(int bits) const { return {_mm_srli_epi16(v, bits)}; }
  Bytes16 Left(int bits) const { return {_mm_slli_epi16(v, bits)}; }
  // (a0, b0, a1, b1, ...) of 16 + 16 bytes, as 32 bytes.
  static void Zip(Bytes16 a, Bytes16 b, uint8_t* to) {
    Bytes16{_mm_unpacklo_epi8(a.v, b.v)}.Store(to);
    Bytes16{_mm_unpackhi_epi8(a.v, b.v)}.Store(to + 16);
  }
};

}  // namespace
}  // namespace lemma::kernels
