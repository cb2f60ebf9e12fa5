// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "check/expr.h"
#include "check/lexer.h"

namespace lemma::check {
namespace {

constexpr int kMaxChain = 256;  // terms of one sum or product: bounds the depth of the tree

Span Join(const ExprPtr& a, const ExprPtr& b) { return {a->span.begin, b->span.end}; }

ExprPtr Node(Op op, std::vector<ExprPtr> args, Span span) {
  auto node = std::make_shared<Expr>();
  node->op = op;
  node->args = std::move(args);
  node->span = span;
  return node;
}

bool IsWholeLiteral(const Expr& e) { return e.op == Op::kNumber && e.number.IsInteger(); }

class Parser {
 public:
  Parser(std::vector<Token> tokens, const ExprOptions& options)
      : tokens_(std::move(tokens)), options_(options) {}

  Result<ExprPtr> Whole() {
    LEMMA_ASSIGN_OR_RETURN(ExprPtr e, Sum());
    if (Peek().kind != Tok::kEnd) return Fail("expected an operator or the end");
    return e;
  }

  Result<std::vector<Relation>> Relations() {
    std::vector<Relation> out;
    LEMMA_ASSIGN_OR_RETURN(ExprPtr left, Sum());
    do {
      if (Peek().kind != Tok::kRelation) return Fail("expected a relation sign");
      const RelOp op = Take().rel;
      LEMMA_ASSIGN_OR_RETURN(ExprPtr right, Sum());
      out.push_back({left, op, right});
      left = right;
    } while (Peek().kind != Tok::kEnd);
    return out;
  }

 private:
  [[nodiscard]] const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& Take() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }
  Status Fail(std::string_view what) const {
    return InvalidArgument(fmt::format("byte {}: {}", Peek().span.begin, what));
  }

  Result<ExprPtr> Sum() {
    if (depth_ >= options_.max_depth) return Fail("expected less nesting");
    ++depth_;
    auto out = SumInside();
    --depth_;
    return out;
  }

  Result<ExprPtr> SumInside() {
    LEMMA_ASSIGN_OR_RETURN(ExprPtr left, Product());
    for (int n = 0; Peek().kind == Tok::kPlus || Peek().kind == Tok::kMinus; ++n) {
      if (n == kMaxChain) return Fail("expected fewer terms");
      const Op op = Take().kind == Tok::kPlus ? Op::kAdd : Op::kSub;
      LEMMA_ASSIGN_OR_RETURN(ExprPtr right, Product());
      left = Node(op, {left, right}, Join(left, right));
    }
    return left;
  }

  static bool StartsFactor(const Token& t) {
    return t.kind == Tok::kName || t.kind == Tok::kFunction || t.kind == Tok::kOpen;
  }

  Result<ExprPtr> Product() {
    LEMMA_ASSIGN_OR_RETURN(ExprPtr left, Unary());
    bool divided = false;
    for (int n = 0;; ++n) {
      if (n == kMaxChain) return Fail("expected fewer factors");
      const Tok kind = Peek().kind;
      Op op = Op::kMul;
      if (kind == Tok::kTimes || kind == Tok::kSlash) {
        op = kind == Tok::kSlash ? Op::kDiv : Op::kMul;
        divided = divided || kind == Tok::kSlash;
        Take();
      } else if (StartsFactor(Peek())) {
        if (divided) return Fail("expected * (a product without a sign after / has two readings)");
      } else {
        return left;
      }
      LEMMA_ASSIGN_OR_RETURN(ExprPtr right, Unary());
      left = Node(op, {left, right}, Join(left, right));
    }
  }

  Result<ExprPtr> Unary() {
    if (Peek().kind != Tok::kMinus && Peek().kind != Tok::kPlus) return Power();
    if (depth_ >= options_.max_depth) return Fail("expected less nesting");
    const Token& sign = Take();
    ++depth_;
    auto inner = Unary();
    --depth_;
    if (!inner.ok() || sign.kind == Tok::kPlus) return inner;
    return Node(Op::kNeg, {*inner}, {sign.span.begin, (*inner)->span.end});
  }

  Result<ExprPtr> Power() {
    LEMMA_ASSIGN_OR_RETURN(ExprPtr base, Postfix());
    if (Peek().kind != Tok::kCaret) return base;
    if (depth_ >= options_.max_depth) return Fail("expected less nesting");
    Take();
    ++depth_;
    const bool was = in_exponent_;
    in_exponent_ = true;
    auto exponent = Unary();
    in_exponent_ = was;
    --depth_;
    if (!exponent.ok()) return exponent;
    return Node(Op::kPow, {base, *exponent}, Join(base, *exponent));
  }

