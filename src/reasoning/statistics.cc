// SPDX-License-Identifier: Apache-2.0
#include "reasoning/statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/rng.h"

namespace lemma::reasoning {
namespace {

// P(Bin(n, 1/2) >= k).
double UpperTail(size_t n, size_t k) {
  double sum = 0;
  for (size_t i = k; i <= n; ++i) {
    const auto x = static_cast<double>(n);
    const auto y = static_cast<double>(i);
    sum += std::exp(std::lgamma(x + 1) - std::lgamma(y + 1) - std::lgamma(x - y + 1) -
                    x * std::log(2.0));
  }
  return std::min(sum, 1.0);
}

}  // namespace

Interval WilsonInterval(size_t right, size_t total) {
  if (total == 0) return {};
  constexpr double kZ = 1.959963984540054;
  const auto n = static_cast<double>(total);
  const double p = static_cast<double>(right) / n;
  const double scale = 1 + kZ * kZ / n;
  const double middle = (p + kZ * kZ / (2 * n)) / scale;
  const double half = kZ / scale * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return {std::max(middle - half, 0.0), std::min(middle + half, 1.0)};
}

double LeadConfidence(size_t first, size_t second) {
  return UpperTail(first + second + 1, second + 1);
}

double McNemarP(size_t only_a, size_t only_b) {
  const size_t n = only_a + only_b;
  if (n == 0) return 1;
  return std::min(1.0, 2 * UpperTail(n, std::max(only_a, only_b)));
}

Interval PairedBootstrap(std::span<const double> a, std::span<const double> b, uint64_t seed) {
  constexpr size_t kRounds = 4000;
  if (a.empty()) return {0, 0};
  std::vector<double> differences(a.size());
  for (size_t i = 0; i < a.size(); ++i) differences[i] = b[i] - a[i];
  std::vector<double> means(kRounds);
  Rng rng(seed);
  for (double& mean : means) {
    double sum = 0;
    for (size_t i = 0; i < differences.size(); ++i) {
      sum += differences[rng.NextBelow(differences.size())];
    }
    mean = sum / static_cast<double>(differences.size());
  }
  std::sort(means.begin(), means.end());
  return {means[kRounds / 40], means[kRounds - 1 - kRounds / 40]};
}

}  // namespace lemma::reasoning
