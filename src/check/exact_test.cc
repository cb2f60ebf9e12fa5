// SPDX-License-Identifier: Apache-2.0
// Properties of the exact numbers against simple references: __int128, known roots, long double
// with a margin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "check/bigint.h"
#include "check/finite.h"
#include "check/linear.h"
#include "check/polynomial.h"
#include "check/rational.h"
#include "check/surd.h"

namespace lemma::check {
namespace {

using ::testing::ElementsAre;

int64_t Pick(Rng& rng, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(rng.NextBelow(static_cast<uint64_t>(high - low + 1)));
}

std::string Text(__int128 value) {
  if (value < 0) return "-" + Text(-value);
  std::string out(1, static_cast<char>('0' + static_cast<int>(value % 10)));
  return value < 10 ? out : Text(value / 10) + out;
}

TEST(BigIntTest, AgreesWithInt128) {
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    const auto a = static_cast<int64_t>(rng.NextBits()) >> rng.NextBelow(60);
    const auto b = static_cast<int64_t>(rng.NextBits()) >> rng.NextBelow(60);
    const __int128 wa = a;
    const __int128 wb = b;
    EXPECT_EQ((BigInt(a) + BigInt(b)).ToString(), Text(wa + wb));
    EXPECT_EQ((BigInt(a) - BigInt(b)).ToString(), Text(wa - wb));
    EXPECT_EQ((BigInt(a) * BigInt(b)).ToString(), Text(wa * wb));
    EXPECT_EQ(BigInt(a) < BigInt(b), a < b);
    EXPECT_EQ(*BigInt::Parse(std::to_string(a)), BigInt(a));
    if (b > 0) {
      const __int128 rest = ((wa % wb) + wb) % wb;
      EXPECT_EQ(FloorMod(a, b).ToString(), Text(rest));
      EXPECT_EQ(FloorDiv(a, b).ToString(), Text((wa - rest) / wb));
    }
  }
}

TEST(BigIntTest, ParsesOnlyNumbers) {
  for (const char* bad : {"", "-", "1a", "+1", " 1", "--1", "0x10"}) {
    EXPECT_FALSE(BigInt::Parse(bad).has_value()) << bad;
  }
  EXPECT_FALSE(BigInt::Parse(std::string(10'001, '9')).has_value());
  EXPECT_EQ(BigInt::Parse("100000000000000000000")->Pow(2).ToString().size(), 41u);
  EXPECT_FALSE(BigInt::Parse("9223372036854775808")->ToInt64().has_value());
  EXPECT_EQ(*BigInt(144).ExactSqrt(), BigInt(12));
  EXPECT_FALSE(BigInt(145).ExactSqrt().has_value());
  EXPECT_FALSE(BigInt(-4).ExactSqrt().has_value());
}

TEST(RationalTest, FieldLaws) {
  Rng rng(2);
  for (int i = 0; i < 1000; ++i) {
    const int64_t a = Pick(rng, -99, 99), b = Pick(rng, 1, 99), c = Pick(rng, -99, 99),
                  d = Pick(rng, 1, 99);
    const Rational x = Rational(a) / b;
    const Rational y = Rational(c) / d;
    EXPECT_EQ((x + y) * Rational(b * d), Rational(a * d + c * b));
    EXPECT_EQ(x * y * Rational(b * d), Rational(a * c));
    EXPECT_EQ(x < y, a * d < c * b);
    EXPECT_EQ(x - x, Rational(0));
    if (c != 0) {
      EXPECT_EQ(x / y * y, x);
    }
    EXPECT_EQ(Gcd(x.num(), x.den()), BigInt(1));
    EXPECT_EQ(*(x * x).ExactSqrt(), x.Abs());
  }
  EXPECT_EQ(*Rational::ParseDecimal("-1.50"), Rational(BigInt(-3), BigInt(2)));
  EXPECT_EQ(*Rational::ParseDecimal("-0.05"), Rational(BigInt(-1), BigInt(20)));
  for (const char* bad : {"1.", ".", "1.2.3", "1.-2", "e"}) {
    EXPECT_FALSE(Rational::ParseDecimal(bad).has_value()) << bad;
  }
  EXPECT_EQ(Rational(BigInt(2), BigInt(3)).Pow(-2).ToString(), "9/4");
}

long double Approximate(const Surd& x) {
  const auto f = [](const Rational& r) {
    return static_cast<long double>(*r.num().ToInt64()) /
           static_cast<long double>(*r.den().ToInt64());
  };
  return f(x.a()) + f(x.b()) * std::sqrt(static_cast<long double>(*x.d().ToInt64()));
}

Surd RandomSurd(Rng& rng) {
  const Surd a(Rational(BigInt(Pick(rng, -20, 20)), BigInt(Pick(rng, 1, 6))));
  const Surd b(Rational(BigInt(Pick(rng, -20, 20)), BigInt(Pick(rng, 1, 6))));
  return *Add(a, *Mul(b, *Surd::Sqrt(Pick(rng, 0, 30))));
}

TEST(SurdTest, OrderAgreesWithFloats) {
  Rng rng(3);
  for (int i = 0; i < 5000; ++i) {
    const Surd x = RandomSurd(rng);
    const Surd y = RandomSurd(rng);
    const long double gap = Approximate(x) - Approximate(y);
    if (std::fabs(gap) > 1e-9L) {
      EXPECT_EQ(x < y, gap < 0) << x.ToString() << " " << y.ToString();
      EXPECT_NE(x, y);
    }
    if (const auto sum = Add(x, y)) {
      EXPECT_LT(std::fabs(Approximate(*sum) - Approximate(x) - Approximate(y)), 1e-9L);
    }
    if (const auto product = Mul(x, y)) {
      EXPECT_LT(std::fabs(Approximate(*product) - Approximate(x) * Approximate(y)), 1e-6L);
    }
    EXPECT_EQ(*Sub(x, x), Surd(0));
    EXPECT_EQ(*SqrtOf(*Mul(x, x)), x.Sign() < 0 ? -x : x);
    if (x.Sign() != 0) {
      EXPECT_EQ(*Mul(*Div(Surd(1), x), x), Surd(1));
    }
  }
}

TEST(SurdTest, NormalFormAndText) {
  EXPECT_EQ(Surd::Sqrt(8)->ToString(), "2*sqrt(2)");
  EXPECT_EQ(Surd::Sqrt(Rational(BigInt(1), BigInt(2)))->ToString(), "sqrt(2)/2");
  EXPECT_EQ(Div(*Sub(Surd(3), *Surd::Sqrt(17)), Surd(2))->ToString(), "(3-sqrt(17))/2");
  EXPECT_EQ(Mul(*Surd::Sqrt(2), *Surd::Sqrt(6))->ToString(), "2*sqrt(3)");
  EXPECT_FALSE(Add(*Surd::Sqrt(2), *Surd::Sqrt(3)).has_value());
  EXPECT_FALSE(Surd::Sqrt(-1).has_value());
  EXPECT_LT(*Surd::Sqrt(2), *Surd::Sqrt(3));
}

TEST(PolynomialTest, FindsTheRootsItWasMadeOf) {
  Rng rng(4);
  for (int i = 0; i < 200; ++i) {
    Polynomial p = Polynomial::Constant(Pick(rng, 1, 5));
    std::vector<Surd> roots;
    for (int64_t k = Pick(rng, 0, 4); k > 0; --k) {
      const Rational root(BigInt(Pick(rng, -9, 9)), BigInt(Pick(rng, 1, 4)));
      roots.emplace_back(root);
      p = p * Polynomial({-root, 1});
    }
    if (Pick(rng, 0, 1) == 1) {  // (x-s)^2 - d
      const int64_t s = Pick(rng, -5, 5);
      const int64_t d = std::vector<int64_t>{2, 3, 5, 17}[static_cast<size_t>(Pick(rng, 0, 3))];
      p = p * Polynomial({Rational(s * s - d), Rational(-2 * s), 1});
      roots.push_back(*Sub(Surd(s), *Surd::Sqrt(d)));
      roots.push_back(*Add(Surd(s), *Surd::Sqrt(d)));
    }
    if (Pick(rng, 0, 1) == 1) p = p * Polynomial({Pick(rng, 1, 9), 0, 1});  // no real root
    std::sort(roots.begin(), roots.end());
    roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
    const auto found = RealRoots(p);
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->size(), roots.size()) << p.ToString();
    for (size_t k = 0; k < roots.size(); ++k) {
      EXPECT_GT(roots[k], Surd((*found)[k].low));
      EXPECT_LE(roots[k], Surd((*found)[k].high));
      EXPECT_EQ(p.Eval(roots[k])->Sign(), 0);
      if ((*found)[k].exact) {
        EXPECT_EQ(*(*found)[k].exact, roots[k]);
      }
    }
  }
  const auto two = RealRoots(Polynomial({-2, -3, 1}));  // x^2-3x-2
  EXPECT_EQ((*two)[1].exact->ToString(), "(3+sqrt(17))/2");
  EXPECT_FALSE(RealRoots(Polynomial()).has_value());
  EXPECT_EQ(Polynomial({Rational(BigInt(1), BigInt(2)), -3, 1}).ToString(), "x^2-3*x+1/2");
}

TEST(PolynomialTest, DivisionGivesBack) {
  Rng rng(5);
  const auto random = [&](int64_t degree) {
    std::vector<Rational> c;
    for (int64_t i = 0; i <= degree; ++i) c.emplace_back(Pick(rng, -9, 9));
    return Polynomial(std::move(c));
  };
  for (int i = 0; i < 300; ++i) {
    const Polynomial a = random(Pick(rng, 0, 6));
    const Polynomial b = random(Pick(rng, 0, 3));
    if (b.IsZero()) continue;
    const Division d = Divide(a, b);
    EXPECT_EQ(d.quotient * b + d.rest, a);
    EXPECT_LT(d.rest.Degree(), b.Degree());
    EXPECT_TRUE(Divide(a, Gcd(a, b)).rest.IsZero());
  }
}

Rational LeftSide(const LinearEquation& e, const std::vector<Rational>& x) {
  Rational sum;
  for (size_t i = 0; i < x.size(); ++i) sum = sum + e.coefficients[i] * x[i];
  return sum;
}

TEST(LinearTest, SolutionsSolveAndAreAll) {
  Rng rng(6);
  int kinds[3] = {};
  for (int i = 0; i < 500; ++i) {
    const auto n = static_cast<size_t>(Pick(rng, 1, 4));
    std::vector<LinearEquation> system(static_cast<size_t>(Pick(rng, 1, 5)));
    for (LinearEquation& e : system) {
      for (size_t k = 0; k < n; ++k) e.coefficients.emplace_back(Pick(rng, -1, 1));
      e.constant = Pick(rng, -1, 1);
    }
    const LinearSolutions s = SolveLinear(system, n);
    ++kinds[static_cast<int>(s.kind)];
    // The reference: all points of a small grid of halves.
    std::vector<Range> box(n, Range{-4, 4});
    const auto grid = CountBox(box, [&](std::span<const int64_t> point) {
      std::vector<Rational> x;
      for (const int64_t v : point) x.push_back(Rational(v) / 2);
      return std::all_of(system.begin(), system.end(),
                         [&](const LinearEquation& e) { return LeftSide(e, x) == e.constant; });
    });
    ASSERT_TRUE(grid.has_value());
    if (s.kind == SolutionKind::kNone) {
      EXPECT_EQ(grid->hits, 0u);
      continue;
    }
    if (s.kind == SolutionKind::kUnique) {
      EXPECT_LE(grid->hits, 1u);
    }
    for (const LinearEquation& e : system) {
      EXPECT_EQ(LeftSide(e, s.point), e.constant);
      for (const auto& d : s.directions) EXPECT_EQ(LeftSide(e, d), Rational(0));
    }
  }
  EXPECT_GT(*std::min_element(kinds, kinds + 3), 10);
}

TEST(FiniteTest, CountsAreBinomialsAndFactorials) {
  const auto any = [](std::span<const int64_t>) { return true; };
  EXPECT_EQ(CountSubsets(10, 3, any)->hits, 120u);
  EXPECT_EQ(CountSubsets(5, 0, any)->hits, 1u);
  EXPECT_EQ(CountSubsets(5, 5, any)->hits, 1u);
  EXPECT_FALSE(CountSubsets(60, 30, any).has_value());
  EXPECT_EQ(CountOrders(5, any)->hits, 120u);
  EXPECT_FALSE(CountOrders(12, any).has_value());
  // Ten people, three chosen, 0 and 1 not together: C(10,3) - C(8,1).
  EXPECT_EQ(
      CountSubsets(10, 3, [](std::span<const int64_t> s) { return s[0] != 0 || s[1] != 1; })->hits,
      112u);
}

TEST(FiniteTest, BoxesAndProbabilities) {
  const std::vector<Range> dice = {{1, 6}, {1, 6}};
  const auto seven = CountBox(dice, [](std::span<const int64_t> p) { return p[0] + p[1] == 7; });
  EXPECT_EQ(seven->cases, 36u);
  EXPECT_EQ(Probability(*seven).ToString(), "1/6");
  EXPECT_THAT(seven->examples[0], ElementsAre(1, 6));
  const std::vector<Range> wide = {{INT64_MIN, INT64_MAX}};
  EXPECT_FALSE(CountBox(wide, [](std::span<const int64_t>) { return true; }).has_value());
  const std::vector<Range> exact = {{0, 9}, {0, 9}};
  const auto any = [](std::span<const int64_t>) { return true; };
  EXPECT_TRUE(CountBox(exact, any, 100).has_value());
  EXPECT_FALSE(CountBox(exact, any, 99).has_value());
  const std::vector<Range> empty = {{0, 9}, {5, 4}};
  EXPECT_EQ(CountBox(empty, any)->cases, 0u);
}

TEST(FiniteTest, ResiduesAreAProof) {
  const Polynomial n = Polynomial::X();
  EXPECT_TRUE(DividesAlways(n * n + n, 2)->holds);
  EXPECT_TRUE(DividesAlways(n * n * n - n, 6)->holds);
  EXPECT_FALSE(DividesAlways(n * n + n, 3)->holds);
  EXPECT_EQ(*DividesAlways(n * n + n, 3)->counterexample, 1);
  EXPECT_FALSE(DividesAlways(Polynomial({0, Rational(BigInt(1), BigInt(2))}), 2).has_value());
  EXPECT_FALSE(DividesAlways(n, 0).has_value());
  Rng rng(7);
  for (int i = 0; i < 200; ++i) {
    const Polynomial p({Pick(rng, -9, 9), Pick(rng, -9, 9), Pick(rng, -9, 9), Pick(rng, -2, 2)});
    const int64_t m = Pick(rng, 1, 8);
    bool all = true;
    for (int64_t x = -20; x <= 20; ++x) {
      all = all && FloorMod(p.Eval(Rational(x)).num(), m).Sign() == 0;
    }
    EXPECT_EQ(DividesAlways(p, m)->holds, all) << p.ToString() << " mod " << m;
  }
}

}  // namespace
}  // namespace lemma::check