  Result<ExprPtr> Postfix() {
    LEMMA_ASSIGN_OR_RETURN(ExprPtr e, Atom());
    for (int n = 0; n < 4; ++n) {
      const Token& t = Peek();
      const Span span = {e->span.begin, t.span.end};
      if (t.kind == Tok::kBang) {
        e = Node(Op::kFactorial, {e}, span);
      } else if (t.kind == Tok::kNumber && t.superscript) {
        e = Node(Op::kPow, {e, Num(t.number)}, span);
      } else if (t.kind == Tok::kPercent) {
        const Token& next = Peek(1);
        if (StartsFactor(next) || next.kind == Tok::kNumber) {
          return Fail("expected an operator after % (it may mean a rest)");
        }
        e = Node(Op::kDiv, {e, Num(100)}, span);
      } else {
        return e;
      }
      Take();
    }
    return Fail("expected fewer signs after a number");
  }

  Result<ExprPtr> Atom() {
    const Token& t = Peek();
    switch (t.kind) {
      case Tok::kNumber:
        if (t.superscript) return Fail("expected a number before the exponent");
        return Number();
      case Tok::kName: {
        Take();
        auto node = std::make_shared<Expr>();
        node->op = Op::kVariable;
        node->name = t.text;
        node->span = t.span;
        return ExprPtr(node);
      }
      case Tok::kOpen:
        return Group(t.bracket);
      case Tok::kBar: {
        Take();
        LEMMA_ASSIGN_OR_RETURN(ExprPtr inner, Sum());
        if (Peek().kind != Tok::kBar) return Fail("expected |");
        return Node(Op::kAbs, {inner}, {t.span.begin, Take().span.end});
      }
      case Tok::kFunction:
        return Function();
      default:
        return Fail("expected a number, a variable or (");
    }
  }

  Result<ExprPtr> Group(char bracket) {
    const Token& open = Peek();
    if (open.kind != Tok::kOpen || open.bracket != bracket) {
      return Fail(fmt::format("expected {}", bracket));
    }
    Take();
    const bool was = in_exponent_;
    in_exponent_ = false;
    auto inner = Sum();
    in_exponent_ = was;
    if (!inner.ok()) return inner;
    if (Peek().kind != Tok::kClose || Peek().bracket != bracket) {
      return Fail(fmt::format("expected the {} that closes byte {}",
                              bracket == '(' ? ')' : (bracket == '[' ? ']' : '}'),
                              open.span.begin));
    }
    Take();
    return inner;
  }

  ExprPtr Literal(const Rational& value, Span span) {
    auto node = std::make_shared<Expr>();
    node->number = value;
    node->span = span;
    return node;
  }

  // A number, or a mixed number: 2 1/3, 2½, 2\frac{1}{3}.
  Result<ExprPtr> Number() {
    const Token t = Take();
    const ExprPtr whole = Literal(t.number, t.span);
    if (in_exponent_ || !t.number.IsInteger()) return NoNumberNext(whole);
    const Token& next = Peek();
    if (next.kind == Tok::kNumber && next.text == "½") {
      Take();
      return Literal(t.number + next.number, {t.span.begin, next.span.end});
    }
    if (next.kind == Tok::kNumber && !next.superscript && next.space_before &&
        next.number.IsInteger() && Peek(1).kind == Tok::kSlash && Peek(2).kind == Tok::kNumber &&
        next.number < Peek(2).number && Peek(2).number.IsInteger()) {
      const Span span = {t.span.begin, Peek(2).span.end};
      const Rational value = t.number + next.number / Peek(2).number;
      at_ += 3;
      if (StartsFactor(Peek()) || Peek().kind == Tok::kCaret || Peek().kind == Tok::kBang) {
        return Fail("expected an operator after a mixed number");
      }
      return NoNumberNext(Literal(value, span));
    }
    if (next.kind == Tok::kFunction && next.text == "frac") {
      const size_t back = at_;
      LEMMA_ASSIGN_OR_RETURN(ExprPtr fraction, Function());
      const Expr& top = *fraction->args[0];
      const Expr& bottom = *fraction->args[1];
      if (IsWholeLiteral(top) && IsWholeLiteral(bottom)) {
        if (top.number >= bottom.number) return Fail("expected an operator before the fraction");
        return Literal(t.number + top.number / bottom.number, {t.span.begin, fraction->span.end});
      }
      at_ = back;
    }
    return NoNumberNext(whole);
  }

