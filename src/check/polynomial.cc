// SPDX-License-Identifier: Apache-2.0
#include "check/polynomial.h"

#include <algorithm>

namespace lemma::check {
namespace {

// Sturm's chain of a polynomial without multiple roots.
std::vector<Polynomial> SturmChain(const Polynomial& p) {
  std::vector<Polynomial> chain = {p, p.Derivative()};
  while (chain.back().Degree() > 0) {
    const Polynomial rest = Divide(chain[chain.size() - 2], chain.back()).rest;
    if (rest.IsZero()) break;
    // Scaled by a positive number only: the signs are what counts.
    const Rational lead = rest.Coefficient(static_cast<size_t>(rest.Degree())).Abs();
    chain.push_back(Polynomial::Constant(Rational(-1) / lead) * rest);
  }
  return chain;
}

int SignChanges(const std::vector<Polynomial>& chain, const Rational& x) {
  int changes = 0;
  int last = 0;
  for (const Polynomial& p : chain) {
    const int sign = p.Eval(x).Sign();
    if (sign == 0) continue;
    if (last != 0 && sign != last) ++changes;
    last = sign;
  }
  return changes;
}

class RootFinder {
 public:
  explicit RootFinder(const Polynomial& square_free)
      : chain_(SturmChain(square_free)), p_(square_free) {
    for (int i = 0; i <= p_.Degree(); ++i) {
      scale_ = Lcm(scale_, p_.Coefficient(static_cast<size_t>(i)).den());
    }
    const auto degree = static_cast<size_t>(p_.Degree());
    lead_ = (p_.Coefficient(degree).Abs() * Rational(scale_)).num();
    for (size_t i = 0; i < degree; ++i) {
      bound_ = std::max(bound_, (p_.Coefficient(i) / p_.Coefficient(degree)).Abs());
    }
    bound_ = bound_ + 1;  // Cauchy: every root is smaller in size
  }

  std::vector<RealRoot> Find() {
    Isolate(-bound_, bound_);
    for (RealRoot& root : roots_) FindFraction(root);
    Polynomial left = p_;
    for (const RealRoot& root : roots_) {
      if (root.exact) left = Divide(left, Polynomial({-root.exact->a(), 1})).quotient;
    }
    if (left.Degree() == 2) SolveQuadratic(left);
    return std::move(roots_);
  }

 private:
  [[nodiscard]] int Count(const Rational& low, const Rational& high) const {
    return SignChanges(chain_, low) - SignChanges(chain_, high);
  }

  void Isolate(const Rational& low, const Rational& high) {
    const int count = Count(low, high);
    if (count == 0) return;
    if (count == 1) {
      roots_.push_back({low, high, std::nullopt});
      return;
    }
    const Rational middle = (low + high) / 2;
    Isolate(low, middle);
    Isolate(middle, high);
  }

  // A fraction that is a root has a denominator that divides lead_: in an interval shorter than
  // 1/lead_ there is one candidate at most.
  void FindFraction(RealRoot& root) const {
    const Rational width(BigInt(1), lead_ * 2);
    while (root.high - root.low >= width) {
      const Rational middle = (root.low + root.high) / 2;
      (Count(root.low, middle) == 1 ? root.high : root.low) = middle;
    }
    const Rational candidate((root.high * Rational(lead_)).Floor(), lead_);
    if (candidate > root.low && p_.Eval(candidate).Sign() == 0) root.exact = Surd(candidate);
  }

  void SolveQuadratic(const Polynomial& q) {
    const Rational a = q.Coefficient(2);
    const Rational b = q.Coefficient(1);
    const auto root = Surd::Sqrt(b * b - Rational(4) * a * q.Coefficient(0));
    if (!root) return;  // no real roots
    for (const int64_t sign : {-1, 1}) {
      const auto top = Add(Surd(-b), *Mul(Surd(sign), *root));
      const auto x = top ? Mul(*top, Surd(Rational(1) / (Rational(2) * a))) : std::nullopt;
      if (!x) continue;
      for (RealRoot& found : roots_) {
        if (!found.exact && *x > Surd(found.low) && *x <= Surd(found.high)) found.exact = *x;
      }
    }
  }

