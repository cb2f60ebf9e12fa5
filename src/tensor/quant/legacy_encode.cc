// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>

#include "tensor/half.h"
#include "tensor/quant/block_io.h"
#include "tensor/quant/legacy.h"

namespace lemma::tensor {
namespace {

// The element of largest magnitude, with its sign.
float SignedPeak(const float* x) {
  float peak = 0.0F;
  for (size_t j = 0; j < kLegacyBlock; ++j) {
    if (std::abs(x[j]) > std::abs(peak)) peak = x[j];
  }
  return peak;
}

// Levels 0..2*half-1 for x = d (q - half), d such that the peak falls on -half.
float FitSymmetric(const float* x, int half, uint8_t* levels) {
  const float d = SignedPeak(x) / static_cast<float>(-half);
  const float inverse = d == 0.0F ? 0.0F : 1.0F / d;
  for (size_t j = 0; j < kLegacyBlock; ++j) {
    const float q = std::floor(x[j] * inverse + static_cast<float>(half) + 0.5F);
    levels[j] = static_cast<uint8_t>(std::clamp(q, 0.0F, static_cast<float>(2 * half - 1)));
  }
  return d;
}

struct Affine {
  float d;
  float m;
};

Affine FitAffine(const float* x, int top, uint8_t* levels) {
  const auto [low, high] = std::minmax_element(x, x + kLegacyBlock);
  const float d = (*high - *low) / static_cast<float>(top);
  const float inverse = d == 0.0F ? 0.0F : 1.0F / d;
  for (size_t j = 0; j < kLegacyBlock; ++j) {
    const float q = std::floor((x[j] - *low) * inverse + 0.5F);
    levels[j] = static_cast<uint8_t>(std::clamp(q, 0.0F, static_cast<float>(top)));
  }
  return {d, *low};
}

void PackNibbles(const uint8_t* levels, uint8_t* nibbles) {
  for (size_t j = 0; j < 16; ++j) {
    nibbles[j] = static_cast<uint8_t>((levels[j] & 15) | (levels[j + 16] & 15) << 4);
  }
}

void PackHigh(const uint8_t* levels, uint8_t* high) {
  uint32_t bits = 0;
  for (size_t j = 0; j < 32; ++j) bits |= static_cast<uint32_t>(levels[j] >> 4 & 1) << j;
  std::memcpy(high, &bits, sizeof(bits));
}

}  // namespace

void EncodeQ4_0(const float* in, std::byte* out, size_t count, const float* importance) {
  FillBlocks<BlockQ4_0, kLegacyBlock>(in, out, count, importance,
                                      [](const float* x, const float*, BlockQ4_0& b) {
                                        uint8_t levels[32];
                                        b.d = FloatToHalf(FitSymmetric(x, 8, levels));
                                        PackNibbles(levels, b.nibbles);
                                      });
}

void EncodeQ4_1(const float* in, std::byte* out, size_t count, const float* importance) {
  FillBlocks<BlockQ4_1, kLegacyBlock>(in, out, count, importance,
                                      [](const float* x, const float*, BlockQ4_1& b) {
                                        uint8_t levels[32];
                                        const Affine fit = FitAffine(x, 15, levels);
                                        b.d = FloatToHalf(fit.d);
                                        b.m = FloatToHalf(fit.m);
                                        PackNibbles(levels, b.nibbles);
                                      });
}

void EncodeQ5_0(const float* in, std::byte* out, size_t count, const float* importance) {
  FillBlocks<BlockQ5_0, kLegacyBlock>(in, out, count, importance,
                                      [](const float* x, const float*, BlockQ5_0& b) {
                                        uint8_t levels[32];
                                        b.d = FloatToHalf(FitSymmetric(x, 16, levels));
                                        PackNibbles(levels, b.nibbles);
                                        PackHigh(levels, b.high);
                                      });
}

void EncodeQ5_1(const float* in, std::byte* out, size_t count, const float* importance) {
  FillBlocks<BlockQ5_1, kLegacyBlock>(in, out, count, importance,
                                      [](const float* x, const float*, BlockQ5_1& b) {
                                        uint8_t levels[32];
                                        const Affine fit = FitAffine(x, 31, levels);
                                        b.d = FloatToHalf(fit.d);
                                        b.m = FloatToHalf(fit.m);
                                        PackNibbles(levels, b.nibbles);
                                        PackHigh(levels, b.high);
                                      });
}

void EncodeQ8_0(const float* in, std::byte* out, size_t count, const float* importance) {
  FillBlocks<BlockQ8_0, kLegacyBlock>(
      in, out, count, importance, [](const float* x, const float*, BlockQ8_0& b) {
        const float d = std::abs(SignedPeak(x)) / 127.0F;
        const float inverse = d == 0.0F ? 0.0F : 1.0F / d;
        b.d = FloatToHalf(d);
        for (size_t j = 0; j < 32; ++j) {
          b.q[j] = static_cast<int8_t>(std::clamp(std::round(x[j] * inverse), -127.0F, 127.0F));
        }
      });
}

}  // namespace lemma::tensor
