// SPDX-License-Identifier: Apache-2.0
#include "engine/step_loop.h"

#include <algorithm>

#include "base/clock.h"

namespace lemma::engine {
StepLoop::StepLoop(std::unique_ptr<StepModel> model, std::unique_ptr<kernels::KvStorage> kv,
                   const EngineOptions& options, std::unique_ptr<PageStore> store)
    : model_(std::move(model)),
      kv_(std::move(kv)),
      options_(options),
      pages_(kv_->num_pages()),
      store_(std::move(store)),
      ledger_(2 * options.scheduler.client_slack) {}

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
  ledger_.Arrive(active->request.client);
  Sample& first = active->samples.front();
  first.cached = pages_.FindPrefix(active->request.cache_salt, first.tokens);
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
  stats_.cancels += ending.reason == FinishReason::kCancelled ? 1 : 0;
  stats_.deadline_hits += ending.reason == FinishReason::kDeadline ? 1 : 0;
  active.shared->queue.Push(std::move(event));
  if (sample.sequence && sample.in_pass) {
    flying_->orphans.push_back(*sample.sequence);
  } else if (sample.sequence) {
    pages_.Release(*sample.sequence);
  }
  sample.sequence.reset();
  sample.tokens.clear();  // marks it finished
}

void StepLoop::DropFinished() {
  for (auto& active : active_) {
    std::erase_if(active->samples, [](const Sample& s) { return s.tokens.empty(); });
  }
  for (const auto& active : active_) {
    if (!active->samples.empty()) continue;
    ledger_.Leave(active->request.client);
    departures_ += active->start_time == 0 ? 1 : 0;
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

// Samples that were not forked yet must still get their finish events.
void StepLoop::EndAll(Active& active, FinishReason reason) {
  if (!active.forked) return FinishWithForks(active, active.samples.front(), reason);
  for (Sample& sample : active.samples) {
    if (!sample.tokens.empty()) Finish(active, sample, reason);
  }
}

std::optional<FinishReason> StepLoop::ReasonToEnd(const Active& active,
                                                  const Sample& sample) const {
  const auto& deadline = active.request.deadline;
  if (deadline && MonotonicSeconds() >= *deadline) return FinishReason::kDeadline;
  const auto cancelled = [&](size_t i) { return active.shared->cancelled[i].load(); };
  bool all = true;  // one that was not forked stands for all samples
  for (size_t i = 0; i < active.request.samples && !active.forked; ++i) all = all && cancelled(i);
  const bool ended = active.forked ? cancelled(sample.index) : all;
  return ended ? std::optional(FinishReason::kCancelled) : std::nullopt;
}

void StepLoop::ReapEnded() {
  for (auto& active : active_) {
    for (Sample& sample : active->samples) {
      if (sample.tokens.empty()) continue;
      if (const auto reason = ReasonToEnd(*active, sample)) {
        FinishWithForks(*active, sample, *reason);
      }
    }
  }
  DropFinished();
  DropUnwantedPass();
}

void StepLoop::CancelAll() {
  for (auto& active : active_) EndAll(*active, FinishReason::kCancelled);
  DropFinished();
}

std::optional<double> StepLoop::WakeTime() const {
  std::optional<double> first;
  for (const auto& active : active_) {
    const auto& deadline = active->request.deadline;
    if (deadline && (!first || *deadline < *first)) first = deadline;
  }
  return first;
}

size_t StepLoop::PrefillEnd(const Active& active) const {
  const bool differs = options_.prefill_type != kernels::MatmulType::kInt8;
  return differs ? active.request.prompt.size() : 0;
}

std::vector<int32_t> StepLoop::PageTokensOf(const Active& active, size_t position,
                                            std::span<const int32_t> tokens) const {
  constexpr int32_t kMark = 1 << 30;  // above every vocabulary
  std::vector<int32_t> out(tokens.begin(), tokens.end());
  const size_t end = PrefillEnd(active);
  if (end == 0) return out;
  for (size_t i = position < end ? end - position : 0; i < out.size(); ++i) out[i] |= kMark;
  return out;
}

bool StepLoop::Step() {
  ReapEnded();
  const bool loaded = TakeLoads();
  std::vector<Ref> refs = Candidates();
  const size_t candidates = refs.size();
  std::vector<PlannedSlice> slices = Plan(refs);
  for (const Ref& ref : refs) ref.sample->drafts.Clear();
  const std::vector<PlannedSlice> prompts = SplitPrompts(refs, slices);
  if (!prompts.empty()) BeginPass(refs, prompts);
  AddDrafts(refs, slices);
  if (!slices.empty()) RunSlices(refs, slices);
  const bool ran = !slices.empty() || !prompts.empty() || flying_;
  if (flying_) {
    const double beside = (PrefillPace::kStretch - 1) * forward_seconds_;
    AdvancePass(slices.empty() ? std::nullopt : std::optional(beside));
  }
  DropFinished();
  // A sample that Plan took out (preempted, starved) freed pages: the rest can go on at once.
  return ran || loaded || refs.size() < candidates;
}

Status StepLoop::BuildBatch(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices,
                            model::ForwardBatch& batch) {
  Status status;
  for (const PlannedSlice& slice : slices) {
    Active& active = *refs[slice.sequence].active;
    Sample& sample = *refs[slice.sequence].sample;
    if (active.start_time == 0) CountStart(active, sample);
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
    const auto added = PageTokensOf(active, row.position, std::span(batch.tokens).last(row.count));
    if (row.position < PrefillEnd(active)) row.matmul = options_.prefill_type;
    if (status.ok()) status = pages_.Extend(*sample.sequence, added, copies);
    for (const PageCopy& copy : copies) kv_->CopyPage(copy.from, copy.to);
    const bool last = row.position + slice.count == sample.tokens.size();
    row.logits = last ? model::LogitsWanted::kLast : model::LogitsWanted::kNone;
    if (!drafts.empty()) row.logits = model::LogitsWanted::kAll;
    batch.slices.push_back(row);
  }
  for (size_t i = 0; i < slices.size(); ++i) {
    batch.slices[i].pages = pages_.Table(*refs[slices[i].sequence].sample->sequence);
  }
  return status;
}

void StepLoop::FailSlices(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices,
                          const Status& status) {
  for (const PlannedSlice& slice : slices) {
    FinishWithForks(*refs[slice.sequence].active, *refs[slice.sequence].sample,
                    {FinishReason::kError, status});
  }
}

void StepLoop::RunSlices(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices) {
  model::ForwardBatch batch;
  Status status = BuildBatch(refs, slices, batch);
  const Stopwatch watch;
  if (status.ok()) status = model_->Forward(batch, *kv_, logits_);
  ++stats_.steps;
  if (!status.ok()) return FailSlices(refs, slices, status);
  forward_seconds_ = watch.Seconds();
  forward_rows_ = batch.tokens.size();
  costs_.Record(forward_rows_, forward_seconds_);
  pace_.RecordDecode(forward_rows_, forward_seconds_);
  AfterForward(refs, slices);
}

EngineStats StepLoop::stats() const {
  EngineStats out = stats_;
  for (const auto& active : active_) {
    out.running += active->start_time > 0 ? active->samples.size() : 0;
  }
  out.pages = pages_.Counts();
  out.evictions = pages_.evictions();
  if (store_) out.store = store_->Stats();
  return out;
}

}  // namespace lemma::engine
