// SPDX-License-Identifier: Apache-2.0
// A source of chains that tells when some were started: only then is it known that a request was
// right, and that its answer may begin. One thread.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "reasoning/chain_source.h"

namespace lemma::server::verified {

// `on_running` may be empty; it is called behind each start.
class RunningSource final : public reasoning::ChainSource {
 public:
  RunningSource(std::unique_ptr<reasoning::ChainSource> source, std::function<void()> on_running)
      : source_(std::move(source)), on_running_(std::move(on_running)) {}

  Result<std::unique_ptr<reasoning::ChainRun>> Start(const service::ChatRequest& request) override {
    auto run = source_->Start(request);
    if (run.ok() && on_running_) on_running_();
    return run;
  }
  reasoning::Pace MeasuredPace() override { return source_->MeasuredPace(); }
  size_t PromptTokens(const chat::Conversation& conversation) override {
    return source_->PromptTokens(conversation);
  }
  [[nodiscard]] reasoning::Reach reach() const override { return source_->reach(); }

 private:
  const std::unique_ptr<reasoning::ChainSource> source_;
  const std::function<void()> on_running_;
};

}  // namespace lemma::server::verified
