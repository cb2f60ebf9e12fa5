// SPDX-License-Identifier: Apache-2.0
// The searches that all block encoders are made of: the scale, or the scale and the offset, with
// which integers from a small range come closest to given numbers, in weighted squares.
//
// Method: for a fixed assignment of integers q the best scale (and offset) is a linear
// least-squares solution. So a handful of trial spacings around "the peak falls on the last
// integer" are tried, each gives an assignment by rounding, each assignment its exact solution,
// and the one with the least error wins. Trials run side by side in vector lanes, so every sum
// has one fixed order: results are the same on all processors.
//
// All inputs are finite; weights are >= 0. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lemma::tensor {

inline constexpr size_t kMaxFit = 32;  // most numbers a fit takes at once

// Trial spacings: top + first + step * i, i < count (a multiple of 4), for ranges that end in top.
struct Trials {
  float first;
  float step;
  size_t count;
};

// The range of integers, with low <= 0 < top.
struct LevelRange {
  int low;
  int top;
};

// Returns a such that a * q, q in the range, is near x: the entry of largest magnitude falls
// on or near `top`, so a has its sign. 0 when all x are 0.
float FitScale(const float* x, const float* weights, size_t n, LevelRange range,
               const Trials& trials);

struct ScaleOffset {
  float scale = 0.0F;   // >= 0
  float offset = 0.0F;  // <= 0
};

// The same for x ~ scale * q + offset with q in [0, top] and offset <= 0.
ScaleOffset FitScaleOffset(const float* x, const float* weights, size_t n, int top,
                           const Trials& trials);

// levels[i] = nearest integer to (x[i] - offset) / scale within the range; 0 when scale is 0.
void AssignLevels(const float* x, size_t n, ScaleOffset fit, LevelRange range, int8_t* levels);

// A binary16 that is finite whatever the value.
uint16_t SaturatedHalf(float value);

}  // namespace lemma::tensor
