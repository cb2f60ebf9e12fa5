// SPDX-License-Identifier: Apache-2.0
#include "check/rational.h"

namespace lemma::check {

Rational::Rational(int64_t value) {
  mpq_init(q_);
  mpz_set_si(mpq_numref(q_), value);
}

Rational::Rational(const BigInt& value) {
  mpq_init(q_);
  mpz_set(mpq_numref(q_), value.raw());
}

Rational::Rational(const BigInt& num, const BigInt& den) {
  mpq_init(q_);
  mpz_set(mpq_numref(q_), num.raw());
  mpz_set(mpq_denref(q_), den.raw());
  mpq_canonicalize(q_);
}

Rational::Rational(const Rational& other) {
  mpq_init(q_);
  mpq_set(q_, other.q_);
}

std::optional<Rational> Rational::ParseDecimal(std::string_view text) {
  const size_t point = text.find('.');
  if (point == std::string_view::npos) {
    const auto whole = BigInt::Parse(text);
    return whole ? std::optional<Rational>(Rational(*whole)) : std::nullopt;
  }
  const std::string_view fraction = text.substr(point + 1);
  const auto all = BigInt::Parse(std::string(text.substr(0, point)) + std::string(fraction));
  if (!all || fraction.empty()) return std::nullopt;
  return Rational(*all, BigInt(10).Pow(static_cast<uint32_t>(fraction.size())));
}

std::optional<int64_t> Rational::ToInt64() const {
  return IsInteger() ? num().ToInt64() : std::nullopt;
}

size_t Rational::Bits() const {
  return mpz_sizeinbase(mpq_numref(q_), 2) + mpz_sizeinbase(mpq_denref(q_), 2);
}

Rational Rational::Pow(int32_t exponent) const {
  const auto size = static_cast<uint32_t>(exponent < 0 ? -static_cast<int64_t>(exponent)
                                                       : static_cast<int64_t>(exponent));
  const BigInt top = num().Pow(size);
  const BigInt bottom = den().Pow(size);
  return exponent < 0 ? Rational(bottom, top) : Rational(top, bottom);
}

std::optional<Rational> Rational::ExactSqrt() const {
  const auto top = num().ExactSqrt();
  const auto bottom = den().ExactSqrt();
  if (!top || !bottom) return std::nullopt;
  return Rational(*top, *bottom);
}

std::string Rational::ToString() const {
  return IsInteger() ? num().ToString() : num().ToString() + "/" + den().ToString();
}

Rational operator+(const Rational& a, const Rational& b) {
  Rational out;
  mpq_add(out.q_, a.q_, b.q_);
  return out;
}

Rational operator-(const Rational& a, const Rational& b) {
  Rational out;
  mpq_sub(out.q_, a.q_, b.q_);
  return out;
}

Rational operator*(const Rational& a, const Rational& b) {
  Rational out;
  mpq_mul(out.q_, a.q_, b.q_);
  return out;
}

Rational operator/(const Rational& a, const Rational& b) {
  Rational out;
  mpq_div(out.q_, a.q_, b.q_);
  return out;
}

Rational operator-(const Rational& a) {
  Rational out;
  mpq_neg(out.q_, a.q_);
  return out;
}

}  // namespace lemma::check
