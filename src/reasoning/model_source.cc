// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
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
    if (!pace_) pace_ = Measure();
    return *pace_;
  }

  size_t PromptTokens(const chat::Conversation& conversation) override {
    const auto tokens = service::PromptTokens(model_, conversation);
    return tokens.ok() ? tokens->size() : 0;
  }

 private:
  // A prompt of nonsense, and a few steps of one and of several sequences.
  Pace Measure() {
    constexpr size_t kPrompt = 192;
    constexpr size_t kSteps = 12;
    constexpr size_t kChains = 8;
    Pace pace;
    pace.chains = kChains;
    for (const size_t chains : {size_t{1}, kChains}) {
      engine::GenerateRequest request;
      for (size_t i = 0; i < kPrompt; ++i) {
        request.prompt.push_back(static_cast<int32_t>((31 * i + chains) % model_.engine().vocab()));
      }
      request.samples = chains;
      request.max_tokens = kSteps;
      request.sampling.temperature = 1.0F;
      auto run = model_.engine().Submit(std::move(request));
      if (!run.ok()) return {};
      Time(**run, chains, kSteps, pace);
    }
    return pace;
  }

  static void Time(engine::Generation& run, size_t chains, size_t steps, Pace& pace) {
    double slowest = 0;
    for (size_t ended = 0; ended < chains;) {
      const auto event = run.Next(std::chrono::seconds(60));
      if (!event) return;
      if (event->kind != engine::EventKind::kFinish) continue;
      ++ended;
      slowest = std::max(slowest, event->usage.decode_seconds);
      if (event->usage.prefill_seconds > 0 && pace.prefill == 0) {
        pace.prefill =
            static_cast<double>(event->usage.prompt_tokens) / event->usage.prefill_seconds;
      }
    }
    const double rate = static_cast<double>(chains * (steps - 1)) / std::max(slowest, 1e-6);
    (chains == 1 ? pace.one_chain : pace.many_chains) = rate;
  }

  service::LoadedModel& model_;
  std::optional<Pace> pace_;
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
