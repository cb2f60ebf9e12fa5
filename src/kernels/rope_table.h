// SPDX-License-Identifier: Apache-2.0
// Cosines and sines of RoPE for the positions of a batch, kept between calls: all layers ask for
// the same ones. Computed with the functions below, so that every machine gets the same bits.
// One thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/ops.h"

namespace lemma::kernels {

// sin and cos of `angle` (0 <= |angle| < 2^31) in double, absolute error below 1e-9 there and
// below 1e-15 for |angle| < 2^20; only IEEE basic operations.
void FixedSinCos(double angle, double* sine, double* cosine);

class RopeTable {
 public:
  // Makes row i the angles of positions[i]; does nothing when they are the ones it has.
  void Prepare(std::span<const int32_t> positions, const RopeParams& params);
  // frequencies.size() values, magnitude included.
  [[nodiscard]] const float* cosines(size_t row) const { return cosines_.data() + row * half_; }
  [[nodiscard]] const float* sines(size_t row) const { return sines_.data() + row * half_; }

 private:
  std::vector<int32_t> positions_;
  std::vector<float> frequencies_;
  float magnitude_ = 0.0F;
  size_t half_ = 0;
  std::vector<float> cosines_;
  std::vector<float> sines_;
};

// The same angles for the positions of keys, from 0 on and kept for good: page p has the 64
// positions from 64 p on as [frequency][cosine, sine][64], f32, magnitude included.
class KeyAngles {
 public:
  // Makes the pages of positions [0, positions). Other parameters than before start anew.
  void Prepare(size_t positions, const RopeParams& params);
  [[nodiscard]] const float* page(size_t index) const { return pages_[index].data(); }

 private:
  std::vector<float> frequencies_;
  float magnitude_ = 0.0F;
  std::vector<std::vector<float>> pages_;
};

}  // namespace lemma::kernels
