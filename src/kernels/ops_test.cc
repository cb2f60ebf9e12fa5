// SPDX-License-Identifier: Apache-2.0
// Everything but matrix products: against double references, and every ISA and thread count
// against the scalar bits.
#include <algorithm>
#include <numeric>

#include "kernels/kernel_testing.h"
#include "kernels/rope_table.h"

namespace lemma::kernels {
namespace {

constexpr size_t kSizes[] = {1, 15, 16, 17, 64, 128, 300, 1536, 40000};

struct Variant {
  std::string_view isa;
  int threads;
};

std::vector<Variant> Variants() {
  std::vector<Variant> out;
  for (const std::string_view isa : AvailableIsas()) {
    for (const int threads : {1, 2, 3}) out.push_back({isa, threads});
  }
  return out;
}

TEST(RmsNormTest, IsCloseToDoubleAndTheSameEverywhere) {
  for (const size_t n : kSizes) {
    for (const size_t rows : {1, 5}) {
      const auto x = Normal(n * rows, 3);
      const auto weight = Normal(n, 4);
      std::vector<float> expected(x.size());
      TestOps("scalar", 1)->RmsNorm(x, weight, 1e-6F, expected);
      for (size_t r = 0; r < rows; ++r) {
        double sum = 0;
        for (size_t i = 0; i < n; ++i) sum += double{x[r * n + i]} * x[r * n + i];
        const double inverse = 1 / std::sqrt(sum / static_cast<double>(n) + 1e-6);
        for (size_t i = 0; i < n; ++i) {
          const double ref = x[r * n + i] * inverse * weight[i];
          ASSERT_NEAR(expected[r * n + i], ref, 2e-6 * std::abs(ref) + 1e-12);
        }
      }
      for (const Variant& s : Variants()) {
        std::vector<float> out = x;  // in place
        TestOps(s.isa, s.threads)->RmsNorm(out, weight, 1e-6F, out);
        ASSERT_TRUE(SameBits(out, expected)) << s.isa << " " << s.threads << " n=" << n;
      }
    }
  }
}

TEST(SiluMulTest, IsCloseToDoubleAndTheSameEverywhere) {
  for (const size_t n : kSizes) {
    auto gate = Normal(n, 5, 8.0F);
    if (n > 20) {
      gate[3] = 200.0F;
      gate[4] = -200.0F;
      gate[5] = -0.0F;
      gate[6] = NAN;
    }
    const auto up = Normal(n, 6);
    std::vector<float> expected = gate;
    TestOps("scalar", 1)->SiluMul(expected, up);
    for (size_t i = 0; i < n; ++i) {
      if (std::isnan(gate[i])) {
        ASSERT_TRUE(std::isnan(expected[i]));
        continue;
      }
      const double ref = gate[i] / (1 + std::exp(-double{gate[i]})) * up[i];
      ASSERT_NEAR(expected[i], ref, 1e-6 * std::abs(ref) + 1e-30) << gate[i];
    }
    for (const Variant& s : Variants()) {
      std::vector<float> out = gate;
      TestOps(s.isa, s.threads)->SiluMul(out, up);
      if (n > 20) {
        ASSERT_TRUE(std::isnan(out[6]));
        out[6] = expected[6];
      }
      ASSERT_TRUE(SameBits(out, expected)) << s.isa << " " << s.threads << " n=" << n;
    }
  }
}

TEST(ElementwiseTest, AddAndAddBias) {
  const auto a = Normal(3 * 70000, 7);
  const auto b = Normal(3 * 70000, 8);
  for (const Variant& s : Variants()) {
    auto ops = TestOps(s.isa, s.threads);
    std::vector<float> sum = a;
    ops->Add(sum, b);
    std::vector<float> biased = a;
    ops->AddBias(biased, std::span(b).first(70000));
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(sum[i], a[i] + b[i]);
      ASSERT_EQ(biased[i], a[i] + b[i % 70000]);
    }
  }
}

TEST(RopeTest, SinCosAreExactToDoubleRounding) {
  for (double angle = 0; angle < 1.5e5; angle = angle * 1.37 + 0.01) {
    double s = 0;
    double c = 0;
    FixedSinCos(angle, &s, &c);
    EXPECT_NEAR(s, std::sin(angle), 4e-15) << angle;
    EXPECT_NEAR(c, std::cos(angle), 4e-15) << angle;
    FixedSinCos(-angle, &s, &c);
    EXPECT_NEAR(s, std::sin(-angle), 4e-15) << angle;
  }
}

TEST(RopeTest, BothLayoutsAndPartialRotation) {
  const size_t dim = 20;
  const std::vector<float> frequencies = {1.0F, 0.3F, 0.01F, 0.0007F, 0.9F, 0.5F, 0.25F, 2.0F};
  const std::vector<int32_t> positions = {0, 7, 131071};
  const size_t heads = 3;
  const auto x = Normal(positions.size() * heads * dim, 9);
  for (const RopeLayout layout : {RopeLayout::kNeox, RopeLayout::kAdjacent}) {
    for (const Variant& s : Variants()) {
      std::vector<float> out = x;
      TestOps(s.isa, s.threads)->Rope(out, dim, positions, {layout, frequencies, 1.25F});
      for (size_t i = 0; i < x.size(); i += dim) {
        const double position = positions[i / (heads * dim)];
        for (size_t f = 0; f < frequencies.size(); ++f) {
          const size_t a = i + (layout == RopeLayout::kNeox ? f : 2 * f);
          const size_t b = a + (layout == RopeLayout::kNeox ? frequencies.size() : 1);
          const double angle = position * frequencies[f];
          const double re = 1.25 * (x[a] * std::cos(angle) - x[b] * std::sin(angle));
          const double im = 1.25 * (x[a] * std::sin(angle) + x[b] * std::cos(angle));
          ASSERT_NEAR(out[a], re, 2e-6);
          ASSERT_NEAR(out[b], im, 2e-6);
        }
        for (size_t rest = 16; rest < dim; ++rest) ASSERT_EQ(out[i + rest], x[i + rest]);
      }
    }
  }
}

TEST(HalfTest, EveryHalfRoundTripsAndHardwareAgrees) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const float f = HalfToFloat(static_cast<uint16_t>(h));
    if (std::isnan(f)) continue;
    ASSERT_EQ(FloatToHalf(f), h);
    const float up = std::nextafter(f, INFINITY);
    ASSERT_EQ(HalfToFloat(FloatToHalf(up)), std::isinf(up) ? up : f) << h;
  }
  EXPECT_EQ(FloatToHalf(1.0F + 0x1p-11F), 0x3C00);      // tie to even, down
  EXPECT_EQ(FloatToHalf(1.0F + 3 * 0x1p-11F), 0x3C02);  // tie to even, up
  EXPECT_EQ(FloatToHalf(65520.0F), 0x7C00);             // overflow
  EXPECT_EQ(FloatToHalf(0x1p-25F), 0);                  // tie to zero
  EXPECT_EQ(FloatToHalf(std::nextafter(0x1p-25F, 1.0F)), 1);
}

