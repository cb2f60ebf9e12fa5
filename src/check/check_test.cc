// SPDX-License-Identifier: Apache-2.0
#include "check/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "check/certificate.h"
#include "check/eval_mutate.h"
#include "check/json_value.h"

namespace lemma::check {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCage[] = "鸡兔同笼，共有35个头，94只脚，问鸡兔各几只？";

CheckReport Checked(const CheckRequest& request) {
  auto report = CheckText(request);
  EXPECT_TRUE(report.ok()) << report.status().ToString();
  return report.ok() ? *std::move(report) : CheckReport();
}

TEST(CheckTextTest, StatusOfWholeRequests) {
  struct Case {
    CheckRequest request;
    Verdict status;
  };
  const std::string think = "<think>35*2=70，94-70=24，24/2=12，35-12=23</think>";
  const Case cases[] = {
      {{kCage, "鸡23只，兔12只", "", "", {}}, Verdict::kVerified},
      {{kCage, "", think + "答案：鸡23只，兔12只", "", {}}, Verdict::kVerified},
      {{kCage, "", "<think>35*2=70，所以 \\boxed{鸡23只，兔12只}", "", {}}, Verdict::kUnverified},
      {{kCage, "", "<think>\\boxed{鸡23只，兔12只}</think>好的", "", {}}, Verdict::kChecked},
      {{kCage, "鸡24只，兔11只", think, "", {}}, Verdict::kRefuted},
      {{"今天天气如何？", "", "3*4=12\n\\boxed{12}", "", {}}, Verdict::kSelfOk},
      {{"今天天气如何？", "", "3*4=13\n\\boxed{13}", "", {}}, Verdict::kUnverified},
      {{"今天天气如何？", "", "3*4=12\n\\boxed{15}", "", {}}, Verdict::kUnverified},
      {{"今天天气如何？", "15", "3*4=12\n\\boxed{12}", "", {}}, Verdict::kUnverified},
      {{"今天天气如何？", "", "<think>3*4=12, \\boxed{12}", "", {}}, Verdict::kUnverified},
      {{"", "5", "", "", {}}, Verdict::kUnverified},
      {{"", "", "", "", {}}, Verdict::kUnverified},
      {{"", "{\"a\":1}", "", R"({"required":["a"]})", {}}, Verdict::kVerified},
      {{"", "```json\n{\"a\":1}\n```", "", R"({"required":["b"]})", {}}, Verdict::kRefuted},
      {{"", "no json", "", "true", {}}, Verdict::kRefuted},
      {{"", "{}", "", R"({"format":"x"})", {}}, Verdict::kUnverified},
      {{"", "“as it was said” [1]", "", "", {{"a", "it is as it was said"}}}, Verdict::kChecked},
      {{"", "“as it was heard” [1]", "", "", {{"a", "it is as it was said"}}}, Verdict::kRefuted},
      {{"", "nothing is quoted", "", "", {{"a", "text"}}}, Verdict::kUnverified},
      // The weakest of several decides; a refutation decides at once.
      {{kCage, "“鸡23只，兔12只”", "", "true", {}}, Verdict::kRefuted},
  };
  for (const Case& c : cases) {
    const CheckReport report = Checked(c.request);
    EXPECT_EQ(VerdictName(report.status), VerdictName(c.status))
        << c.request.answer << c.request.chain << "\n"
        << CheckReportJson(report);
    EXPECT_TRUE(ParseJson(CheckReportJson(report)).ok()) << CheckReportJson(report);
    EXPECT_FALSE(report.summary.zh.empty());
    EXPECT_FALSE(report.summary.en.empty());
    EXPECT_EQ(report.feedback.en.empty(), report.status != Verdict::kRefuted);
  }
}

TEST(CheckTextTest, KeepsWhereTheAnswerCameFrom) {
  CheckRequest request;
  request.problem = kCage;
  request.chain = "先算 35*2=70。\n答：鸡23只，兔12只。";
  CheckReport report = Checked(request);
  EXPECT_TRUE(report.from_chain);
  EXPECT_EQ(request.chain.substr(report.answer->span.begin,
                                 report.answer->span.end - report.answer->span.begin),
            "鸡23只，兔12只");
  EXPECT_FALSE(report.chain_agrees.has_value());
  request.answer = "鸡12只，兔23只";
  report = Checked(request);
  EXPECT_FALSE(report.from_chain);
  EXPECT_EQ(report.chain_agrees, false);
  EXPECT_THAT(CheckReportJson(report), HasSubstr("\"chain_agrees\":false"));
}

TEST(CheckTextTest, RefusesWhatIsTooLong) {
  CheckRequest request;
  request.answer = std::string(kMaxRequestBytes + 1, 'x');
  EXPECT_FALSE(CheckText(request).ok());
  request.answer = "1";
  request.schema = "{";
  EXPECT_THAT(CheckText(request).status().message(), HasSubstr("schema: byte 1"));
}

// All whole numbers of a text.
std::vector<std::string> NumbersIn(std::string_view text) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    size_t n = 0;
    while (at + n < text.size() && text[at + n] >= '0' && text[at + n] <= '9') ++n;
    if (n > 0) out.emplace_back(text.substr(at, n));
    at += std::max<size_t>(n, 1);
  }
  return out;
}

