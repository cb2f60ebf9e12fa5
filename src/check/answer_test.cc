// SPDX-License-Identifier: Apache-2.0
#include "check/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"

namespace lemma::check {
namespace {

std::string Show(const Answer& a) {
  std::string out;
  switch (a.kind) {
    case AnswerKind::kNumber:
      return a.numbers[0].ToString() + (a.unit.empty() ? "" : " [" + a.unit + "]");
    case AnswerKind::kTuple:
    case AnswerKind::kSet:
      for (const Surd& x : a.numbers) out += (out.empty() ? "" : "; ") + x.ToString();
      return (a.kind == AnswerKind::kSet ? "set " : "tuple ") + out;
    case AnswerKind::kNamed:
      for (const NamedValue& v : a.named) {
        out += (out.empty() ? "" : "; ") + v.name + "=" + v.value.ToString();
      }
      return out;
    case AnswerKind::kInterval:
      return (a.low_closed ? "[" : "(") + (a.low ? a.low->ToString() : "-inf") + ", " +
             (a.high ? a.high->ToString() : "inf") + (a.high_closed ? "]" : ")");
    case AnswerKind::kNoSolution:
      return "none";
    case AnswerKind::kText:
      return "text " + a.text;
  }
  return out;
}

TEST(AnswerTest, ReadsAnswers) {
  const std::pair<const char*, const char*> cases[] = {
      {"112", "112"},
      {"1,234", "1234"},
      {"$18", "18 [$]"},
      {"$\\frac{1}{6}$", "1/6"},
      {"25%", "1/4"},
      {"23只", "23 [只]"},
      {"3.50 元", "7/2 [元]"},
      {"12 \\text{ cm}", "12 [cm]"},
      {"一百二十三页", "123 [页]"},
      {"鸡23只，兔12只", "鸡=23; 兔=12"},
      {"鸡有23只，兔有12只。", "鸡=23; 兔=12"},
      {"鸡:23, 兔:12", "鸡=23; 兔=12"},
      {"23 chickens and 12 rabbits", "chickens=23; rabbits=12"},
      {"There are 23 chickens and 12 rabbits.", "chickens=23; rabbits=12"},
      {"chickens: 23, rabbits: 12", "chickens=23; rabbits=12"},
      {"x = 3, y = -2", "x=3; y=-2"},
      {"x=1 或 x=2", "set 1; 2"},
      {"x_1 = 2, x_2 = 1", "set 1; 2"},
      {"x = 1 or 2", "set 1; 2"},
      {"x = \\pm 2", "set -2; 2"},
      {"\\frac{3\\pm\\sqrt{17}}{2}", "set (3-sqrt(17))/2; (3+sqrt(17))/2"},
      {"x=\\frac{3+\\sqrt{17}}{2}", "x=(3+sqrt(17))/2"},
      {"(3,4)", "tuple 3; 4"},
      {"\\{1,2,3\\}", "set 1; 2; 3"},
      {"{2, 1, 2}", "set 1; 2"},
      {"[1,2)", "[1, 2)"},
      {"(-\\infty, 3]", "(-inf, 3]"},
      {"x∈(0,+∞)", "(0, inf)"},
      {"无解", "none"},
      {"不存在这样的三位数。", "none"},
      {"There is no such number", "none"},
      {"\\varnothing", "none"},
      {"120-8=112", "112"},
      {"120-8=113", "text 120-8=113"},
      {"共有112种", "112 [种]"},
      {"12x", "text 12x"},
      {"true", "text true"},
      {"无数解", "text 无数解"},
      {"(1+2)*3", "9"},
      {"", "text "},
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(Show(ParseAnswer(text)), shown) << text;
  EXPECT_FALSE(ParseAnswer("6/36").reduced);
  EXPECT_TRUE(ParseAnswer("1/6").reduced);
  EXPECT_EQ(*ParseAnswer("3.50").decimals, 2);
}

TEST(AnswerTest, EqualInMeaning) {
  const auto same = [](const char* a, const char* b) {
    return SameAnswer(ParseAnswer(a), ParseAnswer(b));
  };
  EXPECT_TRUE(same("0.5", "\\frac12"));
  EXPECT_TRUE(same("18", "$18.00"));
  EXPECT_TRUE(same("5元", "5块"));
  EXPECT_FALSE(same("5元", "5角"));
  EXPECT_TRUE(same("{1,2}", "x=2 或 x=1"));
  EXPECT_FALSE(same("(1,2)", "(2,1)"));
  EXPECT_TRUE(same("x=7", "7"));
  EXPECT_TRUE(same("兔12只，鸡23只", "鸡23只，兔12只"));
  EXPECT_FALSE(same("鸡12只，兔23只", "鸡23只，兔12只"));
  EXPECT_FALSE(same("0.33", "1/3"));
  EXPECT_TRUE(same("无解", "no solution"));
  EXPECT_FALSE(same("无解", "0"));
}

TEST(ExtractTest, RulesInOrder) {
  struct Case {
    const char* text;
    AnswerRule rule;
    const char* shown;
  };
  const Case cases[] = {
      {"<think>\\boxed{1}</think> so \\boxed{\\frac{1}{2}}.", AnswerRule::kBoxed, "1/2"},
      {"<think>\\boxed{7}</think> seven", AnswerRule::kBoxedInThinking, "7"},
      {"a \\boxed{3} b \\boxed{5", AnswerRule::kBoxed, "3"},
      {"\\boxed{\\{1,2\\}}", AnswerRule::kBoxed, "set 1; 2"},
      {"9-2=7\n#### 7", AnswerRule::kFinalLine, "7"},
      {"所以答案是 23 只。谢谢", AnswerRule::kFinalLine, "23 [只]"},
      {"答：鸡23只，兔12只。", AnswerRule::kFinalLine, "鸡=23; 兔=12"},
      {"The answer is 1/6.", AnswerRule::kFinalLine, "1/6"},
      {"**Final answer:** 12 cm", AnswerRule::kFinalLine, "12 [cm]"},
      {"{\"answer\": 42}", AnswerRule::kJson, "42"},
      {"```json\n{\"answer\": \"3/4\"}\n```", AnswerRule::kJson, "3/4"},
      {"```python\nprint(1)\n```\n", AnswerRule::kCodeFence, "text print(1)"},
      {"first 3, then -4", AnswerRule::kLastNumber, "-4"},
  };
  for (const Case& c : cases) {
    const auto got = ExtractAnswer(c.text);
    ASSERT_TRUE(got.has_value()) << c.text;
    EXPECT_EQ(got->rule, c.rule) << c.text;
    EXPECT_EQ(Show(got->answer), c.shown) << c.text;
    EXPECT_EQ(std::string_view(c.text).substr(got->span.begin, got->span.end - got->span.begin),
              got->answer.text);
  }
  EXPECT_FALSE(ExtractAnswer("nothing here").has_value());
}

TEST(ExtractTest, AnyBytesAreSafe) {
  const std::string_view alphabet[] = {"\\boxed{", "}",  "{",  "(",    ")", ",", "1",  "23", "x",
                                       "=",        "鸡", "，", "\\",   "±", "√", "/",  "$",  ".",
                                       "答：",     "一", "百", "\xE5", "[", "]", "\n", "or", "```"};
  Rng rng(21);
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (uint64_t n = rng.NextBelow(24); n > 0; --n) {
      text += alphabet[rng.NextBelow(std::size(alphabet))];
    }
    const auto got = ExtractAnswer(text);
    if (!got) continue;
    ASSERT_LE(got->span.end, text.size());
    EXPECT_EQ(text.substr(got->span.begin, got->span.end - got->span.begin), got->answer.text);
    EXPECT_TRUE(SameAnswer(got->answer, ParseAnswer(got->answer.text)));
  }
}

}  // namespace
}  // namespace lemma::check
