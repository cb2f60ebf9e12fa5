// SPDX-License-Identifier: Apache-2.0
// Whole numbers of any size. GNU MP does the arithmetic (LGPL-3+, linked dynamically): a proof
// must not rest on a division routine of our own, and fractions come with it. Plain values, no
// thread rule. Callers that read foreign text bound the size (Bits) before they multiply on.
#pragma once

#include <gmp.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lemma::check {

class BigInt {
 public:
  BigInt() { mpz_init(z_); }
  BigInt(int64_t value) { mpz_init_set_si(z_, value); }  // NOLINT(google-explicit-constructor)
  BigInt(const BigInt& other) { mpz_init_set(z_, other.z_); }
  BigInt(BigInt&& other) noexcept {
    mpz_init(z_);
    mpz_swap(z_, other.z_);
  }
  BigInt& operator=(const BigInt& other) {
    mpz_set(z_, other.z_);
    return *this;
  }
  BigInt& operator=(BigInt&& other) noexcept {
    mpz_swap(z_, other.z_);
    return *this;
  }
  ~BigInt() { mpz_clear(z_); }
  // Copies a number of the library below.
  static BigInt FromRaw(mpz_srcptr z);
  // -?[0-9]+ with at most 10,000 digits; anything else is nullopt.
  static std::optional<BigInt> Parse(std::string_view text);

  [[nodiscard]] std::string ToString() const;
  // -1, 0 or 1.
  [[nodiscard]] int Sign() const { return mpz_sgn(z_); }
  // Binary digits of the absolute value; 1 for zero.
  [[nodiscard]] size_t Bits() const { return mpz_sizeinbase(z_, 2); }
  [[nodiscard]] std::optional<int64_t> ToInt64() const;
  [[nodiscard]] BigInt Pow(uint32_t exponent) const;
  // The root of a square number, nullopt for all others and for negative numbers.
  [[nodiscard]] std::optional<BigInt> ExactSqrt() const;
  [[nodiscard]] mpz_srcptr raw() const { return z_; }

  friend BigInt operator+(const BigInt& a, const BigInt& b);
  friend BigInt operator-(const BigInt& a, const BigInt& b);
  friend BigInt operator*(const BigInt& a, const BigInt& b);
  friend BigInt operator-(const BigInt& a);
  friend bool operator==(const BigInt& a, const BigInt& b) { return mpz_cmp(a.z_, b.z_) == 0; }
  friend std::strong_ordering operator<=>(const BigInt& a, const BigInt& b) {
    return mpz_cmp(a.z_, b.z_) <=> 0;
  }

 private:
  friend BigInt FloorDiv(const BigInt& a, const BigInt& b);
  friend BigInt FloorMod(const BigInt& a, const BigInt& b);
  friend BigInt Gcd(const BigInt& a, const BigInt& b);
  mpz_t z_;
};

// Quotient rounded towards minus infinity, and the rest that belongs to it (0 <= rest < |b| for
// b > 0). REQUIRES: b != 0.
BigInt FloorDiv(const BigInt& a, const BigInt& b);
BigInt FloorMod(const BigInt& a, const BigInt& b);
// Never negative; Gcd(0, 0) = 0.
BigInt Gcd(const BigInt& a, const BigInt& b);
BigInt Lcm(const BigInt& a, const BigInt& b);

}  // namespace lemma::check
