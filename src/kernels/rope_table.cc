// SPDX-License-Identifier: Apache-2.0
#include "kernels/rope_table.h"

#include <algorithm>
#include <utility>

namespace lemma::kernels {
namespace {

// pi/2 in three parts of 33 bits (fdlibm's rem_pio2 constants), so that quadrant * part is exact
// for quadrants below 2^20.
constexpr double kHalfPi1 = 1.57079632673412561417e+00;
constexpr double kHalfPi2 = 6.07710050630396597660e-11;
constexpr double kHalfPi3 = 2.02226624871116645580e-21;
constexpr double kTwoOverPi = 6.36619772367581382433e-01;
constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52

// Taylor series on |r| <= pi/4: the first term left out is below 1e-17.
double SinSeries(double r) {
  const double z = r * r;
  double p = -1.0 / 1307674368000.0;
  p = p * z + 1.0 / 6227020800.0;
  p = p * z - 1.0 / 39916800.0;
  p = p * z + 1.0 / 362880.0;
  p = p * z - 1.0 / 5040.0;
  p = p * z + 1.0 / 120.0;
  p = p * z - 1.0 / 6.0;
  return r + r * z * p;
}

double CosSeries(double r) {
  const double z = r * r;
  double p = 1.0 / 20922789888000.0;
  p = p * z - 1.0 / 87178291200.0;
  p = p * z + 1.0 / 479001600.0;
  p = p * z - 1.0 / 3628800.0;
  p = p * z + 1.0 / 40320.0;
  p = p * z - 1.0 / 720.0;
  p = p * z + 1.0 / 24.0;
  p = p * z - 1.0 / 2.0;
  return 1.0 + z * p;
}

void Angle(int32_t position, float frequency, float magnitude, float* cosine, float* sine) {
  double s = 0;
  double c = 0;
  FixedSinCos(static_cast<double>(position) * static_cast<double>(frequency), &s, &c);
  *cosine = static_cast<float>(c) * magnitude;
  *sine = static_cast<float>(s) * magnitude;
}

}  // namespace

void FixedSinCos(double angle, double* sine, double* cosine) {
  const double quadrant = (angle * kTwoOverPi + kRound) - kRound;
  const double r = ((angle - quadrant * kHalfPi1) - quadrant * kHalfPi2) - quadrant * kHalfPi3;
  const double s = SinSeries(r);
  const double c = CosSeries(r);
  switch (static_cast<int64_t>(quadrant) & 3) {
    case 0:
      *sine = s;
      *cosine = c;
      return;
    case 1:
      *sine = c;
      *cosine = -s;
      return;
    case 2:
      *sine = -s;
      *cosine = -c;
      return;
    default:
      *sine = -c;
      *cosine = s;
      return;
  }
}

void RopeTable::Prepare(std::span<const int32_t> positions, const RopeParams& params) {
  if (std::ranges::equal(positions, positions_) &&
      std::ranges::equal(params.frequencies, frequencies_) && params.magnitude == magnitude_) {
    return;
  }
  positions_.assign(positions.begin(), positions.end());
  frequencies_.assign(params.frequencies.begin(), params.frequencies.end());
  magnitude_ = params.magnitude;
  half_ = frequencies_.size();
  cosines_.resize(positions_.size() * half_);
  sines_.resize(positions_.size() * half_);
  for (size_t row = 0; row < positions_.size(); ++row) {
    for (size_t i = 0; i < half_; ++i) {
      const size_t at = row * half_ + i;
      Angle(positions_[row], frequencies_[i], magnitude_, &cosines_[at], &sines_[at]);
    }
  }
}

void KeyAngles::Prepare(size_t positions, const RopeParams& params) {
  if (!std::ranges::equal(params.frequencies, frequencies_) || params.magnitude != magnitude_) {
    frequencies_.assign(params.frequencies.begin(), params.frequencies.end());
    magnitude_ = params.magnitude;
    pages_.clear();
  }
  const size_t half = frequencies_.size();
  while (pages_.size() * kPageTokens < positions) {
    const auto first = static_cast<int32_t>(pages_.size() * kPageTokens);
    std::vector<float> page(2 * half * kPageTokens);
    for (size_t i = 0; i < half; ++i) {
      float* to = page.data() + 2 * i * kPageTokens;
      for (size_t t = 0; t < kPageTokens; ++t) {
        const int32_t position = first + static_cast<int32_t>(t);
        Angle(position, frequencies_[i], magnitude_, to + t, to + kPageTokens + t);
      }
    }
    pages_.push_back(std::move(page));
  }
}

}  // namespace lemma::kernels
