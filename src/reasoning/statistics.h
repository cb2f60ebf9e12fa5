// SPDX-License-Identifier: Apache-2.0
// The statistics of votes and comparisons. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lemma::reasoning {

struct Interval {
  double low = 0;
  double high = 1;
};

// How often answers like this one were right (calibration.h).
struct Confidence {
  double p = 0;       // share of right answers; never above kMostConfidence, whatever was counted
  Interval interval;  // 95 %, Wilson
  size_t total = 0;   // answers that were counted
};
inline constexpr double kMostConfidence = 0.97;

// The 95 % score interval of Wilson (1927) for `right` of `total`; [0, 1] of none.
Interval WilsonInterval(size_t right, size_t total);

// The chance that the class with `first` votes is the one that most samples would fall into, when
// the next one has `second`: P(Bin(first + second + 1, 1/2) >= second + 1), the closed form of the
// Beta posterior of Adaptive-Consistency (Aggarwal et al. 2023).
double LeadConfidence(size_t first, size_t second);

// Exact two-sided p-value of McNemar's test: how likely the pairs that differ (`only_a` right in a
// alone, `only_b` in b alone) are this uneven by chance.
double McNemarP(size_t only_a, size_t only_b);

// 95 % interval of mean(b) - mean(a) over pairs, by the bootstrap with `seed`. REQUIRES: a and b
// are equally long.
Interval PairedBootstrap(std::span<const double> a, std::span<const double> b, uint64_t seed);

}  // namespace lemma::reasoning
