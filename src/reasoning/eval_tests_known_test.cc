// SPDX-License-Identifier: Apache-2.0
// Tests of items as evidence, or for the score alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "reasoning/eval_report.h"
#include "reasoning/eval_run.h"
#include "reasoning/script_source.h"
#include "reasoning/solve_plan.h"
#include "sandbox/python.h"

namespace lemma::reasoning {
namespace {

using ::testing::HasSubstr;
using testing::ScriptedSource;

constexpr const char* kRow =
    R"({"task_id":"HumanEval/0","prompt":"def f(x):\n    \"\"\" Twice x.\n    >>> f(1)\n    2\n    \"\"\"\n",)"
    R"("entry_point":"f","test":"def check(c):\n  assert c(2) == 4\n","canonical_solution":"  return 2 * x"})";
constexpr const char* kDoubles = "```python\ndef f(x):\n    return 2 * x\n```";
// Fits the example, but not the tests.
constexpr const char* kAddsOne = "```python\ndef f(x):\n    return x + 1\n```";

class TestsKnownTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!sandbox::CheckPythonSandbox().ok()) GTEST_SKIP() << "no sandbox here";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  EvalRecord Run(const char* answer, std::optional<Switch> known) {
    EvalJob job;
    job.directory = folder_ / std::to_string(runs_++);
    job.manifest = "{}";
    job.base.options.profile = "r1";
    job.base.options.chains = 1;
    job.base.options.retries = 0;
    job.parallel = 1;
    job.tests_known = known;
    job.items.push_back(*ParseEvalItem(kRow));
    const auto source = [answer]() -> std::unique_ptr<ChainSource> {
      return std::make_unique<ScriptedSource>(std::vector<testing::ScriptedChain>{{answer}});
    };
    const auto records = RunEval(source, Scaffolds(), job, {});
    EXPECT_TRUE(records.ok()) << records.status().ToString();
    return records.ok() ? records->front() : EvalRecord{};
  }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ("lemma_known_" + std::to_string(getpid()));
  int runs_ = 0;
};

TEST_F(TestsKnownTest, HumanEvalIsScoredByTestsThatNobodySaw) {
  const EvalRecord right = Run(kDoubles, std::nullopt);
  EXPECT_EQ(right.tests, "unseen");
  EXPECT_EQ(right.status, SolveStatus::kChecked);
  EXPECT_TRUE(right.right);
  const EvalRecord wrong = Run(kAddsOne, std::nullopt);
  EXPECT_EQ(wrong.status, SolveStatus::kChecked);
  EXPECT_FALSE(wrong.right);
}

TEST_F(TestsKnownTest, TestsThatAreKnownDecide) {
  const EvalRecord right = Run(kDoubles, Switch::kOn);
  EXPECT_EQ(right.tests, "known");
  EXPECT_EQ(right.status, SolveStatus::kVerified);
  EXPECT_TRUE(right.right);
  const EvalRecord wrong = Run(kAddsOne, Switch::kOn);
  EXPECT_EQ(wrong.status, SolveStatus::kRefuted);
  EXPECT_FALSE(wrong.right);
  const EvalSummary summary = Summarise({right, Run(kDoubles, Switch::kOff)});
  EXPECT_THAT(SummaryText(summary), HasSubstr("tests: 1 items only scored by them, 1 checked"));
  EXPECT_THAT(SummaryJson(summary), HasSubstr("\"tests_known\":1,\"tests_unseen\":1"));
}

TEST(TestsKnownDefaultTest, OwnRowsKeepTheirTestsAsEvidence) {
  const auto own = ParseEvalItem(R"({"id":"1","question":"q","tests":"assert f(1) == 2"})");
  ASSERT_TRUE(own.ok());
  EvalJob job;
  EXPECT_EQ(EvidenceOf(job, *own).tests, "assert f(1) == 2");
  job.tests_known = Switch::kOff;
  EXPECT_EQ(EvidenceOf(job, *own).tests, "");
  EvalRecord record;
  record.tests = "unseen";
  EXPECT_EQ(ParseEvalRecord(EvalRecordJson(record))->tests, "unseen");
  record.tests.clear();
  EXPECT_EQ(EvalRecordJson(record).find("\"tests\""), std::string::npos);
}

// Without their tests the prompts of HumanEval are still seen to be code.
TEST(TestsKnownDefaultTest, PromptsAreCodeByThemselves) {
  const auto items = ReadEvalItems(LEMMA_SOURCE_DIR "/tests/data/problems/humaneval_sample.jsonl");
  ASSERT_TRUE(items.ok());
  for (const EvalItem& item : *items) {
    EXPECT_EQ(item.tests_known, Switch::kOff);
    SolveRequest request;
    request.question = item.question;
    EXPECT_EQ(GuessTask(request).task, Task::kCode) << item.id;
  }
}

}  // namespace
}  // namespace lemma::reasoning
