// SPDX-License-Identifier: Apache-2.0
// Problems that small models are known to trip over, from the question to the proven answer, with
// scripted chains: the right chain wins whatever the majority says, what is wrong is refuted, the
// model is told what was computed and not what is right, and a repaired answer is proven.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reasoning/script_source.h"
#include "reasoning/solve.h"
#include "sandbox/python.h"

namespace lemma::reasoning {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedChain;
using testing::ScriptedSource;

struct KnownTask {
  const char* name;
  Task task;
  const char* question;
  const char* right;
  const char* wrong;
  const char* wrong_too;
  const char* told;    // in the feedback for `wrong`
  const char* hidden;  // not in it: the right value
};

std::ostream& operator<<(std::ostream& out, const KnownTask& task) { return out << task.name; }

constexpr KnownTask kTasksZh[] = {
    {"CageZh", Task::kWord, "鸡兔同笼，共有35个头，94只脚，鸡兔各几只？", "鸡23,兔12", "鸡24,兔11",
     "鸡12,兔23", "左边 92，右边 94", "23"},
    // The digits would have to be (13/3, ...): no number at all.
    {"DigitsZh", Task::kWord,
     "一个三位数，各位数字之和是12，百位数字比十位数字大2，个位数字比十位数字小1，求这个三位数。",
     "无解", "642", "534", "c-b=-1 不成立", "无解"},
    // The other root of the squared equation, (3-sqrt(17))/2, is false.
    {"RootZh", Task::kEquation, "解方程：√(x+3) = x - 1", "\\frac{3+\\sqrt{17}}{2}", "-2",
     "\\frac{3-\\sqrt{17}}{2}", "x=-2 时左边 1，右边 -3", "17"},
    {"ChoiceZh", Task::kCounting, "从10人中选3人，甲、乙不能同时入选，有多少种不同的选法？", "112",
     "120", "56", "与穷举的结果不同", "112"},
    {"TermZh", Task::kSequence, "数列满足 a1=1，a(n+1)=2a(n)+1，求 a10。", "1023", "511", "1024",
     "与精确计算不同", "1023"},
    {"DiceZh", Task::kProbability, "掷两枚骰子，点数之和为7的概率是多少？", "\\frac{1}{6}",
     "\\frac{1}{12}", "\\frac{7}{36}", "与穷举的结果不同", "1/6"},
    {"ParityZh", Task::kProof, "n²+n 对所有整数 n 都是偶数吗？", "是", "否", "不成立",
     "与精确计算不同", "结论是 是"},
};

constexpr KnownTask kTasksEn[] = {
    {"CageEn", Task::kWord,
     "A farm has chickens and rabbits with 35 heads and 94 legs. How many of each are there?",
     "23 chickens, 12 rabbits", "24 chickens, 11 rabbits", "12 chickens, 23 rabbits",
     "the left side is 92, the right side 94", "23"},
    {"DigitsEn", Task::kWord,
     "A three-digit number has digit sum 12. The hundreds digit is 2 more than the tens digit and "
     "the units digit is 1 less than the tens digit. Find the number.",
     "no solution", "642", "534", "c-b=-1 fails", "no solution"},
    {"RootEn", Task::kEquation, "Solve sqrt(x+3) = x-1", "\\frac{3+\\sqrt{17}}{2}", "-2",
     "\\frac{3-\\sqrt{17}}{2}", "at x=-2 the left side is 1, the right side -3", "17"},
    {"ChoiceEn", Task::kCounting,
     "How many ways are there to choose 3 people out of 10 if two particular people cannot both be "
     "chosen?",
     "112", "120", "56", "differs from full enumeration", "112"},
    {"TermEn", Task::kSequence, "A sequence has a1 = 1 and a(n+1) = 2a(n) + 1. Find a10.", "1023",
     "511", "1024", "differs from exact computation", "1023"},
    {"DiceEn", Task::kProbability,
     "Two dice are rolled. What is the probability that the sum is 7?", "\\frac{1}{6}",
     "\\frac{1}{12}", "\\frac{7}{36}", "differs from full enumeration", "1/6"},
    {"ParityEn", Task::kProof, "Is n^2 + n always even for every integer n?", "yes", "no", "false",
     "differs from exact computation", "yes"},
};

std::string Boxed(const char* answer) { return std::string("\\boxed{") + answer + "}"; }

SolveRequest AskTask(const KnownTask& task) {
  SolveRequest out;
  out.question = task.question;
  out.options.profile = "r1";
  return out;
}

SolveResult Solved(ScriptedSource& source, const SolveRequest& request) {
  auto result = Solve(source, Scaffolds(), request, {});
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  return result.ok() ? *std::move(result) : SolveResult{};
}

class KnownTaskTest : public ::testing::TestWithParam<KnownTask> {};

TEST_P(KnownTaskTest, TheProvenAnswerBeatsAMajority) {
  const KnownTask& task = GetParam();
  SolveRequest request = AskTask(task);
  request.options.chains = request.options.first_chains = 4;
  request.options.enough = 1;
  ScriptedSource source({{Boxed(task.wrong), 20},
                         {Boxed(task.wrong), 30},
                         {Boxed(task.right), 40},
                         {Boxed(task.wrong_too), 50}});
  const SolveResult result = Solved(source, request);
  EXPECT_EQ(result.task.task, task.task);
  EXPECT_EQ(result.status, SolveStatus::kVerified);
  EXPECT_EQ(result.answer, task.right);
  EXPECT_EQ(result.chosen, 2U);
  for (const size_t wrong : {0, 1, 3}) {
    EXPECT_EQ(result.chains[wrong].report.status, check::Verdict::kRefuted) << wrong;
    EXPECT_EQ(result.chains[wrong].weight, 0) << wrong;
  }
  EXPECT_FALSE(result.chains[2].report.certificate.empty());
  // The same votes without checkers go wrong: it is they that decide.
  ScriptedSource again({{Boxed(task.wrong), 20},
                        {Boxed(task.wrong), 30},
                        {Boxed(task.right), 40},
                        {Boxed(task.wrong_too), 50}});
  request.options.checkers = Switch::kOff;
  request.options.retries = 0;
  const SolveResult counted = Solved(again, request);
  EXPECT_EQ(counted.status, SolveStatus::kConsistent);
  EXPECT_EQ(counted.answer, task.wrong);
}

TEST_P(KnownTaskTest, ARefutedAnswerIsToldWhatFailsAndRepaired) {
  const KnownTask& task = GetParam();
  SolveRequest request = AskTask(task);
  request.options.chains = request.options.first_chains = 2;
  ScriptedSource source(
      {{Boxed(task.wrong)}, {Boxed(task.wrong)}, {Boxed(task.right)}, {Boxed(task.right)}});
  const SolveResult result = Solved(source, request);
  EXPECT_EQ(result.status, SolveStatus::kVerified);
  EXPECT_EQ(result.retry_rounds, 1U);
  ASSERT_EQ(source.requests.size(), 2U);
  const auto& told = source.requests[1].conversation.messages;
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[1].role, chat::Role::kAssistant);
  EXPECT_THAT(told[1].content, HasSubstr(task.wrong));
  EXPECT_THAT(told[2].content, HasSubstr(task.told));
  EXPECT_THAT(told[2].content, Not(HasSubstr(task.hidden)));
}

