// SPDX-License-Identifier: Apache-2.0
// Fractions, always reduced, denominator > 0. Exact: the only way to a decimal is a text of so
// many digits. Plain values, no thread rule.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "check/bigint.h"

namespace lemma::check {

class Rational {
 public:
  Rational() { mpq_init(q_); }
  Rational(int64_t value);        // NOLINT(google-explicit-constructor): numbers are numbers
  Rational(const BigInt& value);  // NOLINT(google-explicit-constructor)
  // num / den. REQUIRES: den != 0.
  Rational(const BigInt& num, const BigInt& den);
  Rational(const Rational& other);
  Rational(Rational&& other) noexcept {
    mpq_init(q_);
    mpq_swap(q_, other.q_);
  }
  Rational& operator=(const Rational& other) {
    mpq_set(q_, other.q_);
    return *this;
  }
  Rational& operator=(Rational&& other) noexcept {
    mpq_swap(q_, other.q_);
    return *this;
  }
  ~Rational() { mpq_clear(q_); }
  // -?digits[.digits], -?.digits; anything else is nullopt. "1.50" is 3/2.
  static std::optional<Rational> ParseDecimal(std::string_view text);

  [[nodiscard]] BigInt num() const { return BigInt::FromRaw(mpq_numref(q_)); }
  [[nodiscard]] BigInt den() const { return BigInt::FromRaw(mpq_denref(q_)); }
  [[nodiscard]] bool IsInteger() const { return mpz_cmp_ui(mpq_denref(q_), 1) == 0; }
  // The value if it is whole and fits.
  [[nodiscard]] std::optional<int64_t> ToInt64() const;
  [[nodiscard]] int Sign() const { return mpq_sgn(q_); }
  // Binary digits of numerator and denominator together.
  [[nodiscard]] size_t Bits() const;
  [[nodiscard]] BigInt Floor() const { return FloorDiv(num(), den()); }
  [[nodiscard]] Rational Abs() const { return Sign() < 0 ? -*this : *this; }
  // REQUIRES: exponent >= 0 or the value is not zero.
  [[nodiscard]] Rational Pow(int32_t exponent) const;
  // The root of the square of a fraction, nullopt for all others.
  [[nodiscard]] std::optional<Rational> ExactSqrt() const;
  // "-3", "7/2".
  [[nodiscard]] std::string ToString() const;

  friend Rational operator+(const Rational& a, const Rational& b);
  friend Rational operator-(const Rational& a, const Rational& b);
  friend Rational operator*(const Rational& a, const Rational& b);
  // REQUIRES: b != 0.
  friend Rational operator/(const Rational& a, const Rational& b);
  friend Rational operator-(const Rational& a);
  friend bool operator==(const Rational& a, const Rational& b) { return mpq_equal(a.q_, b.q_); }
  friend std::strong_ordering operator<=>(const Rational& a, const Rational& b) {
    return mpq_cmp(a.q_, b.q_) <=> 0;
  }

 private:
  mpq_t q_;
};

}  // namespace lemma::check
