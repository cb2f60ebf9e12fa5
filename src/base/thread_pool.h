// SPDX-License-Identifier: Apache-2.0
// A persistent pool for short parallel phases (kernels). The calling thread takes part as worker 0.
// One caller at a time: Run is not reentrant. Waiting spins for a short while, then sleeps, and
// does not spin at all when there are more threads than usable processors.
#pragma once

#include <cstddef>
#include <memory>

#include "base/function_ref.h"

namespace lemma {

class ThreadPool {
 public:
  // `threads` >= 1 workers in all, the caller included.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int threads() const { return threads_; }

  // Calls body(worker) once on every worker, 0 <= worker < threads(), and returns when all are
  // done.
  void Run(FunctionRef<void(int worker)> body);

  // Calls body(begin, end, worker) over disjoint ranges that cover [0, count) and start at
  // multiples of `grain`. Every worker walks a contiguous share in order and then helps the others,
  // so a slow core delays only its own; a worker that the system does not schedule in time is not
  // waited for.
  void ParallelFor(size_t count, size_t grain,
                   FunctionRef<void(size_t begin, size_t end, int worker)> body);

 private:
  class Impl;
  int threads_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma
