// SPDX-License-Identifier: Apache-2.0
#include "reasoning/chain_group.h"

#include <algorithm>

namespace lemma::reasoning {
namespace {

class Group {
 public:
  Group(ChainRun& run, std::vector<Chain>& chains, const GroupLimits& limits,
        const GroupHooks& hooks)
      : run_(run),
        chains_(chains),
        limits_(limits),
        hooks_(hooks),
        ended_(chains.size()),
        judged_(chains.size()) {}

  Result<GroupEnd> Run() {
    while (!AllJudged()) {
      if (hooks_.cancelled && hooks_.cancelled()) return Stop(GroupEnd::kCancelled, std::nullopt);
      if (limits_.deadline && limits_.clock() >= *limits_.deadline) {
        return Stop(GroupEnd::kDeadline, std::nullopt);
      }
      CloseThinkingInTime();
      constexpr auto kLook = std::chrono::milliseconds(50);
      if (auto event = run_.Next(kLook)) LEMMA_RETURN_IF_ERROR(Take(*event));
      while (const size_t next = NextToJudge()) {
        Chain& chain = chains_[next - 1];
        judged_[next - 1] = true;
        if (hooks_.judge(chain)) return Stop(GroupEnd::kDecided, chain.tokens);
      }
    }
    return GroupEnd::kAllEnded;
  }

 private:
  Status Take(const service::StreamEvent& event) {
    Chain& chain = chains_[event.sample];
    using Kind = service::StreamEvent::Kind;
    if (event.kind == Kind::kThinking || event.kind == Kind::kContent) {
      const bool thinking = event.kind == Kind::kThinking;
      (thinking ? chain.thinking : chain.content) += event.text;
      if (hooks_.on_text) hooks_.on_text(event.sample, thinking, event.text);
    } else if (event.kind == Kind::kFinish) {
      if (event.finish == service::FinishReason::kError) return event.error;
      ended_[event.sample] = true;
      chain.end = EndOfChain(event);
      chain.finish = event.finish;
      chain.tokens = event.usage.generated_tokens;
      chain.forced_tokens = event.usage.forced_tokens;
    }
    return OkStatus();
  }

  // 1 + the number of the chain whose turn it is; 0: none yet.
  [[nodiscard]] size_t NextToJudge() const {
    size_t best = 0;
    for (size_t i = 0; i < chains_.size(); ++i) {
      if (!ended_[i] || judged_[i]) continue;
      if (best == 0 || chains_[i].tokens < chains_[best - 1].tokens) best = i + 1;
    }
    return best != 0 && IsFirst(best - 1) ? best : 0;
  }

  // Whether no chain that still runs can come before this one. One that is as long may have its
  // end on the way: then the numbers decide.
  [[nodiscard]] bool IsFirst(size_t chain) const {
    for (size_t i = 0; i < chains_.size(); ++i) {
      if (ended_[i]) continue;
      const size_t length = run_.tokens(i).size();
      if (length < chains_[chain].tokens) return false;
      if (length == chains_[chain].tokens && i < chain) return false;
    }
    return true;
  }

  [[nodiscard]] bool AllJudged() const {
    return std::all_of(judged_.begin(), judged_.end(), [](bool each) { return each; });
  }

  void CloseThinkingInTime() {
    if (!limits_.close_thinking || closed_ || limits_.clock() < *limits_.close_thinking) return;
    closed_ = true;
    run_.EndThinking();
  }

  // What was not judged counts as cancelled, even if it has ended by now. `tokens`: how long all
  // chains were when it was decided; absent: as long as they are.
  GroupEnd Stop(GroupEnd end, std::optional<size_t> tokens) {
    for (size_t i = 0; i < chains_.size(); ++i) {
      if (judged_[i]) continue;
      if (!ended_[i]) run_.CancelChain(i);
      chains_[i].end = ChainEnd::kCancelled;
      chains_[i].finish = service::FinishReason::kCancelled;
      if (limits_.cost == Cost::kWhole && ended_[i]) continue;
      chains_[i].tokens = tokens.value_or(ended_[i] ? chains_[i].tokens : run_.tokens(i).size());
    }
    return end;
  }

  ChainRun& run_;
  std::vector<Chain>& chains_;
  const GroupLimits& limits_;
  const GroupHooks& hooks_;
  std::vector<bool> ended_;
  std::vector<bool> judged_;
  bool closed_ = false;
};

}  // namespace

Result<GroupEnd> RunGroup(ChainRun& run, std::vector<Chain>& chains, const GroupLimits& limits,
                          const GroupHooks& hooks) {
  return Group(run, chains, limits, hooks).Run();
}

}  // namespace lemma::reasoning
