// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler.h"

#include <algorithm>
#include <tuple>

namespace lemma::engine {
namespace {

constexpr size_t kFirstShare = 4;  // the first prompt gets one part in so many

size_t WholePages(size_t tokens, size_t page_tokens) {
  return (tokens + page_tokens - 1) / page_tokens;
}

size_t PagesToExtend(const SequenceState& s, size_t count, size_t page_tokens) {
  return WholePages(s.length + count, page_tokens) - WholePages(s.length, page_tokens) +
         (s.last_page_shared ? 1 : 0);
}

// The largest count <= wanted whose pages fit.
size_t CountThatFits(const SequenceState& s, size_t wanted, size_t pages, size_t page_tokens) {
  while (wanted > 0 && PagesToExtend(s, wanted, page_tokens) > pages) {
    const size_t beyond = (s.length + wanted) % page_tokens;
    wanted -= std::min(wanted, beyond == 0 ? page_tokens : beyond);
  }
  return wanted;
}

class Planner {
 public:
  Planner(std::span<const SequenceState> states, size_t available_pages,
          const SchedulerLimits& limits)
      : states_(states),
        limits_(limits),
        given_(states.size(), 0),
        pages_(available_pages),
        uncommitted_(available_pages) {}

  Plan Run() {
    Sort();
    CountWhatRuns();
    PlanDecode();
    PlanPrompts();
    Plan plan;
    for (const size_t i : touched_) plan.slices.push_back({i, given_[i]});
    if (!blocked_.empty()) MakeRoom(plan);
    return plan;
  }

 private:
  void Sort() {
    uint64_t least = UINT64_MAX;
    std::vector<size_t> order;
    for (size_t i = 0; i < states_.size(); ++i) {
      if (states_[i].pending == 0 || states_[i].paused) continue;
      order.push_back(i);
      least = std::min(least, states_[i].client_served);
    }
    level_.resize(states_.size());
    for (const size_t i : order) {
      level_[i] = (states_[i].client_served - least) / std::max<size_t>(limits_.client_slack, 1);
    }
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::tuple(-states_[a].priority, level_[a], states_[a].arrival, a) <
             std::tuple(-states_[b].priority, level_[b], states_[b].arrival, b);
    });
    for (const size_t i : order) (Decodes(states_[i]) ? decoders_ : prompts_).push_back(i);
  }

  // What started ones will need is not for others to start with.
  void CountWhatRuns() {
    size_t reserved = 0;
    for (const SequenceState& s : states_) {
      holders_ += s.holds_pages ? 1 : 0;
      if (!s.started) continue;
      running_ += s.sequences;
      reserved += Decodes(s) ? 1 : PagesToExtend(s, s.pending, limits_.page_tokens);
    }
    uncommitted_ -= std::min(uncommitted_, reserved);
  }

  void PlanDecode() {
    // One slot and one token are kept for prompts.
    const size_t kept = prompts_.empty() ? 0 : 1;
    const size_t slots = std::max<size_t>(limits_.sequences, kept + 1) - kept;
    budget_ = std::max<size_t>(limits_.batch_tokens, kept + 1) - kept;
    for (const size_t i : decoders_) {
      if (budget_ == 0 || touched_.size() == slots) break;
      Give(i, states_[i].pending);
    }
    budget_ += kept;
  }

  void PlanPrompts() {
    if (!touched_.empty() && limits_.prompt_tokens_beside_decode > 0) {
      budget_ = std::min(budget_, limits_.prompt_tokens_beside_decode);
    }
    if (prompts_.empty()) return;
    // The first that waits is not overtaken for ever by smaller ones: no other starts before it.
    const auto first_waiting = std::find_if(prompts_.begin(), prompts_.end(),
                                            [&](size_t i) { return !states_[i].started; });
    closed_ = first_waiting != prompts_.end() && !MayStart(*first_waiting);
    Give(prompts_.front(), std::max<size_t>(budget_ / kFirstShare, 1));
    std::sort(prompts_.begin(), prompts_.end(), [&](size_t a, size_t b) {
      return std::tuple(-states_[a].priority, level_[a], states_[a].pending, states_[a].arrival,
                        a) <
             std::tuple(-states_[b].priority, level_[b], states_[b].pending, states_[b].arrival, b);
    });
    for (const size_t i : prompts_) Give(i, states_[i].pending);
  }

