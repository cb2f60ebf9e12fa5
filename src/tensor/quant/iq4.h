// SPDX-License-Identifier: Apache-2.0
// Four bits on a fixed non-linear grid of 16 levels. Nibbles as in the block-of-32 formats:
// element j of 32 in the low half of byte j, element j + 16 in the high half.
//
//   IQ4_NL  x = d grid[q]           | d | nibbles[16]                                 per 32
//   IQ4_XS  x = d (s - 32) grid[q]  | d | high scales | low scales[4] | nibbles[128]  per 256
//
// `count` is a multiple of 32 (NL) or 256 (XS); bytes need no alignment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lemma::tensor {

// Denser near zero, a little wider on the negative side.
inline constexpr int8_t kIq4Grid[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                        1,    13,   25,  38,  53,  69,  89,  113};

struct BlockIQ4NL {
  uint16_t d;
  uint8_t nibbles[16];
};
static_assert(sizeof(BlockIQ4NL) == 18);

// Sub-block b of 8: low four bits of its scale in nibble b%2 of scales_low[b/2], upper two at bit
// 2b of scales_high.
struct BlockIQ4XS {
  uint16_t d;
  uint16_t scales_high;
  uint8_t scales_low[4];
  uint8_t nibbles[128];
};
static_assert(sizeof(BlockIQ4XS) == 136);

// Scale of sub-block `index` (0..7), -32..31.
inline int Iq4XsScale(const BlockIQ4XS& block, size_t index) {
  const int low = block.scales_low[index / 2] >> (index % 2 * 4) & 15;
  const int high = block.scales_high >> (2 * index) & 3;
  return (low | high << 4) - 32;
}

void DecodeIQ4NL(const std::byte* blocks, float* out, size_t count);
void DecodeIQ4XS(const std::byte* blocks, float* out, size_t count);

void EncodeIQ4NL(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeIQ4XS(const float* in, std::byte* out, size_t count, const float* importance);

}  // namespace lemma::tensor
