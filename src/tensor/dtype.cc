// SPDX-License-Identifier: Apache-2.0
#include "tensor/dtype.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/checked_math.h"
#include "tensor/quant/float_formats.h"
#include "tensor/quant/iq4.h"
#include "tensor/quant/k_quants.h"
#include "tensor/quant/legacy.h"

namespace lemma::tensor {
namespace {

// Whether the binary16 fields at the given offsets are finite in every block.
template <typename Block, size_t kElems, size_t... kOffsets>
bool ScalesAreFinite(const std::byte* blocks, size_t count) {
  for (size_t i = 0; i < count / kElems; ++i) {
    for (const size_t offset : {kOffsets...}) {
      uint16_t half;
      std::memcpy(&half, blocks + i * sizeof(Block) + offset, sizeof(half));
      if ((half & 0x7C00U) == 0x7C00U) return false;
    }
  }
  return true;
}

template <typename Block, size_t kElems = kSuperBlock>
constexpr FiniteFn kFiniteD = ScalesAreFinite<Block, kElems, offsetof(Block, d)>;
template <typename Block>
constexpr FiniteFn kFiniteDM =
    ScalesAreFinite<Block, kLegacyBlock, offsetof(Block, d), offsetof(Block, m)>;
template <typename Block>
constexpr FiniteFn kFiniteDDmin =
    ScalesAreFinite<Block, kSuperBlock, offsetof(Block, d), offsetof(Block, dmin)>;

// In the order of DType.
constexpr std::array<DTypeInfo, kNumDTypes> kTable = {{
    {DType::kF32, 0, "F32", 1, 4, DecodeF32, EncodeF32, FiniteF32, 1e-9F},
    {DType::kF16, 1, "F16", 1, 2, DecodeF16, EncodeF16, FiniteF16, 2.5e-4F},
    {DType::kBF16, 30, "BF16", 1, 2, DecodeBF16, EncodeBF16, FiniteBF16, 2e-3F},
    {DType::kQ4_0, 2, "Q4_0", 32, sizeof(BlockQ4_0), DecodeQ4_0, EncodeQ4_0,
     kFiniteD<BlockQ4_0, 32>, 0.092F},
    {DType::kQ4_1, 3, "Q4_1", 32, sizeof(BlockQ4_1), DecodeQ4_1, EncodeQ4_1, kFiniteDM<BlockQ4_1>,
     0.079F},
    {DType::kQ5_0, 6, "Q5_0", 32, sizeof(BlockQ5_0), DecodeQ5_0, EncodeQ5_0,
     kFiniteD<BlockQ5_0, 32>, 0.046F},
    {DType::kQ5_1, 7, "Q5_1", 32, sizeof(BlockQ5_1), DecodeQ5_1, EncodeQ5_1, kFiniteDM<BlockQ5_1>,
     0.0385F},
    {DType::kQ8_0, 8, "Q8_0", 32, sizeof(BlockQ8_0), DecodeQ8_0, EncodeQ8_0,
     kFiniteD<BlockQ8_0, 32>, 6e-3F},
    {DType::kQ2K, 10, "Q2_K", 256, sizeof(BlockQ2K), DecodeQ2K, EncodeQ2K, kFiniteDDmin<BlockQ2K>,
     0.305F},
    {DType::kQ3K, 11, "Q3_K", 256, sizeof(BlockQ3K), DecodeQ3K, EncodeQ3K, kFiniteD<BlockQ3K>,
     0.164F},
    {DType::kQ4K, 12, "Q4_K", 256, sizeof(BlockQ4K), DecodeQ4K, EncodeQ4K, kFiniteDDmin<BlockQ4K>,
     0.08F},
    {DType::kQ5K, 13, "Q5_K", 256, sizeof(BlockQ5K), DecodeQ5K, EncodeQ5K, kFiniteDDmin<BlockQ5K>,
     0.04F},
    {DType::kQ6K, 14, "Q6_K", 256, sizeof(BlockQ6K), DecodeQ6K, EncodeQ6K, kFiniteD<BlockQ6K>,
     0.019F},
    {DType::kIQ4NL, 20, "IQ4_NL", 32, sizeof(BlockIQ4NL), DecodeIQ4NL, EncodeIQ4NL,
     kFiniteD<BlockIQ4NL, 32>, 0.083F},
    {DType::kIQ4XS, 23, "IQ4_XS", 256, sizeof(BlockIQ4XS), DecodeIQ4XS, EncodeIQ4XS,
     kFiniteD<BlockIQ4XS>, 0.083F},
}};

constexpr bool TableIsInOrder() {
  for (size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<size_t>(kTable[i].dtype) != i) return false;
  }
  return true;
}
static_assert(TableIsInOrder());

// Formats that are known by name only.
struct ForeignFormat {
  uint32_t gguf_id;
  std::string_view name;
  std::string_view advice;
};

constexpr std::string_view kLowBits = "use a Q2_K, Q3_K_M or IQ4_XS file of the model";
constexpr std::string_view kFourBits = "use a Q4_K_M or IQ4_XS file of the model";
constexpr std::string_view kRemoved =
    "this repacked layout was removed from GGUF; use a Q4_0 or Q4_K_M file of the model";
constexpr std::string_view kNoWeights = "it is no format for stored weights; the file is unusual";
constexpr std::string_view kIntegers =
    "integer and double tensors are not weights of the supported model families";

constexpr ForeignFormat kForeign[] = {
    {4, "Q4_2", kFourBits},       {5, "Q4_3", kFourBits},       {9, "Q8_1", kNoWeights},
    {15, "Q8_K", kNoWeights},     {16, "IQ2_XXS", kLowBits},    {17, "IQ2_XS", kLowBits},
    {18, "IQ3_XXS", kLowBits},    {19, "IQ1_S", kLowBits},      {21, "IQ3_S", kLowBits},
    {22, "IQ2_S", kLowBits},      {24, "I8", kIntegers},        {25, "I16", kIntegers},
    {26, "I32", kIntegers},       {27, "I64", kIntegers},       {28, "F64", kIntegers},
    {29, "IQ1_M", kLowBits},      {31, "Q4_0_4_4", kRemoved},   {32, "Q4_0_4_8", kRemoved},
    {33, "Q4_0_8_8", kRemoved},   {34, "TQ1_0", kLowBits},      {35, "TQ2_0", kLowBits},
    {36, "IQ4_NL_4_4", kRemoved}, {37, "IQ4_NL_4_8", kRemoved}, {38, "IQ4_NL_8_8", kRemoved},
    {39, "MXFP4", kFourBits},     {40, "NVFP4", kFourBits},     {41, "Q1_0", kLowBits},
    {42, "Q2_0", kLowBits},
};

char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return AsciiLower(x) == AsciiLower(y); });
}

}  // namespace

