// SPDX-License-Identifier: Apache-2.0
#include "kernels/bandwidth.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/thread_pool.h"
#include "kernels/aligned_buffer.h"

namespace lemma::kernels {
namespace {

constexpr size_t kBytes = size_t{768} << 20;
constexpr size_t kChunk = size_t{1} << 20;
constexpr size_t kAhead = 4096;
constexpr int kPasses = 5;

// One xor of everything, in 64-byte steps over eight words.
uint64_t ReadChunk(const uint8_t* from) {
  uint64_t words[8] = {};
  for (size_t at = 0; at < kChunk; at += 64) {
    __builtin_prefetch(from + at + kAhead, 0, 2);
    uint64_t line[8];
    std::memcpy(line, from + at, sizeof(line));
    for (size_t i = 0; i < 8; ++i) words[i] ^= line[i];
  }
  uint64_t out = 0;
  for (const uint64_t w : words) out ^= w;
  return out;
}

}  // namespace

double MeasureReadBandwidth(int threads) {
  auto buffer = AlignedBuffer::Allocate(kBytes);
  if (!buffer.ok()) return 0;
  ThreadPool pool(threads);
  uint8_t* data = buffer->data();
  pool.ParallelFor(kBytes, kChunk, [&](size_t begin, size_t end, int) {
    std::memset(data + begin, 0x5A, end - begin);
  });
  double best = 0;
  std::atomic<uint64_t> sink{0};
  for (int pass = 0; pass < kPasses; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    pool.ParallelFor(kBytes, 8 * kChunk, [&](size_t begin, size_t end, int) {
      uint64_t sum = 0;
      for (size_t at = begin; at < end; at += kChunk) sum ^= ReadChunk(data + at);
      sink.fetch_xor(sum, std::memory_order_relaxed);
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::max(best, static_cast<double>(kBytes) / took.count() / 1e9);
  }
  return sink.load() == 1 ? 0 : best;  // keeps the reads alive: the xor of equal lines is 0
}

}  // namespace lemma::kernels
