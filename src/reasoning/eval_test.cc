// SPDX-License-Identifier: Apache-2.0
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
using ::testing::Not;
using testing::ScriptedSource;

class EvalTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ("lemma_eval_" + std::to_string(getpid()));
};

TEST_F(EvalTest, FormatsOfPublicSets) {
  const auto gsm = ReadEvalItems(
      Write("a.jsonl", R"({"question": "How many?", "answer": "2 + 1 = 3\n#### 1,003"})"
                       "\n"));
  ASSERT_TRUE(gsm.ok()) << gsm.status().ToString();
  EXPECT_EQ(gsm->front().gold, "1003");
  EXPECT_EQ(gsm->front().id, "line 1");
  const auto cmath =
      ReadEvalItems(Write("b.jsonl", R"({"grade": 1, "input": "还剩多少？", "golden": "9"})"
                                     "\n"));
  ASSERT_TRUE(cmath.ok());
  EXPECT_EQ(cmath->front().gold, "9");
  const auto mgsm = ReadEvalItems(Write("c.tsv", "几个？\t12\n"));
  ASSERT_TRUE(mgsm.ok());
  EXPECT_EQ(mgsm->front().question, "几个？");
  const auto human = ReadEvalItems(Write(
      "d.jsonl",
      R"({"task_id":"HumanEval/0","prompt":"def f(x):\n","entry_point":"f","test":"def check(c):\n  assert c(1)==1\n","canonical_solution":"  return x"})"
      "\n"));
  ASSERT_TRUE(human.ok());
  EXPECT_EQ(human->front().id, "HumanEval/0");
  EXPECT_EQ(human->front().entry_point, "f");
}

TEST_F(EvalTest, DamagedSetsNameTheLineAndTheField) {
  EXPECT_THAT(ReadEvalItems(
                  Write("a.jsonl", "{\"question\":\"q\",\"answer\":\"1\"}\n{\"question\":\"q\"}\n"))
                  .status()
                  .message(),
              HasSubstr("line 2: answer: is missing"));
  EXPECT_THAT(ReadEvalItems(Write("b.jsonl", "no json\n")).status().message(),
              HasSubstr("line 1: expected a JSON object"));
  EXPECT_THAT(ReadEvalItems(Write("c.tsv", "no tab\n")).status().message(), HasSubstr("a tab"));
  EXPECT_EQ(ReadEvalItems(folder_ / "none.jsonl").status().code(), StatusCode::kNotFound);
}

EvalJob Job(const std::filesystem::path& folder) {
  EvalJob job;
  job.directory = folder;
  job.manifest = "{\"policy\":1}";
  job.base.options.profile = "r1";
  job.base.options.chains = 1;
  job.base.options.first_chains = 1;
  job.base.options.retries = 0;
  job.parallel = 1;
  for (const char* gold : {"8", "7"}) {
    EvalItem item;
    item.id = gold;
    item.question = "Tom's uncle gave him 3 coins and 5 stamps; how many gifts in all?";
    item.gold = gold;
    job.items.push_back(item);
  }
  return job;
}

SourceFactory Says(const std::string& text, size_t times, size_t* started = nullptr) {
  return [=]() -> std::unique_ptr<ChainSource> {
    if (started != nullptr) ++*started;
    return std::make_unique<ScriptedSource>(std::vector<testing::ScriptedChain>(times, {text}));
  };
}

