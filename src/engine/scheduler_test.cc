// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/rng.h"

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

SequenceState Waiting(uint64_t arrival, size_t pending) {
  SequenceState s = Prefill(arrival, pending);
  s.started = false;
  return s;
}

// Tokens by sequence.
std::vector<size_t> Given(const Plan& plan, size_t sequences) {
  std::vector<size_t> given(sequences, 0);
  for (const PlannedSlice& slice : plan.slices) {
    EXPECT_EQ(given.at(slice.sequence), 0u) << "twice in a step";
    EXPECT_GT(slice.count, 0u);
    given[slice.sequence] = slice.count;
  }
  return given;
}

using Counts = std::vector<size_t>;

TEST(SchedulerTest, PromptsBesideDecodeAreBounded) {
  std::vector<SequenceState> states{Prefill(0, 4000), Decode(1, 70)};
  const SchedulerLimits limits{.prompt_tokens_beside_decode = 48};
  EXPECT_EQ(Given(PlanStep(states, 100, limits), 2), (Counts{48, 1}));
  states[1].paused = true;  // nobody waits for a token
  EXPECT_EQ(Given(PlanStep(states, 100, limits), 2), (Counts{512, 0}));
}

TEST(SchedulerTest, AShortPromptDoesNotWaitForALongOneAndTheLongOneGoesOn) {
  const std::vector<SequenceState> states{Prefill(0, 32000), Prefill(1, 300), Prefill(2, 900)};
  EXPECT_EQ(Given(PlanStep(states, 1000, {}), 3), (Counts{128, 300, 84}));
}

