// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "chat/jinja/parser_impl.h"

namespace lemma::chat::jinja {
namespace {

// Binary operators by level, from the loosest: Jinja2 puts ~ between + and *.
struct LeveledOp {
  int level;
  std::string_view text;
  BinaryOp op;
};
constexpr int kPowerLevel = 3;
constexpr std::array<LeveledOp, 8> kBinaryOps = {{{0, "+", BinaryOp::kAdd},
                                                  {0, "-", BinaryOp::kSubtract},
                                                  {1, "~", BinaryOp::kConcat},
                                                  {2, "*", BinaryOp::kMultiply},
                                                  {2, "/", BinaryOp::kDivide},
                                                  {2, "//", BinaryOp::kFloorDivide},
                                                  {2, "%", BinaryOp::kModulo},
                                                  {3, "**", BinaryOp::kPower}}};

struct NamedCompare {
  std::string_view text;
  CompareOp op;
};
constexpr std::array<NamedCompare, 6> kCompareOps = {{{"==", CompareOp::kEqual},
                                                      {"!=", CompareOp::kNotEqual},
                                                      {"<", CompareOp::kLess},
                                                      {"<=", CompareOp::kLessEqual},
                                                      {">", CompareOp::kGreater},
                                                      {">=", CompareOp::kGreaterEqual}}};

// Words that end a test's operand instead of being its argument: `x is defined and y`.
constexpr std::array<std::string_view, 8> kNotAnArgument = {"and", "or", "else", "if",
                                                            "in",  "is", "not",  "recursive"};

template <typename Node>
ExprPtr Make(uint32_t offset, Node node) {
  auto expr = std::make_unique<Expr>();
  expr->offset = offset;
  expr->node = std::move(node);
  return expr;
}

}  // namespace

Result<ExprPtr> Parser::Expression() {
  LEMMA_RETURN_IF_ERROR(CheckDepth());
  const DepthGuard guard(*this);
  const uint32_t offset = Current().offset;
  LEMMA_ASSIGN_OR_RETURN(ExprPtr value, LogicChain(LogicOp::kOr));
  if (!TakeName("if")) return value;
  LEMMA_ASSIGN_OR_RETURN(ExprPtr condition, LogicChain(LogicOp::kOr));
  ExprPtr otherwise;
  if (TakeName("else")) {
    LEMMA_ASSIGN_OR_RETURN(otherwise, Expression());
  }
  return Make(offset, Ternary{std::move(condition), std::move(value), std::move(otherwise)});
}

Result<ExprPtr> Parser::ExpressionOrTuple(Ternaries ternaries) {
  const uint32_t offset = Current().offset;
  const auto item = [&] {
    return ternaries == Ternaries::kAllowed ? Expression() : LogicChain(LogicOp::kOr);
  };
  LEMMA_ASSIGN_OR_RETURN(ExprPtr first, item());
  if (!IsOperator(",")) return first;
  Sequence tuple{true, {}};
  tuple.items.push_back(std::move(first));
  while (TakeOperator(",")) {
    if (IsOperator(")") || IsOperator("=") || Is(TokenKind::kCloseStatement) ||
        Is(TokenKind::kCloseExpression)) {
      break;
    }
    LEMMA_ASSIGN_OR_RETURN(ExprPtr next, item());
    tuple.items.push_back(std::move(next));
  }
  return Make(offset, std::move(tuple));
}

Result<ExprPtr> Parser::LogicChain(LogicOp op) {
  const std::string_view word = op == LogicOp::kOr ? "or" : "and";
  const auto operand = [&] { return op == LogicOp::kOr ? LogicChain(LogicOp::kAnd) : Negation(); };
  const uint32_t offset = Current().offset;
  LEMMA_ASSIGN_OR_RETURN(ExprPtr first, operand());
  if (!IsName(word)) return first;
  Logic logic{op, {}};
  logic.operands.push_back(std::move(first));
  while (TakeName(word)) {
    LEMMA_ASSIGN_OR_RETURN(ExprPtr next, operand());
    logic.operands.push_back(std::move(next));
  }
  return Make(offset, std::move(logic));
}

Result<ExprPtr> Parser::Negation() {
  const uint32_t offset = Current().offset;
  if (!TakeName("not")) return Comparison();
  LEMMA_RETURN_IF_ERROR(CheckDepth());
  const DepthGuard guard(*this);
  LEMMA_ASSIGN_OR_RETURN(ExprPtr operand, Negation());
  return Make(offset, Unary{UnaryOp::kNot, std::move(operand)});
}

bool Parser::TakeCompareOp(CompareOp& op) {
  if (IsName("in")) {
    op = CompareOp::kIn;
  } else if (IsName("not") && Ahead().kind == TokenKind::kName && TextOf(Ahead()) == "in") {
    op = CompareOp::kNotIn;
    Take();
  } else {
    const auto* found =
        std::find_if(kCompareOps.begin(), kCompareOps.end(),
                     [&](const NamedCompare& compare) { return IsOperator(compare.text); });
    if (found == kCompareOps.end()) return false;
    op = found->op;
  }
  Take();
  return true;
}

Result<ExprPtr> Parser::Comparison() {
  const uint32_t offset = Current().offset;
  LEMMA_ASSIGN_OR_RETURN(ExprPtr first, BinaryChain(0));
  Compare compare{nullptr, {}};
  CompareOp op{};
  for (uint32_t at = Current().offset; TakeCompareOp(op); at = Current().offset) {
    LEMMA_ASSIGN_OR_RETURN(ExprPtr right, BinaryChain(0));
    compare.tail.push_back({op, at, std::move(right)});
  }
  if (compare.tail.empty()) return first;
  compare.first = std::move(first);
  return Make(offset, std::move(compare));
}

Result<ExprPtr> Parser::BinaryChain(int level) {
  const auto operand = [&] {
    return level == kPowerLevel ? Signed(/*with_filters=*/true) : BinaryChain(level + 1);
  };
  const uint32_t offset = Current().offset;
  LEMMA_ASSIGN_OR_RETURN(ExprPtr first, operand());
  Binary binary{nullptr, {}};
  while (true) {
    const auto* found =
        std::find_if(kBinaryOps.begin(), kBinaryOps.end(),
                     [&](const LeveledOp& op) { return op.level == level && IsOperator(op.text); });
    if (found == kBinaryOps.end()) break;
    const uint32_t at = Take().offset;
    LEMMA_ASSIGN_OR_RETURN(ExprPtr right, operand());
    binary.tail.push_back({found->op, at, std::move(right)});
  }
  if (binary.tail.empty()) return first;
  binary.first = std::move(first);
  return Make(offset, std::move(binary));
}

Result<ExprPtr> Parser::Signed(bool with_filters) {
  const uint32_t offset = Current().offset;
  ExprPtr value;
  if (IsOperator("-") || IsOperator("+")) {
    LEMMA_RETURN_IF_ERROR(CheckDepth());
    const DepthGuard guard(*this);
    const UnaryOp op = TextOf(Take()) == "-" ? UnaryOp::kMinus : UnaryOp::kPlus;
    LEMMA_ASSIGN_OR_RETURN(ExprPtr operand, Signed(/*with_filters=*/false));
    value = Make(offset, Unary{op, std::move(operand)});
  } else {
    LEMMA_ASSIGN_OR_RETURN(value, Primary());
  }
  return PostfixChain(std::move(value), with_filters);
}

Result<ExprPtr> Parser::Primary() {
  switch (Current().kind) {
    case TokenKind::kName:
      return NameOrConstant();
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return Number();
    case TokenKind::kString:
      return Strings();
    default:
      break;
  }
  if (IsOperator("(")) return Parenthesized();
  if (IsOperator("[")) return ListLiteral();
  if (IsOperator("{")) return MappingLiteral();
  return FailHere("an expression");
}

Result<ExprPtr> Parser::NameOrConstant() {
  const Token& token = Take();
  const std::string_view name = TextOf(token);
  if (name == "true" || name == "True") return Make(token.offset, Literal{Value::Bool(true)});
  if (name == "false" || name == "False") return Make(token.offset, Literal{Value::Bool(false)});
  if (name == "none" || name == "None") return Make(token.offset, Literal{Value::Null()});
  if (name == "loop") ++loop_names_;
  Mention(name);
  return Make(token.offset, Name{Intern(name)});
}

Result<ExprPtr> Parser::Number() {
  const Token& token = Take();
  std::string digits(TextOf(token));
  std::erase(digits, '_');
  const char* begin = digits.data();
  const char* end = begin + digits.size();
  if (token.kind == TokenKind::kFloat) {
    double value = 0;
    const auto read = std::from_chars(begin, end, value);
    if (read.ec == std::errc::result_out_of_range) {
      value = std::numeric_limits<double>::infinity();
    }
    return Make(token.offset, Literal{Value::Double(value)});
  }
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0' && digits[1] > '9') {
    base = (digits[1] | 0x20) == 'x' ? 16 : (digits[1] | 0x20) == 'o' ? 8 : 2;
    begin += 2;
  }
  int64_t value = 0;
  const auto read = std::from_chars(begin, end, value, base);
  if (read.ec != std::errc() || read.ptr != end) {
    return Fail(token.offset, fmt::format("bad integer '{}': expected one of 64 bits", digits));
  }
  return Make(token.offset, Literal{Value::Int(value)});
}

