// SPDX-License-Identifier: Apache-2.0
#include "reasoning/vote.h"

#include <gtest/gtest.h>

#include "reasoning/statistics.h"

namespace lemma::reasoning {
namespace {

using check::Verdict;

Ballot For(std::string_view answer, Verdict verdict = Verdict::kUnverified, double weight = 1) {
  static size_t chain = 0;
  return {chain++, check::ParseAnswer(answer), weight, verdict};
}

TEST(VotesTest, EqualAnswersAreOneClassHoweverTheyAreWritten) {
  Votes votes;
  for (const char* text : {"1/2", "0.5", "\\frac{1}{2}", "x=1/2", "2"}) votes.Add(For(text));
  ASSERT_EQ(votes.classes().size(), 2U);
  EXPECT_EQ(votes.Leader()->chains.size(), 4U);
}

TEST(VotesTest, AProvenAnswerBeatsTheMajorityAndARefutedOneLosesToAnybody) {
  Votes votes;
  votes.Add(For("7", Verdict::kRefuted, 0));
  votes.Add(For("7", Verdict::kRefuted, 0));
  votes.Add(For("8"));
  EXPECT_EQ(votes.Leader()->answer.text, "8");
  votes.Add(For("9", Verdict::kVerified));
  EXPECT_EQ(votes.Leader()->answer.text, "9");
}

// What is known of an answer does not hang on which of its chains came first.
TEST(VotesTest, ARefutationStandsInAnyOrder) {
  for (const bool refuted_first : {true, false}) {
    Votes votes;
    votes.Add(For("7", refuted_first ? Verdict::kRefuted : Verdict::kUnverified));
    votes.Add(For("7", refuted_first ? Verdict::kUnverified : Verdict::kRefuted));
    EXPECT_EQ(votes.Leader()->verdict, Verdict::kRefuted);
    votes.Add(For("7", Verdict::kSelfOk));
    EXPECT_EQ(votes.Leader()->verdict, Verdict::kRefuted);
    votes.Add(For("7", Verdict::kChecked));
    EXPECT_EQ(votes.Leader()->verdict, Verdict::kChecked);
  }
}

TEST(VotesTest, WeightsDecideBeforeCounts) {
  Votes votes;
  votes.Add(For("1", Verdict::kUnverified, 0.5));
  votes.Add(For("1", Verdict::kUnverified, 0.5));
  votes.Add(For("2", Verdict::kUnverified, 1));
  votes.Add(For("2", Verdict::kUnverified, 0.5));
  EXPECT_EQ(votes.Leader()->answer.text, "2");
}

TEST(VotesTest, NoVotesNoLeader) {
  const Votes votes;
  EXPECT_EQ(votes.Leader(), nullptr);
  EXPECT_EQ(votes.Confidence(), 0);
}

// The figures of the closed form, by hand: (3,0) is 15/16.
TEST(StatisticsTest, ConfidenceOfALead) {
  EXPECT_NEAR(LeadConfidence(3, 0), 0.9375, 1e-12);
  EXPECT_NEAR(LeadConfidence(4, 0), 0.96875, 1e-12);
  EXPECT_NEAR(LeadConfidence(5, 1), 0.9375, 1e-12);
  EXPECT_NEAR(LeadConfidence(7, 2), 0.9453125, 1e-12);
  EXPECT_NEAR(LeadConfidence(1, 1), 0.5, 1e-12);
}

TEST(StatisticsTest, WilsonAgainstPublishedValues) {
  const Interval a = WilsonInterval(81, 263);  // Newcombe 1998, table I
  EXPECT_NEAR(a.low, 0.2553, 5e-5);
  EXPECT_NEAR(a.high, 0.3662, 5e-5);
  EXPECT_NEAR(WilsonInterval(0, 20).high, 0.1611, 5e-5);
  EXPECT_EQ(WilsonInterval(0, 0).high, 1);
}

TEST(StatisticsTest, McNemarIsTheExactBinomial) {
  EXPECT_NEAR(McNemarP(1, 9), 0.021484375, 1e-12);
  EXPECT_EQ(McNemarP(5, 5), 1);
  EXPECT_EQ(McNemarP(0, 0), 1);
}

TEST(StatisticsTest, BootstrapOfPairs) {
  std::vector<double> a(400);
  std::vector<double> b(400);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = i % 2 == 0 ? 1 : 0;
    b[i] = i % 10 < 7 ? 1 : 0;
  }
  const Interval interval = PairedBootstrap(a, b, 1);
  EXPECT_LT(interval.low, 0.2);
  EXPECT_GT(interval.high, 0.2);
  EXPECT_GT(interval.low, 0.1);
  EXPECT_EQ(PairedBootstrap(a, b, 1).low, interval.low);
}

}  // namespace
}  // namespace lemma::reasoning
