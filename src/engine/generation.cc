// SPDX-License-Identifier: Apache-2.0
#include "engine/generation.h"

namespace lemma::engine {

std::string_view FinishReasonName(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kContextFull:
      return "context_full";
    case FinishReason::kWatch:
      return "watch";
    case FinishReason::kCancelled:
      return "cancelled";
    case FinishReason::kDeadline:
      return "deadline";
    case FinishReason::kError:
      return "error";
  }
  return "unknown";
}

Generation::Generation(std::shared_ptr<GenerationShared> shared) : shared_(std::move(shared)) {}

Generation::~Generation() {
  OnEvent({});
  Cancel();
}

std::optional<TokenEvent> Generation::Next(std::chrono::nanoseconds timeout) {
  return shared_->queue.Pop(timeout);
}

void Generation::OnEvent(std::function<void()> callback) {
  shared_->queue.OnEvent(std::move(callback));
}

void Generation::Cancel() {
  for (size_t i = 0; i < shared_->samples; ++i) shared_->cancelled[i].store(true);
  shared_->waker->Wake();
}

void Generation::CancelSample(size_t sample) {
  if (sample >= shared_->samples) return;
  shared_->cancelled[sample].store(true);
  shared_->waker->Wake();
}

}  // namespace lemma::engine
