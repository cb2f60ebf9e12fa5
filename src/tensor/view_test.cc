// SPDX-License-Identifier: Apache-2.0
#include "tensor/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace lemma::tensor {
namespace {

using testing::HasSubstr;

TEST(ShapeTest, CountsRowsAndColumns) {
  const auto shape = MakeShape(std::array<uint64_t, 3>{256, 5, 7});
  ASSERT_TRUE(shape.ok());
  EXPECT_EQ(shape->columns(), 256U);
  EXPECT_EQ(shape->rows(), 35U);
  EXPECT_EQ(shape->elements(), 8960U);
  EXPECT_EQ(ShapeToString(*shape), "[256, 5, 7]");
}

TEST(ShapeTest, RefusesWhatCannotBeATensor) {
  EXPECT_FALSE(MakeShape({}).ok());
  EXPECT_FALSE(MakeShape(std::array<uint64_t, 5>{1, 1, 1, 1, 1}).ok());
  const auto zero = MakeShape(std::array<uint64_t, 2>{4, 0});
  EXPECT_THAT(zero.status().message(), HasSubstr("dimension 1"));
  const auto wraps = MakeShape(std::array<uint64_t, 2>{1ULL << 32, 1ULL << 32});
  EXPECT_THAT(wraps.status().message(), HasSubstr("2^63"));
  EXPECT_FALSE(MakeShape(std::array<uint64_t, 2>{1ULL << 32, 1ULL << 31}).ok());
  EXPECT_TRUE(MakeShape(std::array<uint64_t, 2>{1ULL << 32, 1ULL << 30}).ok());
}

TEST(TensorBytesTest, CountsBlocks) {
  const auto shape = MakeShape(std::array<uint64_t, 2>{512, 3});
  ASSERT_TRUE(shape.ok());
  EXPECT_EQ(*TensorBytes(DType::kQ4K, *shape), 2U * 144 * 3);
  EXPECT_EQ(*TensorBytes(DType::kF16, *shape), 512U * 2 * 3);
  EXPECT_EQ(*TensorBytes(DType::kQ8_0, *shape), 16U * 34 * 3);
}

TEST(TensorBytesTest, RefusesRaggedRowsAndOverflow) {
  const auto ragged = MakeShape(std::array<uint64_t, 2>{300, 3});
  ASSERT_TRUE(ragged.ok());
  EXPECT_THAT(TensorBytes(DType::kQ4K, *ragged).status().message(), HasSubstr("block of 256"));
  const auto huge = MakeShape(std::array<uint64_t, 2>{1ULL << 32, 1ULL << 30});
  ASSERT_TRUE(huge.ok());
  EXPECT_FALSE(TensorBytes(DType::kF32, *huge).ok());
}

TEST(TensorViewTest, FindsRows) {
  const std::vector<std::byte> bytes(34 * 6);
  const TensorView view{DType::kQ8_0, *MakeShape(std::array<uint64_t, 2>{64, 3}), bytes};
  EXPECT_EQ(view.row_bytes(), 68U);
  EXPECT_EQ(view.row(2), bytes.data() + 136);
}

}  // namespace
}  // namespace lemma::tensor
