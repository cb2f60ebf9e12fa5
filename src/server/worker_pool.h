// SPDX-License-Identifier: Apache-2.0
// A few threads for work that takes longer than an event loop may wait: tokenising, describing a
// model. Bounded. Thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace lemma::server {

class WorkerPool {
 public:
  WorkerPool(int threads, size_t max_waiting);
  // Ends the tasks under way and drops the others.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when too many wait already.
  [[nodiscard]] bool Post(std::function<void()> task) LEMMA_EXCLUDES(mutex_);
  // The same as the destructor; later tasks are refused.
  void Stop() LEMMA_EXCLUDES(mutex_);

 private:
  void Run() LEMMA_EXCLUDES(mutex_);

  const size_t max_waiting_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> tasks_ LEMMA_GUARDED_BY(mutex_);
  bool stopping_ LEMMA_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace lemma::server
