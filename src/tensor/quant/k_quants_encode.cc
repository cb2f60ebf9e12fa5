// SPDX-License-Identifier: Apache-2.0
// Two stages a super-block: fit each sub-block alone, then fit the integer scales (and mins) to
// what was found; with those fixed, the levels are nearest integers.
#include <algorithm>
#include <cmath>

#include "tensor/half.h"
#include "tensor/quant/block_io.h"
#include "tensor/quant/fit.h"
#include "tensor/quant/k_quants.h"
#include "tensor/quant/weights.h"

namespace lemma::tensor {
namespace {

constexpr Trials kScaleTrials{-0.6F, 0.1F, 12};  // for the integer scales

// A super-block of x ~ d s q - dmin m in integers.
struct AffineBlock {
  uint16_t d = 0;
  uint16_t dmin = 0;
  uint8_t scales[16] = {};
  uint8_t mins[16] = {};
  int8_t levels[kSuperBlock] = {};
};

struct AffineFormat {
  size_t sub;     // elements a sub-block
  int top;        // largest level
  int scale_top;  // largest integer scale and min
  Trials trials;
};

constexpr AffineFormat kQ2Format{16, 3, 15, {-0.9F, 0.1F, 20}};
constexpr AffineFormat kQ4Format{32, 15, 63, {-0.9F, 0.1F, 20}};
constexpr AffineFormat kQ5Format{32, 31, 63, {-0.9F, 0.1F, 20}};

float Sum(const float* x, size_t n) {
  float sum = 0.0F;
  for (size_t i = 0; i < n; ++i) sum += x[i];
  return sum;
}

// Integers for non-negative values under a common binary16 factor, which is returned.
uint16_t QuantizeScales(const float* values, const float* weights, size_t n, int top,
                        uint8_t* integers) {
  const uint16_t half = SaturatedHalf(FitScale(values, weights, n, {0, top}, kScaleTrials));
  int8_t levels[16];
  AssignLevels(values, n, {HalfToFloat(half), 0.0F}, {0, top}, levels);
  for (size_t i = 0; i < n; ++i) integers[i] = static_cast<uint8_t>(levels[i]);
  return half;
}

// The integer min that suits the levels which the final scale gives.
uint8_t RefineMin(const float* x, const float* weights, const AffineFormat& format, ScaleOffset fit,
                  float dmin) {
  int8_t levels[kMaxFit];
  AssignLevels(x, format.sub, fit, {0, format.top}, levels);
  float sum_w = 0.0F;
  float sum_residual = 0.0F;
  for (size_t i = 0; i < format.sub; ++i) {
    sum_w += weights[i];
    sum_residual += weights[i] * (fit.scale * static_cast<float>(levels[i]) - x[i]);
  }
  if (!(sum_w > 0.0F) || dmin == 0.0F) return 0;
  const float min =
      std::clamp(sum_residual / sum_w / dmin, 0.0F, static_cast<float>(format.scale_top));
  return static_cast<uint8_t>(std::lround(min));
}

AffineBlock EncodeAffine(const float* x, const float* importance, const AffineFormat& format) {
  const size_t subs = kSuperBlock / format.sub;
  float weights[kSuperBlock];
  ErrorWeights(x, importance, kSuperBlock, weights);
  float scales[16];
  float mins[16];
  float sub_weights[16];
  for (size_t s = 0; s < subs; ++s) {
    const size_t at = s * format.sub;
    const ScaleOffset fit =
        FitScaleOffset(x + at, weights + at, format.sub, format.top, format.trials);
    scales[s] = fit.scale;
    mins[s] = -fit.offset;
    sub_weights[s] = Sum(weights + at, format.sub);
  }
  AffineBlock block;
  block.d = QuantizeScales(scales, sub_weights, subs, format.scale_top, block.scales);
  block.dmin = QuantizeScales(mins, sub_weights, subs, format.scale_top, block.mins);
  const float d = HalfToFloat(block.d);
  const float dmin = HalfToFloat(block.dmin);
  for (size_t s = 0; s < subs; ++s) {
    const size_t at = s * format.sub;
    ScaleOffset fit{d * static_cast<float>(block.scales[s]),
                    -dmin * static_cast<float>(block.mins[s])};
    block.mins[s] = RefineMin(x + at, weights + at, format, fit, dmin);
    fit.offset = -dmin * static_cast<float>(block.mins[s]);
    AssignLevels(x + at, format.sub, fit, {0, format.top}, block.levels + at);
  }
  return block;
}

// The inverse of UnpackScaleMin for all eight pairs.
void PackScaleMins(const uint8_t* scales, const uint8_t* mins, uint8_t* packed) {
  for (size_t i = 0; i < 4; ++i) {
    packed[i] = static_cast<uint8_t>(scales[i] | scales[i + 4] >> 4 << 6);
    packed[i + 4] = static_cast<uint8_t>(mins[i] | mins[i + 4] >> 4 << 6);
    packed[i + 8] = static_cast<uint8_t>((scales[i + 4] & 15) | (mins[i + 4] & 15) << 4);
  }
}

void PackNibbles64(const int8_t* levels, uint8_t* nibbles) {
  for (size_t group = 0; group < 4; ++group) {
    for (size_t j = 0; j < 32; ++j) {
      const int8_t* level = levels + group * 64 + j;
      nibbles[group * 32 + j] = static_cast<uint8_t>((level[0] & 15) | (level[32] & 15) << 4);
    }
  }
}

// Two bits of each level, from `shift` on, four levels a byte: e, e + 32, e + 64, e + 96.
void PackTwoBits(const int8_t* levels, unsigned shift, uint8_t* packed) {
  for (size_t half = 0; half < 2; ++half) {
    for (size_t j = 0; j < 32; ++j) {
      const int8_t* level = levels + half * 128 + j;
      unsigned byte = 0;
      for (size_t k = 0; k < 4; ++k) {
        byte |= (static_cast<unsigned>(level[k * 32]) >> shift & 3U) << (2 * k);
      }
      packed[half * 32 + j] = static_cast<uint8_t>(byte);
    }
  }
}

// Bit `bit` of level e goes to bit e/32 of packed[e%32].
void PackOneBit(const int8_t* levels, unsigned bit, uint8_t* packed) {
  for (size_t j = 0; j < 32; ++j) {
    unsigned byte = 0;
    for (size_t k = 0; k < 8; ++k) {
      byte |= (static_cast<unsigned>(levels[k * 32 + j]) >> bit & 1U) << k;
    }
    packed[j] = static_cast<uint8_t>(byte);
  }
}

void EncodeBlock(const float* x, const float* importance, BlockQ2K& b) {
  const AffineBlock block = EncodeAffine(x, importance, kQ2Format);
  b.d = block.d;
  b.dmin = block.dmin;
  for (size_t s = 0; s < 16; ++s) {
    b.scales[s] = static_cast<uint8_t>(block.scales[s] | block.mins[s] << 4);
  }
  PackTwoBits(block.levels, 0, b.low2);
}

void EncodeBlock(const float* x, const float* importance, BlockQ4K& b) {
  const AffineBlock block = EncodeAffine(x, importance, kQ4Format);
  b.d = block.d;
  b.dmin = block.dmin;
  PackScaleMins(block.scales, block.mins, b.scales);
  PackNibbles64(block.levels, b.nibbles);
}

void EncodeBlock(const float* x, const float* importance, BlockQ5K& b) {
  const AffineBlock block = EncodeAffine(x, importance, kQ5Format);
  b.d = block.d;
  b.dmin = block.dmin;
  PackScaleMins(block.scales, block.mins, b.scales);
  PackNibbles64(block.levels, b.nibbles);
  PackOneBit(block.levels, 4, b.high);
}

// A super-block of x ~ d s (q - half) in integers; scales are signed.
struct SymmetricBlock {
  uint16_t d = 0;
  int scales[16] = {};
  int8_t levels[kSuperBlock] = {};  // q, not below 0
};

struct SymmetricFormat {
  int half;        // levels reach from -half to half - 1
  int scale_half;  // scales likewise
  Trials trials;
};

constexpr SymmetricFormat kQ3Format{4, 32, {-0.9F, 0.1F, 20}};
constexpr SymmetricFormat kQ6Format{32, 128, {-0.9F, 0.1F, 20}};

SymmetricBlock EncodeSymmetric(const float* x, const float* importance,
                               const SymmetricFormat& format) {
  constexpr size_t kGroup = 16;
  float weights[kSuperBlock];
  ErrorWeights(x, importance, kSuperBlock, weights);
  // The fits have their longer side above zero; ours is below, so signs are turned around.
  const LevelRange levels{1 - format.half, format.half};
  const LevelRange scale_levels{1 - format.scale_half, format.scale_half};
  float scales[16];
  float sub_weights[16];
  for (size_t s = 0; s < 16; ++s) {
    scales[s] = -FitScale(x + s * kGroup, weights + s * kGroup, kGroup, levels, format.trials);
    sub_weights[s] = Sum(weights + s * kGroup, kGroup);
  }
  SymmetricBlock block;
  block.d = SaturatedHalf(-FitScale(scales, sub_weights, 16, scale_levels, kScaleTrials));
  const float d = HalfToFloat(block.d);
  const float inverse = d == 0.0F ? 0.0F : 1.0F / d;
  for (size_t s = 0; s < 16; ++s) {
    const float low = static_cast<float>(-format.scale_half);
    const float scale = std::clamp(std::nearbyint(scales[s] * inverse), low, -low - 1.0F);
    block.scales[s] = static_cast<int>(scale);
    int8_t* q = block.levels + s * kGroup;
    AssignLevels(x + s * kGroup, kGroup, {d * scale, 0.0F}, {-format.half, format.half - 1}, q);
    for (size_t i = 0; i < kGroup; ++i) q[i] = static_cast<int8_t>(q[i] + format.half);
  }
  return block;
}

void EncodeBlock(const float* x, const float* importance, BlockQ3K& b) {
  const SymmetricBlock block = EncodeSymmetric(x, importance, kQ3Format);
  b.d = block.d;
  for (size_t s = 0; s < 16; ++s) {
    const unsigned scale = static_cast<unsigned>(block.scales[s] + 32);
    b.scales[s % 8] |= static_cast<uint8_t>((scale & 15U) << (s < 8 ? 0 : 4));
    b.scales[8 + s % 4] |= static_cast<uint8_t>(scale >> 4 << (2 * (s / 4)));
  }
  PackTwoBits(block.levels, 0, b.low2);
  PackOneBit(block.levels, 2, b.high);
}

void EncodeBlock(const float* x, const float* importance, BlockQ6K& b) {
  const SymmetricBlock block = EncodeSymmetric(x, importance, kQ6Format);
  b.d = block.d;
  for (size_t s = 0; s < 16; ++s) b.scales[s] = static_cast<int8_t>(block.scales[s]);
  for (size_t half = 0; half < 2; ++half) {
    for (size_t j = 0; j < 64; ++j) {
      const int8_t* level = block.levels + half * 128 + j;
      b.nibbles[half * 64 + j] = static_cast<uint8_t>((level[0] & 15) | (level[64] & 15) << 4);
    }
  }
  PackTwoBits(block.levels, 4, b.high2);
}

template <typename Block>
void EncodeSuperBlocks(const float* in, std::byte* out, size_t count, const float* importance) {
  FillBlocks<Block, kSuperBlock>(
      in, out, count, importance,
      [](const float* x, const float* w, Block& b) { EncodeBlock(x, w, b); });
}

}  // namespace

void EncodeQ2K(const float* in, std::byte* out, size_t count, const float* importance) {
  EncodeSuperBlocks<BlockQ2K>(in, out, count, importance);
}
void EncodeQ3K(const float* in, std::byte* out, size_t count, const float* importance) {
  EncodeSuperBlocks<BlockQ3K>(in, out, count, importance);
}
void EncodeQ4K(const float* in, std::byte* out, size_t count, const float* importance) {
  EncodeSuperBlocks<BlockQ4K>(in, out, count, importance);
}
void EncodeQ5K(const float* in, std::byte* out, size_t count, const float* importance) {
  EncodeSuperBlocks<BlockQ5K>(in, out, count, importance);
}
void EncodeQ6K(const float* in, std::byte* out, size_t count, const float* importance) {
  EncodeSuperBlocks<BlockQ6K>(in, out, count, importance);
}

}  // namespace lemma::tensor
