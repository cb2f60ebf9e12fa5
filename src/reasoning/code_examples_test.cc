// SPDX-License-Identifier: Apache-2.0
#include "reasoning/code_examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iostream>

#include "reasoning/script_source.h"
#include "reasoning/solve.h"
#include "sandbox/python.h"

namespace lemma::reasoning {
namespace {

using ::testing::HasSubstr;
using testing::ScriptedSource;

std::string TestsOf(std::string_view question) { return ExamplesIn(question, "f").tests; }

TEST(CodeExamplesTest, ReadsTheUsualForms) {
  const std::pair<const char*, const char*> cases[] = {
      {"    >>> f([1, 2], 'a b')  # two\n    [1,\n     2]\n\n",
       "assert f([1, 2], 'a b') == [1, 2]\n"},
      {">>> f()\nNone\n>>> f(-1)\n'x'\"\"\"", "assert f() == None\nassert f(-1) == 'x'\n"},
      {"f(1) == 2", "assert f(1) == 2\n"},
      {"(f(1)==2.50)", "assert f(1) == 2.50\n"},
      {"For example, `f(1)` -> `{'a': (1, -2.5e3)}`.", "assert f(1) == {'a': (1, -2.5e3)}\n"},
      {"e.g. f(1) returns 2, f(\"x,\") returns [].", "assert f(1) == 2\nassert f(\"x,\") == []\n"},
      {"- f(1) should return True.\n* f(2) -> False",
       "assert f(1) == True\nassert f(2) == False\n"},
      {"函数f(1)返回2，f(2) 应该返回 3；f(3) 应返回 '四'。",
       "assert f(1) == 2\nassert f(2) == 3\nassert f(3) == '四'\n"},
      {"f(1) -> 2\nf(1) == 2", "assert f(1) == 2\n"},
      {"f(1) == 2, f(2) == 3 and f(3) == 4",
       "assert f(1) == 2\nassert f(2) == 3\nassert f(3) == 4\n"},
  };
  for (const auto& [question, tests] : cases) EXPECT_EQ(TestsOf(question), tests) << question;
}

TEST(CodeExamplesTest, WhatIsNoPlainExampleIsLeftOut) {
  for (const char* question : {"f(n) == 2",
                               "f(1) == n",
                               "f(n) -> f(n-1) + f(n-2)",
                               "f(1) == 2 + 1",
                               "f(1) == 2 == True",
                               "f(1) != 2",
                               "f(1) === 2",
                               "g.f(1) == 2",
                               "gf(1) == 2",
                               "1 + f(1) == 2",
                               "len(f(1)) == 2",
                               "def f() -> None:",
                               "f(1) == 2, 3",
                               "f(1) == 'a'.upper()",
                               "f(1) == 007",
                               "f(1) == '\\x4'",
                               "f(1) == {[1]: 2}",
                               "f(1) == {1, 2}",
                               "f(1) returns 2 items",
                               "f(1) 返回2个数",
                               "f(1) == 2.5x",
                               "f(1) returns 5 but should return 4",
                               "if f(1) == 2 then stop",
                               "not f(1) == 2",
                               "如果 f(1) == 2",
                               "f(1) 返回 5，但应该是 4",
                               "f(1) returns 2 or 3",
                               "f(1) == 2\nf(1) == 3",
                               ">>> f(1) == 2\nFalse",
                               ">>> g(f(1))\n2",
                               ">>> f(1)\n<object>",
                               ">>> f(x)\n1",
                               ">>> f(1)",
                               ">>> f(1)\nTraceback (most recent call last):\nValueError",
                               "f(1",
                               "f(",
                               "f",
                               "",
                               "f(1) == [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]"}) {
    EXPECT_EQ(TestsOf(question), "") << question;
  }
}

TEST(CodeExamplesTest, TheFunctionIsTheOneThatIsAsked) {
  const char* code =
      "def help(x):\n  return x\n\ndef add(a, b):\n  return a + b\n\ndef z():\n  pass\n";
  EXPECT_EQ(ExamplesFor("help(1) == 1, add(1, 2) == 3", code).function, "add");
  EXPECT_EQ(ExamplesFor("def help(x):\nhelp(1) == 1\nadd(1, 2) == 3", code).function, "help");
  EXPECT_EQ(ExamplesFor("def sub(a, b):\nadd(1, 2) == 3", code).count, 0U);
  EXPECT_EQ(ExamplesFor("add(1, 2) == 3", "class A:\n  def add(a, b): pass").count, 0U);
  std::string many;
  for (int i = 0; i < 99; ++i) many += "add(1, " + std::to_string(i) + ") == 3\n";
  EXPECT_EQ(ExamplesFor(many, code).count, kMostExamples);
}

bool NoSandbox() { return !sandbox::CheckPythonSandbox().ok(); }

TEST(CodeExamplesTest, ExamplesCheckAndRefuteAndNeverProve) {
  if (NoSandbox()) GTEST_SKIP() << "no sandbox here";
  VerifyRequest request;
  request.check.problem = "写一个函数 add(a, b)。add(1, 2) == 3，add(-1, 1) 返回 0。";
  request.check.answer = "```python\ndef add(a, b):\n  return a + b\n```";
  auto report = Verify(request);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->status, check::Verdict::kChecked) << CheckReportJson(*report);
  EXPECT_THAT(report->summary.zh, HasSubstr("2 个"));
  EXPECT_THAT(CheckReportJson(*report), HasSubstr("assert add(-1, 1) == 0"));

