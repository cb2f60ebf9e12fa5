// SPDX-License-Identifier: Apache-2.0
// IEEE 754 binary16 and bfloat16 conversions, in integer arithmetic so that every compiler and
// processor gives the same bits. To the narrow types: round to nearest, ties to even; overflow
// gives infinity, NaN stays a quiet NaN. Branch-free, so loops over them vectorise.
#pragma once

#include <bit>
#include <cstdint>

namespace lemma::tensor {

inline float HalfToFloat(uint16_t half) {
  const uint32_t magnitude = (half & 0x7FFFU) << 13;
  const uint32_t exponent = magnitude & 0x0F800000U;
  // A subnormal's mantissa is put behind an implicit one, which is subtracted again.
  const float subnormal = std::bit_cast<float>(magnitude | 0x38800000U) - 0x1.0p-14F;
  const uint32_t rebias = exponent == 0x0F800000U ? 0x70000000U : 0x38000000U;
  const uint32_t bits = exponent == 0 ? std::bit_cast<uint32_t>(subnormal) : magnitude + rebias;
  return std::bit_cast<float>(bits | (half & 0x8000U) << 16);
}

inline uint16_t FloatToHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t magnitude = bits & 0x7FFFFFFFU;
  // Adding 0.5 lets the float adder do the rounding to multiples of 2^-24.
  const uint32_t subnormal =
      std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - 0x3F000000U;
  const uint32_t normal = (magnitude - 0x38000000U + 0xFFFU + ((magnitude >> 13) & 1U)) >> 13;
  const uint32_t special = magnitude > 0x7F800000U ? 0x7E00U : 0x7C00U;
  uint32_t half = magnitude < 0x38800000U ? subnormal : normal;
  half = magnitude >= 0x47800000U ? special : half;
  return static_cast<uint16_t>(half | (bits >> 16 & 0x8000U));
}

inline float Bfloat16ToFloat(uint16_t value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

inline uint16_t FloatToBfloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16;
  const uint32_t quiet = bits >> 16 | 0x40U;
  return static_cast<uint16_t>((bits & 0x7FFFFFFFU) > 0x7F800000U ? quiet : rounded);
}

}  // namespace lemma::tensor
