// SPDX-License-Identifier: Apache-2.0
// The vector type of the NEON kernels (any AArch64): 4 of a tile's 16 rows in one register. Also
// built with the dot product and the 8-bit matrix product extensions (folders dotprod and i8mm).
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lemma::kernels {
namespace {

// 16-byte vectors for the scale fields of a tile (one byte a row).
struct Bytes16 {
  uint8x16_t v;

  static Bytes16 Load(const uint8_t* from) { return {vld1q_u8(from)}; }
  static Bytes16 Splat(uint8_t byte) { return {vdupq_n_u8(byte)}; }
  void Store(void* to) const { vst1q_u8(static_cast<uint8_t*>(to), v); }
  Bytes16 operator&(Bytes16 o) const { return {vandq_u8(v, o.v)}; }
  Bytes16 operator|(Bytes16 o) const { return {vorrq_u8(v, o.v)}; }
  Bytes16 operator-(Bytes16 o) const { return {vsubq_u8(v, o.v)}; }
  Bytes16 Right(int bits) const { return {vshlq_u8(v, vdupq_n_s8(static_cast<int8_t>(-bits)))}; }
  Bytes16 Left(int bits) const { return {vshlq_u8(v, vdupq_n_s8(static_cast<int8_t>(bits)))}; }
  static void Zip(Bytes16 a, Bytes16 b, uint8_t* to) {
    vst1q_u8(to, vzip1q_u8(a.v, b.v));
    vst1q_u8(to + 16, vzip2q_u8(a.v, b.v));
  }
};

struct Simd {
  using Bytes = uint8x16_t;
  using Ints = int32x4_t;
  using Floats = float32x4_t;
  static constexpr size_t kRows = 4;         // f32 lanes
  static constexpr size_t kMaxRows = 4;      // activation rows per pass, integer formats
  static constexpr size_t kFloatRows = 4;    // the same for float formats
  static constexpr size_t kAttendRows = 4;   // attention rows that share a load of K or V
  static constexpr size_t kPairVectors = 2;  // vectors of tokens or dimensions beside them
  static constexpr int kSignedOffset = 0;

  static void PrefetchL1(const uint8_t* at) { __builtin_prefetch(at, 0, 3); }
  static void PrefetchL2(const uint8_t* at) { __builtin_prefetch(at, 0, 2); }

  static Bytes LoadBytes(const uint8_t* from) { return vld1q_u8(from); }
  static Bytes SplatByte(int byte) { return vdupq_n_u8(static_cast<uint8_t>(byte)); }
  static Bytes SplatTable(const int8_t* table) { return vreinterpretq_u8_s8(vld1q_s8(table)); }
  static Bytes LookUp(Bytes table, Bytes index) { return vqtbl1q_u8(table, index); }
  static Bytes And(Bytes a, Bytes b) { return vandq_u8(a, b); }
  static Ints And(Ints a, Ints b) { return vandq_s32(a, b); }
  static Bytes Or(Bytes a, Bytes b) { return vorrq_u8(a, b); }
  static Ints Xor(Ints a, Ints b) { return veorq_s32(a, b); }
  template <int kBits>
  static Bytes Right(Bytes a) {
    return vshlq_u8(a, vdupq_n_s8(-kBits));
  }
  template <int kBits>
  static Bytes Left(Bytes a) {
    return vshlq_u8(a, vdupq_n_s8(kBits));
  }

  static Ints SplatInt(int value) { return vdupq_n_s32(value); }
  static Ints AddInts(Ints a, Ints b) { return vaddq_s32(a, b); }
  static Ints MulInts(Ints a, Ints b) { return vmulq_s32(a, b); }
  static Ints LoadInt8(const int8_t* from) {
    const int8x8_t bytes = vreinterpret_s8_s32(vdup_n_s32(Load4(from)));
    return vmovl_s16(vget_low_s16(vmovl_s8(bytes)));
  }
  // Pairs of 16-bit words, kept in the integer type.
  static Ints LoadUint8Pairs(const uint8_t* from) {
    return vreinterpretq_s32_u16(vmovl_u8(vld1_u8(from)));
  }
  static Ints SplatPair(const int16_t* pair) { return vdupq_n_s32(Load4(pair)); }
  static Ints AddPairProducts(Ints acc, Ints a, Ints b) {
    const int16x8_t x = vreinterpretq_s16_s32(a);
    const int16x8_t y = vreinterpretq_s16_s32(b);
    const int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y));
    const int32x4_t high = vmull_high_s16(x, y);
    return vaddq_s32(acc, vpaddq_s32(low, high));
  }

  static Bytes PrepareSigned(Bytes q) { return q; }
#if defined(__ARM_FEATURE_DOTPROD)
  template <size_t kCount>
  static Ints DotSigned(Ints acc, const Bytes* q, const int8_t* a) {
    for (size_t i = 0; i < kCount; ++i) {
      const int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(Load4(a + 4 * i)));
      acc = vdotq_s32(acc, vreinterpretq_s8_u8(q[i]), x);
    }
    return acc;
  }
