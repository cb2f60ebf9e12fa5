// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler.h"

#include <gtest/gtest.h>

namespace lemma::engine {
namespace {

SequenceState Decode(uint64_t arrival, size_t length) {
  return {.arrival = arrival, .pending = 1, .length = length, .holds_pages = true};
}
SequenceState Prefill(uint64_t arrival, size_t pending) {
  return {.arrival = arrival, .pending = pending, .length = 0};
}

TEST(SchedulerTest, DecodeComesBeforePrefillAndPrefillFillsTheBudget) {
  const std::vector<SequenceState> states{Prefill(0, 1000), Decode(1, 70), Decode(2, 10)};
  const Plan plan = PlanStep(states, 100, {.batch_tokens = 130});
  ASSERT_EQ(plan.slices.size(), 3u);
  EXPECT_EQ(plan.slices[0].sequence, 1u);
  EXPECT_EQ(plan.slices[1].sequence, 2u);
  EXPECT_EQ(plan.slices[2].sequence, 0u);
  EXPECT_EQ(plan.slices[2].count, 128u);
}

TEST(SchedulerTest, PrefillIsCutToThePagesThatAreLeft) {
  const Plan plan = PlanStep(std::vector{Prefill(0, 1000)}, 3, {});
  ASSERT_EQ(plan.slices.size(), 1u);
  EXPECT_EQ(plan.slices[0].count, 192u);
}

TEST(SchedulerTest, PreemptsTheYoungestWhenNothingFits) {
  const std::vector<SequenceState> states{Decode(5, 64), Decode(9, 128), Decode(7, 64)};
  const Plan plan = PlanStep(states, 0, {});
  EXPECT_TRUE(plan.slices.empty());
  EXPECT_EQ(plan.preempt, 1u);
}

TEST(SchedulerTest, RunsWhatNeedsNoPageBeforePreempting) {
  const std::vector<SequenceState> states{Decode(0, 64), Decode(1, 65)};
  const Plan plan = PlanStep(states, 0, {});
  ASSERT_EQ(plan.slices.size(), 1u);
  EXPECT_EQ(plan.slices[0].sequence, 1u);
  EXPECT_FALSE(plan.preempt);
}

TEST(SchedulerTest, SaysWhenASequenceCanNeverGoOn) {
  const Plan plan = PlanStep(std::vector{Decode(0, 64)}, 0, {});
  EXPECT_FALSE(plan.preempt);
  EXPECT_EQ(plan.starved, 0u);
}

TEST(SchedulerTest, ASharedLastPageCostsACopy) {
  SequenceState shared = Decode(0, 70);
  shared.last_page_shared = true;
  EXPECT_TRUE(PlanStep(std::vector{shared}, 0, {}).slices.empty());
  EXPECT_EQ(PlanStep(std::vector{shared}, 1, {}).slices.size(), 1u);
}

TEST(SchedulerTest, PausedAndIdleSequencesDoNotRun) {
  SequenceState paused = Decode(0, 5);
  paused.paused = true;
  SequenceState idle = Decode(1, 5);
  idle.pending = 0;
  const Plan plan = PlanStep(std::vector{paused, idle}, 10, {});
  EXPECT_TRUE(plan.slices.empty());
  EXPECT_FALSE(plan.preempt || plan.starved);
}

TEST(SchedulerTest, LimitsTheSlices) {
  const std::vector<SequenceState> states(100, Decode(0, 5));
  EXPECT_EQ(PlanStep(states, 10, {.sequences = 16}).slices.size(), 16u);
}

}  // namespace
}  // namespace lemma::engine