TEST(SchedulerTest, ASlotAndATokenAreKeptForPrompts) {
  std::vector<SequenceState> states(10, Decode(0, 70));
  states.push_back(Prefill(5, 100));
  Counts given = Given(PlanStep(states, 100, {.sequences = 4}), 11);
  EXPECT_EQ(given, (Counts{1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 100}));
  given = Given(PlanStep(states, 100, {.batch_tokens = 4}), 11);
  EXPECT_EQ(given, (Counts{1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST(SchedulerTest, HigherPriorityGoesFirst) {
  std::vector<SequenceState> states{Prefill(0, 300), Prefill(1, 600)};
  states[1].priority = 1;
  EXPECT_EQ(Given(PlanStep(states, 100, {}), 2), (Counts{0, 512}));
  std::vector<SequenceState> decode{Decode(0, 5), Decode(1, 5)};
  decode[1].priority = 1;
  EXPECT_EQ(Given(PlanStep(decode, 10, {.sequences = 1}), 2), (Counts{0, 1}));
}

TEST(SchedulerTest, TheClientThatWasServedLessGoesFirst) {
  std::vector<SequenceState> states{Prefill(0, 300), Prefill(1, 600)};
  states[0].client_served = 10000;
  states[1].client_served = 5000;
  EXPECT_EQ(Given(PlanStep(states, 100, {}), 2), (Counts{0, 512}));
  // Little differences do not count: the shorter one is done sooner.
  states[0].client_served = 6000;
  EXPECT_EQ(Given(PlanStep(states, 100, {}), 2), (Counts{300, 212}));
}

TEST(SchedulerTest, StartsNoMoreThanMayRun) {
  std::vector<SequenceState> states{Decode(0, 70), Decode(1, 70), Waiting(2, 40), Waiting(3, 20)};
  EXPECT_EQ(Given(PlanStep(states, 100, {.running = 3}), 4), (Counts{1, 1, 40, 0}));
  EXPECT_EQ(Given(PlanStep(states, 100, {.running = 2}), 4), (Counts{1, 1, 0, 0}));
  EXPECT_EQ(Given(PlanStep(states, 100, {.running = 4}), 4), (Counts{1, 1, 40, 20}));
  // The samples it will be forked into count; alone it may exceed the limit.
  states[2].sequences = 5;
  EXPECT_EQ(Given(PlanStep(states, 100, {.running = 6}), 4), (Counts{1, 1, 0, 0}));
  EXPECT_EQ(Given(PlanStep(std::span(states).subspan(2, 1), 100, {.running = 2}), 1), Counts{40});
  // Waiting for others to end is no reason to take pages from anybody.
  states[0].paused = true;
  states[1].paused = true;
  const Plan plan = PlanStep(states, 100, {.running = 2});
  EXPECT_TRUE(plan.slices.empty());
  EXPECT_FALSE(plan.preempt || plan.starved);
}

TEST(SchedulerTest, APromptStartsWhenAllOfItFitsBesideWhatRuns) {
  // 2 pages for the rest of the first prompt, 1 for the decoding one.
  std::vector<SequenceState> states{Prefill(0, 128), Decode(1, 70), Waiting(2, 640)};
  states[0].holds_pages = true;
  EXPECT_EQ(Given(PlanStep(states, 12, {}), 3), (Counts{128, 1, 0}));
  EXPECT_EQ(Given(PlanStep(states, 13, {}), 3), (Counts{128, 1, 383}));
  // The one that waits for pages is not overtaken by smaller ones.
  states.push_back(Waiting(3, 10));
  EXPECT_EQ(Given(PlanStep(states, 12, {}), 4), (Counts{128, 1, 0, 0}));
  // Pages that it will take from the cache are no longer there for others.
  states[2].cached_pages = 1;
  EXPECT_EQ(Given(PlanStep(states, 13, {}), 4), (Counts{128, 1, 0, 0}));
}

TEST(SchedulerTest, PreemptsTheLowestPriorityThenTheYoungest) {
  std::vector<SequenceState> states{Decode(0, 64), Decode(1, 64), Decode(2, 64), Decode(3, 64)};
  states[0].priority = 2;
  states[3].priority = 1;
  EXPECT_EQ(PlanStep(states, 0, {}).preempt, 2u);
}

TEST(SchedulerTest, PinnedPagesAreWaitedFor) {
  std::vector<SequenceState> states{Decode(0, 64), Prefill(1, 100)};
  states[1].holds_pages = true;
  states[1].paused = true;
  states[1].pinned = true;
  const Plan plan = PlanStep(states, 0, {});
  EXPECT_TRUE(plan.slices.empty());
  EXPECT_FALSE(plan.preempt || plan.starved);
}

TEST(SchedulerTest, LowerPriorityGivesWayEvenWhenSomethingRuns) {
  std::vector<SequenceState> states{Decode(0, 65), Decode(1, 128), Waiting(2, 128)};
  EXPECT_FALSE(PlanStep(states, 0, {}).preempt) << "of equals, who runs goes on";
  states[2].priority = 1;
  EXPECT_EQ(PlanStep(states, 0, {}).preempt, 1u);
  states[2].pending = 6400;  // in vain
  EXPECT_FALSE(PlanStep(states, 0, {}).preempt);
}

// Many random states: the promises of the header hold in each plan.
TEST(SchedulerTest, PlansAreSound) {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed);
    std::vector<SequenceState> states(1 + rng.NextBelow(40));
    for (size_t i = 0; i < states.size(); ++i) {
      SequenceState& s = states[i];
      s.arrival = i;
      s.priority = static_cast<int>(rng.NextBelow(3));
      s.client_served = rng.NextBelow(3) * 3000;
      s.pending = rng.NextBelow(3) == 0 ? rng.NextBelow(2000) : rng.NextBelow(3);
      s.started = rng.NextBelow(3) > 0;
      s.length = s.started ? rng.NextBelow(500) : 0;
      s.holds_pages = s.length > 0;
      s.last_page_shared = s.length % 64 != 0 && rng.NextBelow(4) == 0;
      s.paused = rng.NextBelow(5) == 0;
    }
    const size_t pages = rng.NextBelow(2) == 0 ? rng.NextBelow(4) : rng.NextBelow(100);
    const SchedulerLimits limits{.batch_tokens = 1 + rng.NextBelow(300),
                                 .sequences = 1 + rng.NextBelow(20),
                                 .running = 1 + rng.NextBelow(40),
                                 .prompt_tokens_beside_decode = rng.NextBelow(3) * 16};
    const Plan plan = PlanStep(states, pages, limits);
    const Counts given = Given(plan, states.size());
    size_t tokens = 0;
    size_t used = 0;
    bool runnable = false;
    for (size_t i = 0; i < states.size(); ++i) {
      const SequenceState& s = states[i];
      runnable = runnable || (s.pending > 0 && !s.paused && s.started);
      EXPECT_LE(given[i], s.paused ? 0 : s.pending) << seed;
      tokens += given[i];
      if (given[i] == 0) continue;
      used += (s.length + given[i] + 63) / 64 - (s.length + 63) / 64 + (s.last_page_shared ? 1 : 0);
    }
    EXPECT_LE(tokens, std::max<size_t>(limits.batch_tokens, 2)) << seed;
    EXPECT_LE(used, pages) << seed;
    EXPECT_LE(plan.slices.size(), std::max<size_t>(limits.sequences, 2)) << seed;
    EXPECT_FALSE(plan.preempt && plan.starved) << seed;
    if (plan.preempt) {
      EXPECT_TRUE(states[*plan.preempt].holds_pages) << seed;
    }
    // What has started always gets on, or somebody has to make room.
    if (runnable) {
      EXPECT_TRUE(!plan.slices.empty() || plan.preempt || plan.starved) << seed;
    }
  }
}

// A toy engine around the scheduler: every token costs the same, requests come and go.
struct Job {
  SequenceState state;
  size_t client = 0;
  size_t answer = 0;  // tokens still to decode
};

TEST(SchedulerTest, EveryJobEndsAndClientsGetEqualShares) {
  Rng rng(7);
  std::vector<Job> jobs;
  for (size_t i = 0; i < 300; ++i) {
    // Client 0 sends most of it.
    const size_t client = i % 10 == 0 ? 1 : 0;
    jobs.push_back({Waiting(i, 20 + rng.NextBelow(600)), client, 1 + rng.NextBelow(60)});
  }
  constexpr size_t kPoolPages = 60;
  size_t free = kPoolPages;
  std::array<uint64_t, 2> served{};
  size_t preemptions = 0;
  size_t steps = 0;
  std::array<uint64_t, 2> when_second_ended{};
  const auto held = [](const Job& job) { return (job.state.length + 63) / 64; };
  while (!jobs.empty() && ++steps < 200000) {
    std::vector<SequenceState> states;
    for (Job& job : jobs) {
      job.state.client_served = served[job.client];
      states.push_back(job.state);
    }
    const Plan plan = PlanStep(states, free, {.running = 16});
    ASSERT_FALSE(plan.starved);
    if (plan.preempt) {
      Job& job = jobs[*plan.preempt];
      free += held(job);
      job.state = {.arrival = job.state.arrival,
                   .pending = job.state.pending + job.state.length,
                   .started = false};
      ++preemptions;
      continue;
    }
    ASSERT_FALSE(plan.slices.empty());
    for (const PlannedSlice& slice : plan.slices) {
      Job& job = jobs[slice.sequence];
      free += held(job);
      job.state.length += slice.count;
      job.state.pending -= slice.count;
      job.state.started = true;
      job.state.holds_pages = true;
      free -= held(job);
      served[job.client] += slice.count;
      if (job.state.pending > 0) continue;
      if (--job.answer == 0) {
        free += held(job);
      } else {
        job.state.pending = 1;
      }
    }
    std::erase_if(jobs, [](const Job& job) { return job.answer == 0; });
    const bool second =
        std::any_of(jobs.begin(), jobs.end(), [](const Job& j) { return j.client == 1; });
    if (!second && when_second_ended[1] == 0) when_second_ended = served;
  }
  EXPECT_TRUE(jobs.empty());
  EXPECT_EQ(free, kPoolPages);
  // While the second client had work it got half of all, though the first sent nine times as much.
  EXPECT_LT(when_second_ended[0], when_second_ended[1] + 3 * 2048);
}

}  // namespace
}  // namespace lemma::engine
