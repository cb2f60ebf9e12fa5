// SPDX-License-Identifier: Apache-2.0
// Prompts beside sequences that decode. A chunk of a prompt must be wide to be cheap, and a wide
// one takes longer than anybody should wait for a token: so its pass stops after every few layers
// for a step of the others.
#include <algorithm>

#include "base/clock.h"
#include "engine/step_loop.h"

namespace lemma::engine {

bool StepLoop::IsPrompt(const Ref& ref) const {
  return !Decodes(StateOf(*ref.active, *ref.sample));
}

std::vector<PlannedSlice> StepLoop::SplitPrompts(const std::vector<Ref>& refs,
                                                 std::vector<PlannedSlice>& slices) const {
  const auto decodes = [&](const PlannedSlice& slice) { return !IsPrompt(refs[slice.sequence]); };
  const auto behind = std::stable_partition(slices.begin(), slices.end(), decodes);
  std::vector<PlannedSlice> prompts(behind, slices.end());
  slices.erase(behind, slices.end());
  for (auto* part : {&slices, &prompts}) {  // int8 rows come first
    std::stable_partition(part->begin(), part->end(), [&](const PlannedSlice& slice) {
      const Ref& ref = refs[slice.sequence];
      return Computed(*ref.sample) >= PrefillEnd(*ref.active);
    });
  }
  return prompts;
}

void StepLoop::BeginPass(const std::vector<Ref>& refs, const std::vector<PlannedSlice>& prompts) {
  model::ForwardBatch batch;
  const Status status = BuildBatch(refs, prompts, batch);
  auto pass = status.ok() ? model_->Begin(batch, *kv_) : status;
  if (!pass.ok()) return FailSlices(refs, prompts, pass.status());
  flying_ = std::make_unique<FlyingPass>();
  flying_->pass = std::move(*pass);
  for (size_t i = 0; i < prompts.size(); ++i) {
    Sample& sample = *refs[prompts[i].sequence].sample;
    sample.in_pass = true;
    flying_->slices.push_back(
        {*sample.sequence, prompts[i].count, batch.slices[i].logits != model::LogitsWanted::kNone});
  }
}

void StepLoop::AdvancePass(std::optional<double> seconds) {
  const Stopwatch watch;
  size_t layers = 0;
  size_t rows = 0;
  for (const FlyingPass::Slice& slice : flying_->slices) rows += slice.count;
  double longest = 0;
  do {
    const Stopwatch layer;
    const Status status = flying_->pass->RunLayer(logits_);
    if (!status.ok()) return EndPass(status);
    ++layers;
    longest = std::max(longest, layer.Seconds());
  } while (flying_->pass->layers_left() > 0 && PassIsWanted() &&
           (!seconds || watch.Seconds() + longest <= *seconds));
  if (seconds) {
    pace_.RecordPrompt(forward_rows_, rows, watch.Seconds() / static_cast<double>(layers));
  }
  if (flying_->pass->layers_left() == 0) EndPass(OkStatus());
}

std::optional<StepLoop::Ref> StepLoop::FindSequence(SequenceId id) {
  for (auto& active : active_) {
    for (Sample& sample : active->samples) {
      if (sample.sequence == id) return Ref{active.get(), &sample};
    }
  }
  return std::nullopt;
}

bool StepLoop::PassIsWanted() {
  return std::any_of(flying_->slices.begin(), flying_->slices.end(),
                     [&](const FlyingPass::Slice& slice) {
                       const auto ref = FindSequence(slice.sequence);
                       return ref && !ReasonToEnd(*ref->active, *ref->sample);
                     });
}

void StepLoop::DropUnwantedPass() {
  if (!flying_ || flying_->orphans.size() < flying_->slices.size()) return;
  for (const SequenceId id : flying_->orphans) pages_.Release(id);
  flying_.reset();
}

void StepLoop::EndPass(const Status& status) {
  const std::unique_ptr<FlyingPass> flying = std::move(flying_);
  std::vector<std::optional<Ref>> refs;
  for (const FlyingPass::Slice& slice : flying->slices) {
    refs.push_back(FindSequence(slice.sequence));
    if (refs.back()) refs.back()->sample->in_pass = false;
  }
  ++stats_.steps;
  size_t row = 0;
  for (size_t i = 0; i < refs.size(); ++i) {
    const FlyingPass::Slice& slice = flying->slices[i];
    if (refs[i] && status.ok()) {
      AfterSlice(*refs[i]->active, *refs[i]->sample, slice.count, row);
    } else if (refs[i]) {
      FinishWithForks(*refs[i]->active, *refs[i]->sample, {FinishReason::kError, status});
    } else {
      row += slice.wants_logits ? 1 : 0;
    }
  }
  for (const SequenceId id : flying->orphans) {
    if (status.ok()) pages_.MarkComputed(id, pages_.Length(id));
    pages_.Release(id);
  }
}

}  // namespace lemma::engine
