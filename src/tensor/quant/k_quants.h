// SPDX-License-Identifier: Apache-2.0
// The super-block-of-256 formats ("k-quants"). A super-block holds sub-blocks of 16 or 32 elements
// with small integer scales (and mins) under one or two binary16 factors d (and dmin):
//
//   Q2_K  16 x 16  x = d s q - dmin m     q 2 bits, s and m 4 bits       84 bytes
//   Q3_K  16 x 16  x = d (s - 32)(q - 4)  q 3 bits, s 6 bits            110 bytes
//   Q4_K   8 x 32  x = d s q - dmin m     q 4 bits, s and m 6 bits      144 bytes
//   Q5_K   8 x 32  x = d s q - dmin m     q 5 bits, s and m 6 bits      176 bytes
//   Q6_K  16 x 16  x = d s (q - 32)       q 6 bits, s int8              210 bytes
//
// Where element e of 256 lies is said at each struct. `count` is a multiple of 256; bytes need no
// alignment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lemma::tensor {

inline constexpr size_t kSuperBlock = 256;

// low2[(e/128)*32 + e%32] holds e's two bits at bit 2*((e/32)%4). scales[b]: s | m << 4.
struct BlockQ2K {
  uint8_t scales[16];
  uint8_t low2[64];
  uint16_t d;
  uint16_t dmin;
};
static_assert(sizeof(BlockQ2K) == 84);

// low2 as in Q2_K; bit e/32 of high[e%32] is e's third bit. scales: see Q3KScale.
struct BlockQ3K {
  uint8_t high[32];
  uint8_t low2[64];
  uint8_t scales[12];
  uint16_t d;
};
static_assert(sizeof(BlockQ3K) == 110);

// nibbles[(e/64)*32 + e%32] holds e in its low half when e%64 < 32, else in its high half.
// scales: see UnpackScaleMin.
struct BlockQ4K {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];
  uint8_t nibbles[128];
};
static_assert(sizeof(BlockQ4K) == 144);

// nibbles as in Q4_K; bit e/32 of high[e%32] is e's fifth bit.
struct BlockQ5K {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];
  uint8_t high[32];
  uint8_t nibbles[128];
};
static_assert(sizeof(BlockQ5K) == 176);

// nibbles[(e/128)*64 + e%64] holds e's low four bits, in the low half when e%128 < 64;
// high2[(e/128)*32 + e%32] holds its upper two bits at bit 2*((e/32)%4).
struct BlockQ6K {
  uint8_t nibbles[128];
  uint8_t high2[64];
  int8_t scales[16];
  uint16_t d;
};
static_assert(sizeof(BlockQ6K) == 210);

struct ScaleMin {
  uint8_t scale;  // 0..63
  uint8_t min;    // 0..63
};

// Sub-block `index` (0..7) of the 12 packed bytes of Q4_K and Q5_K: the first four pairs lie in the
// low six bits of bytes 0..3 (scales) and 4..7 (mins); of the other four, the low nibbles lie in
// bytes 8..11 and the upper two bits above those of the first four.
inline ScaleMin UnpackScaleMin(const uint8_t* packed, size_t index) {
  if (index < 4) {
    return {static_cast<uint8_t>(packed[index] & 63U),
            static_cast<uint8_t>(packed[index + 4] & 63U)};
  }
  const uint32_t low = packed[index + 4];
  return {static_cast<uint8_t>((low & 15U) | (packed[index - 4] >> 6U) << 4U),
          static_cast<uint8_t>(low >> 4U | (packed[index] >> 6U) << 4U)};
}

// Scale of sub-block `index` (0..15) of Q3_K, -32..31: low nibbles in bytes 0..7 (two a byte),
// upper two bits in bytes 8..11 (four a byte).
inline int Q3KScale(const uint8_t* packed, size_t index) {
  const int low = packed[index % 8] >> (index < 8 ? 0 : 4) & 15;
  const int high = packed[8 + index % 4] >> (2 * (index / 4)) & 3;
  return (low | high << 4) - 32;
}

void DecodeQ2K(const std::byte* blocks, float* out, size_t count);
void DecodeQ3K(const std::byte* blocks, float* out, size_t count);
void DecodeQ4K(const std::byte* blocks, float* out, size_t count);
void DecodeQ5K(const std::byte* blocks, float* out, size_t count);
void DecodeQ6K(const std::byte* blocks, float* out, size_t count);

void EncodeQ2K(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeQ3K(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeQ4K(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeQ5K(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeQ6K(const float* in, std::byte* out, size_t count, const float* importance);

}  // namespace lemma::tensor
