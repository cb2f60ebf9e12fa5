// SPDX-License-Identifier: Apache-2.0
// Chains out of a script, for the tests of this folder: what a model said, without the model.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reasoning/chain_source.h"

namespace lemma::reasoning::testing {

struct ScriptedChain {
  std::string content;
  size_t tokens = 10;
  std::string thinking = "";
  service::FinishReason finish = service::FinishReason::kStop;
  bool answer_full = false;
};

// In which order chains of a group end: the result must not depend on it.
enum class Arrival { kInOrder, kReversed, kShortestFirst };

class ScriptedRun final : public ChainRun {
 public:
  ScriptedRun(std::vector<ScriptedChain> chains, Arrival arrival)
      : chains_(std::move(chains)), tokens_(chains_.size()), cancelled_(chains_.size()) {
    for (size_t i = 0; i < chains_.size(); ++i) order_.push_back(i);
    if (arrival == Arrival::kReversed) std::reverse(order_.begin(), order_.end());
    if (arrival == Arrival::kShortestFirst) {
      std::stable_sort(order_.begin(), order_.end(), [this](size_t a, size_t b) {
        return chains_[a].tokens < chains_[b].tokens;
      });
    }
  }

  std::optional<service::StreamEvent> Next(std::chrono::nanoseconds) override {
    if (order_.empty()) return std::nullopt;
    const size_t chain = order_.front();
    const ScriptedChain& script = chains_[chain];
    using Kind = service::StreamEvent::Kind;
    service::StreamEvent event;
    event.sample = chain;
    if (step_ == 0) {
      event.kind = Kind::kThinking;
      event.text = script.thinking;
    } else if (step_ == 1) {
      event.kind = Kind::kContent;
      event.text = script.content;
      tokens_[chain].assign(script.tokens, 1);
    } else {
      event.kind = Kind::kFinish;
      event.finish = cancelled_[chain] ? service::FinishReason::kCancelled : script.finish;
      event.answer_full = script.answer_full;
      event.usage.generated_tokens = script.tokens;
      event.thinking_unfinished = script.content.empty();
      order_.pop_front();
    }
    step_ = (step_ + 1) % 3;
    return event;
  }
  void CancelChain(size_t chain) override { cancelled_[chain] = true; }
  void EndThinking() override {}
  [[nodiscard]] const std::vector<int32_t>& tokens(size_t chain) const override {
    return tokens_[chain];
  }

 private:
  std::vector<ScriptedChain> chains_;
  std::vector<std::vector<int32_t>> tokens_;
  std::vector<bool> cancelled_;
  std::deque<size_t> order_;
  size_t step_ = 0;
};

// Gives out the chains of `script` one after the other, as many as are asked for.
class ScriptedSource final : public ChainSource {
 public:
  explicit ScriptedSource(std::vector<ScriptedChain> script, Arrival arrival = Arrival::kInOrder)
      : script_(script.begin(), script.end()), arrival_(arrival) {}

  Result<std::unique_ptr<ChainRun>> Start(const service::ChatRequest& request) override {
    requests.push_back(request);
    const size_t count = request.settings.samples;
    if (script_.size() < count) return FailedPrecondition("the script is over");
    std::vector<ScriptedChain> chains(script_.begin(),
                                      script_.begin() + static_cast<std::ptrdiff_t>(count));
    script_.erase(script_.begin(), script_.begin() + static_cast<std::ptrdiff_t>(count));
    return std::unique_ptr<ChainRun>(std::make_unique<ScriptedRun>(std::move(chains), arrival_));
  }
  Pace MeasuredPace() override { return {1000, 20, 80, 8}; }
  size_t PromptTokens(const chat::Conversation& conversation) override {
    return conversation.messages.back().content.size() / 4;
  }

  [[nodiscard]] size_t left() const { return script_.size(); }
  std::vector<service::ChatRequest> requests;

 private:
  std::deque<ScriptedChain> script_;
  Arrival arrival_;
};

}  // namespace lemma::reasoning::testing
