// SPDX-License-Identifier: Apache-2.0
// What follows a forward pass: rows of logits become tokens.
#include <algorithm>

#include "base/clock.h"
#include "engine/step_loop.h"

namespace lemma::engine {
namespace {

bool Contains(const std::vector<int32_t>& tokens, int32_t token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

}  // namespace

void StepLoop::ReportPrefill(Active& active, const Sample& sample) {
  TokenEvent event;
  event.kind = EventKind::kPrefill;
  event.sample = sample.index;
  event.prefill_done = std::min(Computed(sample), active.request.prompt.size());
  event.usage = MakeUsage(active, sample);
  if (active.shared->queue.HasRoom(2 * active.request.samples + 1)) {
    active.shared->queue.Push(std::move(event));
  }
}

void StepLoop::AfterForward(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& slices) {
  size_t row = 0;
  for (const PlannedSlice& slice : slices) {
    const Ref& ref = refs[slice.sequence];
    AfterSlice(*ref.active, *ref.sample, slice.count, row);
  }
}

void StepLoop::AfterSlice(Active& active, Sample& sample, size_t count, size_t& row) {
  // Decoding is charged more than the same number of prompt tokens, as it costs more.
  constexpr uint64_t kDecodeCharge = 2;
  (count == 1 ? stats_.decode_tokens : stats_.prefill_tokens) += count;
  ledger_.Charge(active.request.client, count == 1 ? kDecodeCharge : count);
  const size_t rows = 1 + sample.drafts.tokens().size();
  pages_.MarkComputed(*sample.sequence, Computed(sample) - (rows - 1));
  SavePages(active, sample);
  if (Computed(sample) < sample.tokens.size()) {
    if (sample.generated == 0) ReportPrefill(active, sample);
    return;
  }
  const size_t vocab = model_->vocab();
  const auto logits = std::span(logits_).subspan(row * vocab, rows * vocab);
  row += rows;
  if (active.prefill_done_time == 0) active.prefill_done_time = MonotonicSeconds();
  if (active.forked) return SampleDraftedRows(active, sample, logits);
  active.forked = true;
  ForkSamples(active, sample);
  // The last one may change the row in place, the others need copies.
  for (Sample& each : active.samples) {
    if (&each == &active.samples.back()) {
      SampleRow(active, each, logits);
    } else {
      std::vector<float> copy(logits.begin(), logits.end());
      SampleRow(active, each, copy);
    }
  }
}

void StepLoop::SampleDraftedRows(Active& active, Sample& sample, std::span<float> logits) {
  const size_t vocab = model_->vocab();
  const size_t drafted = sample.drafts.tokens().size();
  const size_t before = sample.tokens.size();
  sample.drafted_tokens += drafted;
  stats_.drafted_tokens += drafted;
  size_t accepted = 0;
  for (;; ++accepted) {
    SampleRow(active, sample, logits.subspan(accepted * vocab, vocab));
    if (sample.tokens.size() <= before) return;  // it ended
    if (!sample.drafts.Check(accepted, sample.tokens[before + accepted])) break;
    if (sample.tokens.size() > before + accepted + 1) break;  // tokens were forced behind it
    ++sample.accepted_tokens;
    ++stats_.accepted_tokens;
    ++stats_.decode_tokens;
    pages_.MarkComputed(*sample.sequence, sample.tokens.size());
  }
  sample.drafts.Settle(accepted);
  // The newest tokens are not computed yet; what was drafted in their place goes.
  pages_.Truncate(*sample.sequence, before + accepted);
}

void StepLoop::ForkSamples(Active& active, Sample& first) {
  // reserve() in Admit keeps `first` valid while the vector grows.
  for (size_t i = 1; i < active.request.samples; ++i) {
    Sample fork{.index = i, .sampler = Sampler(active.request.sampling, i), .tokens = first.tokens};
    fork.sequence = pages_.Fork(*first.sequence);
    fork.started = true;
    fork.saved_pages = first.saved_pages;
    fork.cached_tokens = first.cached_tokens;
    if (active.request.watch) fork.watch = active.request.watch(i);
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
  SampledToken token = sample.sampler.Sample(logits, sample.tokens, sample.generated,
                                             hold ? request.stop_tokens : none);
  if (sample.first_token_time == 0) sample.first_token_time = MonotonicSeconds();
  if (Contains(request.stop_tokens, token.token)) {
    return Finish(active, sample, {FinishReason::kStop, std::move(token)});
  }
  JoinWatched(active, sample, std::move(token));
}

bool StepLoop::Join(Active& active, Sample& sample, SampledToken token) {
  const GenerateRequest& request = active.request;
  sample.tokens.push_back(token.token);
  ++sample.generated;
  TokenEvent event;
  event.sample = sample.index;
  event.token = std::move(token);
  active.shared->queue.Push(std::move(event));
  if (request.max_tokens && sample.generated >= *request.max_tokens) {
    Finish(active, sample, FinishReason::kLength);
    return false;
  }
  if (sample.tokens.size() >= options_.context_tokens) {
    Finish(active, sample, FinishReason::kContextFull);
    return false;
  }
  return true;
}

void StepLoop::JoinWatched(Active& active, Sample& sample, SampledToken token) {
  WatchVerdict verdict;
  if (sample.watch) verdict = sample.watch->OnToken(token.token);
  if (verdict.temperature) sample.sampler.SetTemperature(*verdict.temperature);
  if (!Join(active, sample, std::move(token))) return;
  for (const int32_t forced : verdict.force) {
    SampledToken next;
    next.token = forced;
    next.forced = true;
    if (active.request.sampling.top_logprobs) next.logprob = 0.0F;
    const WatchVerdict about = sample.watch->OnToken(forced);
    if (about.temperature) sample.sampler.SetTemperature(*about.temperature);
    if (!Join(active, sample, std::move(next))) return;
  }
  if (verdict.end) Finish(active, sample, FinishReason::kWatch);
}

}  // namespace lemma::engine
