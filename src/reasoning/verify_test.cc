// SPDX-License-Identifier: Apache-2.0
#include "reasoning/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reasoning/verify_json.h"
#include "sandbox/python.h"

namespace lemma::reasoning {
namespace {

using ::testing::HasSubstr;

constexpr char kTests[] = "assert add(1, 2) == 3\nassert add(-1, 1) == 0\n";

TEST(VerifyTest, FindsCodeAndFunction) {
  EXPECT_EQ(CodeOf("<think>```python\nx\n```</think>Here:\n```python\ndef f():\n  pass\n```\nDone"),
            "def f():\n  pass\n");
  EXPECT_EQ(CodeOf("def f(): pass"), "def f(): pass");
  const char* code =
      "def helper(x):\n  return x\n\ndef add(a, b):\n  return a\n\ndef z():\n  pass\n";
  EXPECT_EQ(GuessEntryPoint(code, kTests), "add");
  EXPECT_EQ(GuessEntryPoint(code, "assert candidate(1) == 1"), "z");
  EXPECT_EQ(GuessEntryPoint("x = 1", kTests), "");
}

TEST(VerifyTest, TestsDecide) {
  VerifyRequest request;
  request.tests = kTests;
  request.check.answer = "```python\ndef add(a, b):\n  return a + b\n```";
  auto report = Verify(request);
  ASSERT_TRUE(report.ok());
  if (!sandbox::CheckPythonSandbox().ok()) {
    EXPECT_EQ(report->status, check::Verdict::kUnverified);
    EXPECT_THAT(report->summary.en, HasSubstr("were not run"));
    return;
  }
  EXPECT_EQ(report->status, check::Verdict::kVerified) << CheckReportJson(*report);
  EXPECT_THAT(report->summary.zh, HasSubstr("断言 2 条"));

  request.check.answer = "def add(a, b):\n  return a - b\n";
  report = Verify(request);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->status, check::Verdict::kRefuted);
  EXPECT_THAT(report->feedback.en, HasSubstr("add(1, 2): got -1, expected 3"));

  request.check.answer = "def add(a, b):\n  while True: pass\n";
  request.entry_point = "not a name";
  EXPECT_FALSE(Verify(request).ok());
}

TEST(VerifyTest, CodeThatCannotRunIsRefuted) {
  VerifyRequest request;
  request.tests = kTests;
  request.check.answer = "x = 5\n";
  auto report = Verify(request);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->status, check::Verdict::kRefuted);
  EXPECT_THAT(report->feedback.en, HasSubstr("defines no function"));
  if (!sandbox::CheckPythonSandbox().ok()) GTEST_SKIP() << "no sandbox here";
  struct Case {
    const char* code;
    const char* feedback;
  };
  const Case cases[] = {{"def add(a, b):\n  return a + for b", "SyntaxError"},
                        {"import os\ndef add(a, b):\n  os._exit(0)", "ended before its tests"},
                        {"1 / 0\ndef add(a, b):\n  return 3", "ZeroDivisionError"},
                        {"def plus(a, b):\n  return a + b", "no function of the answer: plus"}};
  for (const Case& each : cases) {
    request.check.answer = each.code;
    report = Verify(request);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->status, check::Verdict::kRefuted) << CheckReportJson(*report);
    EXPECT_THAT(report->feedback.en, HasSubstr(each.feedback));
    EXPECT_FALSE(report->feedback.zh.empty());
  }
}

TEST(VerifyTest, EqualCodeIsRunOnce) {
  if (!sandbox::CheckPythonSandbox().ok()) GTEST_SKIP() << "no sandbox here";
  VerifyRequest request;
  TestMemo memo;
  request.memo = &memo;
  request.tests = kTests;
  for (const char* code : {"def add(a, b):\n  return a + b\n", "def add(a, b):\n  return a\n",
                           "def add(a, b):\n  return a + b\n"}) {
    request.check.answer = code;
    ASSERT_TRUE(Verify(request).ok());
  }
  ASSERT_EQ(memo.findings.size(), 2U);
  // What is known is not run: a finding that no run would give comes back.
  for (auto& [key, finding] : memo.findings) finding.reason = "known";
  const auto report = Verify(request);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->findings.back().reason, "known");
  EXPECT_EQ(report->status, check::Verdict::kVerified);
}

TEST(VerifyTest, TestsThatCannotRunSayNothingOfTheCode) {
  if (!sandbox::CheckPythonSandbox().ok()) GTEST_SKIP() << "no sandbox here";
  VerifyRequest request;
  request.check.answer = "def add(a, b):\n  return a + b\n";
  for (const char* tests :
       {"assert add(1, 2) ==", "assert add(1, missing) == 3", "assert True or add"}) {
    request.tests = tests;
    const auto report = Verify(request);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->status, check::Verdict::kUnverified) << CheckReportJson(*report);
  }
}

TEST(VerifyTest, WithoutTestsItIsTheCheckerAlone) {
  VerifyRequest request;
  request.check.problem = "掷两个骰子，点数之和为7的概率是多少？";
  request.check.answer = "1/6";
  const auto report = Verify(request);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->status, check::Verdict::kVerified);
}

TEST(VerifyJsonTest, ReadsFields) {
  const auto got =
      ParseVerifyRequest(R"({"id":[7],"problem":"p","answer":"a","schema":{"type":"number"},)"
                         R"("sources":["one",{"name":"b","text":"two"}]})");
  ASSERT_TRUE(got.ok()) << got.status().ToString();
  EXPECT_EQ(got->id, "[7]");
  EXPECT_EQ(got->request.check.schema, R"({"type":"number"})");
  ASSERT_EQ(got->request.check.sources.size(), 2U);
  EXPECT_EQ(got->request.check.sources[0].name, "1");
  EXPECT_EQ(got->request.check.sources[1].text, "two");
}

TEST(VerifyJsonTest, ErrorsNameTheField) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "byte 0"},
      {"{", "byte 1"},
      {"[]", "expected a JSON object"},
      {"{}", "expected \"answer\" or \"chain\""},
      {R"({"anwser":"1"})", "anwser: no such field"},
      {R"({"answer":1})", "answer: expected a text"},
      {R"({"answer":"1","sources":"x"})", "sources: expected a list"},
      {R"({"answer":"1","sources":["x",{"name":"b"}]})", "sources[1]: expected the member"},
      {R"({"answer":"1","sources":[{"text":"b","page":1}]})", "sources[0].page: no such field"},
  };
  for (const auto& [text, message] : cases) {
    const auto got = ParseVerifyRequest(text);
    ASSERT_FALSE(got.ok()) << text;
    EXPECT_THAT(got.status().message(), HasSubstr(message)) << text;
  }
}

}  // namespace
}  // namespace lemma::reasoning
