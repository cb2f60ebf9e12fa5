// SPDX-License-Identifier: Apache-2.0
#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <vector>

namespace lemma {
namespace {

TEST(ThreadPoolTest, RunsEveryWorkerOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<int> calls(static_cast<size_t>(threads), 0);
      pool.Run([&](int worker) { ++calls[static_cast<size_t>(worker)]; });
      EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), [](int n) { return n == 1; }));
    }
  }
}

TEST(ThreadPoolTest, ParallelForCoversTheRangeOnce) {
  ThreadPool pool(3);
  for (const size_t count : {0u, 1u, 7u, 64u, 1001u}) {
    for (const size_t grain : {1u, 16u, 5000u}) {
      std::vector<std::atomic<int>> hits(count);
      pool.ParallelFor(count, grain, [&](size_t begin, size_t end, int worker) {
        EXPECT_EQ(begin % grain, 0u);
        EXPECT_LT(worker, 3);
        for (size_t i = begin; i < end; ++i) hits[i].fetch_add(1);
      });
      for (const auto& hit : hits) ASSERT_EQ(hit.load(), 1);
    }
  }
}

// Every phase must be complete when ParallelFor returns, whichever helpers came in time.
TEST(ThreadPoolTest, ManyShortPhasesWithMoreThreadsThanProcessors) {
  ThreadPool pool(16);
  for (size_t round = 0; round < 5000; ++round) {
    std::atomic<size_t> sum{0};
    const size_t count = 2 + round % 40;
    pool.ParallelFor(count, 1, [&](size_t begin, size_t end, int) {
      for (size_t i = begin; i < end; ++i) sum.fetch_add(i + 1);
    });
    ASSERT_EQ(sum.load(), count * (count + 1) / 2);
    if (round % 100 == 0) {
      std::atomic<int> workers{0};
      pool.Run([&](int) { ++workers; });
      ASSERT_EQ(workers.load(), 16);
    }
  }
}

TEST(ThreadPoolTest, SleepsAndWakes) {
  ThreadPool pool(4);  // more than the machine may have
  std::atomic<int> sum{0};
  for (int round = 0; round < 50; ++round) pool.Run([&](int worker) { sum.fetch_add(worker); });
  EXPECT_EQ(sum.load(), 50 * 6);
}

}  // namespace
}  // namespace lemma
