// SPDX-License-Identifier: Apache-2.0
// The order of the float operations is part of the format here: d*s first, then times q, then
// minus dmin*m, each rounded to f32. Every reader in circulation agrees on it.
#include "tensor/half.h"
#include "tensor/quant/block_io.h"
#include "tensor/quant/k_quants.h"

namespace lemma::tensor {
namespace {

void DecodeBlock(const BlockQ2K& b, float* y) {
  const float d = HalfToFloat(b.d);
  const float dmin = HalfToFloat(b.dmin);
  for (size_t sub = 0; sub < 16; ++sub) {
    const float scale = d * static_cast<float>(b.scales[sub] & 15);
    const float min = dmin * static_cast<float>(b.scales[sub] >> 4);
    const uint8_t* low2 = b.low2 + sub / 8 * 32 + sub % 2 * 16;
    const unsigned shift = sub / 2 % 4 * 2;
    for (size_t j = 0; j < 16; ++j) {
      y[sub * 16 + j] = scale * static_cast<float>(low2[j] >> shift & 3) - min;
    }
  }
}

void DecodeBlock(const BlockQ3K& b, float* y) {
  const float d = HalfToFloat(b.d);
  for (size_t sub = 0; sub < 16; ++sub) {
    const float scale = d * static_cast<float>(Q3KScale(b.scales, sub));
    const uint8_t* low2 = b.low2 + sub / 8 * 32 + sub % 2 * 16;
    const uint8_t* high = b.high + sub % 2 * 16;
    const unsigned shift = sub / 2 % 4 * 2;
    for (size_t j = 0; j < 16; ++j) {
      const int q = (low2[j] >> shift & 3) | (high[j] >> (sub / 2) & 1) << 2;
      y[sub * 16 + j] = scale * static_cast<float>(q - 4);
    }
  }
}

void DecodeBlock(const BlockQ4K& b, float* y) {
  const float d = HalfToFloat(b.d);
  const float dmin = HalfToFloat(b.dmin);
  for (size_t sub = 0; sub < 8; ++sub) {
    const ScaleMin sm = UnpackScaleMin(b.scales, sub);
    const float scale = d * static_cast<float>(sm.scale);
    const float min = dmin * static_cast<float>(sm.min);
    const uint8_t* nibbles = b.nibbles + sub / 2 * 32;
    const unsigned shift = sub % 2 * 4;
    for (size_t j = 0; j < 32; ++j) {
      y[sub * 32 + j] = scale * static_cast<float>(nibbles[j] >> shift & 15) - min;
    }
  }
}

void DecodeBlock(const BlockQ5K& b, float* y) {
  const float d = HalfToFloat(b.d);
  const float dmin = HalfToFloat(b.dmin);
  for (size_t sub = 0; sub < 8; ++sub) {
    const ScaleMin sm = UnpackScaleMin(b.scales, sub);
    const float scale = d * static_cast<float>(sm.scale);
    const float min = dmin * static_cast<float>(sm.min);
    const uint8_t* nibbles = b.nibbles + sub / 2 * 32;
    const unsigned shift = sub % 2 * 4;
    for (size_t j = 0; j < 32; ++j) {
      const int q = (nibbles[j] >> shift & 15) | (b.high[j] >> sub & 1) << 4;
      y[sub * 32 + j] = scale * static_cast<float>(q) - min;
    }
  }
}

void DecodeBlock(const BlockQ6K& b, float* y) {
  const float d = HalfToFloat(b.d);
  for (size_t sub = 0; sub < 16; ++sub) {
    const float scale = d * static_cast<float>(b.scales[sub]);
    const uint8_t* nibbles = b.nibbles + sub / 8 * 64 + sub % 4 * 16;
    const uint8_t* high2 = b.high2 + sub / 8 * 32 + sub % 2 * 16;
    const unsigned low_shift = sub % 8 / 4 * 4;
    const unsigned high_shift = sub / 2 % 4 * 2;
    for (size_t j = 0; j < 16; ++j) {
      const int q = (nibbles[j] >> low_shift & 15) | (high2[j] >> high_shift & 3) << 4;
      y[sub * 16 + j] = scale * static_cast<float>(q - 32);
    }
  }
}

template <typename Block>
void DecodeBlocks(const std::byte* blocks, float* out, size_t count) {
  ForEachBlock<Block, kSuperBlock>(blocks, out, count,
                                   [](const Block& b, float* y) { DecodeBlock(b, y); });
}

}  // namespace

void DecodeQ2K(const std::byte* blocks, float* out, size_t count) {
  DecodeBlocks<BlockQ2K>(blocks, out, count);
}
void DecodeQ3K(const std::byte* blocks, float* out, size_t count) {
  DecodeBlocks<BlockQ3K>(blocks, out, count);
}
void DecodeQ4K(const std::byte* blocks, float* out, size_t count) {
  DecodeBlocks<BlockQ4K>(blocks, out, count);
}
void DecodeQ5K(const std::byte* blocks, float* out, size_t count) {
  DecodeBlocks<BlockQ5K>(blocks, out, count);
}
void DecodeQ6K(const std::byte* blocks, float* out, size_t count) {
  DecodeBlocks<BlockQ6K>(blocks, out, count);
}

}  // namespace lemma::tensor
