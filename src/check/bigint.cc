// SPDX-License-Identifier: Apache-2.0
#include "check/bigint.h"

namespace lemma::check {

BigInt BigInt::FromRaw(mpz_srcptr z) {
  BigInt out;
  mpz_set(out.z_, z);
  return out;
}

std::optional<BigInt> BigInt::Parse(std::string_view text) {
  const std::string_view digits = text.substr(!text.empty() && text[0] == '-' ? 1 : 0);
  if (digits.empty() || digits.size() > 10'000) return std::nullopt;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
  }
  BigInt out;
  mpz_set_str(out.z_, std::string(text).c_str(), 10);
  return out;
}

std::string BigInt::ToString() const {
  std::string out(mpz_sizeinbase(z_, 10) + 2, '\0');
  mpz_get_str(out.data(), 10, z_);
  out.resize(out.find('\0'));
  return out;
}

std::optional<int64_t> BigInt::ToInt64() const {
  if (!mpz_fits_slong_p(z_)) return std::nullopt;
  return mpz_get_si(z_);
}

BigInt BigInt::Pow(uint32_t exponent) const {
  BigInt out;
  mpz_pow_ui(out.z_, z_, exponent);
  return out;
}

std::optional<BigInt> BigInt::ExactSqrt() const {
  if (Sign() < 0 || !mpz_perfect_square_p(z_)) return std::nullopt;
  BigInt out;
  mpz_sqrt(out.z_, z_);
  return out;
}

BigInt operator+(const BigInt& a, const BigInt& b) {
  BigInt out;
  mpz_add(out.z_, a.z_, b.z_);
  return out;
}

BigInt operator-(const BigInt& a, const BigInt& b) {
  BigInt out;
  mpz_sub(out.z_, a.z_, b.z_);
  return out;
}

BigInt operator*(const BigInt& a, const BigInt& b) {
  BigInt out;
  mpz_mul(out.z_, a.z_, b.z_);
  return out;
}

BigInt operator-(const BigInt& a) {
  BigInt out;
  mpz_neg(out.z_, a.z_);
  return out;
}

BigInt FloorDiv(const BigInt& a, const BigInt& b) {
  BigInt out;
  mpz_fdiv_q(out.z_, a.z_, b.z_);
  return out;
}

BigInt FloorMod(const BigInt& a, const BigInt& b) {
  BigInt out;
  mpz_fdiv_r(out.z_, a.z_, b.z_);
  return out;
}

BigInt Gcd(const BigInt& a, const BigInt& b) {
  BigInt out;
  mpz_gcd(out.z_, a.z_, b.z_);
  return out;
}

BigInt Lcm(const BigInt& a, const BigInt& b) {
  if (a.Sign() == 0 || b.Sign() == 0) return 0;
  const BigInt product = a.Sign() * b.Sign() < 0 ? -(a * b) : a * b;
  return FloorDiv(product, Gcd(a, b));
}

}  // namespace lemma::check
