// SPDX-License-Identifier: Apache-2.0
#include "tensor/quant/fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "tensor/half.h"
#include "tensor/quant/weights.h"

namespace lemma::tensor {
namespace {

constexpr Trials kTrials{-0.9F, 0.1F, 20};

TEST(FitScaleTest, FindsAnExactGrid) {
  const float x[8] = {0.5F, -1.0F, 1.5F, 0.0F, -3.5F, 2.0F, 1.0F, 4.0F};  // 0.5 * {1,-2,3,...,8}
  const float w[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_FLOAT_EQ(FitScale(x, w, 8, {-7, 8}, kTrials), 0.5F);
}

TEST(FitScaleTest, HasTheSignOfThePeak) {
  const float x[4] = {1.0F, -8.0F, 2.0F, 3.0F};
  const float w[4] = {1, 1, 1, 1};
  EXPECT_FLOAT_EQ(FitScale(x, w, 4, {-7, 8}, kTrials), -1.0F);
}

TEST(FitScaleTest, ZeroInputAndZeroWeights) {
  const float zero[4] = {0, 0, 0, 0};
  const float x[4] = {1, 2, 3, 8};
  EXPECT_EQ(FitScale(zero, x, 4, {-7, 8}, kTrials), 0.0F);
  EXPECT_FLOAT_EQ(FitScale(x, zero, 4, {-7, 8}, kTrials), 1.0F);  // the peak falls on top
}

TEST(FitScaleOffsetTest, FindsAnExactGrid) {
  float x[16];
  float w[16];
  for (int i = 0; i < 16; ++i) {
    x[i] = 0.25F * static_cast<float>(i) - 1.3F;
    w[i] = 1.0F;
  }
  const ScaleOffset fit = FitScaleOffset(x, w, 16, 15, kTrials);
  EXPECT_NEAR(fit.scale, 0.25F, 1e-5F);
  EXPECT_NEAR(fit.offset, -1.3F, 1e-5F);
}

TEST(FitScaleOffsetTest, TheOffsetIsNeverPositive) {
  Rng rng(5);
  for (int round = 0; round < 200; ++round) {
    float x[32];
    float w[32];
    for (int i = 0; i < 32; ++i) {
      x[i] = static_cast<float>(rng.NextUniform() * 2.0 - 0.2);
      w[i] = static_cast<float>(rng.NextUniform());
    }
    const ScaleOffset fit = FitScaleOffset(x, w, 32, 15, kTrials);
    EXPECT_LE(fit.offset, 0.0F);
    EXPECT_GT(fit.scale, 0.0F);
  }
}

// Against brute force: every spacing and offset of a fine lattice.
TEST(FitScaleOffsetTest, IsNearTheBestOfAFineLattice) {
  Rng rng(6);
  double ours = 0.0;
  double best = 0.0;
  const auto error = [](const float* x, double scale, double offset) {
    double sum = 0.0;
    for (int i = 0; i < 16; ++i) {
      const double q =
          std::clamp(std::round((static_cast<double>(x[i]) - offset) / scale), 0.0, 7.0);
      sum += std::pow(q * scale + offset - static_cast<double>(x[i]), 2);
    }
    return sum;
  };
  for (int round = 0; round < 20; ++round) {
    float x[16];
    float w[16];
    for (int i = 0; i < 16; ++i) {
      x[i] = static_cast<float>(rng.NextUniform() + rng.NextUniform() - 1.0);
      w[i] = 1.0F;
    }
    const ScaleOffset fit = FitScaleOffset(x, w, 16, 7, kTrials);
    ours += error(x, static_cast<double>(fit.scale), static_cast<double>(fit.offset));
    double least = 1e9;
    for (double scale = 0.1; scale < 0.35; scale += 0.002) {
      for (double offset = -1.2; offset <= 0.0; offset += 0.01) {
        least = std::min(least, error(x, scale, offset));
      }
    }
    best += least;
  }
  EXPECT_LE(ours, best * 1.25);
}

TEST(AssignLevelsTest, ClampsAndHandlesScaleZero) {
  const float x[4] = {-100.0F, 0.49F, 0.51F, 1e30F};
  int8_t levels[4];
  AssignLevels(x, 4, {1.0F, 0.0F}, {-4, 3}, levels);
  EXPECT_EQ(std::vector<int>(levels, levels + 4), (std::vector<int>{-4, 0, 1, 3}));
  AssignLevels(x, 4, {0.0F, 0.0F}, {-4, 3}, levels);
  EXPECT_EQ(std::vector<int>(levels, levels + 4), (std::vector<int>{0, 0, 0, 0}));
}

TEST(SaturatedHalfTest, NeverInfinite) {
  EXPECT_EQ(HalfToFloat(SaturatedHalf(1e9F)), 65504.0F);
  EXPECT_EQ(HalfToFloat(SaturatedHalf(-1e9F)), -65504.0F);
  EXPECT_EQ(HalfToFloat(SaturatedHalf(1.5F)), 1.5F);
}

TEST(ErrorWeightsTest, ScaleOfDataAndOfImportanceCancels) {
  const float x[4] = {1.0F, -2.0F, 0.5F, 4.0F};
  const float scaled[4] = {1e-20F, -2e-20F, 0.5e-20F, 4e-20F};
  const float importance[4] = {1.0F, 3.0F, 0.0F, 2.0F};
  const float tiny_importance[4] = {1e-25F, 3e-25F, 0.0F, 2e-25F};
  float a[4];
  float b[4];
  ErrorWeights(x, nullptr, 4, a);
  ErrorWeights(scaled, nullptr, 4, b);
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(a[i], b[i], 1e-6F);
  EXPECT_GT(a[3], a[0]);
  ErrorWeights(x, importance, 4, a);
  ErrorWeights(scaled, tiny_importance, 4, b);
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(a[i], b[i], 1e-6F);
  EXPECT_EQ(a[2], 0.0F);
}

}  // namespace
}  // namespace lemma::tensor