const DTypeInfo& Info(DType dtype) { return kTable[static_cast<size_t>(dtype)]; }

std::span<const DTypeInfo> AllDTypes() { return kTable; }

bool IsQuantized(DType dtype) { return Info(dtype).block_elems > 1; }

std::optional<DType> FindDTypeByName(std::string_view name) {
  for (const DTypeInfo& info : kTable) {
    if (EqualIgnoringCase(info.name, name)) return info.dtype;
  }
  return std::nullopt;
}

Result<DType> DTypeFromGgufId(uint32_t gguf_id) {
  for (const DTypeInfo& info : kTable) {
    if (info.gguf_id == gguf_id) return info.dtype;
  }
  for (const ForeignFormat& foreign : kForeign) {
    if (foreign.gguf_id == gguf_id) {
      return Unsupported(fmt::format("tensor format {} (id {}) is not supported: {}", foreign.name,
                                     gguf_id, foreign.advice));
    }
  }
  return Unsupported(fmt::format("unknown tensor format id {}; known ids are 0 to 42", gguf_id));
}

Result<uint64_t> RowBytes(DType dtype, uint64_t columns) {
  const DTypeInfo& info = Info(dtype);
  if (columns % info.block_elems != 0) {
    return InvalidArgument(fmt::format("a row of {} elements is no multiple of {}'s block of {}",
                                       columns, info.name, info.block_elems));
  }
  const auto bytes = CheckedMul<uint64_t>(columns / info.block_elems, info.block_bytes);
  if (!bytes) {
    return InvalidArgument(
        fmt::format("a row of {} {} elements overflows 64 bits of size", columns, info.name));
  }
  return *bytes;
}

bool RowIsFinite(DType dtype, std::span<const std::byte> bytes) {
  const DTypeInfo& info = Info(dtype);
  if (bytes.size() % info.block_bytes != 0) return false;
  return info.all_finite(bytes.data(), bytes.size() / info.block_bytes * info.block_elems);
}

}  // namespace lemma::tensor
