// SPDX-License-Identifier: Apache-2.0
// Extraction, voting and calibration on what four published systems wrote for the GSM8K test set
// (tests/data/reasoning, with the labels of its authors): no model, no chance. The figures are
// known from counting the labels by hand: when k of 4 agree, so many questions and so many right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <fstream>

#include "base/rng.h"
#include "reasoning/calibration.h"
#include "reasoning/script_source.h"
#include "reasoning/vote.h"

namespace lemma::reasoning {
namespace {

struct Question {
  check::Answer gold;
  std::vector<std::optional<check::Extracted>> answers;
  std::vector<bool> labels;
  std::vector<std::string> texts;
};

std::vector<Question> ReadAll() {
  std::ifstream in(LEMMA_SOURCE_DIR "/tests/data/reasoning/gsm8k_four_systems.jsonl");
  std::vector<Question> out;
  for (std::string line; std::getline(in, line);) {
    const boost::json::value row = boost::json::parse(line);
    Question q;
    q.gold = check::ExtractAnswer(std::string(row.at("gold").as_string()))->answer;
    for (const auto& each : row.at("systems").as_array()) {
      q.texts.emplace_back(each.at(0).as_string());
      q.answers.push_back(check::ExtractAnswer(std::string(each.at(0).as_string())));
      q.labels.push_back(each.at(1).as_int64() == 1);
    }
    out.push_back(std::move(q));
  }
  return out;
}

TEST(ReplayTest, ExtractionAgreesWithTheLabels) {
  size_t same = 0;
  size_t all = 0;
  for (const Question& q : ReadAll()) {
    for (size_t i = 0; i < q.answers.size(); ++i) {
      const bool right = q.answers[i] && check::SameAnswer(q.answers[i]->answer, q.gold);
      same += right == q.labels[i] ? 1 : 0;
      ++all;
    }
  }
  EXPECT_EQ(all, 5276U);
  // The authors compared texts: 3.0 is not 3 to them in a few places.
  EXPECT_GE(static_cast<double>(same) / static_cast<double>(all), 0.998) << same;
}

TEST(ReplayTest, WhatAgreementIsWorth) {
  struct Count {
    size_t right = 0;
    size_t total = 0;
  };
  std::array<Count, 5> by_agreement;
  std::vector<EvalRecord> records;
  for (const Question& q : ReadAll()) {
    Votes votes;
    for (size_t i = 0; i < q.answers.size(); ++i) {
      if (q.answers[i]) votes.Add({i, q.answers[i]->answer, 1, check::Verdict::kUnverified});
    }
    const VoteClass* leader = votes.Leader();
    if (leader == nullptr) continue;
    Count& count = by_agreement.at(leader->chains.size());
    ++count.total;
    const bool right = check::SameAnswer(leader->answer, q.gold);
    if (right) ++count.right;
    EvalRecord record;
    record.voters = votes.voters();
    record.agreeing = leader->chains.size();
    record.right = right;
    records.push_back(record);
  }
  const auto share = [&](size_t k) {
    return static_cast<double>(by_agreement[k].right) / static_cast<double>(by_agreement[k].total);
  };
  // Counted before this code was written: 163, 245, 420 and 491 questions.
  EXPECT_NEAR(static_cast<double>(by_agreement[4].total), 163, 2);
  EXPECT_NEAR(static_cast<double>(by_agreement[3].total), 245, 3);
  EXPECT_NEAR(static_cast<double>(by_agreement[2].total), 420, 5);
  EXPECT_NEAR(share(4), 0.957, 0.01);
  EXPECT_NEAR(share(3), 0.837, 0.01);
  const Calibration table("four systems", "none", records);
  ASSERT_TRUE(table.Of(4, 4).has_value());
  EXPECT_LE(table.Of(4, 4)->interval.low, 0.957);
  EXPECT_GE(table.Of(4, 4)->interval.high, 0.957);
}

struct Stopped {
  size_t samples = 0;
  size_t right = 0;
};

// The four systems as the four chains of `lemma solve`, one after the other in an order that the
// question's number decides, until the vote is sure enough. Counted, not checked.
Stopped StopAt(double enough) {
  const Scaffolds scaffolds;
  Stopped out;
  uint64_t number = 0;
  for (const Question& q : ReadAll()) {
    std::vector<testing::ScriptedChain> chains;
    for (const std::string& text : q.texts) chains.push_back({text});
    for (uint64_t i = chains.size() - 1; i > 0; --i) {
      std::swap(chains[i], chains[RandomBits(number, i) % (i + 1)]);
    }
    ++number;
    testing::ScriptedSource source(std::move(chains));
    SolveRequest request;
    request.question = "a word problem";
    request.options.profile = "generic";
    request.options.task = Task::kWord;
    request.options.chains = 4;
    request.options.first_chains = 1;
    request.options.retries = 0;
    request.options.checkers = Switch::kOff;
    request.options.enough = enough;
    const auto result = Solve(source, scaffolds, request, {});
    if (!result.ok()) {
      ADD_FAILURE() << result.status().ToString();
      return out;
    }
    out.samples += result->chains.size();
    if (!result->chosen) continue;
    const check::Answer& answer = result->chains[*result->chosen].report.answer->answer;
    if (check::SameAnswer(answer, q.gold)) ++out.right;
  }
  return out;
}

TEST(ReplayTest, WhatStoppingEarlyIsWorth) {
  const Stopped all = StopAt(1);
  EXPECT_EQ(all.samples, 5276U);
  EXPECT_EQ(all.right, 627U);
  // Three that agree are 0.9375 sure, and end the vote.
  const Stopped sure = StopAt(0.90);
  EXPECT_EQ(sure.samples, 5050U);
  EXPECT_EQ(sure.right, 627U);
  // For 0.95 it takes four of four: nothing is saved.
  const Stopped surer = StopAt(0.95);
  EXPECT_EQ(surer.samples, all.samples);
  EXPECT_EQ(surer.right, all.right);
}

}  // namespace
}  // namespace lemma::reasoning
