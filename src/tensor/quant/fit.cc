// SPDX-License-Identifier: Apache-2.0
#include "tensor/quant/fit.h"

#include <algorithm>
#include <cmath>

#include "tensor/half.h"
#include "tensor/quant/lanes.h"

namespace lemma::tensor {
namespace {

constexpr F4 kLaneIndex = {0.0F, 1.0F, 2.0F, 3.0F};

// Below this a block counts as constant: its reciprocal would leave the range of f32.
constexpr float kNothing = 1e-30F;

F4 TrialTops(const Trials& trials, size_t first, int top) {
  const F4 index = kLaneIndex + Splat(static_cast<float>(first));
  return Splat(static_cast<float>(top) + trials.first) + index * Splat(trials.step);
}

}  // namespace

float FitScale(const float* x, const float* weights, size_t n, LevelRange range,
               const Trials& trials) {
  float peak = 0.0F;
  for (size_t i = 0; i < n; ++i) peak = std::abs(x[i]) > std::abs(peak) ? x[i] : peak;
  if (std::abs(peak) < kNothing) return 0.0F;

  const float inverse = 1.0F / peak;
  float u[kMaxFit];
  float wu[kMaxFit];
  for (size_t i = 0; i < n; ++i) {
    u[i] = x[i] * inverse;
    wu[i] = weights[i] * u[i];
  }
  const F4 low = Splat(static_cast<float>(range.low));
  const F4 top = Splat(static_cast<float>(range.top));
  float best_gain = 0.0F;
  float best_scale = 1.0F / static_cast<float>(range.top);  // when all weights are 0
  for (size_t first = 0; first < trials.count + 4; first += 4) {
    // The last four put the peak near the other end.
    const F4 spacing = first < trials.count ? TrialTops(trials, first, range.top)
                                            : low + F4{-0.6F, -0.2F, 0.2F, 0.6F};
    F4 sum_uq = Splat(0.0F);
    F4 sum_qq = Splat(0.0F);
    for (size_t i = 0; i < n; ++i) {
      const F4 q = Max(Min(Round(Splat(u[i]) * spacing), top), low);
      sum_uq += Splat(wu[i]) * q;
      sum_qq += Splat(weights[i]) * q * q;
    }
    for (size_t lane = 0; lane < 4; ++lane) {
      // The squared error is sum w u^2 - gain.
      const float gain = sum_uq[lane] * sum_uq[lane] / sum_qq[lane];
      if (sum_qq[lane] > 0.0F && gain > best_gain) {
        best_gain = gain;
        best_scale = sum_uq[lane] / sum_qq[lane];
      }
    }
  }
  return best_scale * peak;
}

ScaleOffset FitScaleOffset(const float* x, const float* weights, size_t n, int top,
                           const Trials& trials) {
  float low = 0.0F;
  float high = x[0];
  for (size_t i = 0; i < n; ++i) {
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
  }
  const float span = high - low;
  if (!(span >= kNothing)) return {0.0F, low};

  // u = (x - low) / span is in [0, 1].
  const float inverse = 1.0F / span;
  float u[kMaxFit];
  float wu[kMaxFit];
  float sum_w = 0.0F;
  float sum_u = 0.0F;
  for (size_t i = 0; i < n; ++i) {
    u[i] = (x[i] - low) * inverse;
    wu[i] = weights[i] * u[i];
    sum_w += weights[i];
    sum_u += wu[i];
  }
  const F4 w = Splat(sum_w);
  const F4 wx = Splat(sum_u);
  const F4 max_offset = Splat(-low * inverse);
  const F4 ftop = Splat(static_cast<float>(top));
  float best_error = 0.0F;  // relative to sum w u^2
  ScaleOffset best{span / static_cast<float>(top), low};
  for (size_t first = 0; first < trials.count; first += 4) {
    const F4 spacing = TrialTops(trials, first, top);
    F4 sum_q = Splat(0.0F);
    F4 sum_qq = Splat(0.0F);
    F4 sum_uq = Splat(0.0F);
    for (size_t i = 0; i < n; ++i) {
      const F4 q = Min(Round(Splat(u[i]) * spacing), ftop);
      const F4 wq = Splat(weights[i]) * q;
      sum_q += wq;
      sum_qq += wq * q;
      sum_uq += Splat(wu[i]) * q;
    }
    const F4 determinant = w * sum_qq - sum_q * sum_q;
    F4 scale = (w * sum_uq - wx * sum_q) / determinant;
    F4 offset = (sum_qq * wx - sum_q * sum_uq) / determinant;
    const I4 too_high = offset > max_offset;
    offset = too_high ? max_offset : offset;
    scale = too_high ? (sum_uq - max_offset * sum_q) / sum_qq : scale;
    const F4 error = scale * (scale * sum_qq - Splat(2.0F) * sum_uq) +
                     offset * (offset * w - Splat(2.0F) * wx) +
                     Splat(2.0F) * scale * offset * sum_q;
    for (size_t lane = 0; lane < 4; ++lane) {
      if (determinant[lane] > 0.0F && scale[lane] >= 0.0F && error[lane] < best_error) {
        best_error = error[lane];
        best = {scale[lane] * span, std::min(0.0F, low + offset[lane] * span)};
      }
    }
  }
  return best;
}

void AssignLevels(const float* x, size_t n, ScaleOffset fit, LevelRange range, int8_t* levels) {
  const float inverse = std::abs(fit.scale) < kNothing ? 0.0F : 1.0F / fit.scale;
  const float low = static_cast<float>(range.low);
  const float top = static_cast<float>(range.top);
  for (size_t i = 0; i < n; ++i) {
    // Clamped before rounding, so that the rounding trick holds for any input.
    const float q = std::min(std::max((x[i] - fit.offset) * inverse, low), top);
    levels[i] = static_cast<int8_t>((q + 0x1.8p23F) - 0x1.8p23F);
  }
}

uint16_t SaturatedHalf(float value) {
  constexpr float kLargest = 65504.0F;
  return FloatToHalf(std::clamp(value, -kLargest, kLargest));
}

}  // namespace lemma::tensor
