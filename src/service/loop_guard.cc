// SPDX-License-Identifier: Apache-2.0
#include "service/loop_guard.h"

#include <algorithm>
#include <bit>
#include <span>

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

// Different sequences of kLoopGram tokens, by their hashes.
size_t DistinctGrams(std::span<const int32_t> tokens) {
  constexpr uint64_t kBase = 0x9E3779B97F4A7C15ULL;
  uint64_t leaving = 1;  // kBase to the power of kLoopGram
  for (size_t i = 0; i < kLoopGram; ++i) leaving *= kBase;
  const size_t slots = std::bit_ceil(2 * tokens.size());
  std::vector<uint64_t> table(slots, 0);
  const auto value = [&](size_t i) { return static_cast<uint64_t>(tokens[i]) + 1; };
  size_t distinct = 0;
  uint64_t rolling = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    rolling = rolling * kBase + value(i);
    if (i >= kLoopGram) rolling -= leaving * value(i - kLoopGram);
    if (i + 1 < kLoopGram) continue;
    const uint64_t hash = RandomBits(rolling, 0) | 1;
    size_t slot = (hash >> 20) & (slots - 1);
    while (table[slot] != 0 && table[slot] != hash) slot = (slot + 1) & (slots - 1);
    distinct += table[slot] == 0 ? 1 : 0;
    table[slot] = hash;
  }
  return distinct;
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
    : limits_(limits),
      letters_{0},
      recent_(limits.max_period, kNoToken),
      runs_(limits.max_period, 0) {}

void LoopGuard::Reset() {
  tokens_.clear();
  letters_.assign(1, 0);
  std::fill(recent_.begin(), recent_.end(), kNoToken);
  std::fill(runs_.begin(), runs_.end(), 0);
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
  const size_t distinct = DistinctGrams(std::span(tokens_).last(limits_.window));
  const bool plain = IsPlain(Letters(limits_.window), limits_.window);
  const double least = plain ? limits_.least_new / 4 : limits_.least_new;
  if (static_cast<double>(distinct) >= least * static_cast<double>(count)) return std::nullopt;
  return LoopFinding{LoopFinding::Kind::kFewNew, distinct, count};
}

}  // namespace lemma::service
