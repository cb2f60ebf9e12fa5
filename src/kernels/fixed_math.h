// SPDX-License-Identifier: Apache-2.0
// Arithmetic with one defined result on every processor: f16/bf16 conversion, exp, and the fixed
// 16-lane sum. The SIMD files repeat these steps operation by operation; change both together.
// Everything is `static inline`: kernel objects must not hold weak symbols.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lemma::kernels {

static inline float BitsToFloat(uint32_t bits) {
  float out;
  std::memcpy(&out, &bits, sizeof(out));
  return out;
}

static inline uint32_t FloatToBits(float value) {
  uint32_t out;
  std::memcpy(&out, &value, sizeof(out));
  return out;
}

static inline uint32_t LoadU32(const void* from) {
  uint32_t out;
  std::memcpy(&out, from, sizeof(out));
  return out;
}

static inline uint16_t LoadU16(const void* from) {
  uint16_t out;
  std::memcpy(&out, from, sizeof(out));
  return out;
}

// IEEE 754 binary16 -> binary32, exact.
static inline float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t rest = half & 0x7FFFU;
  if (rest >= 0x7C00U) return BitsToFloat(sign | 0x7F800000U | (rest & 0x3FFU) << 13);
  if (rest >= 0x400U) return BitsToFloat(sign | ((rest << 13) + 0x38000000U));
  const float tiny = static_cast<float>(rest) * 0x1p-24F;  // exact
  return BitsToFloat(sign | FloatToBits(tiny));
}

// Round to nearest even, overflow to infinity, NaN stays (quiet) NaN: as vcvtps2ph does.
static inline uint16_t FloatToHalf(float value) {
  const uint32_t bits = FloatToBits(value);
  const uint32_t sign = bits >> 16 & 0x8000U;
  const uint32_t rest = bits & 0x7FFFFFFFU;
  if (rest > 0x7F800000U) return static_cast<uint16_t>(sign | 0x7E00U | (rest >> 13 & 0x3FFU));
  if (rest >= 0x477FF000U) return static_cast<uint16_t>(sign | 0x7C00U);
  if (rest < 0x38800000U) {  // result is subnormal: let the float adder round at 2^-24
    const float shifted = BitsToFloat(rest) + 0.5F;
    return static_cast<uint16_t>(sign | (FloatToBits(shifted) - 0x3F000000U));
  }
  const uint32_t odd = rest >> 13 & 1U;
  return static_cast<uint16_t>(sign | (rest - 0x38000000U + 0xFFFU + odd) >> 13);
}

// Below this magnitude values become 0 in bf16: products of two that are left, and sums of such
// products, are multiples of 2^-114, so no partial result is a denormal.
constexpr float kBf16Least = 0x1p-50F;

// Round to nearest even, finite always: magnitudes below kBf16Least become +0, infinity and NaN
// the largest bf16 (so that an overflow stays visible where it is used, and only there).
static inline uint16_t FloatToFiniteBf16(float value) {
  const uint32_t bits = FloatToBits(value);
  const uint32_t rest = bits & 0x7FFFFFFFU;
  const uint32_t rounded = (rest + 0x7FFFU + (rest >> 16 & 1U)) >> 16;
  const uint32_t finite = rounded < 0x7F7FU ? rounded : 0x7F7FU;
  const uint32_t out = (bits >> 16 & 0x8000U) | finite;
  return static_cast<uint16_t>(rest < 0x26800000U ? 0U : out);
}

