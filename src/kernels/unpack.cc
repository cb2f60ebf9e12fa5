// SPDX-License-Identifier: Apache-2.0
// Reads one row of an R16 tile back as integers: the scalar kernels and GatherRows use it.
#include <cstring>

#include "kernels/fixed_math.h"
#include "kernels/pack.h"

namespace lemma::kernels {
namespace {

// Two's complement.
int16_t SignedByte(uint8_t byte) {
  return static_cast<int16_t>(byte < 128 ? int{byte} : int{byte} - 256);
}

// Codes of `row`, one byte per input, from the planes of layout.h.
void GetNibbles(const uint8_t* plane, size_t count, size_t row, uint8_t* code) {
  for (size_t v = 0; v < count / 8; ++v) {
    const uint8_t* at = plane + 64 * v + 4 * row;
    for (size_t b = 0; b < 4; ++b) {
      code[8 * v + b] = at[b] & 15U;
      code[8 * v + 4 + b] = at[b] >> 4;
    }
  }
}

// Adds the 2-bit plane at bit `shift` of the codes.
void AddPairs(const uint8_t* plane, int shift, size_t row, uint8_t* code) {
  for (size_t v = 0; v < kSuperBlock / 16; ++v) {
    const uint8_t* at = plane + 64 * v + 4 * row;
    for (size_t t = 0; t < 4; ++t) {
      for (size_t b = 0; b < 4; ++b) {
        code[16 * v + 4 * t + b] |= static_cast<uint8_t>((at[b] >> (2 * t) & 3U) << shift);
      }
    }
  }
}

void AddBits(const uint8_t* plane, int shift, size_t count, size_t row, uint8_t* code) {
  for (size_t v = 0; v < count / 32; ++v) {
    const uint8_t* at = plane + 64 * v + 4 * row;
    for (size_t t = 0; t < 8; ++t) {
      for (size_t b = 0; b < 4; ++b) {
        code[32 * v + 4 * t + b] |= static_cast<uint8_t>((at[b] >> t & 1U) << shift);
      }
    }
  }
}

float GetHalf(const uint8_t* field, size_t row) { return HalfToFloat(LoadU16(field + 2 * row)); }

void SetCodes(const uint8_t* code, size_t count, int offset, RowBlock* out) {
  for (size_t i = 0; i < count; ++i) out->q[i] = static_cast<int16_t>(code[i] - offset);
}

void SetSmall(const uint8_t* code, int offset, float d, float m, RowBlock* out) {
  SetCodes(code, 32, offset, out);
  out->d = d;
  out->dmin = m;
}

void GetScaleMin(const uint8_t* low, const uint8_t* high, size_t row, RowBlock* out) {
  for (size_t j = 0; j < 8; ++j) {
    const uint32_t lo = low[16 * j + row];
    const uint32_t hi = static_cast<uint32_t>(high[16 * (j / 2) + row]) >> (4 * (j % 2));
    out->scale[j] = static_cast<int32_t>((lo & 15U) | (hi & 3U) << 4);
    out->min[j] = static_cast<int32_t>(lo >> 4 | (hi >> 2 & 3U) << 4);
  }
}

void GetScales6(const uint8_t* low, const uint8_t* high, size_t groups, size_t row, RowBlock* out) {
  for (size_t g = 0; g < groups; ++g) {
    const uint32_t lo = static_cast<uint32_t>(low[16 * (g / 2) + row]) >> (4 * (g % 2)) & 15U;
    const uint32_t hi = static_cast<uint32_t>(high[16 * (g / 4) + row]) >> (2 * (g % 4)) & 3U;
    out->scale[g] = static_cast<int32_t>(lo | hi << 4) - 32;
  }
}

}  // namespace

void UnpackQ4_0(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[32];
  GetNibbles(tile + q4_0::kQs, 32, row, code);
  SetSmall(code, 8, GetHalf(tile + q4_0::kD, row), 0.0F, out);
}

void UnpackIQ4NL(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[32];
  GetNibbles(tile + q4_0::kQs, 32, row, code);
  SetSmall(code, 0, GetHalf(tile + q4_0::kD, row), 0.0F, out);
  for (size_t i = 0; i < 32; ++i) out->q[i] = int16_t{kIq4Levels[out->q[i]]};
}

void UnpackQ4_1(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[32];
  GetNibbles(tile + q4_1::kQs, 32, row, code);
  SetSmall(code, 0, GetHalf(tile + q4_1::kD, row), GetHalf(tile + q4_1::kM, row), out);
}

void UnpackQ5_0(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[32];
  GetNibbles(tile + q5_0::kQs, 32, row, code);
  AddBits(tile + q5_0::kQh, 4, 32, row, code);
  SetSmall(code, 16, GetHalf(tile + q5_0::kD, row), 0.0F, out);
}

void UnpackQ5_1(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[32];
  GetNibbles(tile + q5_1::kQs, 32, row, code);
  AddBits(tile + q5_1::kQh, 4, 32, row, code);
  SetSmall(code, 0, GetHalf(tile + q5_1::kD, row), GetHalf(tile + q5_1::kM, row), out);
}

void UnpackQ8_0(const uint8_t* tile, size_t row, RowBlock* out) {
  for (size_t k = 0; k < 32; ++k) {
    const uint8_t byte = tile[q8_0::kQs + 64 * (k / 4) + 4 * row + k % 4];
    out->q[k] = SignedByte(byte);
  }
  out->d = GetHalf(tile + q8_0::kD, row);
  out->dmin = 0.0F;
}

void UnpackQ2K(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[kSuperBlock] = {};
  AddPairs(tile + q2k::kQs, 0, row, code);
  SetCodes(code, kSuperBlock, 0, out);
  for (size_t g = 0; g < 16; ++g) {
    const uint8_t sm = tile[q2k::kSm + 16 * g + row];
    out->scale[g] = sm & 15;
    out->min[g] = sm >> 4;
  }
  out->d = GetHalf(tile + q2k::kD, row);
  out->dmin = GetHalf(tile + q2k::kDmin, row);
}

void UnpackQ3K(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[kSuperBlock] = {};
  AddPairs(tile + q3k::kQs, 0, row, code);
  AddBits(tile + q3k::kHigh, 2, kSuperBlock, row, code);
  SetCodes(code, kSuperBlock, 4, out);
  GetScales6(tile + q3k::kScLow, tile + q3k::kScHigh, 16, row, out);
  out->d = GetHalf(tile + q3k::kD, row);
  out->dmin = 0.0F;
}

void UnpackQ4K(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[kSuperBlock];
  GetNibbles(tile + q4k::kQs, kSuperBlock, row, code);
  SetCodes(code, kSuperBlock, 0, out);
  GetScaleMin(tile + q4k::kSmLow, tile + q4k::kSmHigh, row, out);
  out->d = GetHalf(tile + q4k::kD, row);
  out->dmin = GetHalf(tile + q4k::kDmin, row);
}

void UnpackQ5K(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[kSuperBlock];
  GetNibbles(tile + q5k::kQs, kSuperBlock, row, code);
  AddBits(tile + q5k::kQh, 4, kSuperBlock, row, code);
  SetCodes(code, kSuperBlock, 0, out);
  GetScaleMin(tile + q5k::kSmLow, tile + q5k::kSmHigh, row, out);
  out->d = GetHalf(tile + q5k::kD, row);
  out->dmin = GetHalf(tile + q5k::kDmin, row);
}

void UnpackQ6K(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[kSuperBlock];
  GetNibbles(tile + q6k::kLow, kSuperBlock, row, code);
  AddPairs(tile + q6k::kHigh, 4, row, code);
  SetCodes(code, kSuperBlock, 32, out);
  for (size_t g = 0; g < 16; ++g) {
    out->scale[g] = SignedByte(tile[q6k::kScales + 16 * g + row]);
  }
  out->d = GetHalf(tile + q6k::kD, row);
  out->dmin = 0.0F;
}

void UnpackIQ4XS(const uint8_t* tile, size_t row, RowBlock* out) {
  uint8_t code[kSuperBlock];
  GetNibbles(tile + iq4xs::kQs, kSuperBlock, row, code);
  for (size_t i = 0; i < kSuperBlock; ++i) out->q[i] = int16_t{kIq4Levels[code[i]]};
  GetScales6(tile + iq4xs::kScLow, tile + iq4xs::kScHigh, 8, row, out);
  out->d = GetHalf(tile + iq4xs::kD, row);
  out->dmin = 0.0F;
}

}  // namespace lemma::kernels
