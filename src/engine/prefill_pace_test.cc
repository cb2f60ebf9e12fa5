// SPDX-License-Identifier: Apache-2.0
#include "engine/prefill_pace.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lemma::engine {
namespace {

// A machine of 30 layers that reads all weights in a step and computes each row.
constexpr double kLayers = 30;
double DecodeSeconds(size_t rows) { return std::max(0.030, 0.0008 * static_cast<double>(rows)); }
double LayerSeconds(size_t prompt_rows) {
  return (0.200 + 0.003 * static_cast<double>(prompt_rows)) / kLayers;
}
double Stretch(size_t decode_rows, size_t prompt_rows) {
  return 1 + LayerSeconds(prompt_rows) / DecodeSeconds(decode_rows);
}

TEST(PrefillPaceTest, FindsTheWidthWhoseLayerStretchesAStepAsMeant) {
  for (const size_t decode_rows : {1U, 6U, 60U, 200U}) {
    PrefillPace pace;
    for (int i = 0; i < 5; ++i) pace.RecordDecode(decode_rows, DecodeSeconds(decode_rows));
    size_t rows = 0;
    double longest = 0;
    for (int i = 0; i < 80; ++i) {
      rows = pace.Limit(decode_rows);
      longest = std::max(longest, Stretch(decode_rows, rows));
      pace.RecordPrompt(decode_rows, rows, LayerSeconds(rows));
    }
    EXPECT_LT(longest, 2.6) << decode_rows;
    EXPECT_GT(Stretch(decode_rows, rows), 1.9) << "it uses what it may use";
  }
}

TEST(PrefillPaceTest, NeverStops) {
  PrefillPace pace;
  EXPECT_EQ(pace.Limit(1), 128U);
  for (int i = 0; i < 10; ++i) pace.RecordDecode(1, 0.001);
  for (int i = 0; i < 10; ++i) pace.RecordPrompt(1, 128, 5.0);
  EXPECT_EQ(pace.Limit(1), PrefillPace::kLeast);
}

TEST(PrefillPaceTest, OneSlowStepIsSoonForgotten) {
  PrefillPace pace;
  const auto both = [&] {
    pace.RecordDecode(4, DecodeSeconds(4));
    pace.RecordPrompt(4, pace.Limit(4), LayerSeconds(pace.Limit(4)));
  };
  for (int i = 0; i < 40; ++i) both();
  const size_t before = pace.Limit(4);
  pace.RecordPrompt(4, before, 9.0);
  pace.RecordDecode(4, 9.0);
  EXPECT_GE(pace.Limit(4), before / 2 - 16);
  for (int i = 0; i < 10; ++i) both();
  EXPECT_NEAR(static_cast<double>(pace.Limit(4)), static_cast<double>(before), 16);
}

TEST(PrefillPaceTest, NarrowChunksDoNotRaiseTheLimit) {
  PrefillPace pace;
  for (int i = 0; i < 10; ++i) pace.RecordDecode(4, DecodeSeconds(4));
  for (int i = 0; i < 40; ++i) pace.RecordPrompt(4, pace.Limit(4), LayerSeconds(pace.Limit(4)));
  const size_t before = pace.Limit(4);
  for (int i = 0; i < 50; ++i) pace.RecordPrompt(4, 5, 1e-5);
  EXPECT_EQ(pace.Limit(4), before);
}

TEST(PrefillPaceTest, TimesOfOtherWidthsAreUsedOnTheSafeSide) {
  PrefillPace pace;
  for (int i = 0; i < 5; ++i) pace.RecordDecode(40, 0.080);
  for (int i = 0; i < 5; ++i) pace.RecordPrompt(40, 128, 0.080);
  const size_t many = pace.Limit(40);
  EXPECT_LT(pace.Limit(1), many);
  EXPECT_EQ(pace.Limit(500), many);
}

}  // namespace
}  // namespace lemma::engine