  Result<ExprPtr> NoNumberNext(const ExprPtr& e) {
    if (Peek().kind == Tok::kNumber && !Peek().superscript) {
      return Fail("expected an operator between two numbers");
    }
    return e;
  }

  // {x}, or one digit or letter as LaTeX takes it: \frac12.
  Result<ExprPtr> LatexArgument() {
    if (Peek().kind == Tok::kOpen) return Group('{');
    Token& t = tokens_[std::min(at_, tokens_.size() - 1)];
    if (t.kind != Tok::kNumber || t.text.empty() || t.text[0] < '0' || t.text[0] > '9') {
      if (t.kind == Tok::kName) return Atom();
      return Fail("expected {");
    }
    const ExprPtr digit = Literal(t.text[0] - '0', {t.span.begin, t.span.begin + 1});
    if (t.text.size() == 1) {
      Take();
      return digit;
    }
    const auto left = Rational::ParseDecimal(std::string_view(t.text).substr(1));
    if (!left) return Fail("expected { (digits in an argument)");
    t.text.erase(0, 1);
    t.number = *left;
    ++t.span.begin;
    return digit;
  }

  Result<ExprPtr> Function() {
    const Token t = Take();
    if (t.text == "frac") {
      LEMMA_ASSIGN_OR_RETURN(ExprPtr top, LatexArgument());
      LEMMA_ASSIGN_OR_RETURN(ExprPtr bottom, LatexArgument());
      return Node(Op::kDiv, {top, bottom}, {t.span.begin, bottom->span.end});
    }
    if (t.text == "sqrt" || t.text == "√") return Root(t);
    if (t.text == "abs") {
      LEMMA_ASSIGN_OR_RETURN(ExprPtr inner, Group('('));
      return Node(Op::kAbs, {inner}, {t.span.begin, inner->span.end});
    }
    const Op op = t.text == "gcd" ? Op::kGcd : (t.text == "lcm" ? Op::kLcm : Op::kBinomial);
    if (Peek().kind == Tok::kOpen && Peek().bracket == '{') {  // \binom{n}{k}
      LEMMA_ASSIGN_OR_RETURN(ExprPtr n, Group('{'));
      LEMMA_ASSIGN_OR_RETURN(ExprPtr k, Group('{'));
      return Node(op, {n, k}, {t.span.begin, k->span.end});
    }
    if (Peek().kind != Tok::kOpen || Peek().bracket != '(') return Fail("expected (");
    Take();
    LEMMA_ASSIGN_OR_RETURN(ExprPtr first, Sum());
    if (Peek().kind != Tok::kComma) return Fail("expected a comma");
    Take();
    LEMMA_ASSIGN_OR_RETURN(ExprPtr second, Sum());
    if (Peek().kind != Tok::kClose || Peek().bracket != '(') return Fail("expected )");
    return Node(op, {first, second}, {t.span.begin, Take().span.end});
  }

  // sqrt(x), \sqrt{x}, √17, √x. The sign takes one number, name or group.
  Result<ExprPtr> Root(const Token& t) {
    if (Peek().kind == Tok::kOpen && Peek().bracket == '[') {
      return Fail("expected a square root (other roots are not supported)");
    }
    Result<ExprPtr> inner = Fail("");
    if (Peek().kind == Tok::kOpen) {
      inner = Group(Peek().bracket);
    } else if (Peek().kind == Tok::kName || (Peek().kind == Tok::kNumber && !Peek().superscript)) {
      const bool was = in_exponent_;
      in_exponent_ = true;  // no mixed number
      inner = Atom();
      in_exponent_ = was;
    } else {
      return Fail("expected a number or ( after the root sign");
    }
    if (!inner.ok()) return inner;
    return Node(Op::kSqrt, {*inner}, {t.span.begin, (*inner)->span.end});
  }

  std::vector<Token> tokens_;
  const ExprOptions& options_;
  size_t at_ = 0;
  int depth_ = 0;
  bool in_exponent_ = false;
};

}  // namespace

Result<ExprPtr> ParseExpr(std::string_view text, const ExprOptions& options) {
  LEMMA_ASSIGN_OR_RETURN(std::vector<Token> tokens, Lex(text, options));
  return Parser(std::move(tokens), options).Whole();
}

Result<std::vector<Relation>> ParseRelations(std::string_view text, const ExprOptions& options) {
  LEMMA_ASSIGN_OR_RETURN(std::vector<Token> tokens, Lex(text, options));
  return Parser(std::move(tokens), options).Relations();
}

}  // namespace lemma::check
