// SPDX-License-Identifier: Apache-2.0
// The recursive-descent parser: expressions in expression_parser.cc, statements in parser.cc.
// Internal.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "chat/jinja/ast.h"
#include "chat/jinja/lexer.h"

namespace lemma::chat::jinja {

class Parser {
 public:
  Parser(std::string_view source, std::vector<Token> tokens, int max_depth)
      : source_(source), tokens_(std::move(tokens)), max_depth_(max_depth) {}

  Result<Ast> Run();

 private:
  class DepthGuard;
  enum class Ternaries { kAllowed, kLeftToCaller };

  // Tokens.
  [[nodiscard]] const Token& Current() const { return tokens_[at_]; }
  [[nodiscard]] const Token& Ahead() const {
    return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_];
  }
  [[nodiscard]] std::string_view TextOf(const Token& token) const {
    return source_.substr(token.offset, token.length);
  }
  [[nodiscard]] bool Is(TokenKind kind) const { return Current().kind == kind; }
  [[nodiscard]] bool IsOperator(std::string_view text) const {
    return Is(TokenKind::kOperator) && TextOf(Current()) == text;
  }
  [[nodiscard]] bool IsName(std::string_view text) const {
    return Is(TokenKind::kName) && TextOf(Current()) == text;
  }
  const Token& Take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool TakeOperator(std::string_view text);
  bool TakeName(std::string_view text);
  Status ExpectOperator(std::string_view text);
  Status ExpectClose();
  Result<std::string> ExpectName(std::string_view what);
  [[nodiscard]] Status Fail(size_t offset, std::string_view message) const;
  [[nodiscard]] Status FailHere(std::string_view expected) const;
  Status CheckDepth() const;
  Symbol Intern(std::string_view name);
  void Mention(std::string_view text);

  // Expressions, from the loosest binding to the tightest.
  Result<ExprPtr> Expression();
  Result<ExprPtr> ExpressionOrTuple(Ternaries ternaries = Ternaries::kAllowed);
  Result<ExprPtr> LogicChain(LogicOp op);
  Result<ExprPtr> Negation();
  Result<ExprPtr> Comparison();
  bool TakeCompareOp(CompareOp& op);
  Result<ExprPtr> BinaryChain(int level);
  Result<ExprPtr> Signed(bool with_filters);
  Result<ExprPtr> Primary();
  Result<ExprPtr> NameOrConstant();
  Result<ExprPtr> Number();
  Result<ExprPtr> Strings();
  Result<ExprPtr> Parenthesized();
  Result<ExprPtr> ListLiteral();
  Result<ExprPtr> MappingLiteral();
  Result<ExprPtr> PostfixChain(ExprPtr base, bool with_filters);
  Result<PostfixStep> MemberStep();
  Result<PostfixStep> SubscriptStep();
  Result<PostfixStep> FilterStep();
  Result<PostfixStep> TestStep();
  Result<ArgumentList> Arguments();
  Result<ArgumentExpr> Argument();

  // Statements.
  Result<Block> Body(std::initializer_list<std::string_view> ends);
  Status Statement(Block& block);
  Result<Stmt> OutputStatement();
  Result<Stmt> IfStatement();
  Result<Stmt> ForStatement();
  Result<Stmt> SetStatement();
  Result<Stmt> MacroStatement();
  Result<Stmt> CallStatement();
  Result<Stmt> FilterStatement();
  Result<Stmt> WithStatement();
  Result<Stmt> GenerationStatement();
  Result<Stmt> LoopControl(std::string_view name);
  Result<Target> AssignmentTarget();
  Result<std::vector<Parameter>> Parameters();
  Result<std::vector<PostfixStep>> FilterSteps();
  Result<Block> MacroBody(std::string_view end);

  std::string_view source_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int max_depth_;
  int depth_ = 0;
  int loops_ = 0;          // enclosing loops of this macro
  size_t loop_names_ = 0;  // how often `loop` was named so far
  std::unordered_map<std::string, Symbol> symbol_of_;
  Ast ast_;
};

// Counts one level of nesting while it lives.
class Parser::DepthGuard {
 public:
  explicit DepthGuard(Parser& parser) : parser_(parser) { ++parser_.depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  ~DepthGuard() { --parser_.depth_; }

 private:
  Parser& parser_;
};

}  // namespace lemma::chat::jinja
