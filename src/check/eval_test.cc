// SPDX-License-Identifier: Apache-2.0
// The two rules that the checker lives by, on generated problems of every family and on real ones:
// a right answer is never refuted, and a wrong one is never believed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "check/eval_mutate.h"
#include "check/eval_rows.h"
#include "check/steps.h"

namespace lemma::check {
namespace {

using ::testing::IsEmpty;

class FamilyTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(FamilyTest, RightAnswersAreVerifiedAndWrongOnesRefuted) {
  EvalRandom random(20250601);
  EvalCounts counts;
  for (int i = 0; i < 500; ++i) {
    Evaluate(GenerateProblem(GetParam(), random), random, counts);
  }
  EXPECT_EQ(counts.refuted, 0U);
  EXPECT_THAT(counts.faults, IsEmpty());
  EXPECT_THAT(counts.incomplete, IsEmpty());
  // 99 % at the lower end of the interval, as a family must have to say VERIFIED.
  EXPECT_GE(WilsonInterval(counts.verified, counts.complete).low, 0.99);
  for (const auto& [kind, n] : counts.wrong) {
    EXPECT_EQ(n.verified, 0U) << kind;
    if (kind == "unit") continue;  // another unit may be meant: not refuted, never believed
    EXPECT_EQ(n.refuted, n.made) << kind;
  }
  EXPECT_FALSE(counts.wrong.empty());
}

INSTANTIATE_TEST_SUITE_P(All, FamilyTest, ::testing::ValuesIn(EvalFamilies()),
                         [](const auto& param) { return std::string(param.param); });

// A sample of the public sets: complete problems with their right answers, and steps of solutions.
TEST(EvalTest, PublicProblemsAreNeverRefuted) {
  const std::string folder = LEMMA_SOURCE_DIR "/tests/data/problems/";
  EvalRandom random(3);
  EvalCounts counts;
  size_t flagged = 0;
  size_t solutions = 0;
  for (const char* file :
       {"cmath_sample.jsonl", "mgsm_zh_sample.tsv", "mgsm_en_sample.tsv", "gsm8k_sample.jsonl"}) {
    const std::vector<EvalRow> rows = ReadEvalRows(folder + file);
    EXPECT_GT(rows.size(), 25U) << file;
    for (const EvalRow& row : rows) {
      Evaluate({row.question, row.answer, ""}, random, counts);
      if (row.solution.empty()) continue;
      ++solutions;
      flagged += CheckSteps(row.solution).flags.empty() ? 0 : 1;
    }
  }
  EXPECT_EQ(counts.refuted, 0U);
  EXPECT_THAT(counts.faults, IsEmpty());
  EXPECT_EQ(counts.verified, counts.complete);
  EXPECT_GE(counts.complete, 20U);  // what is read today must stay so
  for (const auto& [kind, n] : counts.wrong) EXPECT_EQ(n.verified, 0U) << kind;
  EXPECT_GT(solutions, 60U);
  EXPECT_EQ(flagged, 0U);
}

TEST(EvalTest, RowsOfBothFormats) {
  EXPECT_THAT(ReadEvalRows("/nowhere.jsonl"), IsEmpty());
  const auto rows = ReadEvalRows(LEMMA_SOURCE_DIR "/tests/data/problems/gsm8k_sample.jsonl");
  ASSERT_FALSE(rows.empty());
  EXPECT_NE(rows[0].solution.find('='), std::string::npos);
  EXPECT_EQ(rows[0].answer.find('#'), std::string::npos);
}

TEST(EvalTest, MutationsAreOther) {
  EvalRandom random(7);
  std::vector<std::string> kinds;
  for (const MutatedAnswer& m : MutateAnswer("x=-12 或 x=3", random)) {
    kinds.emplace_back(m.kind);
    EXPECT_NE(m.text, "x=-12 或 x=3");
  }
  EXPECT_THAT(kinds, ::testing::Contains("root dropped"));
  EXPECT_THAT(MutateAnswer("无解", random), IsEmpty());
  EXPECT_THAT(MutateAnswer("", random), IsEmpty());
}

TEST(EvalTest, Wilson) {
  // Values of the formula in closed form: n/(n+z^2) where all hit.
  EXPECT_NEAR(WilsonInterval(400, 400).low, 400 / (400 + 1.959964 * 1.959964), 1e-9);
  EXPECT_NEAR(WilsonInterval(0, 10).high, 1.959964 * 1.959964 / (10 + 1.959964 * 1.959964), 1e-9);
  EXPECT_EQ(WilsonInterval(0, 0).high, 1);
}

}  // namespace
}  // namespace lemma::check
