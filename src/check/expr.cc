// SPDX-License-Identifier: Apache-2.0
#include "check/expr.h"

#include <fmt/format.h>

#include <set>

namespace lemma::check {
namespace {

constexpr size_t kMaxBits = 20'000;

Result<Surd> Sized(std::optional<Surd> value) {
  if (!value) return Unsupported("the value is no number a+b*sqrt(d)");
  if (value->Bits() > kMaxBits) return ResourceExhausted("a value of over 20,000 binary digits");
  return *std::move(value);
}

Result<Surd> PowerOf(const Surd& base, const Surd& exponent) {
  if (!exponent.IsRational()) return Unsupported("an exponent that is no fraction");
  if (exponent.a() == Rational(BigInt(1), BigInt(2))) {
    if (base.Sign() < 0) return InvalidArgument("the root of a negative number");
    return Sized(SqrtOf(base));
  }
  const auto e = exponent.a().ToInt64();
  if (!e) return Unsupported("a fractional exponent");
  const int64_t size = *e < 0 ? -*e : *e;
  if (base.Sign() == 0) {
    if (*e == 0) return Unsupported("0^0");
    if (*e < 0) return InvalidArgument("division by zero");
    return Surd(0);
  }
  if (*e < -100'000 || *e > 100'000 || base.Bits() * static_cast<uint64_t>(size) > 4 * kMaxBits) {
    return ResourceExhausted("a power of over 20,000 binary digits");
  }
  Surd out = 1;
  for (int64_t bit = 62; bit >= 0; --bit) {
    LEMMA_ASSIGN_OR_RETURN(out, Sized(Mul(out, out)));
    if ((size >> bit & 1) != 0) {
      LEMMA_ASSIGN_OR_RETURN(out, Sized(Mul(out, base)));
    }
  }
  return *e < 0 ? Sized(Div(Surd(1), out)) : Result<Surd>(out);
}

Result<Surd> FactorialOf(const Surd& x) {
  const int64_t n = x.IsRational() ? x.a().ToInt64().value_or(-1) : -1;
  if (!x.IsInteger() || x.Sign() < 0) return InvalidArgument("the factorial of no whole number");
  if (n < 0 || n > 1000) return ResourceExhausted("a factorial above 1000!");
  BigInt out = 1;
  for (int64_t i = 2; i <= n; ++i) out = out * i;
  return Surd(Rational(out));
}

Result<Surd> BinomialOf(const Surd& x, const Surd& y) {
  if (!x.IsInteger() || !y.IsInteger() || x.Sign() < 0 || y.Sign() < 0) {
    return InvalidArgument("a binomial coefficient of no whole numbers");
  }
  const auto n = x.a().ToInt64();
  const auto k = y.a().ToInt64();
  if (!n || !k || *n > 1000) return ResourceExhausted("a binomial coefficient above C(1000,k)");
  if (*k > *n) return Surd(0);
  BigInt out = 1;
  for (int64_t i = 0; i < *k; ++i) out = FloorDiv(out * (*n - i), i + 1);
  return Surd(Rational(out));
}

Result<Surd> GcdLcmOf(Op op, const Surd& x, const Surd& y) {
  if (!x.IsInteger() || !y.IsInteger()) return InvalidArgument("gcd or lcm of no whole numbers");
  const BigInt a = x.a().num();
  const BigInt b = y.a().num();
  return Sized(Surd(Rational(op == Op::kGcd ? Gcd(a, b) : Lcm(a, b))));
}

Result<Surd> Apply(Op op, const Surd& x, const Surd& y) {
  switch (op) {
    case Op::kAdd:
      return Sized(Add(x, y));
    case Op::kSub:
      return Sized(Sub(x, y));
    case Op::kMul:
      return Sized(Mul(x, y));
    case Op::kDiv:
      if (y.Sign() == 0) return InvalidArgument("division by zero");
      return Sized(Div(x, y));
    case Op::kPow:
      return PowerOf(x, y);
    case Op::kBinomial:
      return BinomialOf(x, y);
    case Op::kGcd:
    case Op::kLcm:
      return GcdLcmOf(op, x, y);
    case Op::kNeg:
      return -x;
    case Op::kSqrt:
      if (x.Sign() < 0) return InvalidArgument("the root of a negative number");
      return Sized(SqrtOf(x));
    case Op::kAbs:
      return x.Sign() < 0 ? -x : x;
    case Op::kFactorial:
      return FactorialOf(x);
    case Op::kNumber:
    case Op::kVariable:
      break;
  }
  return InternalError("no operation");
}

// The value of a tree without variables, as a fraction.
Result<Rational> ConstantOf(const Expr& e) {
  if (!VariablesOf(e).empty()) return Unsupported("a variable where a constant is needed");
  LEMMA_ASSIGN_OR_RETURN(const Surd value, Evaluate(e, {}));
  if (!value.IsRational()) return Unsupported("a coefficient that is no fraction");
  return value.a();
}

void Collect(const Expr& e, std::set<std::string>& out) {
  if (e.op == Op::kVariable) out.insert(e.name);
  for (const ExprPtr& arg : e.args) Collect(*arg, out);
}

void AddTo(LinearForm& form, const LinearForm& other, const Rational& factor) {
  form.constant = form.constant + factor * other.constant;
  for (const auto& [name, c] : other.coefficients) {
    Rational& mine = form.coefficients[name];
    mine = mine + factor * c;
    if (mine.Sign() == 0) form.coefficients.erase(name);
  }
}

int Precedence(Op op) {
  switch (op) {
    case Op::kAdd:
    case Op::kSub:
      return 1;
    case Op::kMul:
    case Op::kDiv:
      return 2;
    case Op::kNeg:
      return 3;
    case Op::kPow:
      return 4;
    default:
      return 6;
  }
}

void Write(const Expr& e, std::string& out);

void WriteIn(const Expr& e, int at_least, std::string& out) {
  // A fraction and a negative number are no atoms when read back.
  const bool plain = e.op == Op::kNumber && e.number.IsInteger() && e.number.Sign() >= 0;
  const bool bare = e.op == Op::kNumber ? plain || at_least <= 1 : Precedence(e.op) >= at_least;
  if (!bare) out += '(';
  Write(e, out);
  if (!bare) out += ')';
}

void Write(const Expr& e, std::string& out) {
  const auto infix = [&](char sign, int left, int right) {
    WriteIn(*e.args[0], left, out);
    out += sign;
    WriteIn(*e.args[1], right, out);
  };
  const auto call = [&](std::string_view name) {
    out += name;
    for (size_t i = 0; i < e.args.size(); ++i) {
      out += i == 0 ? "(" : ",";
      Write(*e.args[i], out);
    }
    out += ')';
  };
  switch (e.op) {
    case Op::kNumber:
      out += e.number.ToString();
      return;
    case Op::kVariable:
      out += e.name;
      return;
    case Op::kAdd:
      return infix('+', 1, 2);
    case Op::kSub:
      return infix('-', 1, 2);
    case Op::kMul:
      return infix('*', 2, 3);
    case Op::kDiv:
      return infix('/', 2, 3);
    case Op::kPow:
      return infix('^', 5, 5);
    case Op::kNeg:
      out += '-';
      return WriteIn(*e.args[0], 3, out);
    case Op::kFactorial:
      WriteIn(*e.args[0], 6, out);
      out += '!';
      return;
    case Op::kSqrt:
      return call("sqrt");
    case Op::kAbs:
      return call("abs");
    case Op::kBinomial:
      return call("binom");
    case Op::kGcd:
      return call("gcd");
    case Op::kLcm:
      return call("lcm");
  }
}

}  // namespace

std::string_view RelOpText(RelOp op) {
  constexpr std::string_view kTexts[] = {"=", "!=", "<", "<=", ">", ">="};
  return kTexts[static_cast<size_t>(op)];
}

ExprPtr Num(const Rational& value) {
  auto node = std::make_shared<Expr>();
  node->number = value;
  return node;
}

ExprPtr Var(std::string name) {
  auto node = std::make_shared<Expr>();
  node->op = Op::kVariable;
  node->name = std::move(name);
  return node;
}

ExprPtr Make(Op op, std::vector<ExprPtr> args) {
  auto node = std::make_shared<Expr>();
  node->op = op;
  node->args = std::move(args);
  return node;
}

Result<Surd> Evaluate(const Expr& expr, const Bindings& bindings) {
  if (expr.op == Op::kNumber) return Surd(expr.number);
  if (expr.op == Op::kVariable) {
    const auto found = bindings.find(expr.name);
    if (found == bindings.end()) return NotFound("no value for " + expr.name);
    return found->second;
  }
  LEMMA_ASSIGN_OR_RETURN(const Surd first, Evaluate(*expr.args[0], bindings));
  if (expr.args.size() == 1) return Apply(expr.op, first, Surd());
  LEMMA_ASSIGN_OR_RETURN(const Surd second, Evaluate(*expr.args[1], bindings));
  return Apply(expr.op, first, second);
}

bool Compare(RelOp op, std::strong_ordering order) {
  switch (op) {
    case RelOp::kEq:
      return std::is_eq(order);
    case RelOp::kNe:
      return std::is_neq(order);
    case RelOp::kLt:
      return std::is_lt(order);
    case RelOp::kLe:
      return std::is_lteq(order);
    case RelOp::kGt:
      return std::is_gt(order);
    case RelOp::kGe:
      return std::is_gteq(order);
  }
  return false;
}

Result<bool> Holds(const Relation& relation, const Bindings& bindings) {
  LEMMA_ASSIGN_OR_RETURN(const Surd left, Evaluate(*relation.left, bindings));
  LEMMA_ASSIGN_OR_RETURN(const Surd right, Evaluate(*relation.right, bindings));
  return Compare(relation.op, left <=> right);
}

Result<Polynomial> ToPolynomial(const Expr& e, std::string_view variable) {
  if (e.op == Op::kVariable && e.name == variable) return Polynomial::X();
  const std::vector<std::string> names = VariablesOf(e);
  if (names.empty()) {
    LEMMA_ASSIGN_OR_RETURN(const Rational c, ConstantOf(e));
    return Polynomial::Constant(c);
  }
  if (names.size() > 1 || names[0] != variable) return Unsupported("another variable");
  if (e.op == Op::kPow) {
    LEMMA_ASSIGN_OR_RETURN(const Polynomial base, ToPolynomial(*e.args[0], variable));
    LEMMA_ASSIGN_OR_RETURN(const Rational power, ConstantOf(*e.args[1]));
    const auto n = power.ToInt64();
    if (!n || *n < 0 || *n * base.Degree() > 24) return Unsupported("a power above 24");
    Polynomial out = Polynomial::Constant(1);
    for (int64_t i = 0; i < *n; ++i) out = out * base;
    return out;
  }
  if (e.op == Op::kDiv) {
    LEMMA_ASSIGN_OR_RETURN(const Polynomial top, ToPolynomial(*e.args[0], variable));
    LEMMA_ASSIGN_OR_RETURN(const Rational bottom, ConstantOf(*e.args[1]));
    if (bottom.Sign() == 0) return InvalidArgument("division by zero");
    return Polynomial::Constant(Rational(1) / bottom) * top;
  }
  if (e.op != Op::kAdd && e.op != Op::kSub && e.op != Op::kMul && e.op != Op::kNeg) {
    return Unsupported("no polynomial");
  }
  LEMMA_ASSIGN_OR_RETURN(Polynomial out, ToPolynomial(*e.args[0], variable));
  if (e.op == Op::kNeg) return Polynomial() - out;
  LEMMA_ASSIGN_OR_RETURN(const Polynomial right, ToPolynomial(*e.args[1], variable));
  if (e.op == Op::kMul && out.Degree() + right.Degree() > 24)
    return Unsupported("a degree above 24");
  out = e.op == Op::kAdd ? out + right : (e.op == Op::kSub ? out - right : out * right);
  if (out.Bits() > 4 * kMaxBits) return ResourceExhausted("coefficients of over 80,000 bits");
  return out;
}

Result<LinearForm> ToLinearForm(const Expr& e) {
  LinearForm out;
  if (e.op == Op::kVariable) {
    out.coefficients[e.name] = 1;
    return out;
  }
  if (VariablesOf(e).empty()) {
    LEMMA_ASSIGN_OR_RETURN(out.constant, ConstantOf(e));
    return out;
  }
  if (e.op != Op::kAdd && e.op != Op::kSub && e.op != Op::kMul && e.op != Op::kNeg &&
      e.op != Op::kDiv) {
    return Unsupported("not linear");
  }
  LEMMA_ASSIGN_OR_RETURN(const LinearForm left, ToLinearForm(*e.args[0]));
  if (e.op == Op::kNeg) {
    AddTo(out, left, -1);
    return out;
  }
  LEMMA_ASSIGN_OR_RETURN(const LinearForm right, ToLinearForm(*e.args[1]));
  if (e.op == Op::kAdd || e.op == Op::kSub) {
    AddTo(out, left, 1);
    AddTo(out, right, e.op == Op::kAdd ? 1 : -1);
  } else if (right.coefficients.empty() && e.op == Op::kMul) {
    AddTo(out, left, right.constant);
  } else if (right.coefficients.empty()) {
    if (right.constant.Sign() == 0) return InvalidArgument("division by zero");
    AddTo(out, left, Rational(1) / right.constant);
  } else if (left.coefficients.empty() && e.op == Op::kMul) {
    AddTo(out, right, left.constant);
  } else {
    return Unsupported("not linear");
  }
  return out;
}

std::vector<std::string> VariablesOf(const Expr& expr) {
  std::set<std::string> names;
  Collect(expr, names);
  return {names.begin(), names.end()};
}

std::string ToText(const Expr& expr) {
  std::string out;
  Write(expr, out);
  return out;
}

}  // namespace lemma::check