// Feedback may hold numbers of the problem, of the wrong answer and of its lines, whose sides are
// computed from these; the right answer is not among them.
TEST(FeedbackTest, NeverHoldsTheSolution) {
  EvalRandom random(5);
  size_t refuted = 0;
  for (const std::string_view family : EvalFamilies()) {
    for (int i = 0; i < 40; ++i) {
      const EvalProblem told = GenerateProblem(family, random);
      for (const MutatedAnswer& m : MutateAnswer(told.answer, random)) {
        CheckRequest request;
        request.problem = told.text;
        request.answer = m.text;
        const CheckReport report = Checked(request);
        if (report.status != Verdict::kRefuted) continue;
        ++refuted;
        for (const std::string& text : {report.feedback.zh, report.feedback.en}) {
          EXPECT_THAT(text, HasSubstr(report.answer->answer.text));
          if (m.text.find(told.answer) == std::string::npos) {  // -23 holds 23
            EXPECT_THAT(text, Not(HasSubstr(told.answer))) << told.text;
          }
          // A number of the right answer may only stand there if the problem or the wrong answer,
          // or a line at the wrong answer, has it.
          const Finding& f = report.findings.front();
          std::string allowed = told.text + " " + m.text + " " + report.ir;
          for (const LocalText& fact : f.facts) {
            if (fact.en.starts_with("✓") || fact.en.starts_with("✗")) allowed += " " + fact.en;
          }
          const auto known = NumbersIn(allowed);
          for (const std::string& number : NumbersIn(told.answer)) {
            const auto shown = NumbersIn(text);
            const bool there = std::find(shown.begin(), shown.end(), number) != shown.end();
            const bool may = std::find(known.begin(), known.end(), number) != known.end();
            EXPECT_TRUE(!there || may) << told.text << "\n" << m.text << "\n" << text;
          }
        }
      }
    }
  }
  EXPECT_GT(refuted, 200U);
}

TEST(CertificateReaderTest, TakesItsOwnAndNoOther) {
  CheckRequest request;
  for (const auto& [problem, answer] :
       {std::pair(kCage, "鸡23只，兔12只"), std::pair("Solve sqrt(x+3) = x-1", "x = -2"),
        std::pair("掷两个骰子，点数之和为7的概率是多少？", "1/6"),
        std::pair("数列a1=1，a(n+1)=2a(n)+1，求a10。", "1024"),
        std::pair("从10人中选3人，其中甲乙二人不能同时入选，有多少种选法？", "112种"),
        std::pair("证明：对任意整数n，n^2+n是偶数。", "成立"),
        std::pair("一个三位数，各位数字之和是12，百位比十位大2，个位比十位小1，求这个三位数。",
                  "无解")}) {
    request.problem = problem;
    request.answer = answer;
    const std::string certificate = Checked(request).certificate;
    EXPECT_TRUE(RecheckCertificate(certificate).ok())
        << RecheckCertificate(certificate).ToString() << certificate;
    if (request.answer == "无解") continue;  // other relations have no solution, either
    // Any digit changed is noticed, in whatever member.
    for (size_t at = 0; at < certificate.size(); ++at) {
      if (certificate[at] < '0' || certificate[at] > '9') continue;
      std::string forged = certificate;
      forged[at] = forged[at] == '9' ? '3' : static_cast<char>(forged[at] + 1);
      // A place in the text, a label or the text itself may be another without a trace.
      const Status status = RecheckCertificate(forged);
      const size_t key = certificate.rfind('"', at);
      const std::string_view before = std::string_view(certificate).substr(0, key + 1);
      const bool harmless = before.ends_with("\"span\"") || before.ends_with("\"text\":\"") ||
                            before.ends_with("\"readings\"") || before.ends_with("\"reason\":\"") ||
                            before.ends_with("\"value\":\"") || before.ends_with("\"a\"") ||
                            before.ends_with("\"b\"") || before.ends_with("\"expr\":\"");
      EXPECT_TRUE(!status.ok() || harmless) << forged.substr(at > 60 ? at - 60 : 0, 120);
    }
  }
  EXPECT_FALSE(RecheckCertificate("{}").ok());
  EXPECT_FALSE(RecheckCertificate("").ok());
  EXPECT_THAT(RecheckCertificate(R"({"format":"lemma-certificate","version":1})").message(),
              HasSubstr("problem: expected an object"));
}

}  // namespace
}  // namespace lemma::check