Result<ExprPtr> Parser::Strings() {
  const uint32_t offset = Current().offset;
  std::string text;
  while (Is(TokenKind::kString)) text += DecodeString(TextOf(Take()));
  Mention(text);
  return Make(offset, Literal{Value::Trusted(std::move(text))});
}

Result<ExprPtr> Parser::Parenthesized() {
  LEMMA_RETURN_IF_ERROR(CheckDepth());
  const DepthGuard guard(*this);
  const uint32_t offset = Take().offset;
  if (TakeOperator(")")) return Make(offset, Sequence{true, {}});
  LEMMA_ASSIGN_OR_RETURN(ExprPtr value, ExpressionOrTuple());
  LEMMA_RETURN_IF_ERROR(ExpectOperator(")"));
  return value;
}

Result<ExprPtr> Parser::ListLiteral() {
  const uint32_t offset = Take().offset;
  Sequence list;
  while (!IsOperator("]")) {
    LEMMA_ASSIGN_OR_RETURN(ExprPtr item, Expression());
    list.items.push_back(std::move(item));
    if (!TakeOperator(",")) break;
  }
  LEMMA_RETURN_IF_ERROR(ExpectOperator("]"));
  return Make(offset, std::move(list));
}

Result<ExprPtr> Parser::MappingLiteral() {
  const uint32_t offset = Take().offset;
  Mapping mapping;
  while (!IsOperator("}")) {
    LEMMA_ASSIGN_OR_RETURN(ExprPtr key, Expression());
    LEMMA_RETURN_IF_ERROR(ExpectOperator(":"));
    LEMMA_ASSIGN_OR_RETURN(ExprPtr value, Expression());
    mapping.members.emplace_back(std::move(key), std::move(value));
    if (!TakeOperator(",")) break;
  }
  LEMMA_RETURN_IF_ERROR(ExpectOperator("}"));
  return Make(offset, std::move(mapping));
}

