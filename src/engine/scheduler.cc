// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler.h"

#include <algorithm>

namespace lemma::engine {
namespace {

size_t PagesToExtend(const SequenceState& s, size_t count, size_t page_tokens) {
  const auto pages = [page_tokens](size_t n) { return (n + page_tokens - 1) / page_tokens; };
  return pages(s.length + count) - pages(s.length) + (s.last_page_shared ? 1 : 0);
}

// The largest count <= wanted whose pages fit.
size_t CountThatFits(const SequenceState& s, size_t wanted, size_t pages, size_t page_tokens) {
  while (wanted > 0 && PagesToExtend(s, wanted, page_tokens) > pages) {
    const size_t beyond = (s.length + wanted) % page_tokens;
    wanted -= std::min(wanted, beyond == 0 ? page_tokens : beyond);
  }
  return wanted;
}

std::vector<size_t> RunnableInOrder(std::span<const SequenceState> states) {
  std::vector<size_t> order;
  for (size_t i = 0; i < states.size(); ++i) {
    if (states[i].pending > 0 && !states[i].paused) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const bool a_prefill = states[a].pending > 1;
    const bool b_prefill = states[b].pending > 1;
    if (a_prefill != b_prefill) return b_prefill;
    return states[a].arrival < states[b].arrival;
  });
  return order;
}

// The youngest holder of pages, if it is not the oldest runnable sequence itself.
std::optional<size_t> Victim(std::span<const SequenceState> states, size_t oldest) {
  std::optional<size_t> victim;
  for (size_t i = 0; i < states.size(); ++i) {
    if (i == oldest || !states[i].holds_pages) continue;
    if (!victim || states[i].arrival > states[*victim].arrival) victim = i;
  }
  return victim;
}

}  // namespace

Plan PlanStep(std::span<const SequenceState> states, size_t available_pages,
              const SchedulerLimits& limits) {
  Plan plan;
  const std::vector<size_t> order = RunnableInOrder(states);
  size_t budget = limits.batch_tokens;
  size_t pages = available_pages;
  for (const size_t i : order) {
    if (budget == 0 || plan.slices.size() == limits.sequences) break;
    const SequenceState& s = states[i];
    const size_t count = CountThatFits(s, std::min(s.pending, budget), pages, limits.page_tokens);
    if (count == 0) continue;
    plan.slices.push_back({i, count});
    budget -= count;
    pages -= PagesToExtend(s, count, limits.page_tokens);
  }
  if (!plan.slices.empty() || order.empty()) return plan;
  const size_t oldest = *std::min_element(order.begin(), order.end(), [&](size_t a, size_t b) {
    return states[a].arrival < states[b].arrival;
  });
  plan.preempt = Victim(states, oldest);
  if (!plan.preempt) plan.starved = oldest;
  return plan;
}

}  // namespace lemma::engine