TEST(Bf16Test, RoundsToNearestEvenAndStaysFinite) {
  for (uint32_t high = 0; high < 0x7F80; ++high) {
    const float value = Bf16ToFloat(static_cast<uint16_t>(high));
    const bool kept = value >= 0x1p-50F;
    ASSERT_EQ(FloatToFiniteBf16(value), kept ? high : 0U);
    ASSERT_EQ(FloatToFiniteBf16(-value), kept ? high | 0x8000U : 0U);
    if (!kept) continue;
    const uint32_t even = (high & 1U) != 0 ? std::min(high + 1, 0x7F7FU) : high;
    ASSERT_EQ(FloatToFiniteBf16(BitsToFloat(high << 16 | 0x8000U)), even);
    ASSERT_EQ(FloatToFiniteBf16(BitsToFloat(high << 16 | 0x7FFFU)), high);
    ASSERT_EQ(FloatToFiniteBf16(BitsToFloat(high << 16 | 0x8001U)), std::min(high + 1, 0x7F7FU));
    if (even < 0x7F7F) {
      ASSERT_EQ(RoundToBf16(BitsToFloat(high << 16 | 0x8000U)), BitsToFloat(even << 16));
    }
  }
  EXPECT_EQ(FloatToFiniteBf16(INFINITY), 0x7F7F);
  EXPECT_EQ(FloatToFiniteBf16(-INFINITY), 0xFF7F);
  EXPECT_EQ(FloatToFiniteBf16(NAN), 0x7F7F);
}

TEST(ExpTest, PowersOfTwo) {
  for (float x = -125.0F; x < 127.0F; x += 0.00731F) {
    ASSERT_NEAR(FixedExp2(x) / std::exp2(double{x}), 1.0, 1.3e-7) << x;
    if (x > 0.0F) continue;
    if (x >= -49.0F) {
      ASSERT_NEAR(CoarseExp2(x * 4, 0.25F) / std::exp2(double{x}), 1.0, 1.1e-4) << x;
    } else if (x < -50.0F) {
      ASSERT_EQ(CoarseExp2(x, 1.0F), 0.0F);
    }
  }
  EXPECT_EQ(FixedExp2(0.0F), 1.0F);
  EXPECT_EQ(CoarseExp2(0.0F, 3.0F), 1.0F);
  EXPECT_EQ(FixedExp2(-INFINITY), 0x1p-125F);
  EXPECT_EQ(CoarseExp2(-INFINITY, 1.0F), 0.0F);
  EXPECT_TRUE(std::isnan(FixedExp2(NAN)));
  EXPECT_TRUE(std::isnan(CoarseExp2(NAN, 1.0F)));
}

TEST(ExpTest, RelativeErrorIsSmall) {
  for (float x = -87.0F; x < 88.0F; x += 0.00731F) {
    const double ref = std::exp(double{x});
    ASSERT_NEAR(FixedExp(x) / ref, 1.0, 2e-7) << x;
  }
  EXPECT_EQ(FixedExp(0.0F), 1.0F);
  EXPECT_TRUE(std::isnan(FixedExp(NAN)));
}

}  // namespace
}  // namespace lemma::kernels