Result<ExprPtr> Parser::PostfixChain(ExprPtr base, bool with_filters) {
  const uint32_t offset = base->offset;
  std::vector<PostfixStep> steps;
  bool filtered = false;  // members and indices bind tighter than filters and tests
  while (true) {
    if (!filtered && IsOperator(".")) {
      LEMMA_ASSIGN_OR_RETURN(PostfixStep step, MemberStep());
      steps.push_back(std::move(step));
    } else if (!filtered && IsOperator("[")) {
      LEMMA_ASSIGN_OR_RETURN(PostfixStep step, SubscriptStep());
      steps.push_back(std::move(step));
    } else if (IsOperator("(")) {
      PostfixStep step;
      step.kind = PostfixStep::Kind::kCall;
      step.offset = Current().offset;
      LEMMA_ASSIGN_OR_RETURN(step.arguments, Arguments());
      steps.push_back(std::move(step));
    } else if (with_filters && IsOperator("|")) {
      Take();
      filtered = true;
      LEMMA_ASSIGN_OR_RETURN(PostfixStep step, FilterStep());
      steps.push_back(std::move(step));
    } else if (with_filters && IsName("is")) {
      filtered = true;
      LEMMA_ASSIGN_OR_RETURN(PostfixStep step, TestStep());
      steps.push_back(std::move(step));
    } else {
      break;
    }
  }
  if (steps.empty()) return base;
  return Make(offset, Postfix{std::move(base), std::move(steps)});
}

