// SPDX-License-Identifier: Apache-2.0
#include "tensor/half.h"
#include "tensor/quant/block_io.h"
#include "tensor/quant/iq4.h"

namespace lemma::tensor {
namespace {

void DecodeNibbles(const uint8_t* nibbles, float scale, float* y) {
  for (size_t j = 0; j < 16; ++j) {
    y[j] = scale * static_cast<float>(kIq4Grid[nibbles[j] & 15]);
    y[j + 16] = scale * static_cast<float>(kIq4Grid[nibbles[j] >> 4]);
  }
}

}  // namespace

void DecodeIQ4NL(const std::byte* blocks, float* out, size_t count) {
  ForEachBlock<BlockIQ4NL, 32>(blocks, out, count, [](const BlockIQ4NL& b, float* y) {
    DecodeNibbles(b.nibbles, HalfToFloat(b.d), y);
  });
}

void DecodeIQ4XS(const std::byte* blocks, float* out, size_t count) {
  ForEachBlock<BlockIQ4XS, 256>(blocks, out, count, [](const BlockIQ4XS& b, float* y) {
    const float d = HalfToFloat(b.d);
    for (size_t sub = 0; sub < 8; ++sub) {
      const float scale = d * static_cast<float>(Iq4XsScale(b, sub));
      DecodeNibbles(b.nibbles + sub * 16, scale, y + sub * 32);
    }
  });
}

}  // namespace lemma::tensor
