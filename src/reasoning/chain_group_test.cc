// SPDX-License-Identifier: Apache-2.0
#include "reasoning/chain_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace lemma::reasoning {
namespace {

using service::StreamEvent;
using ::testing::ElementsAre;

// What Next gives, one after the other: a token of a chain, or its end.
enum class Step : uint8_t { kToken, kEnd };

class SteppedRun final : public ChainRun {
 public:
  SteppedRun(size_t chains, std::vector<std::pair<size_t, Step>> steps)
      : tokens_(chains), steps_(std::move(steps)) {}

  std::optional<StreamEvent> Next(std::chrono::nanoseconds) override {
    if (at_ == steps_.size()) return std::nullopt;
    const auto [chain, step] = steps_[at_++];
    StreamEvent out;
    out.sample = chain;
    if (step == Step::kToken) {
      tokens_[chain].push_back(1);
      out.text = "x";
    } else {
      out.kind = StreamEvent::Kind::kFinish;
      out.usage.generated_tokens = tokens_[chain].size();
    }
    return out;
  }
  void CancelChain(size_t chain) override { cancelled.push_back(chain); }
  void EndThinking() override {}
  [[nodiscard]] const std::vector<int32_t>& tokens(size_t chain) const override {
    return tokens_[chain];
  }

  std::vector<size_t> cancelled;

 private:
  std::vector<std::vector<int32_t>> tokens_;
  std::vector<std::pair<size_t, Step>> steps_;
  size_t at_ = 0;
};

std::vector<size_t> JudgedOrder(SteppedRun& run, size_t chains, size_t enough = SIZE_MAX) {
  std::vector<Chain> all(chains);
  for (size_t i = 0; i < chains; ++i) all[i].index = i;
  std::vector<size_t> order;
  GroupHooks hooks;
  hooks.judge = [&](const Chain& chain) {
    order.push_back(chain.index);
    return order.size() >= enough;
  };
  EXPECT_TRUE(RunGroup(run, all, {}, hooks).ok());
  return order;
}

constexpr Step kToken = Step::kToken;
constexpr Step kEnd = Step::kEnd;

TEST(ChainGroupTest, ShorterChainsAreJudgedFirstWhoeverArrivesFirst) {
  SteppedRun run(2, {{0, kToken}, {0, kToken}, {0, kEnd}, {1, kToken}, {1, kEnd}});
  EXPECT_THAT(JudgedOrder(run, 2), ElementsAre(1, 0));
}

// Chain 0 has written as much as chain 1 when that ends, and its own end is on the way.
TEST(ChainGroupTest, OfChainsOfOneLengthTheFirstGoesFirst) {
  SteppedRun late(2, {{0, kToken}, {1, kToken}, {1, kEnd}, {0, kEnd}});
  EXPECT_THAT(JudgedOrder(late, 2, 1), ElementsAre(0));
  SteppedRun early(2, {{0, kToken}, {1, kToken}, {0, kEnd}, {1, kEnd}});
  EXPECT_THAT(JudgedOrder(early, 2, 1), ElementsAre(0));
  EXPECT_THAT(early.cancelled, ElementsAre(1));  // nobody waits for a later one of that length
  SteppedRun longer(2, {{0, kToken}, {1, kToken}, {1, kEnd}, {0, kToken}});
  EXPECT_THAT(JudgedOrder(longer, 2, 1), ElementsAre(1));
  EXPECT_THAT(longer.cancelled, ElementsAre(0));
}

}  // namespace
}  // namespace lemma::reasoning
