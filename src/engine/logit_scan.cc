// SPDX-License-Identifier: Apache-2.0
#include "engine/logit_scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

namespace lemma::engine {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// Four lanes in one register, on every processor that the project runs on (GCC and Clang).
using F4 = float __attribute__((vector_size(16)));
using I4 = int32_t __attribute__((vector_size(16)));

struct BlockMaximum {
  float value;
  bool finite;  // all of the block
};

// Of LogitScan::kBlock logits. Comparisons ignore NaN.
BlockMaximum MaximumOf(const float* logits) {
  constexpr size_t kStep = 16;
  constexpr int32_t kExponent = 0x7F800000;  // all of its bits set: infinity or NaN
  F4 best[4];
  I4 bad[4] = {};
  for (F4& each : best) each = F4{} + kMinusInfinity;
  for (size_t i = 0; i < LogitScan::kBlock; i += kStep) {
    for (size_t j = 0; j < 4; ++j) {
      F4 value;
      I4 bits;
      std::memcpy(&value, logits + i + 4 * j, sizeof(value));
      std::memcpy(&bits, logits + i + 4 * j, sizeof(bits));
      best[j] = value > best[j] ? value : best[j];
      bad[j] |= (bits & kExponent) == kExponent;
    }
  }
  BlockMaximum out{kMinusInfinity, true};
  const I4 any = (bad[0] | bad[1]) | (bad[2] | bad[3]);
  for (size_t i = 0; i < 4; ++i) {
    for (const F4& each : best) out.value = std::max(out.value, each[i]);
    out.finite = out.finite && any[i] == 0;
  }
  return out;
}

float CleanMaximum(std::span<float> logits) {
  float best = kMinusInfinity;
  for (float& x : logits) {
    if (!std::isfinite(x)) x = kMinusInfinity;
    best = std::max(best, x);
  }
  return best;
}

}  // namespace

void LogitScan::Run(std::span<float> logits) {
  logits_ = logits;
  maxima_.resize((logits.size() + kBlock - 1) / kBlock);
  best_ = kMinusInfinity;
  for (size_t block = 0; block < maxima_.size(); ++block) {
    const size_t begin = block * kBlock;
    const size_t count = std::min(kBlock, logits.size() - begin);
    BlockMaximum maximum{0, false};
    if (count == kBlock) maximum = MaximumOf(logits.data() + begin);
    if (!maximum.finite) maximum.value = CleanMaximum(logits.subspan(begin, count));
    maxima_[block] = maximum.value;
    best_ = std::max(best_, maximum.value);
  }
}

int32_t LogitScan::ArgMax() const {
  const auto block = std::find(maxima_.begin(), maxima_.end(), best_);
  if (block == maxima_.end()) return 0;
  const auto begin = logits_.begin() + (block - maxima_.begin()) * static_cast<ptrdiff_t>(kBlock);
  return static_cast<int32_t>(std::find(begin, logits_.end(), best_) - logits_.begin());
}

void LogitScan::TopK(size_t k, std::vector<ScoredToken>& out) {
  out.clear();
  if (k == 0) return;
  // The k-th best maximum of a block: at least k logits are as high, so the k best are too.
  float bound = kMinusInfinity;
  if (k <= maxima_.size()) {
    order_ = maxima_;
    const auto at = order_.begin() + static_cast<ptrdiff_t>(k - 1);
    std::nth_element(order_.begin(), at, order_.end(), std::greater<>());
    bound = *at;
  }
  ForEachBlock([bound](float logit) { return logit >= bound; },
               [&out, bound](int32_t first, std::span<const float> logits) {
                 for (const float logit : logits) {
                   if (logit >= bound && logit != kMinusInfinity) out.push_back({first, logit});
                   ++first;
                 }
               });
  if (out.size() <= k) return;
  const auto end = out.begin() + static_cast<ptrdiff_t>(k);
  std::nth_element(out.begin(), end, out.end(), Better);
  out.erase(end, out.end());
}

}  // namespace lemma::engine
