// SPDX-License-Identifier: Apache-2.0
// Polynomials in one variable over the fractions, and all their real roots, exact: Sturm's theorem
// counts and separates them, roots that are fractions are found by the leading coefficient, and
// what is then left of degree two by the formula. Plain values, no thread rule.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/rational.h"
#include "check/surd.h"

namespace lemma::check {

class Polynomial {
 public:
  Polynomial() = default;  // zero
  // coefficients[i] belongs to x^i.
  explicit Polynomial(std::vector<Rational> coefficients);
  static Polynomial Constant(const Rational& c) { return Polynomial({c}); }
  static Polynomial X() { return Polynomial({0, 1}); }

  // -1 for the zero polynomial.
  [[nodiscard]] int Degree() const { return static_cast<int>(c_.size()) - 1; }
  [[nodiscard]] bool IsZero() const { return c_.empty(); }
  // Zero beyond the degree.
  [[nodiscard]] Rational Coefficient(size_t i) const { return i < c_.size() ? c_[i] : Rational(); }
  [[nodiscard]] Rational Eval(const Rational& x) const;
  // nullopt never for one x; kept for the type of the products it is made of.
  [[nodiscard]] std::optional<Surd> Eval(const Surd& x) const;
  [[nodiscard]] Polynomial Derivative() const;
  // The sum of the binary digits of all coefficients.
  [[nodiscard]] size_t Bits() const;
  // "x^2-3*x+1/2"; "0".
  [[nodiscard]] std::string ToString(std::string_view variable = "x") const;

  friend Polynomial operator+(const Polynomial& a, const Polynomial& b);
  friend Polynomial operator-(const Polynomial& a, const Polynomial& b);
  friend Polynomial operator*(const Polynomial& a, const Polynomial& b);
  friend bool operator==(const Polynomial& a, const Polynomial& b) { return a.c_ == b.c_; }

 private:
  std::vector<Rational> c_;  // no zero at the end
};

struct Division {
  Polynomial quotient;
  Polynomial rest;
};
// REQUIRES: !divisor.IsZero().
Division Divide(const Polynomial& dividend, const Polynomial& divisor);
// Leading coefficient 1; zero if both are zero.
Polynomial Gcd(const Polynomial& a, const Polynomial& b);

struct RealRoot {
  Rational low;  // low < root <= high, and no other root there
  Rational high;
  std::optional<Surd> exact;  // unset: known only by its interval
};
// The different real roots of p, ascending; multiple roots stand once.
// nullopt: p is zero, of degree above 24 or of coefficients above 4096 bits.
// Cost: degree 24 takes some milliseconds.
std::optional<std::vector<RealRoot>> RealRoots(const Polynomial& p);

}  // namespace lemma::check
