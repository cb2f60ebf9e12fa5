// SPDX-License-Identifier: Apache-2.0
#include "check/surd.h"

#include <compare>

namespace lemma::check {
namespace {

// Sign of a + b*sqrt(d), d >= 0, by comparing squares.
int SignOf(const Rational& a, const Rational& b, const BigInt& d) {
  const int sa = a.Sign();
  const int sb = d.Sign() == 0 ? 0 : b.Sign();
  if (sa == 0 || sb == 0 || sa == sb) return sa != 0 ? sa : sb;
  const auto order = a * a <=> b * b * Rational(d);
  return std::is_eq(order) ? 0 : (std::is_gt(order) ? sa : sb);
}

}  // namespace

Surd::Surd(Rational a, Rational b, BigInt d)
    : a_(std::move(a)), b_(std::move(b)), d_(std::move(d)) {
  if (b_.Sign() == 0) d_ = 0;
}

std::optional<Surd> Surd::Sqrt(const Rational& r) {
  if (r.Sign() < 0 || r.Bits() > 4096) return std::nullopt;
  if (const auto exact = r.ExactSqrt()) return Surd(*exact);
  // sqrt(n/m) = sqrt(n*m)/m; then n*m = outer^2 * rest.
  BigInt rest = r.num() * r.den();
  BigInt outer = 1;
  for (uint32_t p = 2; p < 65536; ++p) {
    const uint64_t square = uint64_t{p} * p;
    if (mpz_cmp_ui(rest.raw(), square) < 0) break;
    while (mpz_divisible_ui_p(rest.raw(), square) != 0) {
      rest = FloorDiv(rest, static_cast<int64_t>(square));
      outer = outer * static_cast<int64_t>(p);
    }
  }
  return Surd(0, Rational(outer, r.den()), rest);
}

int Surd::Sign() const { return SignOf(a_, b_, d_); }

std::string Surd::ToString() const {
  if (IsRational()) return a_.ToString();
  const BigInt den = Lcm(a_.den(), b_.den());
  const BigInt a = (a_ * Rational(den)).num();
  const BigInt b = (b_ * Rational(den)).num();
  const std::string root = "sqrt(" + d_.ToString() + ")";
  const BigInt size = b.Sign() < 0 ? -b : b;
  std::string out = a.Sign() == 0 ? "" : a.ToString();
  if (b.Sign() < 0) {
    out += "-";
  } else if (!out.empty()) {
    out += "+";
  }
  out += size == 1 ? root : size.ToString() + "*" + root;
  if (den == 1) return out;
  return (a.Sign() == 0 ? out : "(" + out + ")") + "/" + den.ToString();
}

std::optional<Surd> Add(const Surd& x, const Surd& y) {
  if (!x.IsRational() && !y.IsRational() && x.d_ != y.d_) return std::nullopt;
  return Surd(x.a_ + y.a_, x.b_ + y.b_, x.IsRational() ? y.d_ : x.d_);
}

std::optional<Surd> Sub(const Surd& x, const Surd& y) { return Add(x, -y); }

std::optional<Surd> Mul(const Surd& x, const Surd& y) {
  if (x.IsRational()) return Surd(x.a_ * y.a_, x.a_ * y.b_, y.d_);
  if (y.IsRational()) return Surd(x.a_ * y.a_, x.b_ * y.a_, x.d_);
  if (x.d_ == y.d_) {
    return Surd(x.a_ * y.a_ + x.b_ * y.b_ * Rational(x.d_), x.a_ * y.b_ + x.b_ * y.a_, x.d_);
  }
  if (x.a_.Sign() != 0 || y.a_.Sign() != 0) return std::nullopt;
  const auto root = Surd::Sqrt(Rational(x.d_ * y.d_));  // sqrt(2) * sqrt(3) = sqrt(6)
  return root ? Mul(Surd(x.b_ * y.b_), *root) : std::nullopt;
}

std::optional<Surd> Div(const Surd& x, const Surd& y) {
  if (y.Sign() == 0) return std::nullopt;
  // 1/(a+b*sqrt(d)) = (a-b*sqrt(d)) / (a^2-b^2*d); the norm is zero only if d is a square.
  const Rational norm = y.a_ * y.a_ - y.b_ * y.b_ * Rational(y.d_);
  if (norm.Sign() == 0) return std::nullopt;
  return Mul(x, Surd(y.a_ / norm, -y.b_ / norm, y.d_));
}

Surd operator-(const Surd& x) { return Surd(-x.a_, -x.b_, x.d_); }

std::optional<Surd> SqrtOf(const Surd& x) {
  if (x.Sign() < 0) return std::nullopt;
  if (x.IsRational()) return Surd::Sqrt(x.a_);
  // (s+t*sqrt(d))^2 = x  =>  s^2 = (a +- sqrt(a^2-b^2*d)) / 2, t = b/(2s).
  const auto root = (x.a_ * x.a_ - x.b_ * x.b_ * Rational(x.d_)).ExactSqrt();
  if (!root) return std::nullopt;
  for (const Rational& twice : {x.a_ + *root, x.a_ - *root}) {
    const auto s = (twice / 2).ExactSqrt();
    if (!s || s->Sign() == 0) continue;
    const Surd candidate(*s, x.b_ / (Rational(2) * *s), x.d_);
    return candidate.Sign() < 0 ? -candidate : candidate;
  }
  return std::nullopt;
}

std::strong_ordering operator<=>(const Surd& x, const Surd& y) {
  const Rational a = x.a_ - y.a_;
  if (x.IsRational() || y.IsRational() || x.d_ == y.d_) {
    return SignOf(a, x.b_ - y.b_, x.IsRational() ? y.d_ : x.d_) <=> 0;
  }
  // Sign of u - v with u = a + b*sqrt(d), v = c*sqrt(e).
  const int su = SignOf(a, x.b_, x.d_);
  const int sv = y.b_.Sign();
  if (su != sv) return su <=> sv;
  const Rational ee = y.b_ * y.b_ * Rational(y.d_);
  const int squares =
      SignOf(a * a + x.b_ * x.b_ * Rational(x.d_) - ee, Rational(2) * a * x.b_, x.d_);
  return su * squares <=> 0;
}

}  // namespace lemma::check