TEST_F(EvalTest, ARunGoesOnWhereItStopped) {
  EvalJob job = Job(folder_ / "run");
  job.seeds = {1, 2};
  // The script is over after three of four.
  const auto first = RunEval(Says("\\boxed{8}", 3), Scaffolds(), job, {});
  ASSERT_FALSE(first.ok());
  EXPECT_THAT(first.status().message(), HasSubstr("the script is over"));
  // The power went in the middle of a line.
  std::ofstream(folder_ / "run" / "results.jsonl", std::ios::app) << "{\"id\":\"7\",\"se";
  const auto second = RunEval(Says("\\boxed{8}", 1), Scaffolds(), job, {});
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  ASSERT_EQ(second->size(), 4U);
  const EvalSummary summary = Summarise(*second);
  EXPECT_EQ(summary.all.right, 2U);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run" / "lm_eval_samples.jsonl"));
  // Nothing is left to do: no source is asked for.
  size_t started = 0;
  ASSERT_TRUE(RunEval(Says("", 0, &started), Scaffolds(), job, {}).ok());
  EXPECT_EQ(started, 0U);
  job.manifest = "{\"policy\":2}";
  EXPECT_EQ(RunEval(Says("", 0), Scaffolds(), job, {}).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST_F(EvalTest, AnotherRunIsToldByTheFieldsThatDiffer) {
  EvalJob job = Job(folder_ / "other");
  job.manifest = R"({"model":"m","items_hash":"1","policies":{"word":{"chains":4}}})";
  ASSERT_TRUE(RunEval(Says("\\boxed{8}", 2), Scaffolds(), job, {}).ok());
  const auto refused = [&](const std::string& manifest) {
    job.manifest = manifest;
    const Status status = RunEval(Says("", 0), Scaffolds(), job, {}).status();
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
    return status.message();
  };
  EXPECT_THAT(refused(R"({"model":"m","items_hash":"2","policies":{"word":{"chains":8}}})"),
              HasSubstr("(manifest.json: items_hash, policies); choose another folder"));
  // One that was made before a field was kept, and one with a field that is no more.
  EXPECT_THAT(refused(R"({"model":"m","items_hash":"1","policies":{"word":{"chains":4}},"new":1})"),
              HasSubstr("(manifest.json: new)"));
  EXPECT_THAT(refused(R"({"model":"m","policies":{"word":{"chains":4}}})"),
              HasSubstr("(manifest.json: items_hash)"));
}

TEST_F(EvalTest, RecordsAreReadBack) {
  EvalRecord record;
  record.id = "a\"b";
  record.seed = 3;
  record.right = true;
  record.status = SolveStatus::kConsistent;
  record.answer = "鸡23";
  record.tokens = 12;
  const auto back = ParseEvalRecord(EvalRecordJson(record));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(EvalRecordJson(*back), EvalRecordJson(record));
  EXPECT_THAT(ParseEvalRecord("{\"id\":\"x\"}").status().message(), HasSubstr("family"));
}

TEST(EvalReportTest, WhatARightAnswerCosts) {
  std::vector<EvalRecord> records(8);
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].right = i < 2;
    records[i].tokens = 100;
    records[i].seconds = 0.5;
  }
  const EvalSummary summary = Summarise(records);
  EXPECT_DOUBLE_EQ(summary.tokens_per_right, 400);
  EXPECT_DOUBLE_EQ(summary.seconds_per_right, 2);
  EXPECT_THAT(SummaryJson(summary), HasSubstr("\"seconds_per_right\":2E0"));
  EXPECT_THAT(SummaryText(summary), HasSubstr("a right answer: 400 tokens, 2.00 s\n"));
  EXPECT_THAT(SummaryText(summary), Not(HasSubstr("side by side")));
  EXPECT_THAT(SummaryText(summary, {check::Language::kEnglish, 4}),
              HasSubstr("side by side, 4 at a time"));
  const std::string chinese = SummaryText(summary, {check::Language::kChinese, 4});
  EXPECT_THAT(chinese, HasSubstr("每答对一题：400 个词元，2.00 秒"));
  EXPECT_THAT(chinese, HasSubstr("4 题同时运行"));
  // None was right: the cost so far, not an error.
  records.resize(1);
  records[0].right = false;
  EXPECT_DOUBLE_EQ(Summarise(records).seconds_per_right, 0.5);
}

TEST(EvalReportTest, PairsAndStatuses) {
  std::vector<EvalRecord> a(40);
  std::vector<EvalRecord> b(40);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i].id = b[i].id = std::to_string(i);
    a[i].right = i < 20;
    b[i].right = i < 30;
    b[i].status = i < 10 ? SolveStatus::kVerified : SolveStatus::kUnverified;
  }
  b[35].status = SolveStatus::kVerified;
  const EvalComparison comparison = Compare(a, b);
  EXPECT_EQ(comparison.pairs, 40U);
  EXPECT_EQ(comparison.only_b, 10U);
  EXPECT_NEAR(comparison.p, 2.0 / 1024, 1e-12);
  EXPECT_GT(comparison.difference.low, 0.1);
  const EvalSummary summary = Summarise(b);
  ASSERT_EQ(summary.statuses.size(), 2U);
  EXPECT_EQ(summary.statuses[0].second.right, 10U);
  EXPECT_EQ(summary.statuses[0].second.total, 11U);
  EXPECT_EQ(summary.false_verified.size(), 1U);
  EXPECT_THAT(SummaryText(summary), HasSubstr("VERIFIED but wrong: 35"));
}

TEST(EvalReportTest, GoldAnswersAreComparedExactly) {
  EvalItem item;
  item.gold = "2/3";
  const auto report = [](std::string_view text) {
    check::CheckReport out;
    out.answer = check::ExtractAnswer(text);
    return out;
  };
  EXPECT_TRUE(IsRight(item, report("\\boxed{\\frac{2}{3}}")));
  EXPECT_TRUE(IsRight(item, report("\\boxed{0.67}")));
  EXPECT_FALSE(IsRight(item, report("\\boxed{0.66}")));
  EXPECT_FALSE(IsRight(item, report("nothing")));
}

}  // namespace
}  // namespace lemma::reasoning
