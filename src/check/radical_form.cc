// SPDX-License-Identifier: Apache-2.0
#include "check/radical_form.h"

#include <optional>

namespace lemma::check {
namespace {

// Wherever the expression is defined, d is not zero, r >= 0 and the value is (p+q*sqrt(r))/d.
struct Form {
  Polynomial p;
  Polynomial q;
  Polynomial r;  // only if q is not zero
  Polynomial d;
};

Form FromPolynomial(Polynomial p) {
  Form out;
  out.p = std::move(p);
  out.d = Polynomial::Constant(1);
  return out;
}

Status CheckSize(const Form& f) {
  for (const Polynomial* p : {&f.p, &f.q, &f.r, &f.d}) {
    if (p->Degree() > 24 || p->Bits() > 20'000) return Unsupported("a degree above 24");
  }
  return OkStatus();
}

// The radicand both share; an error if there are two.
Result<Polynomial> SharedRadicand(const Form& a, const Form& b) {
  if (a.q.IsZero()) return b.r;
  if (b.q.IsZero() || a.r == b.r) return a.r;
  return Unsupported("two different roots");
}

Result<Form> Plus(const Form& a, const Form& b, int64_t sign) {
  Form out;
  LEMMA_ASSIGN_OR_RETURN(out.r, SharedRadicand(a, b));
  const Polynomial s = Polynomial::Constant(sign);
  out.p = a.p * b.d + s * b.p * a.d;
  out.q = a.q * b.d + s * b.q * a.d;
  out.d = a.d * b.d;
  LEMMA_RETURN_IF_ERROR(CheckSize(out));
  return out;
}

Result<Form> Times(const Form& a, const Form& b) {
  Form out;
  LEMMA_ASSIGN_OR_RETURN(out.r, SharedRadicand(a, b));
  out.p = a.p * b.p + a.q * b.q * out.r;
  out.q = a.p * b.q + a.q * b.p;
  out.d = a.d * b.d;
  LEMMA_RETURN_IF_ERROR(CheckSize(out));
  return out;
}

// 1/a for a without a root.
Result<Form> Inverse(const Form& a) {
  Form out = FromPolynomial(a.d);
  if (!a.q.IsZero()) return Unsupported("a root in a denominator");
  if (a.p.IsZero()) return InvalidArgument("division by zero");
  out.d = a.p;
  return out;
}

Result<Form> FormOf(const Expr& e, std::string_view variable);

Result<Form> RootOf(const Expr& inside, std::string_view variable, bool squared) {
  LEMMA_ASSIGN_OR_RETURN(const Form f, FormOf(inside, variable));
  if (!f.q.IsZero()) return Unsupported("a root in a root");
  if (f.d.Degree() != 0) return Unsupported("a root of a fraction");
  const Polynomial u = Polynomial::Constant(Rational(1) / f.d.Coefficient(0)) * f.p;
  Form out = FromPolynomial({});
  out.q = Polynomial::Constant(1);
  out.r = squared ? u * u : u;
  LEMMA_RETURN_IF_ERROR(CheckSize(out));
  return out;
}

Result<Form> PowerOf(const Expr& e, std::string_view variable) {
  LEMMA_ASSIGN_OR_RETURN(const Surd exponent, Evaluate(*e.args[1], {}));
  if (exponent == Surd(Rational(BigInt(1), BigInt(2)))) return RootOf(*e.args[0], variable, false);
  const auto n = exponent.IsRational() ? exponent.a().ToInt64() : std::nullopt;
  if (!n || *n < -24 || *n > 24 || *n == 0) return Unsupported("such a power");
  LEMMA_ASSIGN_OR_RETURN(Form base, FormOf(*e.args[0], variable));
  if (*n < 0) {
    LEMMA_ASSIGN_OR_RETURN(base, Inverse(base));
  }
  Form out = base;
  for (int64_t i = 1; i < (*n < 0 ? -*n : *n); ++i) {
    LEMMA_ASSIGN_OR_RETURN(out, Times(out, base));
  }
  return out;
}

Result<Form> FormOf(const Expr& e, std::string_view variable) {
  if (e.op == Op::kVariable) {
    if (e.name != variable) return Unsupported("another variable");
    return FromPolynomial(Polynomial::X());
  }
  if (VariablesOf(e).empty()) {
    LEMMA_ASSIGN_OR_RETURN(const Surd value, Evaluate(e, {}));
    Form out = FromPolynomial(Polynomial::Constant(value.a()));
    if (!value.IsRational()) {
      out.q = Polynomial::Constant(value.b());
      out.r = Polynomial::Constant(Rational(value.d()));
    }
    return out;
  }
  if (e.op == Op::kSqrt) return RootOf(*e.args[0], variable, false);
  if (e.op == Op::kAbs) return RootOf(*e.args[0], variable, true);
  if (e.op == Op::kPow) return PowerOf(e, variable);
  if (e.args.empty() || e.args.size() > 2) return Unsupported("such an expression");
  LEMMA_ASSIGN_OR_RETURN(const Form a, FormOf(*e.args[0], variable));
  if (e.op == Op::kNeg) return Plus(FromPolynomial({}), a, -1);
  if (e.args.size() != 2) return Unsupported("such an expression");
  LEMMA_ASSIGN_OR_RETURN(const Form b, FormOf(*e.args[1], variable));
  switch (e.op) {
    case Op::kAdd:
      return Plus(a, b, 1);
    case Op::kSub:
      return Plus(a, b, -1);
    case Op::kMul:
      return Times(a, b);
    case Op::kDiv: {
      LEMMA_ASSIGN_OR_RETURN(const Form inverse, Inverse(b));
      return Times(a, inverse);
    }
    default:
      return Unsupported("such an expression");
  }
}

}  // namespace

Result<Polynomial> NecessaryPolynomial(const Relation& equation, std::string_view variable) {
  if (equation.op != RelOp::kEq) return Unsupported("no equation");
  LEMMA_ASSIGN_OR_RETURN(const Form left, FormOf(*equation.left, variable));
  LEMMA_ASSIGN_OR_RETURN(const Form right, FormOf(*equation.right, variable));
  LEMMA_ASSIGN_OR_RETURN(const Form f, Plus(left, right, -1));
  // p + q*sqrt(r) = 0  =>  p^2 = q^2*r.
  return f.q.IsZero() ? f.p : f.p * f.p - f.q * f.q * f.r;
}

}  // namespace lemma::check
