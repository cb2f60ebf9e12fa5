// SPDX-License-Identifier: Apache-2.0
#include "kernels/pack.h"

#include <cstring>

#include "kernels/fixed_math.h"

namespace lemma::kernels {
namespace {

void StoreU32(uint32_t value, uint8_t* to) { std::memcpy(to, &value, sizeof(value)); }

// code[k] holds the value in its low bits, one byte each; each function fills the row's dwords of
// a plane over `count` inputs. `shift` selects the bits of the code that the plane keeps.
void PutNibbles(const uint8_t* code, size_t count, size_t row, uint8_t* plane) {
  for (size_t v = 0; v < count / 8; ++v) {
    const uint32_t low = LoadU32(code + 8 * v) & 0x0F0F0F0FU;
    const uint32_t high = LoadU32(code + 8 * v + 4) & 0x0F0F0F0FU;
    StoreU32(low | high << 4, plane + 64 * v + 4 * row);
  }
}

void PutPairs(const uint8_t* code, int shift, size_t row, uint8_t* plane) {
  for (size_t v = 0; v < kSuperBlock / 16; ++v) {
    uint32_t word = 0;
    for (size_t t = 0; t < 4; ++t) {
      word |= (LoadU32(code + 16 * v + 4 * t) >> shift & 0x03030303U) << (2 * t);
    }
    StoreU32(word, plane + 64 * v + 4 * row);
  }
}

void PutBits(const uint8_t* code, int shift, size_t count, size_t row, uint8_t* plane) {
  for (size_t v = 0; v < count / 32; ++v) {
    uint32_t word = 0;
    for (size_t t = 0; t < 8; ++t) {
      word |= (LoadU32(code + 32 * v + 4 * t) >> shift & 0x01010101U) << t;
    }
    StoreU32(word, plane + 64 * v + 4 * row);
  }
}

void PutHalf(const uint8_t* source, size_t row, uint8_t* field) {
  std::memcpy(field + 2 * row, source, 2);
}

// 16 bytes: low nibbles are elements 0..15, high nibbles 16..31 (Q4_0 and its kin).
void SpreadNibbles32(const uint8_t* qs, uint8_t* code) {
  for (size_t i = 0; i < 16; ++i) {
    code[i] = qs[i] & 15U;
    code[i + 16] = qs[i] >> 4;
  }
}

// 32 bytes per 64 elements: low nibbles first (Q4_K, Q5_K).
void SpreadNibbles256(const uint8_t* qs, uint8_t* code) {
  for (size_t c = 0; c < 4; ++c) {
    for (size_t i = 0; i < 32; ++i) {
      code[64 * c + i] = qs[32 * c + i] & 15U;
      code[64 * c + 32 + i] = qs[32 * c + i] >> 4;
    }
  }
}

// Bit i of the 32-bit word is the fifth bit of element i (Q5_0, Q5_1).
void AddFifthBits32(const uint8_t* qh, uint8_t* code) {
  const uint32_t bits = LoadU32(qh);
  for (size_t i = 0; i < 32; ++i) code[i] |= static_cast<uint8_t>((bits >> i & 1U) << 4);
}

// 32 bytes per 128 elements, 2 bits each, planes of 32 (Q2_K, Q3_K).
void SpreadPairs256(const uint8_t* qs, uint8_t* code) {
  for (size_t n = 0; n < 2; ++n) {
    for (size_t j = 0; j < 4; ++j) {
      for (size_t i = 0; i < 32; ++i) {
        code[128 * n + 32 * j + i] = static_cast<uint8_t>(qs[32 * n + i] >> (2 * j) & 3U);
      }
    }
  }
}

// Byte i, bit j belongs to element 32 j + i; adds it to the codes as bit `to`.
void AddHighBits256(const uint8_t* bits, int to, uint8_t* code) {
  for (size_t j = 0; j < 8; ++j) {
    for (size_t i = 0; i < 32; ++i) {
      code[32 * j + i] |= static_cast<uint8_t>((bits[i] >> j & 1U) << to);
    }
  }
}

// The 12 bytes that hold eight 6-bit scales and mins of Q4_K and Q5_K, spread.
void SpreadScaleMin(const uint8_t* s, uint8_t scale[8], uint8_t min[8]) {
  for (size_t j = 0; j < 4; ++j) {
    scale[j] = s[j] & 63U;
    min[j] = s[j + 4] & 63U;
    scale[j + 4] = static_cast<uint8_t>((s[j + 8] & 15U) | (s[j] >> 6) << 4);
    min[j + 4] = static_cast<uint8_t>((s[j + 8] >> 4) | (s[j + 4] >> 6) << 4);
  }
}

// low[8][16]: scale & 15 | (min & 15) << 4; high[4][16]: for groups 2h and 2h+1, one nibble each,
// scale >> 4 | (min >> 4) << 2.
void PutScaleMin(const uint8_t* packed, size_t row, uint8_t* low, uint8_t* high) {
  uint8_t scale[8];
  uint8_t min[8];
  SpreadScaleMin(packed, scale, min);
  for (size_t j = 0; j < 8; ++j) {
    low[16 * j + row] = static_cast<uint8_t>((scale[j] & 15U) | (min[j] & 15U) << 4);
  }
  for (size_t h = 0; h < 4; ++h) {
    const uint32_t a = scale[2 * h] >> 4 | (min[2 * h] >> 4) << 2;
    const uint32_t b = scale[2 * h + 1] >> 4 | (min[2 * h + 1] >> 4) << 2;
    high[16 * h + row] = static_cast<uint8_t>(a | b << 4);
  }
}

// low[groups/2][16]: low nibbles of groups 2h and 2h+1; high[groups/4][16]: two bits of four.
void PutScales6(const uint8_t* scale, size_t groups, size_t row, uint8_t* low, uint8_t* high) {
  for (size_t h = 0; h < groups / 2; ++h) {
    low[16 * h + row] = static_cast<uint8_t>((scale[2 * h] & 15U) | (scale[2 * h + 1] & 15U) << 4);
  }
  for (size_t h = 0; h < groups / 4; ++h) {
    uint32_t word = 0;
    for (size_t t = 0; t < 4; ++t) word |= static_cast<uint32_t>(scale[4 * h + t] >> 4) << (2 * t);
    high[16 * h + row] = static_cast<uint8_t>(word);
  }
}

using PackRowFn = void (*)(const uint8_t* block, size_t row, uint8_t* tile);

template <PackRowFn kRow, size_t kBlockBytes>
void PackRows(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  for (size_t i = 0; i < count; ++i) {
    uint8_t* tile = tiles + i * kTileRows * kBlockBytes;
    for (size_t r = 0; r < kTileRows; ++r) kRow(source[r] + i * kBlockBytes, r, tile);
  }
}

// {f16 d; u8 qs[16]}
void RowQ4_0(const uint8_t* block, size_t row, uint8_t* tile) {
  uint8_t code[32];
  SpreadNibbles32(block + 2, code);
  PutNibbles(code, 32, row, tile + q4_0::kQs);
  PutHalf(block, row, tile + q4_0::kD);
}

// {f16 d, m; u8 qs[16]}
void RowQ4_1(const uint8_t* block, size_t row, uint8_t* tile) {
  uint8_t code[32];
  SpreadNibbles32(block + 4, code);
  PutNibbles(code, 32, row, tile + q4_1::kQs);
  PutHalf(block, row, tile + q4_1::kD);
  PutHalf(block + 2, row, tile + q4_1::kM);
}

// {f16 d; u8 qh[4]; u8 qs[16]}
void RowQ5_0(const uint8_t* block, size_t row, uint8_t* tile) {
  uint8_t code[32];
  SpreadNibbles32(block + 6, code);
  AddFifthBits32(block + 2, code);
  PutNibbles(code, 32, row, tile + q5_0::kQs);
  PutBits(code, 4, 32, row, tile + q5_0::kQh);
  PutHalf(block, row, tile + q5_0::kD);
}

// {f16 d, m; u8 qh[4]; u8 qs[16]}
void RowQ5_1(const uint8_t* block, size_t row, uint8_t* tile) {
  uint8_t code[32];
  SpreadNibbles32(block + 8, code);
  AddFifthBits32(block + 4, code);
  PutNibbles(code, 32, row, tile + q5_1::kQs);
  PutBits(code, 4, 32, row, tile + q5_1::kQh);
  PutHalf(block, row, tile + q5_1::kD);
  PutHalf(block + 2, row, tile + q5_1::kM);
}

// {f16 d; s8 qs[32]}
void RowQ8_0(const uint8_t* block, size_t row, uint8_t* tile) {
  for (size_t v = 0; v < 8; ++v) {
    std::memcpy(tile + q8_0::kQs + 64 * v + 4 * row, block + 2 + 4 * v, 4);
  }
  PutHalf(block, row, tile + q8_0::kD);
}

// {u8 scales[16]; u8 qs[64]; f16 d, dmin}
void RowQ2K(const uint8_t* block, size_t row, uint8_t* tile) {
  uint8_t code[kSuperBlock];
  SpreadPairs256(block + 16, code);
  PutPairs(code, 0, row, tile + q2k::kQs);
  for (size_t g = 0; g < 16; ++g) tile[q2k::kSm + 16 * g + row] = block[g];
  PutHalf(block + 80, row, tile + q2k::kD);
  PutHalf(block + 82, row, tile + q2k::kDmin);
}

// {u8 hmask[32]; u8 qs[64]; u8 scales[12]; f16 d}
void RowQ3K(const uint8_t* block, size_t row, uint8_t* tile) {
  uint8_t code[kSuperBlock];
  SpreadPairs256(block + 32, code);
  AddHighBits256(block, 2, code);
  PutPairs(code, 0, row, tile + q3k::kQs);
  PutBits(code, 2, kSuperBlock, row, tile + q3k::kHigh);
  const uint8_t* packed = block + 96;
  uint8_t scale[16];
  for (size_t g = 0; g < 16; ++g) {
    const uint32_t low = g < 8 ? packed[g] & 15U : packed[g - 8] >> 4;
    const uint32_t high = packed[8 + g % 4] >> (2 * (g / 4)) & 3U;
    scale[g] = static_cast<uint8_t>(low | high << 4);
  }
  PutScales6(scale, 16, row, tile + q3k::kScLow, tile + q3k::kScHigh);
  PutHalf(block + 108, row, tile + q3k::kD);
}

// {f16 d, dmin; u8 scales[12]; u8 qs[128]}
void RowQ4K(const uint8_t* block, size_t row, uint8_t* tile) {
  const uint8_t* qs = block + 16;
  for (size_t c = 0; c < 4; ++c) {
    for (size_t p = 0; p < 4; ++p) {
      const uint32_t a = LoadU32(qs + 32 * c + 8 * p);
      const uint32_t b = LoadU32(qs + 32 * c + 8 * p + 4);
      uint8_t* to = tile + q4k::kQs + 64 * (8 * c + p) + 4 * row;
      StoreU32((a & 0x0F0F0F0FU) | (b & 0x0F0F0F0FU) << 4, to);
      StoreU32((a >> 4 & 0x0F0F0F0FU) | (b & 0xF0F0F0F0U), to + 256);
    }
  }
  PutScaleMin(block + 4, row, tile + q4k::kSmLow, tile + q4k::kSmHigh);
  PutHalf(block, row, tile + q4k::kD);
  PutHalf(block + 2, row, tile + q4k::kDmin);
}

// {f16 d, dmin; u8 scales[12]; u8 qh[32]; u8 qs[128]}
void RowQ5K(const uint8_t* block, size_t row, uint8_t* tile) {
  uint8_t code[kSuperBlock];
  SpreadNibbles256(block + 48, code);
  AddHighBits256(block + 16, 4, code);
  PutNibbles(code, kSuperBlock, row, tile + q5k::kQs);
  PutBits(code, 4, kSuperBlock, row, tile + q5k::kQh);
  PutScaleMin(block + 4, row, tile + q5k::kSmLow, tile + q5k::kSmHigh);
  PutHalf(block, row, tile + q5k::kD);
  PutHalf(block + 2, row, tile + q5k::kDmin);
}

// {u8 ql[128]; u8 qh[64]; s8 scales[16]; f16 d}
void RowQ6K(const uint8_t* block, size_t row, uint8_t* tile) {
  uint8_t code[kSuperBlock];
  for (size_t n = 0; n < 2; ++n) {
    const uint8_t* ql = block + 64 * n;
    const uint8_t* qh = block + 128 + 32 * n;
    uint8_t* c = code + 128 * n;
    for (size_t i = 0; i < 32; ++i) {
      c[i] = static_cast<uint8_t>((ql[i] & 15U) | (qh[i] & 3U) << 4);
      c[i + 32] = static_cast<uint8_t>((ql[i + 32] & 15U) | (qh[i] >> 2 & 3U) << 4);
      c[i + 64] = static_cast<uint8_t>(ql[i] >> 4 | (qh[i] >> 4 & 3U) << 4);
      c[i + 96] = static_cast<uint8_t>(ql[i + 32] >> 4 | (qh[i] >> 6) << 4);
    }
  }
  PutNibbles(code, kSuperBlock, row, tile + q6k::kLow);
  PutPairs(code, 4, row, tile + q6k::kHigh);
  for (size_t g = 0; g < 16; ++g) tile[q6k::kScales + 16 * g + row] = block[192 + g];
  PutHalf(block + 208, row, tile + q6k::kD);
}

// {f16 d; u16 scales_h; u8 scales_l[4]; u8 qs[128]}
void RowIQ4XS(const uint8_t* block, size_t row, uint8_t* tile) {
  const uint32_t high = LoadU16(block + 2);
  uint8_t scale[8];
  for (size_t j = 0; j < 8; ++j) {
    uint8_t code[32];
    SpreadNibbles32(block + 8 + 16 * j, code);
    PutNibbles(code, 32, row, tile + iq4xs::kQs + 256 * j);
    const uint32_t low = block[4 + j / 2] >> (4 * (j % 2)) & 15U;
    scale[j] = static_cast<uint8_t>(low | (high >> (2 * j) & 3U) << 4);
  }
  PutScales6(scale, 8, row, tile + iq4xs::kScLow, tile + iq4xs::kScHigh);
  PutHalf(block, row, tile + iq4xs::kD);
}

template <size_t kBytes>
void PackWords(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  for (size_t i = 0; i < count; ++i) {
    for (size_t r = 0; r < kTileRows; ++r) {
      std::memcpy(tiles + (i * kTileRows + r) * kBytes, source[r] + i * kBytes, kBytes);
    }
  }
}

}  // namespace

void PackQ4_0(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowQ4_0, 18>(source, count, tiles);
}
void PackQ4_1(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowQ4_1, 20>(source, count, tiles);
}
void PackQ5_0(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowQ5_0, 22>(source, count, tiles);
}
void PackQ5_1(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowQ5_1, 24>(source, count, tiles);
}
void PackQ8_0(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowQ8_0, 34>(source, count, tiles);
}
void PackQ2K(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowQ2K, 84>(source, count, tiles);
}
void PackQ3K(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowQ3K, 110>(source, count, tiles);
}
void PackQ4K(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowQ4K, 144>(source, count, tiles);
}
void PackQ5K(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowQ5K, 176>(source, count, tiles);
}
void PackQ6K(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowQ6K, 210>(source, count, tiles);
}
void PackIQ4XS(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackRows<RowIQ4XS, 136>(source, count, tiles);
}
void PackWords16(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackWords<2>(source, count, tiles);
}
void PackWords32(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles) {
  PackWords<4>(source, count, tiles);
}

}  // namespace lemma::kernels
