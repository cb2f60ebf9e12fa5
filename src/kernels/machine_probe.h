// SPDX-License-Identifier: Apache-2.0
// What this machine can do at most, measured: clock, multiply-adds per second by instruction set,
// and what a round of the thread pool costs. Each call is short (some 0.1 s); other work on the
// machine disturbs the figures. One call at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace lemma::kernels {

// A multiply instruction that this processor has. A MAC is one multiplication and one addition.
struct MultiplyLoop {
  std::string_view isa;          // "avx512"
  std::string_view instruction;  // "vpdpbusd int8"
  uint64_t macs = 0;             // of one iteration
  void (*run)(uint64_t iterations, uint8_t* sink) = nullptr;
};
std::span<const MultiplyLoop> MultiplyLoops();

// Cycles per second of the core the caller is on, from a chain of dependent additions.
double MeasureClockHz();

// MAC/s of `threads` threads together: the best of a few passes of some 10 ms.
double MeasureMultiplyRate(const MultiplyLoop& loop, int threads);

// One ThreadPool::Run with nothing to do.
struct BarrierCost {
  double median_ns = 0;
  double p99_ns = 0;
};
BarrierCost MeasureBarrier(int threads);

}  // namespace lemma::kernels