// Round to nearest even; magnitudes below kBf16Least become +0, infinity and NaN stay.
static inline uint16_t WeightToBf16(float value) {
  const uint32_t bits = FloatToBits(value);
  const uint32_t rest = bits & 0x7FFFFFFFU;
  if (rest < 0x26800000U) return 0U;
  if (rest > 0x7F800000U) return static_cast<uint16_t>(bits >> 16 | 0x40U);
  return static_cast<uint16_t>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

// The nearest value (ties to even) with 8 significant bits. REQUIRES: 0 or a normal number.
static inline float RoundToBf16(float value) {
  const uint32_t bits = FloatToBits(value);
  return BitsToFloat((bits + 0x7FFFU + (bits >> 16 & 1U)) & 0xFFFF0000U);
}

static inline float Bf16ToFloat(uint16_t bits) {
  return BitsToFloat(static_cast<uint32_t>(bits) << 16);
}

// The second operand when either is NaN, as maxps and minps do.
static inline float MaxSecond(float a, float b) { return a > b ? a : b; }
static inline float MinSecond(float a, float b) { return a < b ? a : b; }

// 1.5 * 2^23: adding and subtracting it rounds |x| < 2^22 to the nearest even integer.
constexpr float kRoundMagic = 12582912.0F;

constexpr float kExpLow = -87.0F;
constexpr float kExpHigh = 88.0F;
constexpr float kLog2E = 1.44269504F;
constexpr float kLn2High = 0.693359375F;
constexpr float kLn2Low = -2.12194440e-4F;
// Minimax coefficients of (exp(r) - 1 - r) / r^2 on |r| <= ln2/2 (Cephes expf).
constexpr float kExpC0 = 1.9875691500E-4F;
constexpr float kExpC1 = 1.3981999507E-3F;
constexpr float kExpC2 = 8.3334519073E-3F;
constexpr float kExpC3 = 4.1665795894E-2F;
constexpr float kExpC4 = 1.6666665459E-1F;
constexpr float kExpC5 = 5.0000001201E-1F;

// exp(x) with x clamped to [-87, 88]; NaN gives NaN. Relative error < 2e-7.
static inline float FixedExp(float x) {
  const float c = MinSecond(kExpHigh, MaxSecond(kExpLow, x));
  const float shifted = __builtin_fmaf(c, kLog2E, kRoundMagic);
  const float n = shifted - kRoundMagic;
  float r = __builtin_fmaf(n, -kLn2High, c);
  r = __builtin_fmaf(n, -kLn2Low, r);
  float p = __builtin_fmaf(kExpC0, r, kExpC1);
  p = __builtin_fmaf(p, r, kExpC2);
  p = __builtin_fmaf(p, r, kExpC3);
  p = __builtin_fmaf(p, r, kExpC4);
  p = __builtin_fmaf(p, r, kExpC5);
  const float y = __builtin_fmaf(p, r * r, r) + 1.0F;
  const uint32_t power = FloatToBits(shifted) - FloatToBits(kRoundMagic) + 127U;
  return y * BitsToFloat(power << 23);
}

// Coefficients of 2^r on |r| <= 1/2, from r^1 up: relative error < 2e-8, and < 1.1e-4.
constexpr float kExp2Fine[] = {6.931472028550421E-1F, 2.402264791363012E-1F, 5.550332471162809E-2F,
                               9.618437357674640E-3F, 1.339887440266574E-3F, 1.535336188319500E-4F};
constexpr float kExp2Coarse[] = {0.6932829F, 0.24221095F, 0.055008933F};

// 2^x with x clamped to [-125, 127] (x <= 127 is required); NaN gives NaN.
static inline float FixedExp2(float x) {
  const float c = MaxSecond(-125.0F, x);
  const float shifted = c + kRoundMagic;
  const float r = c - (shifted - kRoundMagic);
  float y = __builtin_fmaf(kExp2Fine[5], r, kExp2Fine[4]);
  for (int i = 3; i >= 0; --i) y = __builtin_fmaf(y, r, kExp2Fine[i]);
  y = __builtin_fmaf(y, r, 1.0F);
  return BitsToFloat(FloatToBits(y) + (FloatToBits(shifted) << 23));
}

// For weights that are rounded to bf16: 2^(x * scale) with a relative error < 1.1e-4, 1 at 0, and 0
// where the power is below -49.5; NaN gives NaN. x <= 0 and scale > 0 are required.
static inline float CoarseExp2(float x, float scale) {
  const float shifted = __builtin_fmaf(x, scale, kRoundMagic);
  const float n = shifted - kRoundMagic;
  const float r = __builtin_fmaf(x, scale, -n);
  float y = __builtin_fmaf(kExp2Coarse[2], r, kExp2Coarse[1]);
  y = __builtin_fmaf(y, r, kExp2Coarse[0]);
  y = __builtin_fmaf(y, r, 1.0F);
  return n < -49.0F ? 0.0F : BitsToFloat(FloatToBits(y) + (FloatToBits(shifted) << 23));
}

// ((lane i + lane i+8), then +4, +2, +1): the order every ISA uses.
static inline float SumLanes16(const float lanes[16]) {
  float sum[8];
  for (size_t i = 0; i < 8; ++i) sum[i] = lanes[i] + lanes[i + 8];
  for (size_t i = 0; i < 4; ++i) sum[i] = sum[i] + sum[i + 4];
  for (size_t i = 0; i < 2; ++i) sum[i] = sum[i] + sum[i + 2];
  return sum[0] + sum[1];
}

}  // namespace lemma::kernels
