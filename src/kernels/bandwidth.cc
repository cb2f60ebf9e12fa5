// SPDX-License-Identifier: Apache-2.0
#include "kernels/bandwidth.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/cpu_features.h"
#include "base/machine_info.h"
#include "base/thread_pool.h"

namespace lemma::kernels {
namespace {

constexpr size_t kDefaultBytes = size_t{768} << 20;
constexpr size_t kChunk = size_t{1} << 20;
constexpr size_t kGrain = 4 * kChunk;  // one helping of a thread
constexpr int kReadPasses = 5;

constexpr size_t RoundUp(size_t bytes) { return (bytes + kChunk - 1) / kChunk * kChunk; }

template <Prefetch kPrefetch>
void PrefetchLine(const uint8_t* line) {
  if constexpr (kPrefetch == Prefetch::kT0) __builtin_prefetch(line, 0, 3);
  if constexpr (kPrefetch == Prefetch::kT1) __builtin_prefetch(line, 0, 2);
  if constexpr (kPrefetch == Prefetch::kNta) __builtin_prefetch(line, 0, 0);
}

// 16 bytes in one register on every processor this runs on.
using Vector = uint64_t __attribute__((vector_size(16), may_alias));

// One xor of everything, a line at a time over four registers.
template <Prefetch kPrefetch>
uint64_t ReadChunk(const uint8_t* from, size_t ahead) {
  Vector sums[4] = {};
  for (size_t at = 0; at < kChunk; at += 64) {
    PrefetchLine<kPrefetch>(from + at + ahead);
    const auto* line = reinterpret_cast<const Vector*>(from + at);
    for (int i = 0; i < 4; ++i) sums[i] ^= line[i];
  }
  const Vector all = (sums[0] ^ sums[1]) ^ (sums[2] ^ sums[3]);
  return all[0] ^ all[1];
}

using ReadFn = uint64_t (*)(const uint8_t* from, size_t ahead);

ReadFn ReaderOf(Prefetch prefetch) {
  switch (prefetch) {
    case Prefetch::kNone:
      return ReadChunk<Prefetch::kNone>;
    case Prefetch::kT0:
      return ReadChunk<Prefetch::kT0>;
    case Prefetch::kT1:
      return ReadChunk<Prefetch::kT1>;
    case Prefetch::kNta:
      return ReadChunk<Prefetch::kNta>;
  }
  return ReadChunk<Prefetch::kNone>;
}

void AskForPages(uint8_t* data, size_t bytes, PageSize pages) {
#if defined(MADV_NOHUGEPAGE)
  // A hint, on top of the one that the buffer gave; `granted` shows what came of it.
  if (pages == PageSize::kSmall) (void)madvise(data, bytes, MADV_NOHUGEPAGE);
#else
  (void)data;
  (void)bytes;
  (void)pages;
#endif
}

}  // namespace

Result<BandwidthProbe> BandwidthProbe::Create(size_t bytes, PageSize pages) {
  BandwidthProbe out;
  const size_t rounded = RoundUp(std::max(bytes, kGrain));
  const uint64_t huge_before = HugePageBytesInUse();
  LEMMA_ASSIGN_OR_RETURN(out.buffer_, AlignedBuffer::Allocate(rounded));
  uint8_t* data = out.buffer_.data();
  AskForPages(data, rounded, pages);
  ThreadPool pool(std::max(1, UsableCpus()));
  pool.ParallelFor(rounded, kGrain, [&](size_t begin, size_t end, int) {
    std::memset(data + begin, 0x5A, end - begin);
  });
  const uint64_t huge_after = HugePageBytesInUse();
  if (huge_after > huge_before) {
    out.granted_ = std::min<size_t>(huge_after - huge_before, rounded);
  }
  return out;
}

BandwidthProbe::Speed BandwidthProbe::Measure(const ReadPlan& plan, size_t bytes_per_pass,
                                              int passes) {
  const ReadFn read = ReaderOf(plan.prefetch);
  const size_t chunks = buffer_.size() / kChunk;
  const size_t count = RoundUp(std::clamp<size_t>(bytes_per_pass, kGrain, buffer_.size()));
  ThreadPool pool(plan.threads);
  std::atomic<uint64_t> sink{0};
  std::vector<double> speeds;
  for (int pass = 0; pass < passes; ++pass) {
    const size_t first = position_;
    const Stopwatch watch;
    pool.ParallelFor(count, kGrain, [&](size_t begin, size_t end, int) {
      uint64_t sum = 0;
      for (size_t at = begin; at < end; at += kChunk) {
        const size_t chunk = (first + at / kChunk) % chunks;
        sum ^= read(buffer_.data() + chunk * kChunk, plan.ahead);
      }
      sink.fetch_xor(sum, std::memory_order_relaxed);
    });
    speeds.push_back(static_cast<double>(count) / watch.Seconds() / 1e9);
    position_ = (first + count / kChunk) % chunks;
  }
  std::sort(speeds.begin(), speeds.end());
  if (sink.load() == 1) return {};  // keeps the reads alive: the xor of equal lines is 0
  return {speeds[speeds.size() / 2], speeds.back()};
}

double MeasureReadBandwidth(int threads, size_t bytes) {
  const size_t size = RoundUp(bytes == 0 ? kDefaultBytes : bytes);
  auto probe = BandwidthProbe::Create(size, PageSize::kHuge);
  if (!probe.ok()) return 0;
  return probe->Measure({.threads = threads}, size, kReadPasses).best;
}

}  // namespace lemma::kernels
