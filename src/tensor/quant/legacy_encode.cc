// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>

#include "tensor/half.h"
#include "tensor/quant/block_io.h"
#include "tensor/quant/fit.h"
#include "tensor/quant/legacy.h"
#include "tensor/quant/weights.h"

namespace lemma::tensor {
namespace {

constexpr Trials kTrials{-0.9F, 0.1F, 20};

// Levels 0..2*half-1 for x = d (q - half); returns d.
uint16_t FitSymmetric(const float* x, const float* importance, int half, int8_t* levels) {
  float weights[kLegacyBlock];
  ErrorWeights(x, importance, kLegacyBlock, weights);
  // The fit has its longer side above zero; this format has it below.
  const uint16_t d = SaturatedHalf(-FitScale(x, weights, kLegacyBlock, {1 - half, half}, kTrials));
  AssignLevels(x, kLegacyBlock, {HalfToFloat(d), 0.0F}, {-half, half - 1}, levels);
  for (size_t j = 0; j < kLegacyBlock; ++j) levels[j] = static_cast<int8_t>(levels[j] + half);
  return d;
}

struct Affine {
  uint16_t d;
  uint16_t m;
};

// Levels 0..top for x = d q + m. Unlike the k-quants' offsets, m may have either sign: the fit
// is made to x less its least element.
Affine FitAffine(const float* x, const float* importance, int top, int8_t* levels) {
  float weights[kLegacyBlock];
  ErrorWeights(x, importance, kLegacyBlock, weights);
  const float low = *std::min_element(x, x + kLegacyBlock);
  const float shift = std::max(low, 0.0F);
  float shifted[kLegacyBlock];
  for (size_t j = 0; j < kLegacyBlock; ++j) shifted[j] = x[j] - shift;
  const ScaleOffset fit = FitScaleOffset(shifted, weights, kLegacyBlock, top, kTrials);
  const Affine affine{SaturatedHalf(fit.scale), SaturatedHalf(fit.offset + shift)};
  AssignLevels(x, kLegacyBlock, {HalfToFloat(affine.d), HalfToFloat(affine.m)}, {0, top}, levels);
  return affine;
}

void PackNibbles(const int8_t* levels, uint8_t* nibbles) {
  for (size_t j = 0; j < 16; ++j) {
    nibbles[j] = static_cast<uint8_t>((levels[j] & 15) | (levels[j + 16] & 15) << 4);
  }
}

void PackHigh(const int8_t* levels, uint8_t* high) {
  uint32_t bits = 0;
  for (size_t j = 0; j < 32; ++j) bits |= static_cast<uint32_t>(levels[j] >> 4 & 1) << j;
  std::memcpy(high, &bits, sizeof(bits));
}

void EncodeBlock(const float* x, const float* importance, BlockQ4_0& b) {
  int8_t levels[kLegacyBlock];
  b.d = FitSymmetric(x, importance, 8, levels);
  PackNibbles(levels, b.nibbles);
}

void EncodeBlock(const float* x, const float* importance, BlockQ4_1& b) {
  int8_t levels[kLegacyBlock];
  const Affine affine = FitAffine(x, importance, 15, levels);
  b.d = affine.d;
  b.m = affine.m;
  PackNibbles(levels, b.nibbles);
}

void EncodeBlock(const float* x, const float* importance, BlockQ5_0& b) {
  int8_t levels[kLegacyBlock];
  b.d = FitSymmetric(x, importance, 16, levels);
  PackNibbles(levels, b.nibbles);
  PackHigh(levels, b.high);
}

void EncodeBlock(const float* x, const float* importance, BlockQ5_1& b) {
  int8_t levels[kLegacyBlock];
  const Affine affine = FitAffine(x, importance, 31, levels);
  b.d = affine.d;
  b.m = affine.m;
  PackNibbles(levels, b.nibbles);
  PackHigh(levels, b.high);
}

// Eight bits need no search: the peak falls on 127.
void EncodeBlock(const float* x, const float* /*importance*/, BlockQ8_0& b) {
  float peak = 0.0F;
  for (size_t j = 0; j < kLegacyBlock; ++j) peak = std::max(peak, std::abs(x[j]));
  const float d = peak / 127.0F;
  b.d = SaturatedHalf(d);
  AssignLevels(x, kLegacyBlock, {d, 0.0F}, {-127, 127}, b.q);
}

template <typename Block>
void EncodeLegacyBlocks(const float* in, std::byte* out, size_t count, const float* importance) {
  FillBlocks<Block, kLegacyBlock>(
      in, out, count, importance,
      [](const float* x, const float* w, Block& b) { EncodeBlock(x, w, b); });
}

}  // namespace

void EncodeQ4_0(const float* in, std::byte* out, size_t count, const float* importance) {
  EncodeLegacyBlocks<BlockQ4_0>(in, out, count, importance);
}
void EncodeQ4_1(const float* in, std::byte* out, size_t count, const float* importance) {
  EncodeLegacyBlocks<BlockQ4_1>(in, out, count, importance);
}
void EncodeQ5_0(const float* in, std::byte* out, size_t count, const float* importance) {
  EncodeLegacyBlocks<BlockQ5_0>(in, out, count, importance);
}
void EncodeQ5_1(const float* in, std::byte* out, size_t count, const float* importance) {
  EncodeLegacyBlocks<BlockQ5_1>(in, out, count, importance);
}
void EncodeQ8_0(const float* in, std::byte* out, size_t count, const float* importance) {
  EncodeLegacyBlocks<BlockQ8_0>(in, out, count, importance);
}

}  // namespace lemma::tensor
