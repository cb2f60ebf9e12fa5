// SPDX-License-Identifier: Apache-2.0
// The syntax tree of a template: plain data. Chains that grow to the left (a + b + c, a.b.c|d) are
// lists, so that the depth of the tree is the nesting of the source and limited by the parser.
// Names are numbers (symbols) here. Internal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "chat/jinja/value.h"

namespace lemma::chat::jinja {

using Symbol = uint32_t;  // index into Ast::symbols
struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using Block = std::vector<Stmt>;

enum class BinaryOp { kAdd, kSubtract, kConcat, kMultiply, kDivide, kFloorDivide, kModulo, kPower };
enum class CompareOp { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };
enum class LogicOp { kAnd, kOr };
enum class UnaryOp { kNot, kMinus, kPlus };

struct ArgumentExpr {
  enum class Kind { kPositional, kNamed, kSpread, kNamedSpread };
  Kind kind = Kind::kPositional;
  std::string name;  // kNamed
  ExprPtr value;
};
using ArgumentList = std::vector<ArgumentExpr>;

// What follows a primary expression: .name [index] [a:b:c] (arguments) |filter is-test.
struct PostfixStep {
  enum class Kind { kMember, kIndex, kSlice, kCall, kFilter, kTest };
  Kind kind = Kind::kMember;
  bool negated = false;  // kTest: `is not`
  uint32_t offset = 0;
  std::string name;            // kMember, kFilter, kTest
  std::vector<ExprPtr> parts;  // kIndex: 1; kSlice: start, stop, step (may be null)
  ArgumentList arguments;      // kCall, kFilter, kTest
};

struct Literal {
  Value value;
};
struct Name {
  Symbol symbol;
};
struct Sequence {
  bool is_tuple = false;
  std::vector<ExprPtr> items;
};
struct Mapping {
  std::vector<std::pair<ExprPtr, ExprPtr>> members;
};
struct Unary {
  UnaryOp op;
  ExprPtr operand;
};
struct BinaryTail {
  BinaryOp op;
  uint32_t offset;
  ExprPtr right;
};
struct Binary {
  ExprPtr first;
  std::vector<BinaryTail> tail;
};
struct CompareTail {
  CompareOp op;
  uint32_t offset;
  ExprPtr right;
};
struct Compare {
  ExprPtr first;
  std::vector<CompareTail> tail;
};
struct Logic {
  LogicOp op;
  std::vector<ExprPtr> operands;
};
struct Ternary {
  ExprPtr condition;
  ExprPtr then;
  ExprPtr otherwise;  // may be null: undefined
};
struct Postfix {
  ExprPtr base;
  std::vector<PostfixStep> steps;
};

struct Expr {
  uint32_t offset = 0;
  std::variant<Literal, Name, Sequence, Mapping, Unary, Binary, Compare, Logic, Ternary, Postfix>
      node;
};

struct Text {
  std::string text;
};
struct Output {
  ExprPtr value;
};
struct Evaluate {  // {% do %}
  ExprPtr value;
};
struct IfBranch {
  ExprPtr condition;
  Block body;
};
struct If {
  std::vector<IfBranch> branches;
  Block otherwise;
};
// A variable, a member of a namespace, or several variables to unpack into.
struct Target {
  std::vector<Symbol> names;
  bool unpack = false;
  std::string member;  // not empty: names[0].member
};
struct For {
  Target target;
  ExprPtr items;
  ExprPtr filter;  // may be null
  Block body;
  Block otherwise;
  bool uses_loop = false;
};
struct Set {
  Target target;
  ExprPtr value;  // null: the body is rendered
  Block body;
  std::vector<PostfixStep> filters;  // of the body
};
struct Parameter {
  Symbol name;
  ExprPtr fallback;  // may be null
};
struct Macro {
  std::string name;
  Symbol symbol = 0;
  std::vector<Parameter> parameters;
  Block body;
};
struct MacroDefinition {
  std::unique_ptr<Macro> macro;
};
struct CallBlock {
  std::unique_ptr<Macro> caller;
  ExprPtr call;  // a Postfix that ends in a kCall
};
struct FilterBlock {
  std::vector<PostfixStep> filters;
  Block body;
};
struct With {
  std::vector<std::pair<Target, ExprPtr>> bindings;
  Block body;
};
struct Group {  // {% generation %}: only its body counts
  Block body;
};
struct Break {};
struct Continue {};

struct Stmt {
  uint32_t offset = 0;
  std::variant<Text, Output, Evaluate, If, For, Set, MacroDefinition, CallBlock, FilterBlock, With,
               Group, Break, Continue>
      node;
};

struct Ast {
  Block body;
  std::vector<std::string> symbols;
  std::vector<std::string> mentions;  // sorted: names, members and strings
};

}  // namespace lemma::chat::jinja
