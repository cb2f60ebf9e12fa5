// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>

#include "tensor/half.h"
#include "tensor/quant/block_io.h"
#include "tensor/quant/fit.h"
#include "tensor/quant/iq4.h"
#include "tensor/quant/weights.h"

namespace lemma::tensor {
namespace {

constexpr size_t kSub = 32;

// Nearest grid index by half steps: entry i stands for the numbers from (i - 256) / 2 up to the
// next one. Midpoints between grid values are multiples of one half, so entries are exact.
constexpr std::array<uint8_t, 512> kNearest = [] {
  std::array<uint8_t, 512> table{};
  for (int i = 0; i < 512; ++i) {
    uint8_t index = 0;
    // Above the midpoint (g[k] + g[k+1]) / 2, k + 1 is nearer.
    while (index < 15 && i - 256 >= kIq4Grid[index] + kIq4Grid[index + 1]) ++index;
    table[static_cast<size_t>(i)] = index;
  }
  return table;
}();

uint8_t NearestIndex(float grid_units) {
  const float clamped = std::clamp(grid_units * 2.0F + 256.0F, 0.0F, 511.0F);
  return kNearest[static_cast<size_t>(static_cast<int32_t>(clamped))];
}

// Where on the grid a trial puts the peak: around the long (negative) end, or the short one.
constexpr float kTrialEnds[] = {-119.0F, -121.0F, -123.0F, -125.0F, -127.0F, -129.0F, -131.0F,
                                -133.0F, -135.0F, 108.0F,  113.0F,  118.0F,  123.0F};

// The scale with which grid values come nearest to x in weighted squares: trial spacings put the
// peak near the grid's long (negative) or short end; each gives an assignment, and each assignment
// its least-squares scale.
float FitGridScale(const float* x, const float* weights) {
  float peak = 0.0F;
  for (size_t i = 0; i < kSub; ++i) peak = std::abs(x[i]) > std::abs(peak) ? x[i] : peak;
  if (std::abs(peak) < 1e-30F) return 0.0F;
  const float inverse = 1.0F / peak;
  float best_gain = 0.0F;
  float best_scale = 1.0F / static_cast<float>(kIq4Grid[0]);
  for (const float end : kTrialEnds) {
    const float spacing = end * inverse;
    float sum_xq = 0.0F;
    float sum_qq = 0.0F;
    for (size_t i = 0; i < kSub; ++i) {
      const float q = static_cast<float>(kIq4Grid[NearestIndex(x[i] * spacing)]);
      const float wq = weights[i] * q;
      sum_xq += wq * (x[i] * inverse);
      sum_qq += wq * q;
    }
    if (sum_qq > 0.0F && sum_xq * sum_xq > best_gain * sum_qq) {
      best_gain = sum_xq * sum_xq / sum_qq;
      best_scale = sum_xq / sum_qq;
    }
  }
  return best_scale * peak;
}

void PackLevels(const float* x, float scale, uint8_t* nibbles) {
  const float inverse = std::abs(scale) < 1e-30F ? 0.0F : 1.0F / scale;
  for (size_t j = 0; j < 16; ++j) {
    nibbles[j] =
        static_cast<uint8_t>(NearestIndex(x[j] * inverse) | NearestIndex(x[j + 16] * inverse) << 4);
  }
}

void EncodeBlock(const float* x, const float* importance, BlockIQ4NL& b) {
  float weights[kSub];
  ErrorWeights(x, importance, kSub, weights);
  b.d = SaturatedHalf(FitGridScale(x, weights));
  PackLevels(x, HalfToFloat(b.d), b.nibbles);
}

void EncodeBlock(const float* x, const float* importance, BlockIQ4XS& b) {
  float weights[256];
  ErrorWeights(x, importance, 256, weights);
  float scales[8];
  float sub_weights[8];
  for (size_t s = 0; s < 8; ++s) {
    scales[s] = FitGridScale(x + s * kSub, weights + s * kSub);
    sub_weights[s] = 0.0F;
    for (size_t i = 0; i < kSub; ++i) sub_weights[s] += weights[s * kSub + i];
  }
  // Integer scales reach from -32 to 31: the fit's long side turned around.
  b.d = SaturatedHalf(-FitScale(scales, sub_weights, 8, {-31, 32}, {-0.6F, 0.1F, 12}));
  const float d = HalfToFloat(b.d);
  const float inverse = d == 0.0F ? 0.0F : 1.0F / d;
  for (size_t s = 0; s < 8; ++s) {
    const float scale = std::clamp(std::nearbyint(scales[s] * inverse), -32.0F, 31.0F);
    const unsigned bits = static_cast<unsigned>(static_cast<int>(scale) + 32);
    b.scales_low[s / 2] |= static_cast<uint8_t>((bits & 15U) << (s % 2 * 4));
    b.scales_high = static_cast<uint16_t>(b.scales_high | bits >> 4 << (2 * s));
    PackLevels(x + s * kSub, d * scale, b.nibbles + s * 16);
  }
}

}  // namespace

void EncodeIQ4NL(const float* in, std::byte* out, size_t count, const float* importance) {
  FillBlocks<BlockIQ4NL, kSub>(
      in, out, count, importance,
      [](const float* x, const float* w, BlockIQ4NL& b) { EncodeBlock(x, w, b); });
}

void EncodeIQ4XS(const float* in, std::byte* out, size_t count, const float* importance) {
  FillBlocks<BlockIQ4XS, 256>(
      in, out, count, importance,
      [](const float* x, const float* w, BlockIQ4XS& b) { EncodeBlock(x, w, b); });
}

}  // namespace lemma::tensor
