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

// The numbers of a block brought to [0, 1], with their weighted sums.
struct Unit {
  float u[kMaxFit];
  float wu[kMaxFit];
  float sum_w = 0.0F;
  float sum_wu = 0.0F;
  float max_offset = 0.0F;  // that of zero
};

// u ~ scale * q + offset of four trials; the squared error is sum w u^2 + error. Where a trial has
// no solution, the error is 0.
struct LineFits {
  F4 scale;
  F4 offset;
  F4 error;
};

LineFits TryLines(const Unit& unit, const float* weights, size_t n, F4 spacing, int top) {
  const F4 ftop = Splat(static_cast<float>(top));
  F4 q1 = Splat(0.0F);  // sums of w q, w q^2 and w u q
  F4 q2 = Splat(0.0F);
  F4 uq = Splat(0.0F);
  for (size_t i = 0; i < n; ++i) {
    const F4 q = Min(Round(Splat(unit.u[i]) * spacing), ftop);
    const F4 wq = Splat(weights[i]) * q;
    q1 += wq;
    q2 += wq * q;
    uq += Splat(unit.wu[i]) * q;
  }
  const F4 w = Splat(unit.sum_w);
  const F4 wu = Splat(unit.sum_wu);
  const F4 max_offset = Splat(unit.max_offset);
  const F4 two = Splat(2.0F);
  const F4 determinant = w * q2 - q1 * q1;
  LineFits fits;
  fits.scale = (w * uq - wu * q1) / determinant;
  fits.offset = (q2 * wu - q1 * uq) / determinant;
  // An offset above zero is not allowed: then zero, and the best scale for that.
  const I4 too_high = fits.offset > max_offset;
  fits.offset = too_high ? max_offset : fits.offset;
  fits.scale = too_high ? (uq - max_offset * q1) / q2 : fits.scale;
  const F4 error = fits.scale * (fits.scale * q2 - two * uq) +
                   fits.offset * (fits.offset * w - two * wu) + two * fits.scale * fits.offset * q1;
  const I4 solved = (determinant > Splat(0.0F)) & (fits.scale >= Splat(0.0F));
  fits.error = solved ? error : Splat(0.0F);
  return fits;
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
  Unit unit;
  for (size_t i = 0; i < n; ++i) {
    unit.u[i] = (x[i] - low) * inverse;
    unit.wu[i] = weights[i] * unit.u[i];
    unit.sum_w += weights[i];
    unit.sum_wu += unit.wu[i];
  }
  unit.max_offset = -low * inverse;
  float best_error = 0.0F;  // relative to sum w u^2
  ScaleOffset best{span / static_cast<float>(top), low};
  for (size_t first = 0; first < trials.count; first += 4) {
    const LineFits fits = TryLines(unit, weights, n, TrialTops(trials, first, top), top);
    for (size_t lane = 0; lane < 4; ++lane) {
      if (fits.error[lane] < best_error) {
        best_error = fits.error[lane];
        best = {fits.scale[lane] * span, std::min(0.0F, low + fits.offset[lane] * span)};
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
