// SPDX-License-Identifier: Apache-2.0
#include "reasoning/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "reasoning/eval_report.h"
#include "reasoning/eval_run.h"
#include "reasoning/script_source.h"

namespace lemma::reasoning {
namespace {

using ::testing::HasSubstr;
using testing::ScriptedChain;
using testing::ScriptedSource;

constexpr const char* kCage = "鸡兔同笼，共有35个头，94只脚，鸡兔各几只？";
constexpr const char* kCageRight = "鸡23只，兔12只。\\boxed{鸡23,兔12}";
constexpr const char* kCageWrong = "鸡24只，兔11只。\\boxed{鸡24,兔11}";

class RecordingTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }

  EvalJob Job(const std::string& name, size_t chains) const {
    EvalJob job;
    job.directory = folder_ / name;
    job.manifest = "{}";
    job.parallel = 1;
    job.base.options.profile = "r1";
    job.base.options.chains = job.base.options.first_chains = chains;
    job.items.emplace_back();
    job.items.back().id = "cage";
    job.items.back().question = kCage;
    job.items.back().gold = "鸡23,兔12";
    return job;
  }

  // Eight chains: three wrong ones agree, two right ones are longer.
  void Record() const {
    EvalJob job = Job("live", 8);
    job.base.options.enough = 1;
    job.base.options.retries = 0;
    job.keep = Keep::kChains;
    const auto done = RunEval(
        [] {
          return std::make_unique<ScriptedSource>(
              std::vector<ScriptedChain>{{kCageWrong, 20},
                                         {kCageRight, 60, "35*2=70"},
                                         {kCageWrong, 30},
                                         {"\\boxed{", 90, "", service::FinishReason::kLength},
                                         {kCageWrong, 40},
                                         {kCageRight, 50},
                                         {"I cannot say.", 10},
                                         {"\\boxed{鸡22,兔13}", 15}});
        },
        Scaffolds(), job, {});
    ASSERT_TRUE(done.ok()) << done.status().ToString();
  }

  EvalRecord Replay(EvalJob job) const {
    const auto recording = ReadRecording(folder_ / "live");
    EXPECT_TRUE(recording.ok()) << recording.status().ToString();
    const auto done = RunEval([&] { return MakeReplaySource(*recording); }, Scaffolds(), job, {});
    EXPECT_TRUE(done.ok()) << done.status().ToString();
    return done.ok() ? done->front() : EvalRecord{};
  }

  const std::filesystem::path folder_ = std::filesystem::path(::testing::TempDir()) /
                                        ("lemma_recording_" + std::to_string(::getpid()));
};

TEST_F(RecordingTest, TheSameChainsUnderOtherRules) {
  Record();
  // Plain majority: the wrong answer has more votes.
  EvalJob majority = Job("maj", 8);
  majority.base.options.enough = 1;
  majority.base.options.checkers = Switch::kOff;
  const EvalRecord wrong = Replay(majority);
  EXPECT_EQ(wrong.answer, "鸡24,兔11");
  EXPECT_EQ(wrong.status, SolveStatus::kConsistent);
  EXPECT_FALSE(wrong.right);
  EXPECT_EQ(wrong.voters, 6U);
  EXPECT_EQ(wrong.tokens, 315U);
  // With the checkers the right one wins.
  EvalJob verified = Job("verified", 8);
  verified.base.options.enough = 1;
  const EvalRecord right = Replay(verified);
  EXPECT_EQ(right.status, SolveStatus::kVerified);
  EXPECT_TRUE(right.right);
  // The first proof ends it: the chains that are longer are cut at its length.
  EvalJob first = Job("first", 8);
  const EvalRecord stopped = Replay(first);
  EXPECT_EQ(stopped.status, SolveStatus::kVerified);
  EXPECT_EQ(stopped.tokens, 20U + 50 + 30 + 50 + 40 + 50 + 10 + 15);
  // Groups take the chains in their order.
  EvalJob groups = Job("groups", 8);
  groups.base.options.first_chains = 2;
  EXPECT_EQ(Replay(groups).samples, 2U);
}

TEST_F(RecordingTest, AReplayOfTheSameRulesIsTheRunItself) {
  Record();
  EvalJob same = Job("same", 8);
  same.base.options.enough = 1;
  EvalRecord again = Replay(same);
  EvalRecord live = ReadEvalRecords(folder_ / "live")->front();
  again.seconds = live.seconds = 0;
  EXPECT_EQ(EvalRecordJson(again), EvalRecordJson(live));
}

TEST_F(RecordingTest, WhatCannotBeReplayedIsSaid) {
  Record();
  const auto recording = ReadRecording(folder_ / "live");
  ASSERT_TRUE(recording.ok());
  const auto error = [&](const EvalJob& job) {
    return RunEval([&] { return MakeReplaySource(*recording); }, Scaffolds(), job, {})
        .status()
        .message();
  };
  EXPECT_THAT(error(Job("nine", 9)), HasSubstr("holds 8 chains, 9 are wanted"));
  EvalJob hot = Job("hot", 8);
  hot.base.options.temperature = 1;
  EXPECT_THAT(error(hot), HasSubstr("temperature: chains that were recorded"));
  EvalJob retry = Job("retry", 8);
  retry.base.options.retries = 1;
  EXPECT_THAT(error(retry), HasSubstr("retries"));
  EvalJob seed = Job("seed", 8);
  seed.seeds = {7};
  EXPECT_THAT(error(seed), HasSubstr("nothing of seed 7"));
  EXPECT_EQ(ReadRecording(folder_ / "none").status().code(), StatusCode::kNotFound);
}

TEST_F(RecordingTest, DamagedLinesAreNamed) {
  Record();
  std::ofstream(folder_ / "live" / "chains.jsonl", std::ios::app) << "{\"id\":\"x\",\"se";
  EXPECT_TRUE(ReadRecording(folder_ / "live").ok());  // the power went
  std::ofstream(folder_ / "live" / "chains.jsonl", std::ios::app)
      << "\n{\"id\":\"x\",\"seed\":1,\"chains\":[{}]}\n";
  EXPECT_THAT(ReadRecording(folder_ / "live").status().message(), HasSubstr("line 2: expected"));
}

}  // namespace
}  // namespace lemma::reasoning