TEST_P(KnownTaskTest, WhatStaysWrongIsShownAsRefuted) {
  const KnownTask& task = GetParam();
  SolveRequest request = AskTask(task);
  request.options.chains = request.options.first_chains = 2;
  request.options.retries = 2;
  const ScriptedChain wrong{Boxed(task.wrong)};
  ScriptedSource source({wrong, wrong, wrong, wrong, wrong, wrong});
  const SolveResult result = Solved(source, request);
  EXPECT_EQ(result.status, SolveStatus::kRefuted);
  EXPECT_EQ(result.retry_rounds, 2U);
  // The second round is without feedback: the model was stuck.
  EXPECT_EQ(source.requests[2].conversation.messages.size(), 1U);
}

template <typename T>
std::string NameOf(const ::testing::TestParamInfo<T>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Zh, KnownTaskTest, ::testing::ValuesIn(kTasksZh), NameOf<KnownTask>);
INSTANTIATE_TEST_SUITE_P(En, KnownTaskTest, ::testing::ValuesIn(kTasksEn), NameOf<KnownTask>);

struct KnownCode {
  const char* name;
  const char* question;
  const char* tests;
  const char* right;
  const char* wrong;
  const char* told;
};

std::ostream& operator<<(std::ostream& out, const KnownCode& task) { return out << task.name; }

