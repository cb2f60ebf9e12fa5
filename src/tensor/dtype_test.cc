// SPDX-License-Identifier: Apache-2.0
#include "tensor/dtype.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tensor/half.h"
#include "tensor/quant/k_quants.h"

namespace lemma::tensor {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(DTypeTest, RowsAreDistinctAndFoundByIdAndName) {
  std::set<uint32_t> ids;
  std::set<std::string_view> names;
  for (const DTypeInfo& info : AllDTypes()) {
    EXPECT_TRUE(ids.insert(info.gguf_id).second) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(*DTypeFromGgufId(info.gguf_id), info.dtype);
    EXPECT_EQ(FindDTypeByName(info.name), info.dtype);
    EXPECT_EQ(&Info(info.dtype), &info);
  }
  EXPECT_EQ(AllDTypes().size(), kNumDTypes);
}

TEST(DTypeTest, BitsPerWeightAreThoseOfTheFormats) {
  const auto bits = [](DType dtype) {
    return 8.0 * Info(dtype).block_bytes / Info(dtype).block_elems;
  };
  EXPECT_EQ(bits(DType::kQ4_0), 4.5);
  EXPECT_EQ(bits(DType::kQ8_0), 8.5);
  EXPECT_EQ(bits(DType::kQ2K), 2.625);
  EXPECT_EQ(bits(DType::kQ3K), 3.4375);
  EXPECT_EQ(bits(DType::kQ4K), 4.5);
  EXPECT_EQ(bits(DType::kQ5K), 5.5);
  EXPECT_EQ(bits(DType::kQ6K), 6.5625);
  EXPECT_EQ(bits(DType::kIQ4XS), 4.25);
}

TEST(DTypeTest, NamesIgnoreCase) {
  EXPECT_EQ(FindDTypeByName("q4_k"), DType::kQ4K);
  EXPECT_EQ(FindDTypeByName("bF16"), DType::kBF16);
  EXPECT_EQ(FindDTypeByName("Q4_K_M"), std::nullopt);  // a file type, not a tensor format
  EXPECT_EQ(FindDTypeByName(""), std::nullopt);
}

TEST(DTypeTest, ForeignFormatsAreNamedWithAdvice) {
  EXPECT_THAT(DTypeFromGgufId(16).status().message(),
              AllOf(HasSubstr("IQ2_XXS"), HasSubstr("use")));
  EXPECT_THAT(DTypeFromGgufId(39).status().message(), HasSubstr("MXFP4"));
  EXPECT_THAT(DTypeFromGgufId(33).status().message(), HasSubstr("removed"));
  EXPECT_THAT(DTypeFromGgufId(4242).status().message(), HasSubstr("4242"));
  for (uint32_t id = 0; id <= 42; ++id) {
    const auto dtype = DTypeFromGgufId(id);
    if (!dtype.ok()) {
      EXPECT_THAT(dtype.status().message(), testing::Not(HasSubstr("unknown"))) << id;
    }
  }
}

TEST(RowBytesTest, ChecksBlockAndOverflow) {
  EXPECT_EQ(*RowBytes(DType::kQ6K, 1536), 6U * 210);
  EXPECT_THAT(RowBytes(DType::kQ6K, 1537).status().message(),
              AllOf(HasSubstr("1537"), HasSubstr("256")));
  EXPECT_FALSE(RowBytes(DType::kF32, 1ULL << 63).ok());
}

TEST(RowIsFiniteTest, FindsABadScaleInTheLastBlock) {
  for (const DTypeInfo& info : AllDTypes()) {
    std::vector<std::byte> row(info.block_bytes * 3);
    EXPECT_TRUE(RowIsFinite(info.dtype, row)) << info.name;
    EXPECT_FALSE(RowIsFinite(info.dtype, std::span(row).first(row.size() - 1))) << info.name;
    std::fill(row.begin() + 2 * info.block_bytes, row.end(), std::byte{0xFF});
    EXPECT_FALSE(RowIsFinite(info.dtype, row)) << info.name;
  }
}

TEST(RowIsFiniteTest, LooksAtBothScales) {
  BlockQ4K block{};
  block.dmin = 0x7C00;  // infinity
  EXPECT_FALSE(RowIsFinite(DType::kQ4K, std::as_bytes(std::span(&block, 1))));
  block.dmin = 0x7BFF;
  EXPECT_TRUE(RowIsFinite(DType::kQ4K, std::as_bytes(std::span(&block, 1))));
}

}  // namespace
}  // namespace lemma::tensor
