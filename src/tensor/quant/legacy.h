// SPDX-License-Identifier: Apache-2.0
// The block-of-32 formats. Element j of a block with nibbles lies in the low half of byte j,
// element j + 16 in its high half; bit j of `high` is bit 4 of element j. Scales are binary16.
//
//   Q4_0  x = d (q - 8)      | d | nibbles[16]
//   Q4_1  x = d q + m        | d | m | nibbles[16]
//   Q5_0  x = d (q - 16)     | d | high[4] | nibbles[16]
//   Q5_1  x = d q + m        | d | m | high[4] | nibbles[16]
//   Q8_0  x = d q            | d | int8[32]
//
// `count` is a multiple of 32; bytes need no alignment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lemma::tensor {

inline constexpr size_t kLegacyBlock = 32;

// NOLINTBEGIN(readability-identifier-naming): the formats' own names

struct BlockQ4_0 {
  uint16_t d;
  uint8_t nibbles[16];
};
static_assert(sizeof(BlockQ4_0) == 18);

struct BlockQ4_1 {
  uint16_t d;
  uint16_t m;
  uint8_t nibbles[16];
};
static_assert(sizeof(BlockQ4_1) == 20);

struct BlockQ5_0 {
  uint16_t d;
  uint8_t high[4];
  uint8_t nibbles[16];
};
static_assert(sizeof(BlockQ5_0) == 22);

struct BlockQ5_1 {
  uint16_t d;
  uint16_t m;
  uint8_t high[4];
  uint8_t nibbles[16];
};
static_assert(sizeof(BlockQ5_1) == 24);

struct BlockQ8_0 {
  uint16_t d;
  int8_t q[32];
};
static_assert(sizeof(BlockQ8_0) == 34);

void DecodeQ4_0(const std::byte* blocks, float* out, size_t count);
void DecodeQ4_1(const std::byte* blocks, float* out, size_t count);
void DecodeQ5_0(const std::byte* blocks, float* out, size_t count);
void DecodeQ5_1(const std::byte* blocks, float* out, size_t count);
void DecodeQ8_0(const std::byte* blocks, float* out, size_t count);

void EncodeQ4_0(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeQ4_1(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeQ5_0(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeQ5_1(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeQ8_0(const float* in, std::byte* out, size_t count, const float* importance);

// NOLINTEND(readability-identifier-naming)

}  // namespace lemma::tensor
