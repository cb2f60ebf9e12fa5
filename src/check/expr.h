// SPDX-License-Identifier: Apache-2.0
// Arithmetic and algebra as people and models write it, as a tree, and its exact value. Reads
// ASCII, full-width and LaTeX forms: 3×4÷2, 2x+3(y−1), \frac{3+\sqrt{17}}{2}, x², 50%, 1½, 2 1/3,
// 二分之一, |x|, n!, C(10,3). What has two readings (1/2x, 6/2(1+2)) is an error, never guessed.
// Grammar: sum := product (+|- product)*; product := unary ((*|/|implicit) unary)*;
// unary := -unary | power; power := postfix (^ unary)?; postfix := atom (!|%|²)*.
// Values are plain and shared read-only by threads.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "check/numeral.h"
#include "check/polynomial.h"
#include "check/surd.h"

namespace lemma::check {

enum class Op {
  kNumber,
  kVariable,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kNeg,
  kPow,
  kSqrt,
  kAbs,
  kFactorial,
  kBinomial,  // C(n, k)
  kGcd,
  kLcm,
};

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;
struct Expr {
  Op op = Op::kNumber;
  Rational number;   // kNumber
  std::string name;  // kVariable
  std::vector<ExprPtr> args;
  Span span;  // in the text that was parsed; {0,0} if made by hand
};

struct ExprOptions {
  // Names of variables. Longest match, so names of several characters and Chinese names work.
  // Empty: every single letter is a variable; a word of three letters or more is an error.
  std::vector<std::string> variables;
  size_t max_bytes = 4096;
  int max_depth = 64;
};

enum class RelOp { kEq, kNe, kLt, kLe, kGt, kGe };
std::string_view RelOpText(RelOp op);                // "=", "!=", ...
bool Compare(RelOp op, std::strong_ordering order);  // left <=> right

struct Relation {
  ExprPtr left;
  RelOp op = RelOp::kEq;
  ExprPtr right;
};

// Error: kInvalidArgument "byte N: expected ...".
Result<ExprPtr> ParseExpr(std::string_view text, const ExprOptions& options = {});
// "a = b", "1 < x <= 5" (two relations). At least one relation sign.
Result<std::vector<Relation>> ParseRelations(std::string_view text,
                                             const ExprOptions& options = {});

// Makers.
ExprPtr Num(const Rational& value);
ExprPtr Var(std::string name);
ExprPtr Make(Op op, std::vector<ExprPtr> args);

using Bindings = std::map<std::string, Surd, std::less<>>;
// The exact value. kInvalidArgument: it has none (division by zero, even root of a negative
// number, n! of a fraction); kNotFound: an unbound variable; kUnsupported: it leaves the numbers
// of surd.h; kResourceExhausted: over 20,000 binary digits. Only kInvalidArgument says anything
// about the mathematics.
Result<Surd> Evaluate(const Expr& expr, const Bindings& bindings);

// Whether a relation holds; errors as Evaluate.
Result<bool> Holds(const Relation& relation, const Bindings& bindings);

// The tree as a polynomial in `variable`. kUnsupported: it is none (division by the variable, a
// root of it, another variable), or its degree is above 24.
Result<Polynomial> ToPolynomial(const Expr& expr, std::string_view variable);

// constant + sum of coefficients * variables. kUnsupported: not linear.
struct LinearForm {
  Rational constant;
  std::map<std::string, Rational, std::less<>> coefficients;  // no zeros
};
Result<LinearForm> ToLinearForm(const Expr& expr);

// The names of all variables, sorted.
std::vector<std::string> VariablesOf(const Expr& expr);
// Normal ASCII text that parses back to the same tree, fully explicit: "2*(x+1)/3".
std::string ToText(const Expr& expr);

}  // namespace lemma::check
