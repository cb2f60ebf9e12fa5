// SPDX-License-Identifier: Apache-2.0
#include "engine/prefill_pace.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lemma::engine {
namespace {

// A machine: a step reads all weights, and computes each row.
double StepSeconds(size_t decode_rows, size_t prompt_rows) {
  const auto rows = static_cast<double>(decode_rows + prompt_rows);
  return std::max(0.030, 0.0008 * rows) + 0.0002 * rows;
}

TEST(PrefillPaceTest, FindsTheChunkThatStretchesAStepAsMeant) {
  for (const size_t decode_rows : {1u, 6u, 16u, 60u}) {
    PrefillPace pace;
    const double quiet = StepSeconds(decode_rows, 0);
    for (int i = 0; i < 5; ++i) pace.Record(decode_rows, 0, quiet);
    double longest = 0;
    size_t rows = 0;
    for (int i = 0; i < 60; ++i) {
      rows = pace.Limit(decode_rows);
      const double seconds = StepSeconds(decode_rows, rows);
      if (i > 0) longest = std::max(longest, seconds / quiet);  // the first is a guess
      pace.Record(decode_rows, rows, seconds);
    }
    EXPECT_LT(longest, 3) << decode_rows;
    // In the end it uses what it may use.
    EXPECT_GT(StepSeconds(decode_rows, rows) / quiet, 1.6) << decode_rows;
  }
}

TEST(PrefillPaceTest, StartsSmallAndNeverStops) {
  PrefillPace pace;
  EXPECT_EQ(pace.Limit(1), 31u);
  for (int i = 0; i < 10; ++i) pace.Record(1, 0, 0.001);
  for (int i = 0; i < 10; ++i) pace.Record(1, 31, 5.0);
  EXPECT_EQ(pace.Limit(1), 15u);
  EXPECT_EQ(pace.Limit(8), 8u);
  EXPECT_EQ(pace.Limit(9), 23u) << "seven tokens would be too slow";
}

// A started tile costs as much as a whole one: there the chunk ends.
TEST(PrefillPaceTest, StepsAreWholeTiles) {
  const auto seconds = [](size_t rows) {
    return 0.02 + 0.02 * static_cast<double>((rows + 15) / 16);
  };
  for (const size_t decode_rows : {1u, 5u, 17u, 40u}) {
    PrefillPace pace;
    for (int i = 0; i < 5; ++i) pace.Record(decode_rows, 0, seconds(decode_rows));
    for (int i = 0; i < 40; ++i) {
      const size_t rows = pace.Limit(decode_rows);
      EXPECT_EQ((decode_rows + rows) % 16, 0u);
      pace.Record(decode_rows, rows, seconds(decode_rows + rows));
    }
  }
}

TEST(PrefillPaceTest, OneSlowStepIsSoonForgotten) {
  PrefillPace pace;
  for (int i = 0; i < 10; ++i) pace.Record(4, 0, StepSeconds(4, 0));
  const auto mixed = [&] { pace.Record(4, pace.Limit(4), StepSeconds(4, pace.Limit(4))); };
  for (int i = 0; i < 30; ++i) mixed();
  const size_t before = pace.Limit(4);
  pace.Record(4, before, 9.0);
  pace.Record(4, 0, 9.0);
  EXPECT_GE(pace.Limit(4), before / 2 - 16);
  for (int i = 0; i < 8; ++i) mixed();
  EXPECT_NEAR(static_cast<double>(pace.Limit(4)), static_cast<double>(before), 16);
}

TEST(PrefillPaceTest, NarrowChunksDoNotRaiseTheLimit) {
  PrefillPace pace;
  for (int i = 0; i < 10; ++i) pace.Record(4, 0, StepSeconds(4, 0));
  for (int i = 0; i < 30; ++i) pace.Record(4, pace.Limit(4), StepSeconds(4, pace.Limit(4)));
  const size_t before = pace.Limit(4);
  for (int i = 0; i < 50; ++i) pace.Record(4, 5, StepSeconds(4, 5));
  EXPECT_EQ(pace.Limit(4), before);
}

TEST(PrefillPaceTest, TimesOfOtherWidthsAreUsedOnTheSafeSide) {
  PrefillPace pace;
  for (int i = 0; i < 5; ++i) pace.Record(40, 0, 0.080);
  for (int i = 0; i < 5; ++i) pace.Record(40, 32, 0.160);
  const size_t many = pace.Limit(40);
  EXPECT_LT(pace.Limit(1), many);
  EXPECT_NEAR(static_cast<double>(pace.Limit(500)), static_cast<double>(many), 16);
}

}  // namespace
}  // namespace lemma::engine
