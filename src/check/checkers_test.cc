// SPDX-License-Identifier: Apache-2.0
// The golden families with hand-made problems; mutated answers; the border between VERIFIED and
// CHECKED; reports.
#include "check/checkers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "check/certificate.h"
#include "check/report.h"

namespace lemma::check {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ExprPtr E(std::string_view text) { return *ParseExpr(text); }
Constraint C(std::string_view text, Span span = {}) {
  return {ParseRelations(text)->front(), span};
}

// Marks every number of the text as used: these problems are complete by construction.
Problem Complete(Problem p) {
  p.numerals = FindNumerals(p.text);
  for (NumeralNote& n : p.numerals) n.used = true;
  p.readings = 2;
  return p;
}

Problem Heads(int64_t heads, int64_t feet) {
  Problem p;
  p.family = Family::kLinear;
  p.text = "鸡兔同笼，共有" + std::to_string(heads) + "个头，" + std::to_string(feet) +
           "只脚，鸡兔各几只？";
  p.variables = {{"x", Domain::kNatural, {}, "只", {"鸡", "chickens"}},
                 {"y", Domain::kNatural, {}, "只", {"兔", "兔子", "rabbits"}}};
  p.constraints = {C("x+y=" + std::to_string(heads), {12, 20}),
                   C("2x+4y=" + std::to_string(feet), {20, 30})};
  p.query.kind = QueryKind::kAssignment;
  p.query.names = {"x", "y"};
  return Complete(p);
}

Problem ThreeDigits() {
  Problem p;
  p.family = Family::kPuzzle;
  p.text = "一个三位数，各位数字之和是12，百位比十位大2，个位比十位小1，求这个三位数。";
  p.variables = {{"a", Domain::kInteger, Range{1, 9}, "", {}},
                 {"b", Domain::kInteger, Range{0, 9}, "", {}},
                 {"c", Domain::kInteger, Range{0, 9}, "", {}}};
  p.constraints = {C("a+b+c=12"), C("a=b+2"), C("c=b-1")};
  p.query.kind = QueryKind::kAll;
  p.query.expr = E("100a+10b+c");
  return Complete(p);
}

Problem Equation(std::string_view relation) {
  Problem p;
  p.family = Family::kEquation;
  p.text = "解方程 " + std::string(relation);
  p.variables = {{"x", Domain::kReal, {}, "", {}}};
  p.constraints = {C(relation)};
  p.query.kind = QueryKind::kAll;
  p.query.expr = Var("x");
  return Complete(p);
}

Problem Committee() {
  Problem p;
  p.family = Family::kCounting;
  p.text = "从10人中选3人，其中甲乙二人不能同时入选，有多少种选法？";
  p.choice = Choice{10, 3, {{ChoiceRule::kNotBoth, 0, 1, {}}}};
  p.query.kind = QueryKind::kCount;
  return Complete(p);
}

Problem Dice() {
  Problem p;
  p.family = Family::kProbability;
  p.text = "掷两个骰子，点数之和为7的概率是多少？";
  p.variables = {{"a", Domain::kInteger, Range{1, 6}, "", {}},
                 {"b", Domain::kInteger, Range{1, 6}, "", {}}};
  p.constraints = {C("a+b=7")};
  p.query.kind = QueryKind::kProbability;
  return Complete(p);
}

Problem Sequence() {
  Problem p;
  p.family = Family::kRecurrence;
  p.text = "数列a1=1，a(n+1)=2a(n)+1，求a10。";
  p.recurrence = Recurrence{1, 1, E("2a+1"), 10};
  p.query.kind = QueryKind::kValue;
  return Complete(p);
}

Problem Even(std::string_view polynomial, int64_t m) {
  Problem p;
  p.family = Family::kDivisibility;
  p.text = "对任意整数n，" + std::string(polynomial) + "能被" + std::to_string(m) + "整除吗？";
  p.divisibility = Divisibility{E(polynomial), m, {}};
  p.query.kind = QueryKind::kClaim;
  return Complete(p);
}

Report Check(const Problem& p, std::string_view answer) {
  return CheckAnswer(p, ParseAnswer(answer));
}

TEST(CheckersTest, GoldenCases) {
  struct Case {
    Problem problem;
    const char* answer;
    Verdict verdict;
    Reason reason;
  };
  const Case cases[] = {
      {Heads(35, 94), "鸡23只，兔12只", Verdict::kVerified, Reason::kUniqueSolution},
      {Heads(35, 94), "23 chickens and 12 rabbits", Verdict::kVerified, Reason::kUniqueSolution},
      {Heads(35, 94), "鸡24只，兔11只", Verdict::kRefuted, Reason::kConstraintFails},
      {Heads(35, 94), "鸡12只，兔23只", Verdict::kRefuted, Reason::kConstraintFails},
      {Heads(35, 94), "无解", Verdict::kRefuted, Reason::kSolutionExists},
      {Heads(35, 94), "鸡23只", Verdict::kUnverified, Reason::kNotBound},
      {Heads(35, 94), "23", Verdict::kUnverified, Reason::kNotBound},
      {Heads(35, 95), "无解", Verdict::kVerified, Reason::kNoSolutionProven},
      {Heads(35, 95), "鸡22.5只，兔12.5只", Verdict::kRefuted, Reason::kOutsideDomain},
      {Heads(10, 60), "无解", Verdict::kVerified, Reason::kNoSolutionProven},
      {ThreeDigits(), "无解", Verdict::kVerified, Reason::kNoSolutionProven},
      {ThreeDigits(), "642", Verdict::kRefuted, Reason::kConstraintFails},
      {Equation("sqrt(x+3)=x-1"), "x=\\frac{3+\\sqrt{17}}{2}", Verdict::kVerified,
       Reason::kAllSolutions},
      {Equation("sqrt(x+3)=x-1"), "(3-√17)/2", Verdict::kRefuted, Reason::kConstraintFails},
      {Equation("sqrt(x+3)=x-1"), "-2", Verdict::kRefuted, Reason::kConstraintFails},
      {Equation("sqrt(x+3)=x-1"), "x=(3±√17)/2", Verdict::kRefuted, Reason::kConstraintFails},
      {Equation("sqrt(x+3)=x-1"), "无解", Verdict::kRefuted, Reason::kSolutionExists},
      {Equation("sqrt(x+3)=x-1"), "x=3.56", Verdict::kUnverified, Reason::kRounded},
      {Equation("sqrt(x+3)=x-1"), "x=3.57", Verdict::kRefuted, Reason::kConstraintFails},
      {Equation("x^2-5x+6=0"), "x=2 或 x=3", Verdict::kVerified, Reason::kAllSolutions},
      {Equation("x^2-5x+6=0"), "x=2", Verdict::kRefuted, Reason::kSolutionsMissing},
      {Equation("(x^2-1)/(x-1)=2"), "无解", Verdict::kVerified, Reason::kNoSolutionProven},
      {Equation("(x^2-1)/(x-1)=2"), "1", Verdict::kRefuted, Reason::kConstraintFails},
      {Equation("|x-1|=3"), "{-2,4}", Verdict::kVerified, Reason::kAllSolutions},
      {Equation("sqrt(x)=-1"), "无解", Verdict::kVerified, Reason::kNoSolutionProven},
      {Equation("x^2+1=0"), "无实数解", Verdict::kVerified, Reason::kNoSolutionProven},
      {Equation("|x|=x"), "x=1", Verdict::kChecked, Reason::kNotUnique},
      {Equation("x^5-x-1=0"), "x=1", Verdict::kRefuted, Reason::kConstraintFails},
      {Equation("x^5-x-1=0"), "无解", Verdict::kUnverified, Reason::kCannotDecide},
      {Equation("sqrt(x)+sqrt(x+1)=1"), "0", Verdict::kChecked, Reason::kNotUnique},
      {Committee(), "112种", Verdict::kVerified, Reason::kCountAgrees},
      {Committee(), "120-8=112", Verdict::kVerified, Reason::kCountAgrees},
      {Committee(), "120", Verdict::kRefuted, Reason::kCountDiffers},
      {Committee(), "112元", Verdict::kUnverified, Reason::kNotBound},
      {Dice(), "\\frac{1}{6}", Verdict::kVerified, Reason::kCountAgrees},
      {Dice(), "6/36", Verdict::kVerified, Reason::kCountAgrees},
      {Dice(), "16.7%", Verdict::kUnverified, Reason::kRounded},
      {Dice(), "7/36", Verdict::kRefuted, Reason::kCountDiffers},
      {Sequence(), "1023", Verdict::kVerified, Reason::kValueAgrees},
      {Sequence(), "1024", Verdict::kRefuted, Reason::kValueDiffers},
      {Even("n^2+n", 2), "成立", Verdict::kVerified, Reason::kProvenByResidues},
      {Even("n^2+n", 2), "不成立", Verdict::kRefuted, Reason::kValueDiffers},
      {Even("n^2+n", 3), "不成立", Verdict::kVerified, Reason::kCounterexample},
      {Even("n^2+n", 3), "yes", Verdict::kRefuted, Reason::kCounterexample},
      {Even("n^2+n", 3), "没有反例", Verdict::kUnverified, Reason::kNotBound},
  };
  for (const Case& c : cases) {
    const Report r = Check(c.problem, c.answer);
    EXPECT_EQ(VerdictName(r.verdict), VerdictName(c.verdict)) << c.problem.text << " " << c.answer;
    EXPECT_EQ(ReasonName(r.reason), ReasonName(c.reason)) << c.problem.text << " " << c.answer;
  }
  EXPECT_THAT(Check(ThreeDigits(), "无解").proof,
              ::testing::ElementsAre(std::pair<std::string, std::string>("cases", "900"),
                                     std::pair<std::string, std::string>("hits", "0")));
}

TEST(CheckersTest, IncompleteProblemsNeitherVerifyNorRefute) {
  Problem p = Heads(35, 94);
  p.readings = 1;
  EXPECT_EQ(Check(p, "鸡23只，兔12只").verdict, Verdict::kChecked);
  EXPECT_EQ(Check(p, "鸡24只，兔11只").verdict, Verdict::kUnverified);
  p = Heads(35, 94);
  p.text += "另有5只鸭。";
  EXPECT_EQ(Check(p, "鸡23只，兔12只").verdict, Verdict::kChecked);
  EXPECT_THAT(CheckComplete(p).message(), HasSubstr("the number 5 has no use"));
  p = Heads(35, 94);
  p.constraints.push_back(C("z=1"));
  EXPECT_NE(Check(p, "鸡23只，兔12只").verdict, Verdict::kVerified);
  const Answer good = ParseAnswer("鸡23只，兔12只");
  EXPECT_EQ(CheckAnswer(Heads(35, 94), good, AnswerRule::kLastNumber).verdict, Verdict::kChecked);
}

TEST(CheckersTest, AmbiguousSystemsAreNotVerified) {
  Problem p = Heads(35, 94);
  p.constraints.pop_back();
  p = Complete(p);
  EXPECT_EQ(Check(p, "鸡23只，兔12只").verdict, Verdict::kChecked);
  EXPECT_EQ(Check(p, "无解").verdict, Verdict::kUnverified);
  EXPECT_EQ(Check(p, "鸡20只，兔12只").verdict, Verdict::kRefuted);
}

// Every answer near the right one is refuted, the right one is verified; all by a loop as truth.
TEST(CheckersTest, HeadsAndFeetAgreeWithALoop) {
  Rng rng(31);
  for (int i = 0; i < 300; ++i) {
    const auto heads = static_cast<int64_t>(1 + rng.NextBelow(40));
    const auto feet = static_cast<int64_t>(1 + rng.NextBelow(160));
    const Problem p = Heads(heads, feet);
    int64_t solutions = 0;
    for (int64_t x = 0; x <= heads; ++x) {
      const int64_t y = heads - x;
      const bool right = 2 * x + 4 * y == feet;
      solutions += right;
      if (!right && rng.NextBelow(10) != 0) continue;
      const Report r = Check(p, "鸡" + std::to_string(x) + "只，兔" + std::to_string(y) + "只");
      EXPECT_EQ(r.verdict, right ? Verdict::kVerified : Verdict::kRefuted);
    }
    EXPECT_EQ(Check(p, "无解").verdict, solutions == 0 ? Verdict::kVerified : Verdict::kRefuted);
  }
}

// Equations made from known roots: the full set is verified, a set short of one or with one
// changed is refuted.
TEST(CheckersTest, RadicalEquationsAgreeWithSearch) {
  int verified = 0;
  for (int64_t a = -9; a <= 9; ++a) {
    for (int64_t b = -9; b <= 9; ++b) {
      const std::string text =
          "sqrt(x+" + std::to_string(a + 10) + "-10)=x+(" + std::to_string(b) + ")";
      const Problem p = Equation(text);
      // Whole solutions by search; the verdict must not contradict them.
      std::vector<int64_t> whole;
      for (int64_t x = -30; x <= 30; ++x) {
        if (x + a >= 0 && x + b >= 0 && (x + b) * (x + b) == x + a) whole.push_back(x);
      }
      const Report none = Check(p, "无解");
      if (!whole.empty()) {
        EXPECT_EQ(none.verdict, Verdict::kRefuted) << text;
      }
      for (int64_t x = -12; x <= 12; ++x) {
        const Report r = Check(p, "x=" + std::to_string(x));
        const bool solves = std::find(whole.begin(), whole.end(), x) != whole.end();
        if (r.verdict == Verdict::kVerified) {
          EXPECT_EQ(whole, std::vector<int64_t>{x}) << text;
          ++verified;
        }
        EXPECT_EQ(r.reason == Reason::kConstraintFails, !solves) << text << " " << x;
      }
    }
  }
  EXPECT_GT(verified, 20);
}

TEST(ReportTest, FeedbackHasBothSidesAndNoSolution) {
  const Problem p = Heads(35, 94);
  const Answer wrong = ParseAnswer("鸡24只，兔11只");
  const Report r = CheckAnswer(p, wrong);
  const std::string zh = Feedback(wrong, r, Language::kChinese);
  EXPECT_THAT(zh, HasSubstr("x+y=35 成立"));
  EXPECT_THAT(zh, HasSubstr("2*x+4*y=94 不成立：x=24, y=11 时左边 92，右边 94"));
  EXPECT_THAT(zh, Not(HasSubstr("23")));
  EXPECT_THAT(Feedback(wrong, r, Language::kEnglish), HasSubstr("the left side is 92"));
  const Answer count = ParseAnswer("120");
  EXPECT_THAT(Feedback(count, CheckAnswer(Committee(), count), Language::kEnglish),
              Not(HasSubstr("112")));
  EXPECT_EQ(Feedback(wrong, Check(p, "鸡23只，兔12只"), Language::kEnglish), "");
  EXPECT_EQ(SummaryLine(p, Check(p, "鸡23只，兔12只"), Language::kChinese),
            "✓ 已验证（线性方程组，唯一解）");
  EXPECT_THAT(SummaryLine(p, r, Language::kEnglish), HasSubstr("✗ refuted: 2*x+4*y=94 fails"));
}

TEST(ReportTest, CertificateIsJson) {
  const Problem p = Heads(35, 94);
  const Answer a = ParseAnswer("鸡23只，兔12只");
  const std::string json = CertificateJson(p, a, CheckAnswer(p, a));
  EXPECT_THAT(json, HasSubstr("\"verdict\":\"VERIFIED\",\"reason\":\"unique_solution\""));
  EXPECT_THAT(json, HasSubstr("{\"relation\":\"2*x+4*y=94\",\"span\":[20,30]}"));
  EXPECT_THAT(json, HasSubstr("\"left\":\"94\",\"right\":\"94\",\"result\":\"pass\""));
  EXPECT_THAT(
      json,
      HasSubstr("\"proof\":{\"rational_solutions\":\"unique\",\"only_point\":\"x=23, y=12\"}"));
  EXPECT_EQ(JsonString("a\"\\\n\xFF"), "\"a\\\"\\\\\\u000a\xEF\xBF\xBD\"");
}

TEST(NumeralScanTest, FindsEveryNumber) {
  const auto shown = [](std::string_view text) {
    std::string out;
    for (const NumeralNote& n : FindNumerals(text)) {
      out += std::string(text.substr(n.span.begin, n.span.end - n.span.begin)) +
             (n.reason.empty() ? "" : "!") + " ";
    }
    return out;
  };
  EXPECT_EQ(shown("小明一共有35个苹果，吃了一半，两天后又买一打"), "一共! 35 一半 两 一 ");
  EXPECT_EQ(shown("Twice as many, half a dozen, 1,200 pens"), "Twice half dozen 1,200 ");
  EXPECT_EQ(shown("第一天看十分认真"), "第一! 十分! ");
  EXPECT_EQ(shown("买一双鞋"), "一 双 ");
}

// What a family says that has not earned VERIFIED.
TEST(CheckersTest, ACappedProblemIsCheckedAtMost) {
  Problem p = Heads(35, 94);
  p.capped = "read wrongly too often";
  EXPECT_EQ(Check(p, "鸡23只，兔12只").verdict, Verdict::kChecked);
  EXPECT_EQ(Check(p, "鸡24只，兔11只").verdict, Verdict::kUnverified);
}

TEST(CheckersTest, DivisibilityUnderACondition) {
  Problem p = Even("n^2-1", 8);
  EXPECT_EQ(Check(p, "不成立").verdict, Verdict::kVerified);
  p.divisibility->when = {2, {1}};
  const Report holds = Check(p, "成立");
  EXPECT_EQ(holds.verdict, Verdict::kVerified);
  EXPECT_EQ(holds.reason, Reason::kProvenByResidues);
  EXPECT_THAT(holds.proof, testing::Contains(testing::Pair("condition", "n mod 2 = 1")));
  EXPECT_THAT(holds.proof, testing::Contains(testing::Pair("residues", "0,0,0,0")));
  p.divisibility->when = {4, {2}};
  const Report fails = Check(p, "成立");
  EXPECT_EQ(fails.verdict, Verdict::kRefuted);
  EXPECT_THAT(fails.proof, testing::Contains(testing::Pair("counterexample", "n=2")));
  p.divisibility->when = {2, {}};  // no n at all
  EXPECT_EQ(Check(p, "成立").verdict, Verdict::kUnverified);
  p.divisibility->when = {99'991, {1}};  // too many residues
  EXPECT_EQ(Check(p, "成立").verdict, Verdict::kUnverified);
}

}  // namespace
}  // namespace lemma::check