#else
  // Products fit 16 bits, pairs of them need not: vpadal widens while it adds. Unsigned codes stay
  // below 128, so they are read as signed too.
  template <size_t kCount>
  static Ints DotSigned(Ints acc, const Bytes* q, const int8_t* a) {
    for (size_t i = 0; i < kCount; ++i) {
      const int8x16_t w = vreinterpretq_s8_u8(q[i]);
      const int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(Load4(a + 4 * i)));
      const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(x)));
      const int32x4_t high = vpaddlq_s16(vmull_high_s8(w, x));
      acc = vaddq_s32(acc, vpaddq_s32(low, high));
    }
    return acc;
  }
#endif
  template <size_t kCount, int kMax>
  static Ints DotUnsigned(Ints acc, const Bytes* q, const int8_t* a) {
    static_assert(kMax < 128);
    return DotSigned<kCount>(acc, q, a);
  }

#if defined(__ARM_FEATURE_MATMUL_INT8)
  // 2 x 8 by 8 x 2 products: two weight rows with two activation rows.
  static constexpr bool kPairs = true;
  // Vectors 2i and 2i + 1 (4 rows x 4 inputs each) become 2 rows x 8 inputs each.
  template <size_t kCount>
  static void ZipPairs(const Bytes* q, Bytes* out) {
    for (size_t i = 0; i < kCount; i += 2) {
      const uint32x4_t first = vreinterpretq_u32_u8(q[i]);
      const uint32x4_t second = vreinterpretq_u32_u8(q[i + 1]);
      out[i] = vreinterpretq_u8_u32(vzip1q_u32(first, second));
      out[i + 1] = vreinterpretq_u8_u32(vzip2q_u32(first, second));
    }
  }
  template <size_t kCount>
  static void DotPairs(const Bytes* pairs, const int8_t* a, const int8_t* b, Ints dots[2]) {
    int32x4_t low = vdupq_n_s32(0);  // rows 0 and 1: {0a, 0b, 1a, 1b}
    int32x4_t high = low;            // rows 2 and 3
    for (size_t i = 0; i < kCount; i += 2) {
      const int8x16_t x = vcombine_s8(vld1_s8(a + 4 * i), vld1_s8(b + 4 * i));
      low = vmmlaq_s32(low, vreinterpretq_s8_u8(pairs[i]), x);
      high = vmmlaq_s32(high, vreinterpretq_s8_u8(pairs[i + 1]), x);
    }
    dots[0] = vaddq_s32(dots[0], vuzp1q_s32(low, high));
    dots[1] = vaddq_s32(dots[1], vuzp2q_s32(low, high));
  }
#else
  static constexpr bool kPairs = false;  // no product of two activation rows at once
