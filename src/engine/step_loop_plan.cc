// SPDX-License-Identifier: Apache-2.0
// What comes before a forward pass: which sequences run, with which tokens.
#include <algorithm>
#include <numeric>

#include "engine/step_loop.h"

namespace lemma::engine {

std::vector<StepLoop::Ref> StepLoop::Candidates() {
  std::vector<Ref> refs;
  for (auto& active : active_) {
    for (Sample& sample : active->samples) refs.push_back({active.get(), &sample});
  }
  return refs;
}

SequenceState StepLoop::StateOf(const Active& active, const Sample& sample) const {
  SequenceState state;
  state.arrival = active.arrival;
  state.priority = active.request.priority;
  state.client_served = ledger_.Served(active.request.client);
  state.started = sample.started;
  state.sequences = active.forked ? 1 : active.request.samples;
  state.paused = sample.load || !active.shared->queue.HasRoom(2 * active.request.samples);
  if (sample.sequence) {
    state.length = Computed(sample);
    state.last_page_shared =
        pages_.PagesNeeded(*sample.sequence, 1) > (state.length % kPageTokens == 0 ? 1 : 0);
    state.holds_pages = state.length > 0;
  } else {
    state.length = sample.cached.tokens;
    state.cached_pages = sample.cached.cached_pages;
  }
  const size_t prefill_end = PrefillEnd(active);
  const size_t end = state.length < prefill_end ? prefill_end : sample.tokens.size();
  state.pending = end - state.length;  // a slice is of one type
  state.prefill = state.length < prefill_end;
  // Tokens that a watch forced go in a few steps of decoding: a stream does not wait with the
  // prompts for them.
  if (state.started && sample.generated > 0 && state.pending <= kPageTokens) {
    state.pending = std::min(state.pending, kDecodeTokens);
  }
  state.pinned = sample.in_pass;
  // One pass of prompts at a time.
  state.paused = state.paused || sample.in_pass || (flying_ && !Decodes(state));
  return state;
}

std::vector<SequenceState> StepLoop::States(const std::vector<Ref>& refs) const {
  std::vector<SequenceState> states;
  states.reserve(refs.size());
  for (const Ref& ref : refs) states.push_back(StateOf(*ref.active, *ref.sample));
  return states;
}

SchedulerLimits StepLoop::Limits(std::span<const SequenceState> states) const {
  SchedulerLimits limits = options_.scheduler;
  if (limits.prompt_tokens_beside_decode > 0) return limits;
  const auto decoding = std::count_if(states.begin(), states.end(), [](const SequenceState& s) {
    return Decodes(s) && !s.paused && s.pending > 0;
  });
  if (decoding > 0) {
    limits.prompt_tokens_beside_decode = pace_.Limit(static_cast<size_t>(decoding));
  }
  return limits;
}

size_t StepLoop::SideTokens() const {
  size_t decoding = 0;
  for (const auto& active : active_) decoding += active->forked ? active->samples.size() : 0;
  // Half of what a step may take: prompts take theirs beside it.
  const size_t most = options_.scheduler.batch_tokens / 2;
  // The pace is that of a layer, a side pass is whole.
  constexpr size_t kLeast = 16;
  return decoding == 0
             ? most
             : std::min(most, std::max(pace_.Limit(decoding) / model_->layers() / 2, kLeast));
}

void StepLoop::Detach(Sample& sample) {
  if (sample.sequence) pages_.Release(*sample.sequence);
  sample.sequence.reset();
  sample.load.reset();
  sample.started = false;
}

void StepLoop::Preempt(Sample& sample) {
  stats_.preemptions += sample.started ? 1 : 0;
  Detach(sample);
}

bool StepLoop::Attach(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices) {
  bool any = false;
  for (const PlannedSlice& slice : slices) {
    const Ref& ref = refs[slice.sequence];
    Sample& sample = *ref.sample;
    if (sample.sequence) continue;
    any = true;
    sample.sequence = pages_.Create(ref.active->request.cache_salt);
    pages_.AttachPrefix(*sample.sequence, PageTokensOf(*ref.active, 0, sample.tokens));
    BeginLoad(*ref.active, sample);
  }
  return any;
}

void StepLoop::SettleStarts(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices) {
  for (const PlannedSlice& slice : slices) refs[slice.sequence].sample->started = true;
  for (const Ref& ref : refs) {
    if (ref.sample->sequence && !ref.sample->started) Detach(*ref.sample);
  }
}

std::vector<PlannedSlice> StepLoop::Plan(std::vector<Ref>& refs) {
  // A preempted sample may find its prefix again and hold pages at once: leave it out this step.
  for (;;) {
    const auto states = States(refs);
    struct Plan plan = PlanStep(states, pages_.Available(), Limits(states));
    if (plan.preempt) {
      const Ref ref = refs[*plan.preempt];
      Preempt(*ref.sample);
      ref.sample->cached = pages_.FindPrefix(ref.active->request.cache_salt,
                                             PageTokensOf(*ref.active, 0, ref.sample->tokens));
      refs.erase(refs.begin() + static_cast<ptrdiff_t>(*plan.preempt));
      continue;
    }
    if (plan.starved) {
      const Ref ref = refs[*plan.starved];
      FinishWithForks(*ref.active, *ref.sample,
                      {FinishReason::kError,
                       ResourceExhausted("the KV cache has no page left for this sequence")});
      refs.erase(refs.begin() + static_cast<ptrdiff_t>(*plan.starved));
      continue;
    }
    // What the cache has is known for certain, and no longer there for others, when it is taken.
    if (Attach(refs, plan.slices)) continue;
    SettleStarts(refs, plan.slices);
    return plan.slices;
  }
}

size_t StepLoop::DraftLimit(const Active& active, const Sample& sample) const {
  const GenerateRequest& request = active.request;
  // One token comes in any case; drafts beyond the end of the answer are of no use.
  size_t left = options_.context_tokens - sample.tokens.size();
  if (request.max_tokens) left = std::min(left, *request.max_tokens - sample.generated);
  const size_t most = std::min(options_.speculation.max_draft, left - 1);
  const bool room = active.shared->queue.HasRoom((most + 2) * request.samples);
  return room ? most : 0;
}

void StepLoop::AddDrafts(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices) {
  const SpeculationOptions& options = options_.speculation;
  if (options.mode == Speculation::kOff || slices.empty()) return;
  if (slices.size() >= options.max_rows) return;
  for (const PlannedSlice& slice : slices) {
    const Ref& ref = refs[slice.sequence];
    if (!ref.active->forked || Computed(*ref.sample) + 1 != ref.sample->tokens.size()) return;
  }
  std::vector<const SequenceDrafts*> drafts;
  size_t pages = pages_.Available();
  for (const PlannedSlice& slice : slices) {
    const Ref& ref = refs[slice.sequence];
    ref.sample->drafts.Propose(ref.sample->tokens, DraftLimit(*ref.active, *ref.sample));
    drafts.push_back(&ref.sample->drafts);
    pages -= pages_.PagesNeeded(*ref.sample->sequence, 1);
  }
  const DraftPlan plan = PlanDrafts(drafts, costs_, options);
  const size_t total = std::accumulate(plan.counts.begin(), plan.counts.end(), size_t{0});
  for (size_t i = 0; i < slices.size(); ++i) {
    Sample& sample = *refs[slices[i].sequence].sample;
    // Drafts take pages only when every sequence has its own.
    const size_t plain = pages_.PagesNeeded(*sample.sequence, 1);
    size_t count = plan.counts[i];
    while (count > 0 && pages_.PagesNeeded(*sample.sequence, 1 + count) - plain > pages) --count;
    pages -= pages_.PagesNeeded(*sample.sequence, 1 + count) - plain;
    const double share = total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total);
    sample.drafts.Keep(count, plan.cost * share);
  }
}

}  // namespace lemma::engine
