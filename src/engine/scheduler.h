// SPDX-License-Identifier: Apache-2.0
// Decides what the next step computes: a pure function of plain state, tested without a model.
// Sequences that decode come first, then prompts in chunks, as far as tokens, slots and pages
// reach. Higher priorities go first; of equal ones, the client that was served least (as in the
// virtual token counters of Sheng et al. 2024), then the older request. A quarter of the tokens for
// prompts goes to the first in this order, the rest to the shortest, so that a short prompt does
// not wait for a long one and no prompt waits for ever.
// A prompt starts when there are pages for all of it beside what runs. When pages run out, the
// youngest sequence of the lowest priority gives its pages back and is computed again later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lemma::engine {

struct SequenceState {
  uint64_t arrival = 0;           // smaller is older
  int priority = 0;               // higher goes first
  uint64_t client_served = 0;     // work done for the client of this sequence (ClientLedger)
  size_t pending = 0;             // tokens whose K and V are not computed yet
  size_t length = 0;              // tokens that are computed
  bool last_page_shared = false;  // extending it costs one page more
  bool paused = false;            // its consumer does not keep up
  bool holds_pages = false;
  bool pinned = false;      // its pages cannot be taken away now
  bool prefill = false;     // its next tokens are of a prompt, however few they are
  bool started = true;      // false: it was never planned, or lost its pages
  size_t sequences = 1;     // what it will be forked into when its prompt is done
  size_t cached_pages = 0;  // of one that has not started: pages it will take from the cache
};

struct SchedulerLimits {
  size_t batch_tokens = 512;  // new tokens in one step
  size_t sequences = 64;      // slices in one step
  size_t running = 256;       // started sequences; one request alone may exceed it
  // Of prompts, in a step in which sequences decode; 0: as batch_tokens. It bounds the time that
  // prompts add between two tokens of a stream.
  size_t prompt_tokens_beside_decode = 0;
  size_t client_slack = 2048;  // clients whose served work differs by less are equals
  size_t page_tokens = 64;
};

// A started sequence with so few tokens to compute decodes; with more, they are a prompt.
inline constexpr size_t kDecodeTokens = 8;
bool Decodes(const SequenceState& state);

struct PlannedSlice {
  size_t sequence = 0;  // index into the states
  size_t count = 0;     // new tokens
};

struct Plan {
  std::vector<PlannedSlice> slices;  // each sequence at most once
  // Set when this sequence is to give its pages back; then plan again.
  std::optional<size_t> preempt;
  // Set when even alone this sequence cannot get the pages it needs.
  std::optional<size_t> starved;
};

Plan PlanStep(std::span<const SequenceState> states, size_t available_pages,
              const SchedulerLimits& limits);

}  // namespace lemma::engine
