// SPDX-License-Identifier: Apache-2.0
// Packing, row decoding and matrix products: the scalar path against a double reference with a
// derived bound, every other path against the scalar bits.
#include <algorithm>
#include <array>

#include "kernels/kernel_testing.h"

namespace lemma::kernels {
namespace {

using tensor::DType;

// Beyond the rounding of the activations: float rounding of the accumulation, relative to the sum
// of |w x|.
constexpr double kAccumulationSlack = 4e-6;

struct Shape {
  size_t n;
  size_t k;
  size_t m;
};

std::vector<Shape> Shapes(DType dtype) {
  const size_t unit = LayoutOf(dtype).tile_k == 1 ? 1 : LayoutOf(dtype).tile_k;
  std::vector<Shape> shapes;
  for (size_t m = 1; m <= 9; ++m) shapes.push_back({37, unit * (m % 3 + 1), m});
  shapes.push_back({16, unit * 9, 17});
  shapes.push_back({1, 256, 2});
  shapes.push_back({100, 512, 3});
  shapes.push_back({33, unit == 32 ? size_t{288} : size_t{768}, 5});
  if (unit == 1) shapes.push_back({21, 131, 4});
  return shapes;
}

std::vector<float> Multiply(Ops& ops, const tensor::TensorView& view, const std::vector<float>& x,
                            size_t m, Accumulate accumulate, MatmulType type = MatmulType::kInt8) {
  auto w = ops.Pack(view);
  EXPECT_TRUE(w.ok()) << w.status().ToString();
  std::vector<float> y(m * view.shape.rows(), 0.5F);
  if (w.ok()) ops.Matmul(**w, x, y, accumulate, type);
  return y;
}

class MatmulTest : public ::testing::TestWithParam<DType> {};

TEST_P(MatmulTest, RowsDecodeLikeTheFormat) {
  const tensor::DTypeInfo& info = tensor::Info(GetParam());
  auto ops = TestOps("scalar", 1);
  for (const Shape& s : Shapes(GetParam())) {
    const auto bytes = RandomBlocks(GetParam(), s.k, s.n, 7);
    auto w = ops->Pack(View(GetParam(), s.k, s.n, bytes));
    ASSERT_TRUE(w.ok()) << w.status().ToString();
    EXPECT_EQ((*w)->bytes(), bytes.size() / s.n * ((s.n + 15) / 16 * 16));
    std::vector<int32_t> tokens(s.n);
    for (size_t i = 0; i < s.n; ++i) tokens[i] = static_cast<int32_t>(s.n - 1 - i);
    std::vector<float> rows(s.n * s.k);
    ops->GatherRows(**w, tokens, rows);
    for (size_t i = 0; i < s.n; ++i) {
      std::vector<float> expected(s.k);
      info.decode(bytes.data() + (s.n - 1 - i) * (bytes.size() / s.n), expected.data(), s.k);
      const std::vector<float> got(rows.begin() + static_cast<long>(i * s.k),
                                   rows.begin() + static_cast<long>((i + 1) * s.k));
      ASSERT_TRUE(SameBits(got, expected)) << info.name << " row " << i;
    }
  }
}

// |y - ref| <= sum over 256-blocks of (amax / 254) * sum |w|, the rounding of the activations, plus
// float slack. The float formats keep only the slack.
TEST_P(MatmulTest, ScalarIsWithinTheDerivedBound) {
  const tensor::DTypeInfo& info = tensor::Info(GetParam());
  const bool quantized = LayoutOf(GetParam()).group != 0;
  auto ops = TestOps("scalar", 1);
  for (const Shape& s : Shapes(GetParam())) {
    const auto bytes = RandomBlocks(GetParam(), s.k, s.n, 11);
    const auto x = Normal(s.m * s.k, 13);
    const auto y = Multiply(*ops, View(GetParam(), s.k, s.n, bytes), x, s.m, Accumulate::kNo);
    std::vector<float> w(s.n * s.k);
    info.decode(bytes.data(), w.data(), w.size());
    for (size_t m = 0; m < s.m; ++m) {
      for (size_t n = 0; n < s.n; ++n) {
        double ref = 0;
        double bound = 0;
        double magnitude = 0;
        for (size_t b = 0; b < s.k; b += 256) {
          double amax = 0;
          double weights = 0;
          for (size_t i = b; i < std::min(b + 256, s.k); ++i) {
            const double wi = w[n * s.k + i];
            const double xi = x[m * s.k + i];
            ref += wi * xi;
            magnitude += std::abs(wi * xi);
            weights += std::abs(wi);
            amax = std::max(amax, std::abs(xi));
          }
          bound += amax / 254 * weights;
          magnitude += amax * weights;
        }
        const double allowed = (quantized ? bound : 0) + kAccumulationSlack * magnitude;
        ASSERT_NEAR(y[m * s.n + n], ref, allowed) << info.name << " k=" << s.k << " n=" << n;
      }
    }
  }
}

TEST_P(MatmulTest, EveryIsaAndThreadCountGivesTheScalarBits) {
  auto scalar = TestOps("scalar", 1);
  for (const std::string_view isa : AvailableIsas()) {
    for (const int threads : {1, 2, 3}) {
      auto ops = TestOps(isa, threads);
      for (const Shape& s : Shapes(GetParam())) {
        const auto bytes = RandomBlocks(GetParam(), s.k, s.n, 17);
        const auto view = View(GetParam(), s.k, s.n, bytes);
        const auto x = Normal(s.m * s.k, 19, 3.0F);
        for (const Accumulate a : {Accumulate::kNo, Accumulate::kYes}) {
          ASSERT_TRUE(SameBits(Multiply(*ops, view, x, s.m, a), Multiply(*scalar, view, x, s.m, a)))
              << isa << " threads=" << threads << " n=" << s.n << " k=" << s.k << " m=" << s.m;
        }
      }
    }
  }
}

// A row's result is the same alone, in a batch, and in a batch cut into several passes.
TEST_P(MatmulTest, NeighboursDoNotMatter) {
  const size_t k = 256;
  const size_t n = 24;
  const size_t m = 300;
  const auto bytes = RandomBlocks(GetParam(), k, n, 23);
  const auto x = Normal(m * k, 29);
  auto ops = TestOps(AvailableIsas().back(), 2);
  const auto view = View(GetParam(), k, n, bytes);
  const auto all = Multiply(*ops, view, x, m, Accumulate::kNo);
  for (const size_t row : {size_t{0}, size_t{6}, size_t{255}, size_t{256}, size_t{299}}) {
    const std::vector<float> one(x.begin() + static_cast<long>(row * k),
                                 x.begin() + static_cast<long>((row + 1) * k));
    const auto alone = Multiply(*ops, view, one, 1, Accumulate::kNo);
    const std::vector<float> in_batch(all.begin() + static_cast<long>(row * n),
                                      all.begin() + static_cast<long>((row + 1) * n));
    ASSERT_TRUE(SameBits(alone, in_batch)) << row;
  }
}

// Infinities, NaN, zeros and tiny values reach every ISA alike, and poison only their own row.
TEST_P(MatmulTest, OddInputsGiveTheScalarBits) {
  const size_t k = 512;
  const size_t n = 16;
  const auto bytes = RandomBlocks(GetParam(), k, n, 31);
  const auto view = View(GetParam(), k, n, bytes);
  auto x = Normal(4 * k, 37);
  x[5] = INFINITY;
  std::fill_n(x.begin() + k, 256, 0.0F);
  for (size_t i = 2 * k; i < 3 * k; ++i) x[i] *= 1e-35F;
  auto scalar = TestOps("scalar", 1);
  const auto expected = Multiply(*scalar, view, x, 4, Accumulate::kNo);
  EXPECT_FALSE(std::isfinite(expected[0]));
  for (size_t i = n; i < expected.size(); ++i) EXPECT_TRUE(std::isfinite(expected[i])) << i;
  for (const std::string_view isa : AvailableIsas()) {
    auto ops = TestOps(isa, 1);
    ASSERT_TRUE(SameBitsOrNan(Multiply(*ops, view, x, 4, Accumulate::kNo), expected)) << isa;
  }
}

// Rows do not see each other, so one scalar product of many rows is the reference of every count.
TEST_P(MatmulTest, EveryNumberOfRowsGivesTheScalarBits) {
  constexpr size_t kRows = 257;
  std::vector<size_t> counts = {47, 48, 49, 63, 64, 65, 66, 69, 70, 96, 97, kRows};
  for (size_t m = 1; m <= 35; ++m) counts.push_back(m);
  for (const Shape& s : {Shape{37, 512, kRows}, Shape{16, 1280, kRows}}) {
    const auto bytes = RandomBlocks(GetParam(), s.k, s.n, 41);
    const auto view = View(GetParam(), s.k, s.n, bytes);
    auto x = Normal(kRows * s.k, 43, 2.0F);
    for (size_t m = 3; m < kRows; m += 7) x[m * s.k + m] = 1e4F;  // rows of another scale
    auto scalar = TestOps("scalar", 1);
    const auto expected = Multiply(*scalar, view, x, kRows, Accumulate::kYes);
    for (const std::string_view isa : AvailableIsas()) {
      if (isa == "scalar") continue;
      auto ops = TestOps(isa, 1);
      for (const size_t m : counts) {
        const std::vector<float> some(x.begin(), x.begin() + static_cast<long>(m * s.k));
        const std::vector<float> prefix(expected.begin(),
                                        expected.begin() + static_cast<long>(m * s.n));
        ASSERT_TRUE(SameBits(Multiply(*ops, view, some, m, Accumulate::kYes), prefix))
            << isa << " n=" << s.n << " k=" << s.k << " m=" << m;
      }
    }
  }
}

// Blocks that are all zero, tiny, infinite or NaN, and weights with d = 0, among ordinary ones.
TEST_P(MatmulTest, OddBlocksInManyRowsGiveTheScalarBits) {
  constexpr size_t kRows = 50;
  const size_t k = 768;
  const size_t n = 40;
  auto bytes = RandomBlocks(GetParam(), k, n, 47);
  const size_t row_bytes = bytes.size() / n;
  std::fill_n(bytes.begin() + static_cast<long>(5 * row_bytes), row_bytes, std::byte{0});
  const auto view = View(GetParam(), k, n, bytes);
  auto x = Normal(kRows * k, 53);
  for (size_t m = 0; m < kRows; ++m) {
    float* row = x.data() + m * k;
    if (m % 10 == 1) row[300] = INFINITY;
    if (m % 10 == 2) row[10] = NAN;
    if (m % 10 == 3) std::fill_n(row + 256, 256, 0.0F);
    if (m % 10 == 4) std::fill_n(row, k, -0.0F);
    if (m % 10 == 5) row[767] = -1e38F;
    for (size_t i = 0; m % 10 == 6 && i < 256; ++i) row[i] *= 1e-35F;
  }
  auto scalar = TestOps("scalar", 1);
  const auto expected = Multiply(*scalar, view, x, kRows, Accumulate::kNo);
  for (const std::string_view isa : AvailableIsas()) {
    auto ops = TestOps(isa, 3);
    for (const size_t m : {kRows, size_t{14}}) {
      const std::vector<float> some(x.begin(), x.begin() + static_cast<long>(m * k));
      const std::vector<float> prefix(expected.begin(),
                                      expected.begin() + static_cast<long>(m * n));
      ASSERT_TRUE(SameBitsOrNan(Multiply(*ops, view, some, m, Accumulate::kNo), prefix))
          << isa << " m=" << m;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllDTypes, MatmulTest, ::testing::ValuesIn([] {
                           std::vector<DType> all;
                           for (const auto& row : tensor::AllDTypes()) all.push_back(row.dtype);
                           return all;
                         }()),
                         [](const auto& param) {
                           return std::string(tensor::Info(param.param).name);
                         });

// More rows, inputs and outputs than one pass, one cached chunk and one span of groups hold.
TEST(MatmulSizeTest, LongInputsInManyRowsGiveTheScalarBits) {
  constexpr size_t kRows = 515;
  const size_t k = 256 * 13;
  const size_t n = 275;
  for (const DType dtype : {DType::kQ4K, DType::kQ6K}) {
    const auto bytes = RandomBlocks(dtype, k, n, 59);
    const auto view = View(dtype, k, n, bytes);
    const auto x = Normal(kRows * k, 61);
    auto scalar = TestOps("scalar", 2);
    const auto expected = Multiply(*scalar, view, x, kRows, Accumulate::kYes);
    for (const std::string_view isa : AvailableIsas()) {
      if (isa == "scalar") continue;
      for (const int threads : {1, 2, 3}) {
        auto ops = TestOps(isa, threads);
        ASSERT_TRUE(SameBits(Multiply(*ops, view, x, kRows, Accumulate::kYes), expected))
            << isa << " threads=" << threads << " " << tensor::Info(dtype).name;
      }
    }
  }
}

TEST(MatmulManyTest, EqualsSingleProducts) {
  for (const size_t m : {size_t{3}, size_t{40}}) {
    const size_t k = 512;
    const auto a_bytes = RandomBlocks(DType::kQ4K, k, 50, 1);
    const auto b_bytes = RandomBlocks(DType::kQ6K, k, 20, 2);
    const auto c_bytes = RandomBlocks(DType::kF16, k, 7, 3);
    const std::array views = {View(DType::kQ4K, k, 50, a_bytes), View(DType::kQ6K, k, 20, b_bytes),
                              View(DType::kF16, k, 7, c_bytes)};
    const auto x = Normal(m * k, 5);
    auto ops = TestOps(AvailableIsas().back(), 2);
    std::vector<std::unique_ptr<PackedMatrix>> packed;
    std::vector<std::vector<float>> y;
    std::vector<Ops::Product> products;
    for (const auto& view : views) {
      auto w = ops->Pack(view);
      ASSERT_TRUE(w.ok());
      packed.push_back(std::move(*w));
      y.emplace_back(m * view.shape.rows());
    }
    for (size_t i = 0; i < views.size(); ++i) products.push_back({packed[i].get(), y[i]});
    ops->MatmulMany(products, x, Accumulate::kNo, MatmulType::kInt8);
    for (size_t i = 0; i < views.size(); ++i) {
      std::vector<float> alone(y[i].size());
      ops->Matmul(*packed[i], x, alone, Accumulate::kNo, MatmulType::kInt8);
      EXPECT_TRUE(SameBits(y[i], alone));
    }
  }
}

TEST(PackTest, RefusesWrongShapes) {
  auto ops = TestOps("scalar", 1);
  const auto bytes = RandomBlocks(DType::kQ4K, 256, 4, 1);
  auto view = View(DType::kQ4K, 256, 4, bytes);
  view.shape.dims[1] = 5;
  EXPECT_EQ(ops->Pack(view).status().code(), StatusCode::kInvalidArgument);
  view = View(DType::kQ4K, 128, 8, bytes);
  EXPECT_EQ(ops->Pack(view).status().code(), StatusCode::kInvalidArgument);
  view = View(DType::kQ4K, 256, 4, bytes);
  view.shape.rank = 3;
  EXPECT_EQ(ops->Pack(view).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace lemma::kernels