  request.check.answer = "```python\ndef add(a, b):\n  return a - b\n```";
  report = Verify(request);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->status, check::Verdict::kRefuted);
  EXPECT_THAT(report->feedback.zh, HasSubstr("题中的例子不成立：\n"));
  EXPECT_THAT(report->feedback.en, HasSubstr("add(1, 2): got -1, expected 3"));
  EXPECT_THAT(CheckReportJson(*report), HasSubstr("python_examples"));

  // Given tests win, on either side.
  request.tests = "assert add(1, 2) == -1\n";
  report = Verify(request);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->status, check::Verdict::kVerified);
}

// The chain that fails an example is refuted and told of it; the other is CHECKED.
TEST(CodeExamplesTest, VotesOfCodeGoByTheExamples) {
  if (NoSandbox()) GTEST_SKIP() << "no sandbox here";
  const char* good = "```python\ndef add(a, b):\n    return a + b\n```";
  const char* bad = "```python\ndef add(a, b):\n    return a - b\n```";
  SolveRequest request;
  request.question = "Write a Python function add(a, b). For example add(1, 2) == 3.";
  request.options.profile = "r1";
  request.options.chains = 2;
  ScriptedSource first({{bad, 10}, {good, 20}});
  auto result = Solve(first, Scaffolds(), request, {});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->status, SolveStatus::kChecked);
  EXPECT_EQ(result->chosen, 1U);
  ScriptedSource second({{bad, 10}, {bad, 10}, {good, 10}, {good, 10}});
  result = Solve(second, Scaffolds(), request, {});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->status, SolveStatus::kChecked);
  ASSERT_EQ(second.requests.size(), 2U);
  EXPECT_THAT(second.requests[1].conversation.messages.back().content,
              HasSubstr("add(1, 2): got -1, expected 3"));
}

TEST(CodeExamplesTest, DoctestsOfHumanEvalHoldForItsOwnSolutions) {
  std::ifstream in(LEMMA_SOURCE_DIR "/tests/data/problems/humaneval_sample.jsonl");
  size_t problems = 0;
  size_t with = 0;
  size_t examples = 0;
  for (std::string line; std::getline(in, line); ++problems) {
    const auto row = boost::json::parse(line);
    VerifyRequest request;
    request.check.problem = std::string(row.at("prompt").as_string());
    const std::string code =
        request.check.problem + std::string(row.at("canonical_solution").as_string());
    request.check.answer = "```python\n" + code + "```\n";
    const CodeExamples found = ExamplesFor(request.check.problem, code);
    if (found.count == 0) continue;
    ++with;
    examples += found.count;
    EXPECT_EQ(found.function, std::string_view(row.at("entry_point").as_string()));
    if (NoSandbox()) continue;
    const auto report = Verify(request);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->status, check::Verdict::kChecked) << found.tests << "\n"
                                                        << CheckReportJson(*report);
  }
  std::cout << with << " of " << problems << " problems give " << examples << " examples\n";
  EXPECT_EQ(problems, 12U);
  EXPECT_EQ(with, 7U);
}

TEST(CodeExamplesTest, LongQuestionsAreReadInLinearTime) {
  std::string question;
  for (int i = 0; i < 100'000; ++i) question += "f(1) == 2, ";
  EXPECT_EQ(ExamplesIn(question, "f").count, 1U);
  EXPECT_EQ(ExamplesIn(std::string(1 << 20, '('), "f").count, 0U);
}

}  // namespace
}  // namespace lemma::reasoning