  [[nodiscard]] size_t PagesToStart(const SequenceState& s) const {
    return PagesToExtend(s, s.pending, limits_.page_tokens) + s.cached_pages;
  }

  [[nodiscard]] bool Alone(const SequenceState& s) const {
    return holders_ == (s.holds_pages ? 1U : 0U) && touched_.empty();
  }

  // Notes it as blocked when that is for want of pages.
  bool MayStart(size_t i) {
    const SequenceState& s = states_[i];
    if (running_ > 0 && running_ + s.sequences > limits_.running) return false;
    if (Alone(s) || PagesToStart(s) <= uncommitted_) return true;
    blocked_.push_back(i);
    return false;
  }

  // At most `wanted` tokens more for sequence i.
  void Give(size_t i, size_t wanted) {
    const SequenceState& s = states_[i];
    const bool fresh = given_[i] == 0;
    wanted = std::min({wanted, s.pending - given_[i], budget_});
    if (wanted == 0 || (fresh && touched_.size() == limits_.sequences)) return;
    if (!s.started && fresh && (closed_ || !MayStart(i))) return;
    // Pages of what it has already are counted again with the whole.
    const size_t had = fresh ? 0 : PagesToExtend(s, given_[i], limits_.page_tokens);
    const size_t count = CountThatFits(s, given_[i] + wanted, pages_ + had, limits_.page_tokens);
    if (count <= given_[i]) {
      if (fresh) blocked_.push_back(i);
      return;
    }
    if (fresh) touched_.push_back(i);
    if (!s.started && fresh) {
      running_ += s.sequences;
      uncommitted_ -= std::min(uncommitted_, PagesToStart(s));
    }
    budget_ -= count - given_[i];
    given_[i] = count;
    pages_ = pages_ + had - PagesToExtend(s, count, limits_.page_tokens);
  }

  // The order in which sequences are entitled to pages; it never changes, so that of two that do
  // not fit together one gets through.
  [[nodiscard]] bool Before(size_t a, size_t b) const {
    return std::tuple(-states_[a].priority, states_[a].arrival, a) <
           std::tuple(-states_[b].priority, states_[b].arrival, b);
  }

  // Sequences for which no page was found: those of lower priority give way, and when nothing runs
  // at all, the last of all does.
  void MakeRoom(Plan& plan) const {
    const size_t first = *std::min_element(blocked_.begin(), blocked_.end(),
                                           [&](size_t a, size_t b) { return Before(a, b); });
    const bool idle = plan.slices.empty();
    std::optional<size_t> last;
    bool pinned = false;
    size_t lower_pages = 0;
    for (size_t i = 0; i < states_.size(); ++i) {
      pinned = pinned || states_[i].pinned;
      if (i == first || !states_[i].holds_pages || states_[i].pinned) continue;
      if (states_[i].priority < states_[first].priority) {
        lower_pages += WholePages(states_[i].length, limits_.page_tokens);
      }
      if (!last || Before(*last, i)) last = i;
    }
    if (idle) {
      plan.preempt = last;
      if (!last && !pinned) plan.starved = first;
      return;
    }
    const SequenceState& s = states_[first];
    const size_t needed = s.started ? PagesToExtend(s, 1, limits_.page_tokens) : PagesToStart(s);
    const size_t left = s.started ? pages_ : uncommitted_;
    if (last && states_[*last].priority < s.priority && left + lower_pages >= needed) {
      plan.preempt = last;
    }
  }

  const std::span<const SequenceState> states_;
  const SchedulerLimits& limits_;
  std::vector<uint64_t> level_;   // by how many slacks the client is ahead of the last
  std::vector<size_t> decoders_;  // both in order
  std::vector<size_t> prompts_;
  std::vector<size_t> given_;    // tokens, by sequence
  std::vector<size_t> touched_;  // sequences with tokens, in order of slices
  std::vector<size_t> blocked_;  // could not run for want of pages
  size_t budget_ = 0;            // tokens
  size_t pages_;                 // free in this step
  size_t uncommitted_;           // of these, not needed by what has started
  size_t holders_ = 0;
  size_t running_ = 0;
  bool closed_ = false;  // nothing starts in this step
};

}  // namespace

bool Decodes(const SequenceState& s) {
  return s.started && !s.prefill && s.pending <= kDecodeTokens;
}

Plan PlanStep(std::span<const SequenceState> states, size_t available_pages,
              const SchedulerLimits& limits) {
  return Planner(states, available_pages, limits).Run();
}

}  // namespace lemma::engine