#endif

  static Floats Splat(float value) { return vdupq_n_f32(value); }
  static Floats Load(const float* from) { return vld1q_f32(from); }
  static Floats LoadFloatBytes(const uint8_t* from) { return vreinterpretq_f32_u8(vld1q_u8(from)); }
  static Floats LoadHalves(const uint8_t* from) {
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(from)));
  }
  static Floats LoadBf16s(const uint8_t* from) {
    const uint16x4_t words = vreinterpret_u16_u8(vld1_u8(from));
    return vreinterpretq_f32_u32(vshll_n_u16(words, 16));
  }
  static Floats RoundToBf16(Floats a) {
    const uint32x4_t bits = vreinterpretq_u32_f32(a);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t sum = vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7FFF)), odd);
    return vreinterpretq_f32_u32(vandq_u32(sum, vdupq_n_u32(0xFFFF0000)));
  }
  // a, and 0 where test > limit.
  static Floats ZeroAbove(Floats a, Floats test, Floats limit) {
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(a), vcgtq_f32(test, limit)));
  }
  // a, and 0 where test < limit.
  static Floats ZeroBelow(Floats a, Floats test, Floats limit) {
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(a), vcltq_f32(test, limit)));
  }
  // kRows pairs (even, odd) of neighbours.
  static void LoadBf16Pairs(const uint8_t* from, Floats* even, Floats* odd) {
    const uint32x4_t words = vreinterpretq_u32_u8(vld1q_u8(from));
    *even = vreinterpretq_f32_u32(vshlq_n_u32(words, 16));
    *odd = vreinterpretq_f32_u32(vandq_u32(words, vdupq_n_u32(0xFFFF0000)));
  }
  static void LoadInt8Pairs(const uint8_t* from, Floats* even, Floats* odd) {
    const int32x4_t words = vreinterpretq_s32_s16(vmovl_s8(vreinterpret_s8_u8(vld1_u8(from))));
    *even = vcvtq_f32_s32(vshrq_n_s32(vshlq_n_s32(words, 16), 16));
    *odd = vcvtq_f32_s32(vshrq_n_s32(words, 16));
  }
  static void Store(float* to, Floats a) { vst1q_f32(to, a); }
  static void StoreHalves(uint16_t* to, Floats a) {
    vst1_u16(to, vreinterpret_u16_f16(vcvt_f16_f32(a)));
  }
  static Floats Add(Floats a, Floats b) { return vaddq_f32(a, b); }
  static Floats Sub(Floats a, Floats b) { return vsubq_f32(a, b); }
  static Floats Mul(Floats a, Floats b) { return vmulq_f32(a, b); }
  static Floats Div(Floats a, Floats b) { return vdivq_f32(a, b); }
  static Floats Fma(Floats a, Floats b, Floats c) { return vfmaq_f32(c, a, b); }
  static Floats FmaNegated(Floats a, Floats b, Floats c) { return vfmsq_f32(c, a, b); }
  // The second operand when either is NaN.
  static Floats Max(Floats a, Floats b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  static Floats Min(Floats a, Floats b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  static Floats ToFloats(Ints a) { return vcvtq_f32_s32(a); }
  static Ints Round(Floats a) { return vcvtnq_s32_f32(a); }
  static Ints AsInts(Floats a) { return vreinterpretq_s32_f32(a); }
  static Floats AsFloats(Ints a) { return vreinterpretq_f32_s32(a); }
  static Ints MaxInts(Ints a, Ints b) { return vmaxq_s32(a, b); }
  static Ints ShiftToExponent(Ints a) { return vshlq_n_s32(a, 23); }
  static void StoreInts(int32_t* to, Ints a) { vst1q_s32(to, a); }
  static void StoreInt8(int8_t* to, Ints a) {
    const int16x4_t words = vqmovn_s32(a);
    const int8x8_t bytes = vqmovn_s16(vcombine_s16(words, words));
    const int32_t packed = vget_lane_s32(vreinterpret_s32_s8(bytes), 0);
    std::memcpy(to, &packed, 4);
  }

 private:
  static int32_t Load4(const void* from) {
    int32_t word;
    std::memcpy(&word, from, 4);
    return word;
  }
};

}  // namespace
}  // namespace lemma::kernels
