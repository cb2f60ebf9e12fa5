// SPDX-License-Identifier: Apache-2.0
#include "reasoning/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "reasoning/scaffold.h"

namespace lemma::reasoning {
namespace {

using ::testing::HasSubstr;

TEST(PolicyTest, KindsOfQuestionsInBothLanguages) {
  const std::pair<const char*, Task> questions[] = {
      {"鸡兔同笼，头35个，脚94只，各几只？", Task::kWord},
      {"Natalia sold 48 clips in April and half as many in May. How many in all?", Task::kWord},
      {"解方程 2x+3=11", Task::kEquation},
      {"Solve 3x + 4 = 19", Task::kEquation},
      {"√(x+3)=x-1", Task::kEquation},
      {"37+58=", Task::kArithmetic},
      {"What is 12 * 13?", Task::kArithmetic},
      {"从10个人中选3人，其中甲乙不能同时入选，有多少种选法？", Task::kCounting},
      {"In how many ways can 3 of 10 people be chosen?", Task::kCounting},
      {"掷两枚骰子，点数和为7的概率是多少？", Task::kProbability},
      {"Two dice are thrown. What is the probability of a sum of 7?", Task::kProbability},
      {"数列a1=1, a(n+1)=2a(n)+1, 求a10", Task::kSequence},
      {"证明：对任意整数n，n^2+n是偶数", Task::kProof},
      {"Is n^2 + n always even?", Task::kProof},
      {"写一个函数，判断回文串", Task::kCode},
      {"Write a function that reverses a list.", Task::kCode},
      {"总结下面这段话：…", Task::kSummary},
      {"Summarise this text: ...", Task::kSummary},
      {"你好，你是谁？", Task::kChat},
      {"Tell me about the sea.", Task::kChat},
  };
  for (const auto& [text, task] : questions) {
    EXPECT_EQ(TaskName(ClassifyTask({text}).task), TaskName(task)) << text;
  }
}

TEST(PolicyTest, EveryTaskHasARowInEveryProfile) {
  for (const std::string_view profile : ProfileNames()) {
    for (size_t i = 0; i < kTasks; ++i) {
      for (const Effort effort : {Effort::kFast, Effort::kBalanced, Effort::kDeep}) {
        const auto policy = PolicyFor(profile, static_cast<Task>(i), effort);
        ASSERT_TRUE(policy.ok());
        EXPECT_GE(policy->first_chains, 1U);
        EXPECT_LE(policy->first_chains, policy->max_chains);
        EXPECT_TRUE(Scaffolds().Apply(policy->scaffold, service::TextLanguage::kChinese, "x").ok());
      }
    }
  }
}

TEST(PolicyTest, EffortChangesWhatIsSpent) {
  const auto fast = *PolicyFor("r1", Task::kWord, Effort::kFast);
  const auto deep = *PolicyFor("r1", Task::kWord, Effort::kDeep);
  EXPECT_LT(fast.max_chains, deep.max_chains);
  EXPECT_LT(fast.thinking_tokens, deep.thinking_tokens);
}

// 20 tok/s alone, 80 tok/s for eight together: a deadline leaves time for less and less.
TEST(PolicyTest, ADeadlineCutsChainsFirstAndThinkingThen) {
  const Pace pace{1000, 20, 80, 8};
  Policy wide = *PolicyFor("r1", Task::kWord, Effort::kBalanced);
  EXPECT_NEAR(FitToDeadline(wide, pace, 100, 10000), 0.1 + 4096 / (1 / (0.05 + 2 * 0.05 / 7)), 1);
  EXPECT_EQ(wide.first_chains, 3U);
  EXPECT_EQ(wide.thinking_tokens, 4096U);

  Policy tight = *PolicyFor("r1", Task::kWord, Effort::kBalanced);
  const double close = FitToDeadline(tight, pace, 100, 20);
  EXPECT_EQ(tight.first_chains, 1U);
  EXPECT_EQ(tight.max_chains, 1U);
  EXPECT_LT(close, 20);
  EXPECT_LT(static_cast<double>(tight.thinking_tokens + tight.answer_tokens) / 20, 20);
  EXPECT_GT(tight.thinking_tokens, 200U);
}

TEST(ScaffoldTest, BuiltInOnesInBothLanguages) {
  const Scaffolds scaffolds;
  EXPECT_EQ(scaffolds.all().size(), 12U);
  const auto zh = scaffolds.Apply("four-steps", service::TextLanguage::kChinese, "1+1=?");
  ASSERT_TRUE(zh.ok());
  EXPECT_TRUE(zh->starts_with("1+1=?\n\n请按四步作答"));
  EXPECT_EQ(*scaffolds.Apply("", service::TextLanguage::kEnglish, "as it is"), "as it is");
}

TEST(ScaffoldTest, AUsersOwnReplaceAndAdd) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "scaffolds_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "boxed.en.txt") << "# mine\nThink hard: {question}\n";
  std::ofstream(folder / "haiku.en.txt") << "{question} As a haiku.";
  Scaffolds scaffolds;
  ASSERT_TRUE(scaffolds.Load(folder).ok());
  EXPECT_EQ(*scaffolds.Apply("boxed", service::TextLanguage::kEnglish, "q"), "Think hard: q");
  // There is none in Chinese: the English one serves.
  EXPECT_EQ(*scaffolds.Apply("haiku", service::TextLanguage::kChinese, "q"), "q As a haiku.");
  std::ofstream(folder / "bad.en.txt") << "no place";
  EXPECT_THAT(scaffolds.Load(folder).message(), HasSubstr("bad.en.txt: expected {question}"));
  std::filesystem::remove_all(folder);
  EXPECT_EQ(scaffolds.Load(folder).code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace lemma::reasoning
