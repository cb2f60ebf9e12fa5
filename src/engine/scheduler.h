// SPDX-License-Identifier: Apache-2.0
// Decides what the next step computes: a pure function of plain state, tested without a model.
// Sequences that decode come first (one token each), then prefill in chunks, in order of arrival,
// as far as the token budget and the pages reach. When a decoding sequence finds no page, the
// youngest running sequence is to give its pages back and be computed again later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lemma::engine {

struct SequenceState {
  uint64_t arrival = 0;           // smaller is older
  size_t pending = 0;             // tokens whose K and V are not computed yet
  size_t length = 0;              // tokens that are computed
  bool last_page_shared = false;  // extending it costs one page more
  bool paused = false;            // its consumer does not keep up
  bool holds_pages = false;
};

struct SchedulerLimits {
  size_t batch_tokens = 512;  // new tokens in one step
  size_t sequences = 64;      // slices in one step
  size_t page_tokens = 64;
};

struct PlannedSlice {
  size_t sequence = 0;  // index into the states
  size_t count = 0;     // new tokens
};

struct Plan {
  std::vector<PlannedSlice> slices;
  // Set when nothing can run for want of pages: this sequence gives its pages back, then plan
  // again.
  std::optional<size_t> preempt;
  // Set when even alone this sequence cannot get the pages it needs.
  std::optional<size_t> starved;
};

Plan PlanStep(std::span<const SequenceState> states, size_t available_pages,
              const SchedulerLimits& limits);

}  // namespace lemma::engine
