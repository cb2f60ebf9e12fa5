// SPDX-License-Identifier: Apache-2.0
#include "model/rope.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace lemma::model {
namespace {

TEST(RopeTest, PlainFrequenciesArePowersOfTheBase) {
  const Rope rope = MakeRope(8, 10000.0, {}, {});
  ASSERT_EQ(rope.frequencies.size(), 4U);
  EXPECT_FLOAT_EQ(rope.frequencies[0], 1.0F);
  EXPECT_FLOAT_EQ(rope.frequencies[1], 0.1F);
  EXPECT_FLOAT_EQ(rope.frequencies[2], 0.01F);
  EXPECT_FLOAT_EQ(rope.frequencies[3], 0.001F);
  EXPECT_EQ(rope.magnitude, 1.0F);
}

TEST(RopeTest, LinearScalingDividesEveryFrequency) {
  RopeScaling scaling;
  scaling.kind = RopeScalingKind::kLinear;
  scaling.factor = 4.0;
  const Rope rope = MakeRope(8, 10000.0, scaling, {});
  EXPECT_FLOAT_EQ(rope.frequencies[0], 0.25F);
  EXPECT_FLOAT_EQ(rope.frequencies[3], 0.00025F);
  EXPECT_EQ(rope.magnitude, 1.0F);
}

TEST(RopeTest, DivisorsDivide) {
  const std::vector<float> divisors = {1.0F, 2.0F, 8.0F, 32.0F};
  const Rope rope = MakeRope(8, 10000.0, {}, divisors);
  EXPECT_FLOAT_EQ(rope.frequencies[0], 1.0F);
  EXPECT_FLOAT_EQ(rope.frequencies[1], 0.05F);
  EXPECT_FLOAT_EQ(rope.frequencies[3], 0.001F / 32.0F);
}

// Qwen2.5's published setting: factor 4 over 32768 tokens, base 1e6, heads of 128. The borders of
// the ramp, computed by hand: the pair that turns 32 times is 128 ln(32768 / (64 pi)) / (2 ln 1e6)
// = 23.6, once: 128 ln(32768 / (2 pi)) / (2 ln 1e6) = 39.65; so 23 and 40.
TEST(RopeTest, YarnKeepsFastPairsAndStretchesSlowOnes) {
  RopeScaling scaling;
  scaling.kind = RopeScalingKind::kYarn;
  scaling.factor = 4.0;
  scaling.original_context = 32768;
  const Rope plain = MakeRope(128, 1e6, {}, {});
  const Rope yarn = MakeRope(128, 1e6, scaling, {});
  for (size_t i = 0; i < 64; ++i) {
    const double kept = i <= 23 ? 1.0 : i >= 40 ? 0.0 : 1.0 - (static_cast<double>(i) - 23) / 17;
    const double share = 0.25 * (1.0 - kept) + kept;
    EXPECT_NEAR(yarn.frequencies[i] / plain.frequencies[i], share, 1e-6) << "pair " << i;
  }
  EXPECT_FLOAT_EQ(yarn.magnitude, static_cast<float>(0.1 * std::log(4.0) + 1.0));
}

TEST(RopeTest, YarnWithoutExtrapolationIsLinear) {
  RopeScaling scaling;
  scaling.kind = RopeScalingKind::kYarn;
  scaling.factor = 2.0;
  scaling.original_context = 1024;
  scaling.extrapolation_mix = 0.0;
  scaling.attention_factor = 1.5;
  const Rope rope = MakeRope(64, 10000.0, scaling, {});
  EXPECT_FLOAT_EQ(rope.frequencies[0], 0.5F);
  EXPECT_FLOAT_EQ(rope.magnitude, 1.5F);
}

}  // namespace
}  // namespace lemma::model
