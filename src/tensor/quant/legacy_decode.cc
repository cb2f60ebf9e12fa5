// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "tensor/half.h"
#include "tensor/quant/block_io.h"
#include "tensor/quant/legacy.h"

namespace lemma::tensor {
namespace {

uint32_t HighBits(const uint8_t* high) {
  uint32_t bits;
  std::memcpy(&bits, high, sizeof(bits));
  return bits;
}

// Bit 4 of elements j and j + 16.
int FifthBit(uint32_t bits, size_t element) { return static_cast<int>(bits >> element & 1U) << 4; }

}  // namespace

void DecodeQ4_0(const std::byte* blocks, float* out, size_t count) {
  ForEachBlock<BlockQ4_0, kLegacyBlock>(blocks, out, count, [](const BlockQ4_0& b, float* y) {
    const float d = HalfToFloat(b.d);
    for (size_t j = 0; j < 16; ++j) {
      y[j] = static_cast<float>((b.nibbles[j] & 15) - 8) * d;
      y[j + 16] = static_cast<float>((b.nibbles[j] >> 4) - 8) * d;
    }
  });
}

void DecodeQ4_1(const std::byte* blocks, float* out, size_t count) {
  ForEachBlock<BlockQ4_1, kLegacyBlock>(blocks, out, count, [](const BlockQ4_1& b, float* y) {
    const float d = HalfToFloat(b.d);
    const float m = HalfToFloat(b.m);
    for (size_t j = 0; j < 16; ++j) {
      y[j] = static_cast<float>(b.nibbles[j] & 15) * d + m;
      y[j + 16] = static_cast<float>(b.nibbles[j] >> 4) * d + m;
    }
  });
}

void DecodeQ5_0(const std::byte* blocks, float* out, size_t count) {
  ForEachBlock<BlockQ5_0, kLegacyBlock>(blocks, out, count, [](const BlockQ5_0& b, float* y) {
    const float d = HalfToFloat(b.d);
    const uint32_t high = HighBits(b.high);
    for (size_t j = 0; j < 16; ++j) {
      y[j] = static_cast<float>(((b.nibbles[j] & 15) | FifthBit(high, j)) - 16) * d;
      y[j + 16] = static_cast<float>(((b.nibbles[j] >> 4) | FifthBit(high, j + 16)) - 16) * d;
    }
  });
}

void DecodeQ5_1(const std::byte* blocks, float* out, size_t count) {
  ForEachBlock<BlockQ5_1, kLegacyBlock>(blocks, out, count, [](const BlockQ5_1& b, float* y) {
    const float d = HalfToFloat(b.d);
    const float m = HalfToFloat(b.m);
    const uint32_t high = HighBits(b.high);
    for (size_t j = 0; j < 16; ++j) {
      y[j] = static_cast<float>((b.nibbles[j] & 15) | FifthBit(high, j)) * d + m;
      y[j + 16] = static_cast<float>((b.nibbles[j] >> 4) | FifthBit(high, j + 16)) * d + m;
    }
  });
}

void DecodeQ8_0(const std::byte* blocks, float* out, size_t count) {
  ForEachBlock<BlockQ8_0, kLegacyBlock>(blocks, out, count, [](const BlockQ8_0& b, float* y) {
    const float d = HalfToFloat(b.d);
    for (size_t j = 0; j < 32; ++j) y[j] = static_cast<float>(b.q[j]) * d;
  });
}

}  // namespace lemma::tensor
