// SPDX-License-Identifier: Apache-2.0
// Numbers a + b*sqrt(d) with fractions a, b and a whole d >= 2: the answers of school algebra,
// exact. Order and equality are decided for any two such numbers by squaring, so they do not
// rest on d being free of squares. Sums and products of two different roots leave the set:
// nullopt, which callers must read as "cannot tell". Plain values, no thread rule.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "check/rational.h"

namespace lemma::check {

class Surd {
 public:
  Surd() = default;
  Surd(Rational a) : a_(std::move(a)) {}  // NOLINT(google-explicit-constructor)
  Surd(int64_t a) : a_(a) {}              // NOLINT(google-explicit-constructor)
  // The root of r, square factors taken out (those with prime factors below 2^16).
  // nullopt if r < 0 or r is too large to factor (over 4096 bits).
  static std::optional<Surd> Sqrt(const Rational& r);

  [[nodiscard]] const Rational& a() const { return a_; }
  [[nodiscard]] const Rational& b() const { return b_; }
  // 0 when the number is a fraction.
  [[nodiscard]] const BigInt& d() const { return d_; }
  [[nodiscard]] bool IsRational() const { return b_.Sign() == 0; }
  [[nodiscard]] bool IsInteger() const { return IsRational() && a_.IsInteger(); }
  [[nodiscard]] int Sign() const;
  [[nodiscard]] size_t Bits() const { return a_.Bits() + b_.Bits() + d_.Bits(); }
  // "3/2", "sqrt(2)", "(3-sqrt(17))/2", "2+3*sqrt(5)".
  [[nodiscard]] std::string ToString() const;

  friend std::optional<Surd> Add(const Surd& x, const Surd& y);
  friend std::optional<Surd> Sub(const Surd& x, const Surd& y);
  friend std::optional<Surd> Mul(const Surd& x, const Surd& y);
  // nullopt also if y == 0.
  friend std::optional<Surd> Div(const Surd& x, const Surd& y);
  friend Surd operator-(const Surd& x);
  // The root of x >= 0 if it lies in the set again, e.g. sqrt(3+2*sqrt(2)) = 1+sqrt(2).
  friend std::optional<Surd> SqrtOf(const Surd& x);
  friend bool operator==(const Surd& x, const Surd& y) { return std::is_eq(x <=> y); }
  friend std::strong_ordering operator<=>(const Surd& x, const Surd& y);

 private:
  Surd(Rational a, Rational b, BigInt d);
  Rational a_;
  Rational b_;
  BigInt d_;
};

std::optional<Surd> Add(const Surd& x, const Surd& y);
std::optional<Surd> Sub(const Surd& x, const Surd& y);
std::optional<Surd> Mul(const Surd& x, const Surd& y);
std::optional<Surd> Div(const Surd& x, const Surd& y);
std::optional<Surd> SqrtOf(const Surd& x);

}  // namespace lemma::check
