// SPDX-License-Identifier: Apache-2.0
// What a Generation handle and the engine thread share. Internal to src/engine.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"
#include "engine/engine.h"
#include "engine/event_queue.h"

namespace lemma::engine {

// Wakes the engine thread; outlives both ends.
class Waker {
 public:
  void Wake() LEMMA_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    signalled_ = true;
    condition_.NotifyAll();
  }
  // Returns at once when Wake was called since the last Wait, and at `time` (MonotonicSeconds) at
  // the latest.
  void Wait(std::optional<double> time) LEMMA_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    while (!signalled_) {
      if (!time) {
        condition_.Wait(mutex_);
        continue;
      }
      const double left = *time - MonotonicSeconds();
      if (left <= 0) break;
      constexpr double kLongest = 3600;  // what is farther away would overflow
      condition_.WaitFor(mutex_, std::chrono::duration_cast<std::chrono::nanoseconds>(
                                     std::chrono::duration<double>(std::min(left, kLongest))));
    }
    signalled_ = false;
  }

 private:
  Mutex mutex_;
  CondVar condition_;
  bool signalled_ LEMMA_GUARDED_BY(mutex_) = false;
};

struct GenerationShared {
  GenerationShared(size_t sample_count, size_t capacity, std::shared_ptr<Waker> engine_waker)
      : queue(capacity),
        samples(sample_count),
        cancelled(std::make_unique<std::atomic<bool>[]>(sample_count)),
        waker(std::move(engine_waker)) {}

  EventQueue queue;
  const size_t samples;
  const std::unique_ptr<std::atomic<bool>[]> cancelled;  // a flag a sample
  const std::shared_ptr<Waker> waker;
};

}  // namespace lemma::engine
