// SPDX-License-Identifier: Apache-2.0
#include "tensor/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lemma::tensor {
namespace {

TEST(HalfTest, EveryHalfHasItsExactValue) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const int exponent = static_cast<int>(h >> 10 & 31);
    const int mantissa = static_cast<int>(h & 1023);
    const float value = HalfToFloat(static_cast<uint16_t>(h));
    EXPECT_EQ(std::signbit(value), (h & 0x8000) != 0) << h;
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(value), mantissa != 0) << h;
      EXPECT_EQ(std::isinf(value), mantissa == 0) << h;
      continue;
    }
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    EXPECT_EQ(std::abs(value), magnitude) << h;
  }
}

TEST(HalfTest, EveryHalfSurvivesTheRoundTrip) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    if ((h & 0x7C00) == 0x7C00 && (h & 1023) != 0) continue;  // NaN payloads are not kept
    EXPECT_EQ(FloatToHalf(HalfToFloat(static_cast<uint16_t>(h))), h);
  }
}

TEST(HalfTest, MidpointsRoundToEvenAndNeighboursToNearest) {
  for (uint32_t h = 0; h < 0x7BFF; ++h) {
    const float low = HalfToFloat(static_cast<uint16_t>(h));
    const float high = HalfToFloat(static_cast<uint16_t>(h + 1));
    const float middle = low + (high - low) / 2;  // exact in f32
    EXPECT_EQ(FloatToHalf(middle), h % 2 == 0 ? h : h + 1) << h;
    EXPECT_EQ(FloatToHalf(std::nextafter(middle, 0.0F)), h) << h;
    EXPECT_EQ(FloatToHalf(std::nextafter(middle, 1e9F)), h + 1) << h;
    EXPECT_EQ(FloatToHalf(-middle), (h % 2 == 0 ? h : h + 1) | 0x8000) << h;
  }
}

TEST(HalfTest, OverflowAndNan) {
  EXPECT_EQ(FloatToHalf(65504.0F), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65519.996F), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65520.0F), 0x7C00);
  EXPECT_EQ(FloatToHalf(-1e30F), 0xFC00);
  EXPECT_EQ(FloatToHalf(std::numeric_limits<float>::infinity()), 0x7C00);
  EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(FloatToHalf(std::numeric_limits<float>::denorm_min()), 0);
}

TEST(Bfloat16Test, RoundsToNearestEven) {
  EXPECT_EQ(FloatToBfloat16(1.0F), 0x3F80);
  EXPECT_EQ(FloatToBfloat16(std::bit_cast<float>(0x3F808000U)), 0x3F80);  // tie, even below
  EXPECT_EQ(FloatToBfloat16(std::bit_cast<float>(0x3F818000U)), 0x3F82);  // tie, even above
  EXPECT_EQ(FloatToBfloat16(std::bit_cast<float>(0x3F808001U)), 0x3F81);
  EXPECT_EQ(FloatToBfloat16(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_TRUE(std::isnan(Bfloat16ToFloat(FloatToBfloat16(std::bit_cast<float>(0x7F800001U)))));
  for (uint32_t b = 0; b < 0x10000; ++b) {
    const float value = Bfloat16ToFloat(static_cast<uint16_t>(b));
    if (!std::isnan(value)) {
      EXPECT_EQ(FloatToBfloat16(value), b);
    }
  }
}

}  // namespace
}  // namespace lemma::tensor
