// SPDX-License-Identifier: Apache-2.0
#include "engine/step_loop.h"

#include <algorithm>

#include "base/clock.h"

namespace lemma::engine {
namespace {

bool Contains(const std::vector<int32_t>& tokens, int32_t token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

}  // namespace

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
  const bool ran = !slices.empty() && RunSlices(refs, slices);
  DropFinished();
  // A sample that Plan took out (preempted, starved) freed pages: the rest can go on at once.
  return ran || refs.size() < candidates;
}

bool StepLoop::RunSlices(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices) {
  model::ForwardBatch batch;
  std::vector<size_t> starts;
  Status status;
  for (const PlannedSlice& slice : slices) {
    Active& active = *refs[slice.sequence].active;
    const Sample& sample = *refs[slice.sequence].sample;
    if (active.start_time == 0) active.start_time = MonotonicSeconds();
    const size_t start = Computed(sample);
    const auto tokens = std::span(sample.tokens).subspan(start, slice.count);
    std::vector<PageCopy> copies;
    // The plan counted the pages, so this does not fail; if it does, the step is an error below.
    if (status.ok()) status = pages_.Extend(*sample.sequence, tokens, copies);
    for (const PageCopy& copy : copies) kv_->CopyPage(copy.from, copy.to);
    starts.push_back(start);
    model::SequenceSlice row;
    row.token_begin = batch.tokens.size();
    row.count = slice.count;
    row.position = start;
    const bool last = start + slice.count == sample.tokens.size();
    row.logits = last ? model::LogitsWanted::kLast : model::LogitsWanted::kNone;
    batch.tokens.insert(batch.tokens.end(), tokens.begin(), tokens.end());
    batch.slices.push_back(row);
  }
  for (size_t i = 0; i < slices.size(); ++i) {
    batch.slices[i].pages = pages_.Table(*refs[slices[i].sequence].sample->sequence);
  }
  if (status.ok()) status = model_->Forward(batch, *kv_, logits_);
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

void StepLoop::AfterForward(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices) {
  size_t row = 0;
  const size_t vocab = model_->vocab();
  for (const PlannedSlice& slice : slices) {
    Active& active = *refs[slice.sequence].active;
    Sample& sample = *refs[slice.sequence].sample;
    pages_.MarkComputed(*sample.sequence);
    (slice.count == 1 ? stats_.decode_tokens : stats_.prefill_tokens) += slice.count;
    if (Computed(sample) < sample.tokens.size()) {
      TokenEvent event;
      event.kind = EventKind::kPrefill;
      event.sample = sample.index;
      event.prefill_done = std::min(Computed(sample), active.request.prompt.size());
      event.usage = MakeUsage(active, sample);
      if (active.shared->queue.HasRoom(2 * active.request.samples + 1)) {
        active.shared->queue.Push(std::move(event));
      }
      continue;
    }
    const auto logits = std::span(logits_).subspan(row * vocab, vocab);
    ++row;
    if (active.prefill_done_time == 0) active.prefill_done_time = MonotonicSeconds();
    if (!active.forked) {
      active.forked = true;
      const std::vector<float> shared_logits(logits.begin(), logits.end());
      ForkSamples(active, sample);
      for (Sample& each : active.samples) {
        std::vector<float> copy = shared_logits;
        SampleRow(active, each, copy);
      }
      continue;
    }
    SampleRow(active, sample, logits);
  }
}

void StepLoop::ForkSamples(Active& active, Sample& first) {
  // reserve() in Admit keeps `first` valid while the vector grows.
  for (size_t i = 1; i < active.request.samples; ++i) {
    Sample fork{.index = i, .sampler = Sampler(active.request.sampling, i), .tokens = first.tokens};
    fork.sequence = pages_.Fork(*first.sequence);
    fork.cached_tokens = first.cached_tokens;
    active.samples.push_back(std::move(fork));
  }
}

void StepLoop::SampleRow(Active& active, Sample& sample, std::span<float> logits) {
  const GenerateRequest& request = active.request;
  if (request.max_tokens && sample.generated >= *request.max_tokens) {
    return Finish(active, sample, FinishReason::kLength);
  }
  if (sample.tokens.size() >= options_.context_tokens) {
    return Finish(active, sample, FinishReason::kContextFull);
  }
  static const std::vector<int32_t> none;
  const bool hold = sample.generated < request.min_tokens;
  TokenEvent event;
  event.sample = sample.index;
  event.token = sample.sampler.Sample(logits, sample.tokens, sample.generated,
                                      hold ? request.stop_tokens : none);
  if (sample.first_token_time == 0) sample.first_token_time = MonotonicSeconds();
  const int32_t token = event.token.token;
  if (Contains(request.stop_tokens, token)) {
    return Finish(active, sample, {FinishReason::kStop, std::move(event.token)});
  }
  sample.tokens.push_back(token);
  ++sample.generated;
  active.shared->queue.Push(std::move(event));
  if (request.max_tokens && sample.generated >= *request.max_tokens) {
    return Finish(active, sample, FinishReason::kLength);
  }
  if (sample.tokens.size() >= options_.context_tokens) {
    Finish(active, sample, FinishReason::kContextFull);
  }
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
