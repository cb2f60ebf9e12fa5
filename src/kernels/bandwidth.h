// SPDX-License-Identifier: Apache-2.0
// The machine's speed limit for decoding: how fast memory can be read in sequence. GB is 1e9
// bytes. Safe to call from any thread, but other work on the machine disturbs the figures.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "kernels/aligned_buffer.h"

namespace lemma::kernels {

enum class PageSize : uint8_t { kSmall, kHuge };  // kHuge: asked for; see BandwidthProbe::granted
enum class Prefetch : uint8_t { kNone, kT0, kT1, kNta };

struct ReadPlan {
  int threads = 1;
  Prefetch prefetch = Prefetch::kT1;
  size_t ahead = 4096;  // bytes between the line read and the line prefetched
};

// A buffer that is read from end to end, again and again, a part at a time, so that a line comes
// back only after the whole buffer went by.
class BandwidthProbe {
 public:
  // ResourceExhausted when the system has no `bytes` (rounded up to whole MB).
  static Result<BandwidthProbe> Create(size_t bytes, PageSize pages);

  // GB/s of `passes` reads of `bytes_per_pass` each: their median, and the best of them.
  struct Speed {
    double median = 0;
    double best = 0;
  };
  Speed Measure(const ReadPlan& plan, size_t bytes_per_pass, int passes);

  // Bytes of the buffer on huge pages; 0 where the system does not tell.
  [[nodiscard]] size_t granted() const { return granted_; }
  [[nodiscard]] size_t size() const { return buffer_.size(); }

 private:
  AlignedBuffer buffer_;
  size_t position_ = 0;  // where the next pass starts
  size_t granted_ = 0;
};

// The best of a few whole reads of `bytes` (0: 768 MB) by `threads` threads, huge pages asked for,
// software prefetch on. To judge a model, give the bytes that it reads for a token: caches may
// keep part of it, and then serve both alike. 0 when memory is short. About half a second.
double MeasureReadBandwidth(int threads, size_t bytes = 0);

}  // namespace lemma::kernels
