// SPDX-License-Identifier: Apache-2.0
#include "engine/speculation.h"

#include <algorithm>

namespace lemma::engine {
namespace {

// What a class starts with: seen so rarely that a few real counts outweigh it.
constexpr std::array<double, 7> kFirstChance = {0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85};
constexpr double kFirstCount = 3;
// Older counts fade: text changes its nature.
constexpr double kMostCounts = 48;

size_t ClassOf(size_t agreement) {
  constexpr std::array<size_t, 6> kAbove = {3, 4, 5, 7, 11, 21};
  size_t index = 0;
  while (index < kAbove.size() && agreement >= kAbove[index]) ++index;
  return index;
}

// Credit of a sequence, in plain steps: a gift for each token, and a bound on what is saved up, so
// that a long copy does not pay for a long loss afterwards.
constexpr double kIncome = 0.01;
constexpr double kMostCredit = 2;

// A draft must promise so much more than the plain step, for estimates are not exact.
constexpr double kLeastGain = 1.03;
// Rise of the time per added row, before anything was measured.
constexpr double kGuessedSlope = 0.05;
// A measurement counts for so many steps at first, and twice as long for each further one.
constexpr uint64_t kFirstLife = 64;
constexpr uint64_t kDoublings = 4;

}  // namespace

DraftRecord::DraftRecord() {
  for (size_t i = 0; i < kClasses; ++i) {
    tallies_[i] = {kFirstChance[i] * kFirstCount, kFirstCount};
  }
}

double DraftRecord::Chance(size_t agreement) const {
  const Tally& tally = tallies_[ClassOf(agreement)];
  return tally.right / tally.all;
}

void DraftRecord::Count(size_t agreement, bool right) {
  Tally& tally = tallies_[ClassOf(agreement)];
  if (tally.all >= kMostCounts) {
    tally.right /= 2;
    tally.all /= 2;
  }
  tally.right += right ? 1 : 0;
  tally.all += 1;
}

void SequenceDrafts::Propose(std::span<const int32_t> tokens, size_t most) {
  Clear();
  const auto match = index_.Find(tokens);
  if (!match) return;
  agreement_ = match->length;
  Continue(tokens, *match, most, draft_);
}

void SequenceDrafts::Keep(size_t count, double cost) {
  kept_ = std::min(count, draft_.size());
  cost_ = cost;
}

void SequenceDrafts::Clear() {
  draft_.clear();
  kept_ = 0;
  cost_ = 0;
}

void SequenceDrafts::Settle(size_t accepted) {
  const auto won = static_cast<double>(accepted);
  credit_ = std::min(credit_ + won - cost_ + kIncome * (1 + won), kMostCredit);
}

bool SequenceDrafts::Check(size_t index, int32_t token) {
  if (index >= draft_.size()) return false;
  const bool right = draft_[index] == token;
  record_.Count(agreement_ + index, right);
  return right && index < kept_;
}

void StepCosts::Record(size_t rows, double seconds) {
  ++steps_;
  if (rows == 0 || rows > kMaxRows) return;
  Times& times = times_[rows];
  times.latest[times.count % kKept] = seconds;
  ++times.count;
  times.last_step = steps_;
}

bool StepCosts::Known(size_t rows) const {
  const Times& times = times_[rows];
  if (times.count == 0) return false;
  const uint64_t life = kFirstLife << std::min(times.count - 1, kDoublings);
  return steps_ - times.last_step <= life;
}

double StepCosts::Typical(size_t rows) const {
  const Times& times = times_[rows];
  std::array<double, kKept> sorted = times.latest;
  const auto n = static_cast<ptrdiff_t>(std::min<uint64_t>(times.count, kKept));
  std::sort(sorted.begin(), sorted.begin() + n);
  return sorted[static_cast<size_t>(n / 4)];
}

double StepCosts::Ratio(size_t base, size_t rows) const {
  if (rows == base) return 1;
  double slope = kGuessedSlope;
  if (times_[base].count > 0) {
    const double one = Typical(base);
    const auto slope_to = [&](size_t r) {
      return std::max(Typical(r) / one - 1, 0.0) / static_cast<double>(r - base);
    };
    size_t nearest = rows;
    while (nearest > base && !Known(nearest)) --nearest;
    if (nearest == base) {  // nothing up to `rows`: perhaps something beyond
      nearest = rows + 1;
      while (nearest <= kMaxRows && !Known(nearest)) ++nearest;
    }
    if (nearest <= kMaxRows) slope = slope_to(nearest);
  }
  return 1 + slope * static_cast<double>(rows - base);
}

DraftPlan PlanDrafts(std::span<const SequenceDrafts* const> sequences, const StepCosts& costs,
                     const SpeculationOptions& options) {
  const size_t base = sequences.size();
  const bool always = options.mode == Speculation::kAlways;
  const size_t most_rows = std::min(options.max_rows, StepCosts::kMaxRows);
  std::vector<size_t> counts(base, 0);
  DraftPlan best{counts, 0};
  std::vector<double> chances(base, 1);  // that all counted drafts of a sequence are right
  const auto next_chance = [&](size_t i) {
    const bool more = counts[i] < std::min(sequences[i]->proposed(), options.max_draft) &&
                      (always || sequences[i]->HasCredit());
    return more ? chances[i] * sequences[i]->Chance(counts[i]) : -1.0;
  };
  const auto plain = static_cast<double>(base);
  double expected = plain;
  double best_gain = kLeastGain;
  for (size_t rows = base + 1; rows <= most_rows; ++rows) {
    size_t next = 0;
    for (size_t i = 1; i < base; ++i) {
      if (next_chance(i) > next_chance(next)) next = i;
    }
    if (next_chance(next) < 0) break;
    chances[next] = next_chance(next);
    ++counts[next];
    expected += chances[next];
    const double ratio = costs.Ratio(base, rows);
    const double gain = expected / plain / ratio;
    if (always || gain > best_gain) {
      best_gain = gain;
      best = {counts, (ratio - 1) * plain};
    }
  }
  return best;
}

}  // namespace lemma::engine
