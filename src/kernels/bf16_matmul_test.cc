// SPDX-License-Identifier: Apache-2.0
// Products of the bf16 class: the scalar path against the definition in kernels/gemm.h written out
// in double, every other path, row count and thread count against the scalar bits.
#include <algorithm>

#include "kernels/gemm.h"
#include "kernels/kernel_testing.h"

namespace lemma::kernels {
namespace {

using tensor::DType;

std::vector<float> Multiply(Ops& ops, const tensor::TensorView& view, const std::vector<float>& x,
                            Accumulate accumulate) {
  auto w = ops.Pack(view);
  EXPECT_TRUE(w.ok()) << w.status().ToString();
  const size_t m = x.size() / view.shape.dims[0];
  std::vector<float> y(m * view.shape.rows(), 0.5F);
  if (w.ok()) ops.Matmul(**w, x, y, accumulate, MatmulType::kBf16);
  return y;
}

size_t Unit(DType dtype) { return LayoutOf(dtype).tile_k; }

class Bf16MatmulTest : public ::testing::TestWithParam<DType> {};

// |y - ref| <= the rounding of both factors, 2^-8 together, and of the sums, of sum |w x|.
TEST_P(Bf16MatmulTest, ScalarIsWithinTheDerivedBound) {
  const size_t k = std::max<size_t>(Unit(GetParam()) * 3, 96);
  const size_t n = 37;
  const size_t m = 5;
  const auto bytes = RandomBlocks(GetParam(), k, n, 11);
  const auto x = Normal(m * k, 13);
  auto ops = TestOps("scalar", 1);
  const auto y = Multiply(*ops, View(GetParam(), k, n, bytes), x, Accumulate::kNo);
  std::vector<float> w(n * k);
  tensor::Info(GetParam()).decode(bytes.data(), w.data(), w.size());
  for (size_t r = 0; r < m; ++r) {
    for (size_t o = 0; o < n; ++o) {
      double ref = 0;
      double magnitude = 0;
      for (size_t i = 0; i < k; ++i) {
        ref += double{w[o * k + i]} * double{x[r * k + i]};
        magnitude += std::abs(double{w[o * k + i]} * double{x[r * k + i]});
      }
      ASSERT_NEAR(y[r * n + o], ref, (0x1p-8 + 1e-5) * magnitude) << r << " " << o;
    }
  }
}

// The order of the sums, step by step.
TEST_P(Bf16MatmulTest, ScalarFollowsTheDefinition) {
  const bool rounds = GetParam() != DType::kF32;
  const size_t k = Unit(GetParam()) == 1 ? 77 : Unit(GetParam()) * 3;
  const size_t n = 3;
  const auto bytes = RandomBlocks(GetParam(), k, n, 17);
  const auto x = Normal(k, 19);
  auto ops = TestOps("scalar", 1);
  const auto y = Multiply(*ops, View(GetParam(), k, n, bytes), x, Accumulate::kNo);
  std::vector<float> w(n * k);
  tensor::Info(GetParam()).decode(bytes.data(), w.data(), w.size());
  if (!rounds) {
    auto plain = ops->Pack(View(GetParam(), k, n, bytes));
    ASSERT_TRUE(plain.ok());
    std::vector<float> f32(n);
    ops->Matmul(**plain, x, f32, Accumulate::kNo, MatmulType::kInt8);
    EXPECT_TRUE(SameBits(y, f32));
    return;
  }
  for (size_t o = 0; o < n; ++o) {
    float sum = 0;
    for (size_t step = 0; step < k; step += kBf16Step) {
      float chain[2] = {0, 0};
      for (size_t i = step; i < std::min(step + kBf16Step, k); ++i) {
        chain[i % 2] = __builtin_fmaf(Bf16ToFloat(WeightToBf16(w[o * k + i])),
                                      Bf16ToFloat(FloatToFiniteBf16(x[i])), chain[i % 2]);
      }
      sum += chain[0] + chain[1];
    }
    EXPECT_EQ(FloatToBits(y[o]), FloatToBits(sum)) << o;
  }
}

TEST_P(Bf16MatmulTest, EveryIsaRowCountAndThreadCountGivesTheScalarBits) {
  constexpr size_t kRows = 70;
  struct Size {
    size_t n;
    size_t k;
  };
  std::vector<Size> sizes = {{37, 512}, {80, 768}, {5, 1280}};
  if (Unit(GetParam()) == 32) sizes.push_back({33, 544});
  if (Unit(GetParam()) == 1) sizes.push_back({21, 1031});
  for (const Size& size : sizes) {
    const auto bytes = RandomBlocks(GetParam(), size.k, size.n, 23);
    const auto view = View(GetParam(), size.k, size.n, bytes);
    const auto x = Normal(kRows * size.k, 29, 3.0F);
    auto scalar = TestOps("scalar", 2);
    const auto expected = Multiply(*scalar, view, x, Accumulate::kYes);
    for (const std::string_view isa : AvailableIsas()) {
      for (const int threads : {1, 3}) {
        auto ops = TestOps(isa, threads);
        for (const size_t m : {1, 2, 3, 4, 7, 15, 16, 17, 31, 32, 33, 48, 49, 64, 65, 70}) {
          const std::vector<float> some(x.begin(), x.begin() + static_cast<long>(m * size.k));
          const std::vector<float> prefix(expected.begin(),
                                          expected.begin() + static_cast<long>(m * size.n));
          ASSERT_TRUE(SameBits(Multiply(*ops, view, some, Accumulate::kYes), prefix))
              << isa << " threads=" << threads << " n=" << size.n << " k=" << size.k << " m=" << m;
        }
      }
    }
  }
}

// Infinities, NaN and tiny activations stay in their row and give the same bits everywhere.
TEST_P(Bf16MatmulTest, OddInputsGiveTheScalarBits) {
  const size_t k = 768;
  const size_t n = 40;
  constexpr size_t kRows = 50;
  const auto bytes = RandomBlocks(GetParam(), k, n, 31);
  const auto view = View(GetParam(), k, n, bytes);
  auto x = Normal(kRows * k, 37);
  for (size_t m = 0; m < kRows; ++m) {
    float* row = x.data() + m * k;
    if (m % 10 == 1) row[300] = INFINITY;
    if (m % 10 == 2) row[10] = NAN;
    if (m % 10 == 3) std::fill_n(row + 256, 256, 0.0F);
    if (m % 10 == 4) std::fill_n(row, k, -0.0F);
    for (size_t i = 0; m % 10 == 6 && i < 256; ++i) row[i] *= 1e-35F;
    for (size_t i = 0; m % 10 == 7 && i < k; ++i) row[i] *= 1e-20F;
  }
  auto scalar = TestOps("scalar", 1);
  const auto expected = Multiply(*scalar, view, x, Accumulate::kNo);
  for (size_t i = 0; i < n; ++i) EXPECT_TRUE(std::isfinite(expected[i])) << i;
  for (const std::string_view isa : AvailableIsas()) {
    auto ops = TestOps(isa, 3);
    ASSERT_TRUE(SameBitsOrNan(Multiply(*ops, view, x, Accumulate::kNo), expected)) << isa;
  }
}

INSTANTIATE_TEST_SUITE_P(AllDTypes, Bf16MatmulTest, ::testing::ValuesIn([] {
                           std::vector<DType> all;
                           for (const auto& row : tensor::AllDTypes()) all.push_back(row.dtype);
                           return all;
                         }()),
                         [](const auto& param) {
                           return std::string(tensor::Info(param.param).name);
                         });

// More rows, inputs and outputs than one pass, one chunk and one span of groups hold.
TEST(Bf16MatmulSizeTest, LongInputsInManyRowsGiveTheScalarBits) {
  constexpr size_t kRows = 515;
  const size_t k = 256 * 5;
  const size_t n = 275;
  for (const DType dtype : {DType::kQ4K, DType::kQ6K}) {
    const auto bytes = RandomBlocks(dtype, k, n, 59);
    const auto view = View(dtype, k, n, bytes);
    const auto x = Normal(kRows * k, 61);
    auto scalar = TestOps("scalar", 2);
    const auto expected = Multiply(*scalar, view, x, Accumulate::kYes);
    for (const std::string_view isa : AvailableIsas()) {
      if (isa == "scalar") continue;
      for (const int threads : {1, 2, 3}) {
        auto ops = TestOps(isa, threads);
        ASSERT_TRUE(SameBits(Multiply(*ops, view, x, Accumulate::kYes), expected))
            << isa << " threads=" << threads << " " << tensor::Info(dtype).name;
      }
    }
  }
}

}  // namespace
}  // namespace lemma::kernels
