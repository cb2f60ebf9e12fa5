// SPDX-License-Identifier: Apache-2.0
#include "kernels/machine_probe.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "base/cpu_features.h"
#include "base/thread_pool.h"
#include "kernels/rate_loops.h"

namespace lemma::kernels {
namespace {

constexpr int kProbePasses = 9;
constexpr double kPassSeconds = 0.012;

std::vector<MultiplyLoop> Available() {
  [[maybe_unused]] const CpuFeatures& cpu = HostCpu();
  std::vector<MultiplyLoop> out;
  [[maybe_unused]] const auto add = [&out](bool has, const MultiplyLoop& loop) {
    if (has) out.push_back(loop);
  };
#if defined(__x86_64__)
  add(cpu.avx2, {"avx2", "vfmadd f32", kAvx2FmaMacs, Avx2FmaLoop});
  add(cpu.avx2, {"avx2", "vpmaddubsw int8", kAvx2MaddubsMacs, Avx2MaddubsLoop});
  add(cpu.avx_vnni, {"avx_vnni", "vpdpbusd int8", kAvxVnniMacs, AvxVnniLoop});
  add(cpu.avx512, {"avx512", "vfmadd f32", kAvx512FmaMacs, Avx512FmaLoop});
  add(cpu.avx512_vnni, {"avx512", "vpdpbusd int8", kAvx512VnniMacs, Avx512VnniLoop});
  add(cpu.amx_int8, {"amx", "tdpbssd int8", kAmxInt8Macs, AmxInt8Loop});
  add(cpu.amx_bf16, {"amx", "tdpbf16ps bf16", kAmxBf16Macs, AmxBf16Loop});
  add(cpu.amx_bf16, {"amx", "tdpbf16ps on data", kAmxBf16Macs, AmxBf16DataLoop});
  add(cpu.amx_bf16, {"amx", "tdpbf16ps with loads", kAmxBf16Macs, AmxBf16LoadLoop});
#elif defined(__aarch64__)
  add(true, {"neon", "fmla f32", kNeonFmaMacs, NeonFmaLoop});
#endif
  return out;
}

// `n` additions that each need the one before: one cycle each on every core in use. Of two
// registers, because some cores fold additions of constants.
uint64_t DependentAdds(uint64_t n) {
  uint64_t value = n;
  uint64_t step = n | 1;
  for (uint64_t i = 0; i < n; i += 16) {
#if defined(__x86_64__)
    __asm__ volatile(".rept 16\n\tadd %1, %0\n\t.endr" : "+r"(value) : "r"(step));
#elif defined(__aarch64__)
    __asm__ volatile(".rept 16\n\tadd %0, %0, %1\n\t.endr" : "+r"(value) : "r"(step));
#else
    for (int j = 0; j < 16; ++j) __asm__ volatile("" : "+r"(value += step));
#endif
  }
  return value;
}

}  // namespace

std::span<const MultiplyLoop> MultiplyLoops() {
  static const std::vector<MultiplyLoop> loops = Available();
  return loops;
}

double MeasureClockHz() {
  constexpr uint64_t kAdds = uint64_t{1} << 20;
  constexpr int kClockPasses = 50;
  double best = 0;  // what disturbs a pass can only slow it
  for (int pass = 0; pass < kClockPasses; ++pass) {
    const Stopwatch watch;
    DependentAdds(kAdds);
    best = std::max(best, static_cast<double>(kAdds) / watch.Seconds());
  }
  return best;
}

double MeasureMultiplyRate(const MultiplyLoop& loop, int threads) {
  ThreadPool pool(threads);
  const auto run = [&](uint64_t iterations) {
    const Stopwatch watch;
    pool.Run([&](int) {
      alignas(64) uint8_t sink[64];
      loop.run(iterations, sink);
    });
    return watch.Seconds();
  };
  uint64_t iterations = 1024;
  while (run(iterations) < kPassSeconds / 4 && iterations < uint64_t{1} << 40) iterations *= 2;
  iterations *= 4;
  double best = 0;  // other work can only slow a pass
  for (int pass = 0; pass < kProbePasses; ++pass) {
    const double seconds = run(iterations);
    best = std::max(best, static_cast<double>(iterations * loop.macs) * pool.threads() / seconds);
  }
  return best;
}

BarrierCost MeasureBarrier(int threads) {
  constexpr size_t kRuns = 20000;
  constexpr double kMostSeconds = 0.5;  // without spinning a round may take 50 us
  ThreadPool pool(threads);
  std::vector<double> ns;
  ns.reserve(kRuns);
  const Stopwatch all;
  while (ns.size() < kRuns && (ns.size() < 100 || all.Seconds() < kMostSeconds)) {
    const Stopwatch watch;
    pool.Run([](int) {});
    ns.push_back(watch.Seconds() * 1e9);
  }
  std::sort(ns.begin(), ns.end());
  return {ns[ns.size() / 2], ns[ns.size() * 99 / 100]};
}

}  // namespace lemma::kernels
