// SPDX-License-Identifier: Apache-2.0
#include "check/expr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"

namespace lemma::check {
namespace {

std::string Value(std::string_view text, const Bindings& bindings = {}) {
  const auto e = ParseExpr(text);
  if (!e.ok()) return e.status().message();
  const auto value = Evaluate(**e, bindings);
  return value.ok() ? value->ToString() : value.status().ToString();
}

TEST(ExprTest, ReadsWhatPeopleWrite) {
  const std::pair<const char*, const char*> cases[] = {
      {"2*23+4*12", "94"},
      {"２×２３＋４×１２", "94"},
      {"94 − 70", "24"},
      {"24÷2", "12"},
      {"-3^2", "-9"},
      {"(-3)^2", "9"},
      {"2^3^2", "512"},
      {"2**10", "1024"},
      {"50%", "1/2"},
      {"20%*50", "10"},
      {"1,234.5*2", "2469"},
      {"\\frac{3}{4}+\\frac14", "1"},
      {"\\dfrac{1}{2}", "1/2"},
      {"2\\frac{1}{3}", "7/3"},
      {"2 1/3", "7/3"},
      {"2½", "5/2"},
      {"三分之二+一又二分之一", "13/6"},
      {"一百二十三×2", "246"},
      {"两千零五", "2005"},
      {"半+半", "1"},
      {"百分之二十", "1/5"},
      {"三点一四", "157/50"},
      {"3万", "30000"},
      {"\\frac{3+\\sqrt{17}}{2}", "(3+sqrt(17))/2"},
      {"(3-√17)/2", "(3-sqrt(17))/2"},
      {"sqrt(3+2sqrt(2))", "1+sqrt(2)"},
      {"√2·√8", "4"},
      {"3²+4²", "25"},
      {"5!", "120"},
      {"C(10,3)-\\binom{8}{1}", "112"},
      {"gcd(12,18)+lcm(4,6)", "18"},
      {"|3-8|", "5"},
      {"$7\\times 8$", "56"},
      {"\\left(1+2\\right)\\cdot3", "9"},
      {"4^{1/2}", "2"},
      {"2^-2", "1/4"},
      {"1-1/3-1/6", "1/2"},
      {"[(1+2)*3]/9", "1"},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(Value(text), value) << text;
}

TEST(ExprTest, VariablesAndProducts) {
  EXPECT_EQ(Value("2x+3(y-1)", {{"x", 2}, {"y", 5}}), "16");
  EXPECT_EQ(Value("xy", {{"x", 2}, {"y", 5}}), "10");
  EXPECT_EQ(Value("a_{10}-a_1", {{"a_10", 1023}, {"a_1", 1}}), "1022");
  ExprOptions options;
  options.variables = {"鸡", "兔", "三角"};
  const auto e = ParseExpr("2鸡+4兔+三角", options);
  ASSERT_TRUE(e.ok()) << e.status().ToString();
  EXPECT_EQ(Evaluate(**e, {{"鸡", 23}, {"兔", 12}, {"三角", 0}})->ToString(), "94");
  EXPECT_FALSE(ParseExpr("狗+1", options).ok());
}

TEST(ExprTest, RefusesTwoReadingsAndNonsense) {
  const std::pair<const char*, const char*> cases[] = {
      {"1/2x", "byte 3: expected * (a product"},
      {"6/2(1+2)", "byte 3: expected *"},
      {"2 3", "byte 2: expected an operator between two numbers"},
      {"2\\frac{3}{2}", "expected an operator before the fraction"},
      {"7 % 3", "byte 2: expected an operator after %"},
      {"5!=120", "byte 1: expected a space before !="},
      {"", "byte 0: expected a number"},
      {"(1+2", "byte 4: expected the ) that closes byte 0"},
      {"(1+2]", "byte 4: expected the )"},
      {"1+", "byte 2: expected a number"},
      {"12:30", "byte 2: expected the end of the number"},
      {"1.2.3", "byte 3: expected the end"},
      {"apples", "byte 0: expected a variable of one letter"},
      {"\\foo{1}", "byte 0: expected a known command"},
      {"\\sqrt[3]{8}", "expected a square root"},
      {"一百二", "byte 0: expected a number"},
      {"３＋", "byte 6: expected a number"},
      {"1/0", "invalid argument: division by zero"},
      {"sqrt(-1)", "invalid argument: the root of a negative"},
      {"2^(2^40)", "resource exhausted: a power"},
      {"x", "not found: no value for x"},
      {"√2+√3", "unsupported: the value is no number"},
      {"0^0", "unsupported"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(Value(text), ::testing::HasSubstr(message)) << text;
  }
  EXPECT_THAT(Value(std::string(200, '(')), ::testing::HasSubstr("less nesting"));
  EXPECT_THAT(Value(std::string(200, '-') + "1"), ::testing::HasSubstr("less nesting"));
  std::string sum = "1";
  for (int i = 0; i < 300; ++i) sum += "+1";
  EXPECT_THAT(Value(sum), ::testing::HasSubstr("fewer terms"));
}

// A random tree, its text and its value modulo a prime by another way.
constexpr int64_t kPrime = 1'000'003;
ExprPtr RandomTree(Rng& rng, int depth, int64_t& value) {
  if (depth == 0 || rng.NextBelow(4) == 0) {
    value = static_cast<int64_t>(rng.NextBelow(100));
    return Num(value);
  }
  int64_t a = 0;
  int64_t b = 0;
  const ExprPtr left = RandomTree(rng, depth - 1, a);
  if (rng.NextBelow(6) == 0) {
    value = (kPrime - a) % kPrime;
    return Make(Op::kNeg, {left});
  }
  if (rng.NextBelow(6) == 0) {
    value = a * a % kPrime;
    return Make(Op::kPow, {left, Num(2)});
  }
  const ExprPtr right = RandomTree(rng, depth - 1, b);
  switch (rng.NextBelow(3)) {
    case 0:
      value = (a + b) % kPrime;
      return Make(Op::kAdd, {left, right});
    case 1:
      value = (a - b + kPrime) % kPrime;
      return Make(Op::kSub, {left, right});
    default:
      value = a * b % kPrime;
      return Make(Op::kMul, {left, right});
  }
}

TEST(ExprTest, TextReadsBackToTheSameValue) {
  Rng rng(11);
  for (int i = 0; i < 2000; ++i) {
    int64_t expected = 0;
    const ExprPtr tree = RandomTree(rng, 4, expected);
    const std::string text = ToText(*tree);
    const auto back = ParseExpr(text);
    ASSERT_TRUE(back.ok()) << text << " " << back.status().ToString();
    EXPECT_EQ(ToText(**back), text);
    const auto value = Evaluate(**back, {});
    ASSERT_TRUE(value.ok());
    EXPECT_EQ(*FloorMod(value->a().num(), kPrime).ToInt64(), expected) << text;
  }
}

TEST(ExprTest, PolynomialsAndLinearForms) {
  const auto poly = [](std::string_view text) {
    const auto p = ToPolynomial(**ParseExpr(text), "x");
    return p.ok() ? p->ToString() : p.status().ToString();
  };
  EXPECT_EQ(poly("(x+1)(x-2)^2/2"), "1/2*x^3-3/2*x^2+2");
  EXPECT_THAT(poly("1/x"), ::testing::HasSubstr("unsupported"));
  EXPECT_THAT(poly("x+y"), ::testing::HasSubstr("another variable"));
  EXPECT_THAT(poly("x^25"), ::testing::HasSubstr("above 24"));
  const auto form = ToLinearForm(**ParseExpr("2(x+3y)-x/2+7-6y"));
  ASSERT_TRUE(form.ok());
  EXPECT_EQ(form->constant, Rational(7));
  EXPECT_EQ(form->coefficients.size(), 1u);
  EXPECT_EQ(form->coefficients.at("x").ToString(), "3/2");
  EXPECT_FALSE(ToLinearForm(**ParseExpr("x*y")).ok());
}

TEST(ExprTest, Relations) {
  const auto r = ParseRelations("1 < x ≤ 5");
  ASSERT_TRUE(r.ok());
  ASSERT_EQ(r->size(), 2u);
  EXPECT_TRUE(*Holds((*r)[1], {{"x", 5}}));
  EXPECT_FALSE(*Holds((*r)[0], {{"x", 1}}));
  const auto root = ParseRelations("\\sqrt{x+3}=x-1");
  ASSERT_TRUE(root.ok());
  const auto at = [&](std::string_view x) {
    return Holds(root->front(), {{"x", *Evaluate(**ParseExpr(x), {})}});
  };
  EXPECT_TRUE(*at("(3+sqrt(17))/2"));
  EXPECT_FALSE(*at("(3-sqrt(17))/2"));
  EXPECT_FALSE(*at("-2"));
  EXPECT_EQ(at("-4").status().code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(ParseRelations("x+1").ok());
}

TEST(NumeralTest, ChineseRoundTrip) {
  // The reference writes numerals by the schoolbook rule.
  const auto write = [](int n) {
    static const char* const kD[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    static const char* const kU[] = {"千", "百", "十", ""};
    std::string out;
    bool zero = false;
    int unit = 1000;
    for (int i = 0; i < 4; ++i, unit /= 10) {
      const int d = n / unit % 10;
      if (d == 0) {
        zero = !out.empty();
        continue;
      }
      if (zero) out += "零";
      zero = false;
      out += std::string(kD[d]) + kU[i];
    }
    return out;
  };
  for (int n = 1; n < 10'000; ++n) {
    const auto got = ReadNumeral(write(n));
    ASSERT_TRUE(got.has_value()) << write(n);
    EXPECT_EQ(got->value, Rational(n)) << write(n);
    EXPECT_EQ(got->bytes, write(n).size());
  }
  EXPECT_EQ(ReadNumeral("十五个")->value, Rational(15));
  EXPECT_EQ(ReadNumeral("三千克")->value, Rational(3));
  EXPECT_EQ(ReadNumeral("五千个")->value, Rational(5000));
  EXPECT_EQ(ReadNumeral("一亿零三万")->value, Rational(100'030'000));
  for (const char* two : {"一百二", "一万二", "二三", "三点半", "千", "一点五万"}) {
    const auto got = ReadNumeral(two);
    EXPECT_TRUE(!got || got->bytes < std::string_view(two).size()) << two;
  }
}

}  // namespace
}  // namespace lemma::check