  std::vector<Polynomial> chain_;
  Polynomial p_;
  BigInt scale_ = 1;
  BigInt lead_;
  Rational bound_;
  std::vector<RealRoot> roots_;
};

}  // namespace

Polynomial::Polynomial(std::vector<Rational> coefficients) : c_(std::move(coefficients)) {
  while (!c_.empty() && c_.back().Sign() == 0) c_.pop_back();
}

Rational Polynomial::Eval(const Rational& x) const {
  Rational sum;
  for (size_t i = c_.size(); i-- > 0;) sum = sum * x + c_[i];
  return sum;
}

std::optional<Surd> Polynomial::Eval(const Surd& x) const {
  std::optional<Surd> sum = Surd();
  for (size_t i = c_.size(); i-- > 0 && sum;) {
    sum = Mul(*sum, x);
    if (sum) sum = Add(*sum, Surd(c_[i]));
  }
  return sum;
}

Polynomial Polynomial::Derivative() const {
  std::vector<Rational> out;
  for (size_t i = 1; i < c_.size(); ++i) out.push_back(c_[i] * Rational(static_cast<int64_t>(i)));
  return Polynomial(std::move(out));
}

size_t Polynomial::Bits() const {
  size_t bits = 0;
  for (const Rational& c : c_) bits += c.Bits();
  return bits;
}

std::string Polynomial::ToString(std::string_view variable) const {
  std::string out;
  for (size_t i = c_.size(); i-- > 0;) {
    if (c_[i].Sign() == 0) continue;
    if (c_[i].Sign() < 0) {
      out += "-";
    } else if (!out.empty()) {
      out += "+";
    }
    const Rational size = c_[i].Abs();
    if (i == 0 || size != Rational(1)) out += size.ToString();
    if (i == 0) continue;
    if (size != Rational(1)) out += "*";
    out += variable;
    if (i > 1) out += "^" + std::to_string(i);
  }
  return out.empty() ? "0" : out;
}

Polynomial operator+(const Polynomial& a, const Polynomial& b) {
  std::vector<Rational> out(std::max(a.c_.size(), b.c_.size()));
  for (size_t i = 0; i < out.size(); ++i) out[i] = a.Coefficient(i) + b.Coefficient(i);
  return Polynomial(std::move(out));
}

Polynomial operator-(const Polynomial& a, const Polynomial& b) {
  return a + Polynomial::Constant(-1) * b;
}

Polynomial operator*(const Polynomial& a, const Polynomial& b) {
  if (a.IsZero() || b.IsZero()) return {};
  std::vector<Rational> out(a.c_.size() + b.c_.size() - 1);
  for (size_t i = 0; i < a.c_.size(); ++i) {
    for (size_t j = 0; j < b.c_.size(); ++j) out[i + j] = out[i + j] + a.c_[i] * b.c_[j];
  }
  return Polynomial(std::move(out));
}

Division Divide(const Polynomial& dividend, const Polynomial& divisor) {
  Division out;
  out.rest = dividend;
  std::vector<Rational> quotient;
  while (out.rest.Degree() >= divisor.Degree()) {
    const auto shift = static_cast<size_t>(out.rest.Degree() - divisor.Degree());
    std::vector<Rational> term(shift + 1);
    term[shift] = out.rest.Coefficient(static_cast<size_t>(out.rest.Degree())) /
                  divisor.Coefficient(static_cast<size_t>(divisor.Degree()));
    if (quotient.size() <= shift) quotient.resize(shift + 1);
    quotient[shift] = term[shift];
    out.rest = out.rest - Polynomial(std::move(term)) * divisor;
  }
  out.quotient = Polynomial(std::move(quotient));
  return out;
}

Polynomial Gcd(const Polynomial& a, const Polynomial& b) {
  Polynomial x = a;
  Polynomial y = b;
  while (!y.IsZero()) {
    Polynomial rest = Divide(x, y).rest;
    if (!rest.IsZero()) {
      const auto top = static_cast<size_t>(rest.Degree());
      rest = Polynomial::Constant(Rational(1) / rest.Coefficient(top)) * rest;
    }
    x = std::move(y);
    y = std::move(rest);
  }
  if (x.IsZero()) return x;
  return Polynomial::Constant(Rational(1) / x.Coefficient(static_cast<size_t>(x.Degree()))) * x;
}

std::optional<std::vector<RealRoot>> RealRoots(const Polynomial& p) {
  if (p.IsZero() || p.Degree() > 24 || p.Bits() > 4096) return std::nullopt;
  if (p.Degree() == 0) return std::vector<RealRoot>{};
  const Polynomial square_free = Divide(p, Gcd(p, p.Derivative())).quotient;
  return RootFinder(square_free).Find();
}

}  // namespace lemma::check
