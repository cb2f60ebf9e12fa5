// SPDX-License-Identifier: Apache-2.0
#include "engine/step_loop.h"

#include <algorithm>
#include <numeric>

#include "base/clock.h"

namespace lemma::engine {
StepLoop::StepLoop(std::unique_ptr<StepModel> model, std::unique_ptr<kernels::KvStorage> kv,
                   const EngineOptions& options)
    : model_(std::move(model)), kv_(std::move(kv)), options_(options), pages_(kv_->num_pages()) {}

void StepLoop::Admit(std::shared_ptr<GenerationShared> shared, GenerateRequest request,
                     double submit_time) {
  auto active = std::make_unique<Active>();
  active->shared = std::move(shared);
  active->arrival = next_arrival_++;
  active->submit_time = submit_time;
  active->samples.reserve(request.samples);  // Ref holds pointers into it
  active->samples.push_back(
      {.index = 0, .sampler = Sampler(request.sampling, 0), .tokens = request.prompt});
  if (request.watch) active->samples.front().watch = request.watch(0);
  active->request = std::move(request);
  active_.push_back(std::move(active));
}

size_t StepLoop::Computed(const Sample& sample) const {
  return sample.sequence ? pages_.Length(*sample.sequence) : 0;
}

Usage StepLoop::MakeUsage(const Active& active, const Sample& sample) const {
  const double now = MonotonicSeconds();
  Usage usage;
  usage.prompt_tokens = active.request.prompt.size();
  usage.cached_tokens = sample.cached_tokens;
  usage.generated_tokens = sample.generated;
  usage.drafted_tokens = sample.drafted_tokens;
  usage.accepted_tokens = sample.accepted_tokens;
  const double start = active.start_time > 0 ? active.start_time : now;
  usage.queue_seconds = start - active.submit_time;
  usage.prefill_seconds = (active.prefill_done_time > 0 ? active.prefill_done_time : now) - start;
  usage.decode_seconds = sample.first_token_time > 0 ? now - sample.first_token_time : 0;
  return usage;
}

// Says it to the consumer and frees the pages; the sample is removed by DropFinished.
void StepLoop::Finish(Active& active, Sample& sample, Ending ending) {
  TokenEvent event;
  event.kind = EventKind::kFinish;
  event.sample = sample.index;
  event.finish = ending.reason;
  event.error = std::move(ending.error);
  event.token = std::move(ending.token);
  event.usage = MakeUsage(active, sample);
  active.shared->queue.Push(std::move(event));
  if (sample.sequence) pages_.Release(*sample.sequence);
  sample.sequence.reset();
  sample.tokens.clear();  // marks it finished
}

void StepLoop::DropFinished() {
  for (auto& active : active_) {
    std::erase_if(active->samples, [](const Sample& s) { return s.tokens.empty(); });
  }
  std::erase_if(active_, [](const auto& active) { return active->samples.empty(); });
}

void StepLoop::FinishWithForks(Active& active, Sample& sample, const Ending& ending) {
  if (!active.forked) {
    for (size_t i = active.request.samples; i-- > 1;) {
      sample.index = i;
      Finish(active, sample, ending);
    }
    sample.index = 0;
  }
  Finish(active, sample, ending);
}

// A cancelled sample that was not forked yet must still get its finish event.
void StepLoop::ReapCancelled() {
  for (auto& active : active_) {
    const auto cancelled = [&](size_t i) { return active->shared->cancelled[i].load(); };
    if (!active->forked) {
      bool all = true;
      for (size_t i = 0; i < active->request.samples; ++i) all = all && cancelled(i);
      if (!all) continue;
      Sample& first = active->samples.front();
      FinishWithForks(*active, first, FinishReason::kCancelled);
      continue;
    }
    for (Sample& sample : active->samples) {
      if (!sample.tokens.empty() && cancelled(sample.index)) {
        Finish(*active, sample, FinishReason::kCancelled);
      }
    }
  }
  DropFinished();
}

void StepLoop::CancelAll() {
  for (auto& active : active_) {
    for (size_t i = 0; i < active->request.samples; ++i) active->shared->cancelled[i].store(true);
  }
  ReapCancelled();
}

std::vector<StepLoop::Ref> StepLoop::Candidates() {
  std::vector<Ref> refs;
  for (auto& active : active_) {
    for (Sample& sample : active->samples) refs.push_back({active.get(), &sample});
  }
  return refs;
}

std::vector<SequenceState> StepLoop::States(const std::vector<Ref>& refs) {
  std::vector<SequenceState> states;
  states.reserve(refs.size());
  for (const Ref& ref : refs) {
    Sample& sample = *ref.sample;
    if (!sample.sequence) {
      sample.sequence = pages_.Create(ref.active->request.cache_salt);
      const size_t found = pages_.AttachPrefix(*sample.sequence, sample.tokens);
      if (ref.active->start_time == 0) {
        sample.cached_tokens = std::min(found, ref.active->request.prompt.size());
      }
    }
    SequenceState state;
    state.arrival = ref.active->arrival;
    state.length = Computed(sample);
    state.pending = sample.tokens.size() - state.length;
    state.last_page_shared =
        pages_.PagesNeeded(*sample.sequence, 1) > (state.length % kPageTokens == 0 ? 1 : 0);
    state.paused = !ref.active->shared->queue.HasRoom(2 * ref.active->request.samples);
    state.holds_pages = state.length > 0;
    states.push_back(state);
  }
  return states;
}

void StepLoop::Preempt(Sample& sample) {
  pages_.Release(*sample.sequence);
  sample.sequence.reset();
  ++stats_.preemptions;
}

std::vector<PlannedSlice> StepLoop::Plan(std::vector<Ref>& refs) {
  // A preempted sample may find its prefix again and hold pages at once: leave it out this step.
  for (;;) {
    const auto states = States(refs);
    struct Plan plan = PlanStep(states, pages_.Available(), options_.scheduler);
    if (plan.preempt) {
      Preempt(*refs[*plan.preempt].sample);
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
    return plan.slices;
  }
}

bool StepLoop::Step() {
  ReapCancelled();
  std::vector<Ref> refs = Candidates();
  const size_t candidates = refs.size();
  const std::vector<PlannedSlice> slices = Plan(refs);
  AddDrafts(refs, slices);
  const bool ran = !slices.empty() && RunSlices(refs, slices);
  DropFinished();
  // A sample that Plan took out (preempted, starved) freed pages: the rest can go on at once.
  return ran || refs.size() < candidates;
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
  for (const Ref& ref : refs) ref.sample->drafts.Clear();
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

bool StepLoop::RunSlices(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices) {
  model::ForwardBatch batch;
  Status status;
  bool decode_only = true;
  for (const PlannedSlice& slice : slices) {
    Active& active = *refs[slice.sequence].active;
    const Sample& sample = *refs[slice.sequence].sample;
    if (active.start_time == 0) active.start_time = MonotonicSeconds();
    model::SequenceSlice row;
    row.position = Computed(sample);
    row.token_begin = batch.tokens.size();
    const auto tokens = std::span(sample.tokens).subspan(row.position, slice.count);
    const auto drafts = sample.drafts.tokens();
    batch.tokens.insert(batch.tokens.end(), tokens.begin(), tokens.end());
    batch.tokens.insert(batch.tokens.end(), drafts.begin(), drafts.end());
    row.count = slice.count + drafts.size();
    std::vector<PageCopy> copies;
    // The plan counted the pages, so this does not fail; if it does, the step is an error below.
    const auto added = std::span(batch.tokens).last(row.count);
    if (status.ok()) status = pages_.Extend(*sample.sequence, added, copies);
    for (const PageCopy& copy : copies) kv_->CopyPage(copy.from, copy.to);
    const bool last = row.position + slice.count == sample.tokens.size();
    row.logits = last ? model::LogitsWanted::kLast : model::LogitsWanted::kNone;
    if (!drafts.empty()) row.logits = model::LogitsWanted::kAll;
    decode_only = decode_only && slice.count == 1;
    batch.slices.push_back(row);
  }
  for (size_t i = 0; i < slices.size(); ++i) {
    batch.slices[i].pages = pages_.Table(*refs[slices[i].sequence].sample->sequence);
  }
  const Stopwatch watch;
  if (status.ok()) status = model_->Forward(batch, *kv_, logits_);
  if (decode_only && status.ok()) costs_.Record(batch.tokens.size(), watch.Seconds());
  ++stats_.steps;
  if (!status.ok()) {
    for (const PlannedSlice& slice : slices) {
      FinishWithForks(*refs[slice.sequence].active, *refs[slice.sequence].sample,
                      {FinishReason::kError, status});
    }
    return true;
  }
  AfterForward(refs, slices);
  return true;
}

EngineStats StepLoop::stats() const {
  EngineStats out = stats_;
  for (const auto& active : active_) {
    out.running += active->start_time > 0 ? active->samples.size() : 0;
    out.waiting += active->start_time > 0 ? 0 : 1;
  }
  out.pages = pages_.Counts();
  return out;
}

}  // namespace lemma::engine
