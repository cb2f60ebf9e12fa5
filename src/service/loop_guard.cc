// SPDX-License-Identifier: Apache-2.0
#include "service/loop_guard.h"

#include <algorithm>
#include <utility>

#include "base/rng.h"

namespace lemma::service {
namespace {

// Fewer than two tokens in five have letters: a table, numbers, markup.
bool IsPlain(size_t letters, size_t tokens) { return letters * 5 < tokens * 2; }

constexpr int32_t kNoToken = -1;

// recent[p - 1] is the token p before the new one. Gives the longest run; vectorised by compilers.
uint32_t UpdateRuns(std::span<const int32_t> recent, int32_t token, std::span<uint32_t> runs) {
  const int32_t* const old = recent.data();
  uint32_t* const run = runs.data();
  const size_t count = runs.size();
  uint32_t longest = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t same = old[i] == token ? ~0U : 0U;
    run[i] = (run[i] + 1) & same;
    longest = longest > run[i] ? longest : run[i];
  }
  return longest;
}

constexpr uint32_t kCountBits = 4;
constexpr uint32_t kMostCount = (1U << kCountBits) - 1;
constexpr size_t kFirstSlots = 256;

uint32_t HashOf(std::span<const int32_t, kLoopGram> gram) {
  uint64_t hash = 0;
  for (const int32_t token : gram) {
    hash = RandomBits(hash, static_cast<uint64_t>(static_cast<uint32_t>(token)));
  }
  return std::max(static_cast<uint32_t>(hash >> (32 + kCountBits)), 1U);  // 28 bits, 0 is free
}

}  // namespace

LoopLimits ThinkingLoopLimits() { return {}; }

LoopLimits AnswerLoopLimits() {
  LoopLimits limits;
  limits.short_repeats = 8;
  limits.long_repeats = 4;
  limits.least_tokens = 384;
  limits.plain_tokens = 2048;
  limits.window = 2048;
  limits.stale_after = 7;
  limits.most_stale = 0.9;
  limits.most_covered = 0.95;
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

GramCounts::GramCounts() : slots_(kFirstSlots, 0) {}

void GramCounts::Clear() {
  slots_.assign(kFirstSlots, 0);
  used_ = 0;
}

size_t GramCounts::Add(std::span<const int32_t, kLoopGram> gram) {
  if (2 * (used_ + 1) > slots_.size()) Grow();
  const uint32_t hash = HashOf(gram);
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at] != 0 && slots_[at] >> kCountBits != hash) at = (at + 1) & mask;
  if (slots_[at] == 0) {
    slots_[at] = hash << kCountBits | 1U;
    ++used_;
    return 0;
  }
  const uint32_t before = slots_[at] & kMostCount;
  if (before < kMostCount) ++slots_[at];
  return before;
}

void GramCounts::Grow() {
  std::vector<uint32_t> larger(2 * slots_.size(), 0);
  const size_t mask = larger.size() - 1;
  for (const uint32_t slot : slots_) {
    if (slot == 0) continue;
    size_t at = (slot >> kCountBits) & mask;
    while (larger[at] != 0) at = (at + 1) & mask;
    larger[at] = slot;
  }
  slots_ = std::move(larger);
}

LoopGuard::LoopGuard(const LoopLimits& limits)
    : limits_(limits),
      letters_{0},
      recent_(limits.max_period, kNoToken),
      runs_(limits.max_period, 0),
      stale_at_{0},
      covered_at_{0} {}

void LoopGuard::Reset() {
  tokens_.clear();
  letters_.assign(1, 0);
  std::fill(recent_.begin(), recent_.end(), kNoToken);
  std::fill(runs_.begin(), runs_.end(), 0);
  grams_.Clear();
  stale_ = 0;
  stale_at_.assign(1, 0);
  run_ = 0;
  covered_ = 0;
  covered_end_ = 0;
  covered_at_.assign(1, 0);
}

size_t LoopGuard::Letters(size_t last) const {
  return letters_.back() - letters_[letters_.size() - 1 - last];
}

std::optional<LoopFinding> LoopGuard::Push(int32_t token, TokenText text) {
  const uint32_t longest = UpdateRuns(recent_, token, runs_);
  std::copy_backward(recent_.begin(), recent_.end() - 1, recent_.end());
  recent_.front() = token;
  tokens_.push_back(token);
  letters_.push_back(letters_.back() + (text == TokenText::kLetters ? 1 : 0));
  // Blocks that cover n have a run of all but the first of them.
  const size_t repeats = std::min(limits_.short_repeats, limits_.long_repeats);
  if (longest * repeats >= limits_.least_tokens * (repeats - 1)) {
    if (auto found = FindBlock()) return found;
  }
  CountStale();
  return CheckWindow();
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

void LoopGuard::CountStale() {
  if (limits_.window == 0) return;
  if (tokens_.size() >= kLoopGram) {
    const auto gram = std::span(tokens_).last<kLoopGram>();
    const bool stale = grams_.Add(gram) >= limits_.stale_after;
    stale_ += stale ? 1 : 0;
    CountCovered(stale);
  }
  if (tokens_.size() % kLoopStride != 0) return;
  stale_at_.push_back(stale_);
  covered_at_.push_back(covered_);
}

void LoopGuard::CountCovered(bool stale) {
  run_ = stale ? run_ + 1 : 0;
  if (run_ < kLoopRun) return;
  covered_ += std::min(kLoopGram + kLoopRun - 1, tokens_.size() - covered_end_);
  covered_end_ = tokens_.size();
}

bool LoopGuard::Circles(double stale, double covered, size_t window) const {
  const bool plain = IsPlain(Letters(window), window);
  if (!plain && covered > limits_.most_covered) return true;
  return stale > (plain ? (1 + limits_.most_stale) / 2 : limits_.most_stale);
}

std::optional<LoopFinding> LoopGuard::CheckWindow() const {
  const size_t strides = limits_.window / kLoopStride;
  const bool looked_at = limits_.window > 0 && tokens_.size() % kLoopStride == 0;
  if (!looked_at || stale_at_.size() <= strides) return std::nullopt;
  const size_t window = strides * kLoopStride;
  const size_t begin = stale_at_.size() - 1 - strides;
  const size_t stale = stale_at_.back() - stale_at_[begin];
  // The first run of the window may begin before it.
  const size_t covered = std::min(covered_at_.back() - covered_at_[begin], window);
  const auto share = [window](size_t part) {
    return static_cast<double>(part) / static_cast<double>(window);
  };
  if (!Circles(share(stale), share(covered), window)) return std::nullopt;
  std::vector<int32_t> kinds(tokens_.end() - static_cast<ptrdiff_t>(window), tokens_.end());
  std::sort(kinds.begin(), kinds.end());
  const auto end = std::unique(kinds.begin(), kinds.end());
  if (end - kinds.begin() < static_cast<ptrdiff_t>(kLoopLeastKinds)) return std::nullopt;
  return LoopFinding{LoopFinding::Kind::kLowEntropy, window - stale, window};
}

}  // namespace lemma::service
