// SPDX-License-Identifier: Apache-2.0
// The machine's speed limit for decoding: how fast memory can be read in sequence.
#pragma once

namespace lemma::kernels {

// GB/s (1e9 bytes) of sequential reads of a 768 MB buffer by `threads` threads, each its own part,
// huge pages asked for, software prefetch on; the best of a few passes. 0 when memory is short.
// Takes about half a second; safe to call from any thread, but other work disturbs the figure.
double MeasureReadBandwidth(int threads);

}  // namespace lemma::kernels
