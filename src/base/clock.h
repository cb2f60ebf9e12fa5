// SPDX-License-Identifier: Apache-2.0
// Monotonic wall time in seconds, for durations only.
#pragma once

#include <chrono>

namespace lemma {

inline double MonotonicSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Time since its construction or the last Restart.
class Stopwatch {
 public:
  [[nodiscard]] double Seconds() const { return MonotonicSeconds() - start_; }
  void Restart() { start_ = MonotonicSeconds(); }

 private:
  double start_ = MonotonicSeconds();
};

}  // namespace lemma
