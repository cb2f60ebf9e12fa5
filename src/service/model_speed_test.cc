// SPDX-License-Identifier: Apache-2.0
#include "service/model_speed.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "service/test_model.h"

namespace lemma::service {
namespace {

// How many tokens of prompts were computed since the model was loaded.
uint64_t Computed(LoadedModel& model) { return model.engine().Stats().prefill_tokens; }

TEST(ModelSpeed, IsPositiveAndOfTheWholePromptEachTime) {
  const auto model = testing::LoadTiny(1024);
  uint64_t before = 0;
  for (int turn = 0; turn < 2; ++turn) {
    const auto speed = MeasureSpeed(model->engine());
    ASSERT_TRUE(speed);
    EXPECT_GT(speed->prefill, 0);
    EXPECT_GT(speed->one_sequence, 0);
    EXPECT_GT(speed->all_sequences, 0);
    EXPECT_EQ(speed->sequences, 8U);
    // Nothing of the first turn is found in the second.
    EXPECT_EQ(Computed(*model) - before, 2 * 192U) << turn;
    before = Computed(*model);
  }
  EXPECT_EQ(model->engine().Stats().prefix_hit_tokens, 0U);
}

TEST(ModelSpeed, OfALoadedModelIsMeasuredOnce) {
  const auto model = testing::LoadTiny(1024);
  std::vector<ModelSpeed> speeds(4);
  std::vector<std::thread> threads;
  for (ModelSpeed& speed : speeds) {
    threads.emplace_back([&speed, &model] { speed = model->MeasuredSpeed(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Computed(*model), 2 * 192U);
  for (const ModelSpeed& speed : speeds) {
    EXPECT_EQ(speed.prefill, speeds[0].prefill);
    EXPECT_EQ(speed.one_sequence, speeds[0].one_sequence);
    EXPECT_EQ(speed.all_sequences, speeds[0].all_sequences);
  }
}

TEST(ModelSpeed, IsUnknownWhereTheProbeDoesNotFit) {
  const auto model = testing::LoadTiny(64);
  EXPECT_FALSE(MeasureSpeed(model->engine()));
  EXPECT_EQ(model->MeasuredSpeed().prefill, 0);
}

}  // namespace
}  // namespace lemma::service