Result<PostfixStep> Parser::MemberStep() {
  PostfixStep step;
  step.offset = Take().offset;
  if (Is(TokenKind::kInteger)) {
    step.kind = PostfixStep::Kind::kIndex;
    LEMMA_ASSIGN_OR_RETURN(ExprPtr index, Number());
    step.parts.push_back(std::move(index));
    return step;
  }
  LEMMA_ASSIGN_OR_RETURN(step.name, ExpectName("a name after '.'"));
  Mention(step.name);
  return step;
}

Result<PostfixStep> Parser::SubscriptStep() {
  PostfixStep step;
  step.kind = PostfixStep::Kind::kIndex;
  step.offset = Take().offset;
  if (IsOperator("]")) return FailHere("an index");
  step.parts.emplace_back();
  while (!IsOperator("]")) {
    if (TakeOperator(":")) {
      step.kind = PostfixStep::Kind::kSlice;
      if (step.parts.size() == 3) return FailHere("']' after start:stop:step");
      step.parts.emplace_back();
    } else if (step.parts.back() == nullptr) {
      LEMMA_ASSIGN_OR_RETURN(step.parts.back(), Expression());
    } else {
      return FailHere("':' or ']'");
    }
  }
  Take();
  step.parts.resize(step.kind == PostfixStep::Kind::kSlice ? 3 : 1);
  return step;
}

Result<PostfixStep> Parser::FilterStep() {
  PostfixStep step;
  step.kind = PostfixStep::Kind::kFilter;
  step.offset = Current().offset;
  LEMMA_ASSIGN_OR_RETURN(step.name, ExpectName("the name of a filter"));
  if (IsOperator("(")) {
    LEMMA_ASSIGN_OR_RETURN(step.arguments, Arguments());
  }
  return step;
}

Result<PostfixStep> Parser::TestStep() {
  PostfixStep step;
  step.kind = PostfixStep::Kind::kTest;
  step.offset = Take().offset;
  step.negated = TakeName("not");
  if (TakeName("in")) {
    step.name = "in";
  } else {
    LEMMA_ASSIGN_OR_RETURN(step.name, ExpectName("the name of a test"));
  }
  if (IsOperator("(")) {
    LEMMA_ASSIGN_OR_RETURN(step.arguments, Arguments());
    return step;
  }
  const bool word = Is(TokenKind::kName) && std::find(kNotAnArgument.begin(), kNotAnArgument.end(),
                                                      TextOf(Current())) == kNotAnArgument.end();
  if (word || Is(TokenKind::kString) || Is(TokenKind::kInteger) || Is(TokenKind::kFloat) ||
      IsOperator("[") || IsOperator("{")) {
    LEMMA_ASSIGN_OR_RETURN(ExprPtr operand, Primary());
    ArgumentExpr argument;
    LEMMA_ASSIGN_OR_RETURN(argument.value, PostfixChain(std::move(operand), false));
    step.arguments.push_back(std::move(argument));
  }
  return step;
}

Result<ArgumentList> Parser::Arguments() {
  LEMMA_RETURN_IF_ERROR(ExpectOperator("("));
  ArgumentList arguments;
  while (!IsOperator(")")) {
    LEMMA_ASSIGN_OR_RETURN(ArgumentExpr argument, Argument());
    if (argument.kind == ArgumentExpr::Kind::kPositional && !arguments.empty() &&
        arguments.back().kind != ArgumentExpr::Kind::kPositional) {
      return Fail(argument.value->offset, "positional argument after a named one");
    }
    arguments.push_back(std::move(argument));
    if (!TakeOperator(",")) break;
  }
  LEMMA_RETURN_IF_ERROR(ExpectOperator(")"));
  return arguments;
}

Result<ArgumentExpr> Parser::Argument() {
  ArgumentExpr argument;
  if (TakeOperator("*")) {
    argument.kind = ArgumentExpr::Kind::kSpread;
  } else if (TakeOperator("**")) {
    argument.kind = ArgumentExpr::Kind::kNamedSpread;
  } else if (Is(TokenKind::kName) && Ahead().kind == TokenKind::kOperator &&
             TextOf(Ahead()) == "=") {
    argument.kind = ArgumentExpr::Kind::kNamed;
    argument.name = TextOf(Take());
    Take();
  }
  LEMMA_ASSIGN_OR_RETURN(argument.value, Expression());
  return argument;
}

}  // namespace lemma::chat::jinja
