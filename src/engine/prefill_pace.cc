// SPDX-License-Identifier: Apache-2.0
#include "engine/prefill_pace.h"

#include <algorithm>
#include <bit>

namespace lemma::engine {
namespace {

constexpr size_t kFirstLimit = 128;  // before anything was measured
constexpr double kMostGrowth = 1.25;
constexpr double kMostFall = 0.5;  // so that one slow step does not matter much
constexpr size_t kTile = 16;       // of rows, in matrix kernels; a part costs as much as all of it

}  // namespace

void PrefillPace::Times::Add(double seconds) { latest_[count_++ % kKept] = seconds; }

double PrefillPace::Times::Median() const {
  std::array<double, kKept> sorted = latest_;
  const auto n = static_cast<ptrdiff_t>(std::min<uint64_t>(count_, kKept));
  std::sort(sorted.begin(), sorted.begin() + n);
  return sorted[static_cast<size_t>(n / 2)];
}

void PrefillPace::RecordDecode(size_t rows, double seconds) {
  if (rows == 0) return;
  quiet_[std::min<size_t>(std::bit_width(rows) - 1, kClasses - 1)].Add(seconds);
}

void PrefillPace::RecordPrompt(size_t decode_rows, size_t prompt_rows, double seconds) {
  if (decode_rows == 0) return;
  const double quiet = Quiet(decode_rows);
  if (quiet <= 0) return;
  const auto rows = static_cast<double>(prompt_rows);
  if (rate_ <= 0) rate_ = static_cast<double>(kFirstLimit) / ((kStretch - 1) * quiet);
  const double measured = rows / std::max(seconds, 1e-6 * quiet);
  if (measured < rate_) {
    rate_ = std::max(measured, rate_ * kMostFall);
  } else if (2 * prompt_rows >= Limit(decode_rows)) {  // narrow ones tell nothing of wide ones
    rate_ = std::min(measured, rate_ * kMostGrowth);
  }
}

double PrefillPace::Quiet(size_t decode_rows) const {
  const size_t wanted = std::min<size_t>(std::bit_width(decode_rows) - 1, kClasses - 1);
  // Fewer rows take no longer, more rows not longer than in proportion: both are on the safe side.
  for (size_t i = wanted + 1; i-- > 0;) {
    if (!quiet_[i].empty()) return quiet_[i].Median();
  }
  for (size_t i = wanted + 1; i < kClasses; ++i) {
    if (!quiet_[i].empty()) return quiet_[i].Median() / static_cast<double>(2ULL << (i - wanted));
  }
  return 0;
}

size_t PrefillPace::Limit(size_t decode_rows) const {
  const double quiet = Quiet(decode_rows);
  if (quiet <= 0 || rate_ <= 0) return kFirstLimit;
  const auto fits = static_cast<size_t>(std::min(rate_ * (kStretch - 1) * quiet, 1e6));
  return std::max(fits / kTile * kTile, kLeast);
}

}  // namespace lemma::engine
