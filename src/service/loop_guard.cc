// SPDX-License-Identifier: Apache-2.0
#include "service/loop_guard.h"

#include <algorithm>

#include "base/rng.h"

namespace lemma::service {
namespace {

// Fewer than two tokens in five have letters: a table, numbers, markup.
bool IsPlain(size_t letters, size_t tokens) { return letters * 5 < tokens * 2; }

}  // namespace

LoopLimits ThinkingLoopLimits() { return {}; }

LoopLimits AnswerLoopLimits() {
  LoopLimits limits;
  limits.short_repeats = 8;
  limits.long_repeats = 4;
  limits.least_tokens = 384;
  limits.plain_tokens = 2048;
  limits.window = 2048;
  limits.least_new = 0.06;
  return limits;
}

TokenText TokenTextOf(std::string_view piece) {
  for (const char c : piece) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) {
      return TokenText::kLetters;
    }
  }
  return TokenText::kPlain;
}

LoopGuard::LoopGuard(const LoopLimits& limits)
    : limits_(limits), letters_{0}, runs_(limits.max_period, 0) {}

void LoopGuard::Reset() {
  tokens_.clear();
  letters_.assign(1, 0);
  std::fill(runs_.begin(), runs_.end(), 0);
}

size_t LoopGuard::Letters(size_t last) const {
  return letters_.back() - letters_[letters_.size() - 1 - last];
}

std::optional<LoopFinding> LoopGuard::Push(int32_t token, TokenText text) {
  const size_t before = tokens_.size();
  const size_t periods = std::min(before, limits_.max_period);
  const int32_t* const end = tokens_.data() + before;
  uint32_t longest = 0;
  for (size_t p = 1; p <= periods; ++p) {
    uint32_t& run = runs_[p - 1];
    run = *(end - p) == token ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  tokens_.push_back(token);
  letters_.push_back(letters_.back() + (text == TokenText::kLetters ? 1 : 0));
  // Blocks that cover n have a run of all but the first of them.
  const size_t repeats = std::min(limits_.short_repeats, limits_.long_repeats);
  if (longest * repeats >= limits_.least_tokens * (repeats - 1)) {
    if (auto found = FindBlock()) return found;
  }
  if (limits_.window > 0 && tokens_.size() >= limits_.window && tokens_.size() % kLoopStride == 0) {
    return CountNew();
  }
  return std::nullopt;
}

std::optional<LoopFinding> LoopGuard::FindBlock() const {
  const size_t periods = std::min(tokens_.size() - 1, limits_.max_period);
  for (size_t p = 1; p <= periods; ++p) {
    const size_t covered = runs_[p - 1] + p;
    const size_t repeats = p <= limits_.short_period ? limits_.short_repeats : limits_.long_repeats;
    if (covered < p * repeats || covered < limits_.least_tokens) continue;
    if (IsPlain(Letters(p), p) && covered < limits_.plain_tokens) continue;
    return LoopFinding{LoopFinding::Kind::kBlock, p, covered / p};
  }
  return std::nullopt;
}

std::optional<LoopFinding> LoopGuard::CountNew() const {
  const size_t count = limits_.window - kLoopGram + 1;
  std::vector<uint64_t> grams(count);
  const int32_t* const first = tokens_.data() + (tokens_.size() - limits_.window);
  for (size_t i = 0; i < count; ++i) {
    uint64_t hash = 0;
    for (size_t j = 0; j < kLoopGram; ++j) {
      hash = RandomBits(hash, static_cast<uint32_t>(first[i + j]));
    }
    grams[i] = hash;
  }
  std::sort(grams.begin(), grams.end());
  const auto distinct =
      static_cast<size_t>(std::unique(grams.begin(), grams.end()) - grams.begin());
  const bool plain = IsPlain(Letters(limits_.window), limits_.window);
  const double least = plain ? limits_.least_new / 4 : limits_.least_new;
  if (static_cast<double>(distinct) >= least * static_cast<double>(count)) return std::nullopt;
  return LoopFinding{LoopFinding::Kind::kFewNew, distinct, count};
}

}  // namespace lemma::service
