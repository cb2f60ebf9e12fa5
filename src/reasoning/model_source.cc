// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "reasoning/chain_source.h"

namespace lemma::reasoning {
namespace {

class ModelRun final : public ChainRun {
 public:
  explicit ModelRun(std::unique_ptr<service::TextStream> stream) : stream_(std::move(stream)) {}
  std::optional<service::StreamEvent> Next(std::chrono::nanoseconds timeout) override {
    return stream_->Next(timeout);
  }
  void CancelChain(size_t chain) override { stream_->CancelSample(chain); }
  void EndThinking() override { stream_->EndThinking(); }
  [[nodiscard]] const std::vector<int32_t>& tokens(size_t chain) const override {
    return stream_->tokens(chain);
  }

 private:
  std::unique_ptr<service::TextStream> stream_;
};

class ModelSource final : public ChainSource {
 public:
  explicit ModelSource(service::LoadedModel& model) : model_(model) {}

  Result<std::unique_ptr<ChainRun>> Start(const service::ChatRequest& request) override {
    LEMMA_ASSIGN_OR_RETURN(auto stream, service::StartChat(model_, request));
    return std::unique_ptr<ChainRun>(std::make_unique<ModelRun>(std::move(stream)));
  }

  Pace MeasuredPace() override {
    const service::ModelSpeed speed = model_.MeasuredSpeed();
    return {speed.prefill, speed.one_sequence, speed.all_sequences, speed.sequences};
  }

  size_t PromptTokens(const chat::Conversation& conversation) override {
    const auto tokens = service::PromptTokens(model_, conversation);
    return tokens.ok() ? tokens->size() : 0;
  }

 private:
  service::LoadedModel& model_;
};

}  // namespace

std::unique_ptr<ChainSource> MakeModelSource(service::LoadedModel& model) {
  return std::make_unique<ModelSource>(model);
}

std::string_view ProfileFor(const service::LoadedModel& model) {
  if (model.name().find("Lemma bundled") != std::string::npos) return "bundled";
  return model.prompts().family().thinking != chat::ThinkingMode::kNever ? "r1" : "generic";
}

}  // namespace lemma::reasoning
