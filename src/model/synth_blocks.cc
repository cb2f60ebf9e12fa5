// SPDX-License-Identifier: Apache-2.0
#include "model/synth_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "base/rng.h"
#include "tensor/half.h"
#include "tensor/quant/iq4.h"
#include "tensor/quant/k_quants.h"
#include "tensor/quant/legacy.h"

namespace lemma::model {
namespace {

// `count` random bytes of a block; blocks are at most 256 bytes, so 32 counters suffice.
void RandomBytes(uint64_t seed, std::byte* out, size_t count) {
  uint64_t counter = 0;
  for (; count >= sizeof(uint64_t); count -= sizeof(uint64_t), out += sizeof(uint64_t)) {
    const uint64_t bits = RandomBits(seed, counter++);
    std::memcpy(out, &bits, sizeof(bits));
  }
  const uint64_t bits = RandomBits(seed, counter);
  std::memcpy(out, &bits, count);
}

// Different for each block, within 3/4 and 5/4 of `scale`. The bytes use counters below 62.
float Jitter(uint64_t seed, float scale) {
  return scale * (0.75F + 0.5F * static_cast<float>(RandomUniform(seed, 63)));
}

// A random element between +-sqrt(3): deviation 1.
float UniformElement(uint64_t seed) {
  constexpr float kSqrt3 = 1.7320508F;
  return kSqrt3 * (2.0F * static_cast<float>(RandomUniform(seed, 0)) - 1.0F);
}

template <typename Block>
Block RandomBlock(uint64_t seed) {
  static_assert(std::is_trivially_copyable_v<Block>);
  std::array<std::byte, sizeof(Block)> bytes;
  RandomBytes(seed, bytes.data(), bytes.size());
  Block block;
  std::memcpy(&block, bytes.data(), sizeof(block));
  return block;
}

template <typename Block>
void Store(const Block& block, std::byte* out) {
  std::memcpy(out, &block, sizeof(block));
}

void FillF32(uint64_t seed, float scale, std::byte* out) {
  Store(scale * UniformElement(seed), out);
}
void FillF16(uint64_t seed, float scale, std::byte* out) {
  Store(tensor::FloatToHalf(scale * UniformElement(seed)), out);
}
void FillBF16(uint64_t seed, float scale, std::byte* out) {
  Store(tensor::FloatToBfloat16(scale * UniformElement(seed)), out);
}

// x = d (q - centre) or d grid[q]: any bits are quants. The codes are not quite symmetric, so d has
// either sign, as in real files.
template <typename Block>
void FillScaled(uint64_t seed, float scale, std::byte* out) {
  auto block = RandomBlock<Block>(seed);
  const float sign = (RandomBits(seed, 62) & 1U) != 0 ? -1.0F : 1.0F;
  block.d = tensor::FloatToHalf(sign * Jitter(seed, scale));
  Store(block, out);
}

// Encoders use -127..127 and a positive d.
void FillQ8_0(uint64_t seed, float scale, std::byte* out) {
  auto block = RandomBlock<tensor::BlockQ8_0>(seed);
  for (int8_t& q : block.q) q = std::max<int8_t>(q, -127);
  block.d = tensor::FloatToHalf(Jitter(seed, scale));
  Store(block, out);
}

// x = d q + m with q of `levels` values: m puts the mean at 0.
template <typename Block, int kLevels>
void FillWithMin(uint64_t seed, float scale, std::byte* out) {
  auto block = RandomBlock<Block>(seed);
  const float d = Jitter(seed, scale);
  block.d = tensor::FloatToHalf(d);
  block.m = tensor::FloatToHalf(-d * static_cast<float>(kLevels - 1) / 2.0F);
  Store(block, out);
}

// Scale and min of each sub-block are the same number, so dmin = d (levels - 1) / 2 centres all.
void FillQ2K(uint64_t seed, float scale, std::byte* out) {
  auto block = RandomBlock<tensor::BlockQ2K>(seed);
  for (uint8_t& s : block.scales) {
    const uint32_t value = 8U | (s & 7U);
    s = static_cast<uint8_t>(value | value << 4U);
  }
  const float d = Jitter(seed, scale);
  block.d = tensor::FloatToHalf(d);
  block.dmin = tensor::FloatToHalf(d * 1.5F);
  Store(block, out);
}

// The inverse of UnpackScaleMin with scale == min in 32..63, from eight random bytes.
void PackEqualScales(uint8_t* packed) {
  std::array<uint32_t, 8> values;
  for (size_t i = 0; i < values.size(); ++i) values[i] = 32U | (packed[i] & 31U);
  for (size_t i = 0; i < 4; ++i) {
    const uint32_t high = values[i + 4] >> 4U << 6U;
    const uint32_t low = values[i + 4] & 15U;
    packed[i] = static_cast<uint8_t>(values[i] | high);
    packed[i + 4] = packed[i];
    packed[i + 8] = static_cast<uint8_t>(low | low << 4U);
  }
}

template <typename Block, int kLevels>
void FillQ45K(uint64_t seed, float scale, std::byte* out) {
  auto block = RandomBlock<Block>(seed);
  PackEqualScales(block.scales);
  const float d = Jitter(seed, scale);
  block.d = tensor::FloatToHalf(d);
  block.dmin = tensor::FloatToHalf(d * static_cast<float>(kLevels - 1) / 2.0F);
  Store(block, out);
}

void FillQ6K(uint64_t seed, float scale, std::byte* out) {
  auto block = RandomBlock<tensor::BlockQ6K>(seed);
  // Either sign, magnitude 32..63: small enough that d stays a normal binary16 in most shapes.
  for (int8_t& s : block.scales) {
    const int magnitude = 32 + (s & 31);
    s = static_cast<int8_t>(s < 0 ? -magnitude : magnitude);
  }
  block.d = tensor::FloatToHalf(Jitter(seed, scale));
  Store(block, out);
}

using Fill = void (*)(uint64_t, float, std::byte*);
struct FillRow {
  tensor::DType dtype;
  Fill fill;
};

constexpr FillRow kFills[] = {
    {tensor::DType::kF32, FillF32},
    {tensor::DType::kF16, FillF16},
    {tensor::DType::kBF16, FillBF16},
    {tensor::DType::kQ4_0, FillScaled<tensor::BlockQ4_0>},
    {tensor::DType::kQ4_1, FillWithMin<tensor::BlockQ4_1, 16>},
    {tensor::DType::kQ5_0, FillScaled<tensor::BlockQ5_0>},
    {tensor::DType::kQ5_1, FillWithMin<tensor::BlockQ5_1, 32>},
    {tensor::DType::kQ8_0, FillQ8_0},
    {tensor::DType::kQ2K, FillQ2K},
    {tensor::DType::kQ3K, FillScaled<tensor::BlockQ3K>},
    {tensor::DType::kQ4K, FillQ45K<tensor::BlockQ4K, 16>},
    {tensor::DType::kQ5K, FillQ45K<tensor::BlockQ5K, 32>},
    {tensor::DType::kQ6K, FillQ6K},
    {tensor::DType::kIQ4NL, FillScaled<tensor::BlockIQ4NL>},
    {tensor::DType::kIQ4XS, FillScaled<tensor::BlockIQ4XS>},
};
static_assert(std::size(kFills) == tensor::kNumDTypes);

Fill FindFill(tensor::DType dtype) {
  for (const FillRow& row : kFills) {
    if (row.dtype == dtype) return row.fill;
  }
  return FillF32;  // unreachable: the table has a row for every format
}

// Deviation of the decoded elements for a scale of 1, measured at a scale within binary16's range.
float UnitDeviation(tensor::DType dtype, Fill fill) {
  constexpr float kProbeScale = 0x1.0p-6F;
  constexpr size_t kBlocks = 256;
  const tensor::DTypeInfo& info = tensor::Info(dtype);
  std::vector<std::byte> block(info.block_bytes);
  std::vector<float> decoded(info.block_elems);
  double squares = 0;
  for (uint64_t b = 0; b < kBlocks; ++b) {
    fill(RandomBits(0x5eed, b), kProbeScale, block.data());
    info.decode(block.data(), decoded.data(), decoded.size());
    for (const float x : decoded) squares += static_cast<double>(x) * static_cast<double>(x);
  }
  const double mean = squares / static_cast<double>(kBlocks * info.block_elems);
  return static_cast<float>(std::sqrt(mean)) / kProbeScale;
}

}  // namespace

BlockFiller::BlockFiller(tensor::DType dtype, uint64_t seed, float deviation)
    : fill_(FindFill(dtype)),
      block_bytes_(tensor::Info(dtype).block_bytes),
      seed_(seed),
      scale_(deviation / UnitDeviation(dtype, fill_)) {}

void BlockFiller::Fill(uint64_t first, std::span<std::byte> out) const {
  for (size_t at = 0; at < out.size(); at += block_bytes_) {
    fill_(RandomBits(seed_, first++), scale_, out.data() + at);
  }
}

}  // namespace lemma::model
