// SPDX-License-Identifier: Apache-2.0
#include "kernels/layout.h"

#include <array>

#include "kernels/fixed_math.h"
#include "kernels/pack.h"

namespace lemma::kernels {
namespace {

using tensor::DType;

// In the order of DType.
constexpr std::array<FormatLayout, tensor::kNumDTypes> kLayouts = {{
    // dtype, tile_k, block_bytes, tile_bytes, group, has_min, pack, unpack_row
    {DType::kF32, 1, 4, 64, 0, false, PackWords32, nullptr},
    {DType::kF16, 1, 2, 32, 0, false, PackWords16, nullptr},
    {DType::kBF16, 1, 2, 32, 0, false, PackWords16, nullptr},
    {DType::kQ4_0, 32, 18, q4_0::kBytes, 32, false, PackQ4_0, UnpackQ4_0},
    {DType::kQ4_1, 32, 20, q4_1::kBytes, 32, true, PackQ4_1, UnpackQ4_1},
    {DType::kQ5_0, 32, 22, q5_0::kBytes, 32, false, PackQ5_0, UnpackQ5_0},
    {DType::kQ5_1, 32, 24, q5_1::kBytes, 32, true, PackQ5_1, UnpackQ5_1},
    {DType::kQ8_0, 32, 34, q8_0::kBytes, 32, false, PackQ8_0, UnpackQ8_0},
    {DType::kQ2K, 256, 84, q2k::kBytes, 16, true, PackQ2K, UnpackQ2K},
    {DType::kQ3K, 256, 110, q3k::kBytes, 16, false, PackQ3K, UnpackQ3K},
    {DType::kQ4K, 256, 144, q4k::kBytes, 32, true, PackQ4K, UnpackQ4K},
    {DType::kQ5K, 256, 176, q5k::kBytes, 32, true, PackQ5K, UnpackQ5K},
    {DType::kQ6K, 256, 210, q6k::kBytes, 16, false, PackQ6K, UnpackQ6K},
    {DType::kIQ4NL, 32, 18, q4_0::kBytes, 32, false, PackQ4_0, UnpackIQ4NL},
    {DType::kIQ4XS, 256, 136, iq4xs::kBytes, 32, false, PackIQ4XS, UnpackIQ4XS},
}};

constexpr bool TableIsConsistent() {
  for (size_t i = 0; i < kLayouts.size(); ++i) {
    if (static_cast<size_t>(kLayouts[i].dtype) != i) return false;
    if (kLayouts[i].tile_bytes != kTileRows * kLayouts[i].block_bytes) return false;
  }
  return true;
}
static_assert(TableIsConsistent());

float DecodeWord(DType dtype, const uint8_t* word) {
  if (dtype == DType::kF32) return BitsToFloat(LoadU32(word));
  if (dtype == DType::kF16) return HalfToFloat(LoadU16(word));
  return Bf16ToFloat(LoadU16(word));
}

void DecodeBlock(const FormatLayout& layout, const RowBlock& block, float* out) {
  for (size_t i = 0; i < layout.tile_k; ++i) {
    const auto q = static_cast<float>(block.q[i]);
    if (layout.tile_k != kSuperBlock) {
      out[i] = layout.has_min ? q * block.d + block.dmin : q * block.d;
      continue;
    }
    const size_t g = i / layout.group;
    const float d = block.d * static_cast<float>(block.scale[g]);
    out[i] = layout.has_min ? d * q - block.dmin * static_cast<float>(block.min[g]) : d * q;
  }
}

}  // namespace

const FormatLayout& LayoutOf(tensor::DType dtype) { return kLayouts[static_cast<size_t>(dtype)]; }

void DecodeRow(const FormatLayout& layout, const uint8_t* group, size_t row, size_t columns,
               float* out) {
  const size_t tiles = columns / layout.tile_k;
  if (layout.unpack_row == nullptr) {
    for (size_t i = 0; i < tiles; ++i) {
      out[i] = DecodeWord(layout.dtype, group + i * layout.tile_bytes + row * layout.block_bytes);
    }
    return;
  }
  RowBlock block;
  for (size_t i = 0; i < tiles; ++i) {
    layout.unpack_row(group + i * layout.tile_bytes, row, &block);
    DecodeBlock(layout, block, out + i * layout.tile_k);
  }
}

void DecodePanel(const FormatLayout& layout, const uint8_t* group, size_t first, size_t count,
                 float* panel) {
  constexpr size_t kPart = 256;  // a multiple of every tile_k
  float values[kPart] = {};
  for (size_t i = 0; i < count; i += kPart) {
    const size_t part = count - i < kPart ? count - i : kPart;
    const uint8_t* tiles = group + (first + i) / layout.tile_k * layout.tile_bytes;
    for (size_t row = 0; row < kTileRows; ++row) {
      DecodeRow(layout, tiles, row, part, values);
      for (size_t u = 0; u < part; ++u) {
        panel[(i + u) * kTileRows + row] = Bf16ToFloat(WeightToBf16(values[u]));
      }
    }
  }
}

}  // namespace lemma::kernels
