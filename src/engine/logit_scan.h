// SPDX-License-Identifier: Apache-2.0
// One pass over a row of logits, and what can be told from it: the best token at once, the k best
// and all above a bound without looking at most of the row again. Rows are the vocabulary wide
// (152k tokens for Qwen2), so this is most of what sampling costs. Not thread-safe; reused from
// row to row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace lemma::engine {

struct ScoredToken {
  int32_t token = 0;
  float logit = 0;
};

// The order of tokens everywhere: the higher logit first, of equals the lower id.
inline bool Better(const ScoredToken& a, const ScoredToken& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

class LogitScan {
 public:
  static constexpr size_t kBlock = 64;

  // Notes the maximum of each block of the row. What is not finite becomes -infinity. The other
  // functions speak of this row as long as it lives unchanged.
  void Run(std::span<float> logits);

  // -infinity when no logit is finite.
  [[nodiscard]] float best() const { return best_; }
  // The first token with the best logit; 0 when none is finite.
  [[nodiscard]] int32_t ArgMax() const;

  // The k best finite logits, in no order; all of them when there are fewer.
  void TopK(size_t k, std::vector<ScoredToken>& out);

  // Calls use(first token, logits) for every block that holds a finite logit with keep(logit), in
  // order. REQUIRES: keep holds for all logits above one for which it holds.
  template <typename Keep, typename Use>
  void ForEachBlock(const Keep& keep, const Use& use) const {
    for (size_t block = 0; block < maxima_.size(); ++block) {
      if (maxima_[block] == kNone || !keep(maxima_[block])) continue;
      const size_t begin = block * kBlock;
      const size_t left = logits_.size() - begin;
      use(static_cast<int32_t>(begin),
          std::span<const float>(logits_).subspan(begin, left < kBlock ? left : kBlock));
    }
  }

 private:
  static constexpr float kNone = -std::numeric_limits<float>::infinity();

  std::span<const float> logits_;
  std::vector<float> maxima_;  // of blocks
  std::vector<float> order_;   // scratch of TopK
  float best_ = 0;
};

}  // namespace lemma::engine