constexpr KnownCode kCode[] = {
    {"Palindrome", "写一个Python函数 is_palindrome(s)，判断字符串忽略大小写和空格后是否为回文。",
     "assert is_palindrome('Never odd or even') is True\nassert is_palindrome('ab') is False\n",
     "def is_palindrome(s):\n    t = s.replace(' ', '').lower()\n    return t == t[::-1]",
     "def is_palindrome(s):\n    return s == s[::-1]", "Never odd or even"},
    {"SecondLargest",
     "Write a Python function second_largest(xs) that returns the second largest distinct value, "
     "or "
     "None.",
     "assert second_largest([1, 3, 3, 2]) == 2\nassert second_largest([5, 5]) is None\n",
     "def second_largest(xs):\n    s = sorted(set(xs))\n    return s[-2] if len(s) > 1 else None",
     "def second_largest(xs):\n    return sorted(xs)[-2]", "[1, 3, 3, 2]"},
    {"Merge", "Write a Python function merge(a, b) that merges two sorted lists.",
     "assert merge([1, 4], [2, 3, 5]) == [1, 2, 3, 4, 5]\nassert merge([], [1]) == [1]\n",
     "def merge(a, b):\n    out = []\n    i = j = 0\n    while i < len(a) and j < len(b):\n"
     "        if a[i] <= b[j]:\n            out.append(a[i]); i += 1\n        else:\n"
     "            out.append(b[j]); j += 1\n    return out + a[i:] + b[j:]",
     "def merge(a, b):\n    return a + b", "merge([1, 4], [2, 3, 5])"},
};

class KnownCodeTest : public ::testing::TestWithParam<KnownCode> {
 protected:
  void SetUp() override {
    if (!sandbox::CheckPythonSandbox().ok()) GTEST_SKIP() << "no sandbox here";
  }
  static std::string Fence(const char* code) { return std::string("```python\n") + code + "\n```"; }
};

TEST_P(KnownCodeTest, TestsDecideAndAFailingCallIsTold) {
  const KnownCode& task = GetParam();
  SolveRequest request;
  request.question = task.question;
  request.evidence.tests = task.tests;
  request.options.profile = "r1";
  request.options.chains = request.options.first_chains = 2;
  ScriptedSource source(
      {{Fence(task.wrong)}, {Fence(task.wrong)}, {Fence(task.right)}, {Fence(task.wrong)}});
  const SolveResult result = Solved(source, request);
  EXPECT_EQ(result.task.task, Task::kCode);
  EXPECT_EQ(result.status, SolveStatus::kVerified);
  EXPECT_EQ(result.retry_rounds, 1U);
  EXPECT_THAT(result.chains[*result.chosen].content, HasSubstr(task.right));
  ASSERT_EQ(source.requests.size(), 2U);
  EXPECT_THAT(source.requests[1].conversation.messages.back().content, HasSubstr(task.told));
}

INSTANTIATE_TEST_SUITE_P(All, KnownCodeTest, ::testing::ValuesIn(kCode), NameOf<KnownCode>);

// "x+y=35" holds both numbers of a right chain; a hasty reader takes them for its answer.
TEST(KnownTasksTest, NumbersInTheChainAreNotItsAnswer) {
  SolveRequest request;
  request.question = "鸡兔同笼，共有35个头，94只脚，鸡兔各几只？";
  request.options.profile = "r1";
  request.options.chains = request.options.first_chains = 1;
  ScriptedSource source({{"x+y=35，2x+4y=94。因此鸡有23只，兔有12只。\\boxed{鸡23,兔12}", 40,
                          "设鸡x只，兔y只，x+y=35。2*23+4*12=94，对。"}});
  const SolveResult result = Solved(source, request);
  EXPECT_EQ(result.status, SolveStatus::kVerified);
  EXPECT_EQ(result.chains[0].soft_flags, 0U);
}

}  // namespace
}  // namespace lemma::reasoning
