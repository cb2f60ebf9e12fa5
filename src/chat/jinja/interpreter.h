// SPDX-License-Identifier: Apache-2.0
// Runs a syntax tree: statements in interpreter.cc, expressions in evaluator.cc, calls in calls.cc.
// One rendering on one thread. Scoping is Jinja2's: loops, macros, call, filter, with and set
// blocks have their own variables (each pass of a loop afresh); macros see where they were written.
// Internal.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "chat/jinja/ast.h"
#include "chat/jinja/budget.h"
#include "chat/jinja/callable.h"
#include "chat/jinja/value.h"

namespace lemma::chat::jinja {

class Scope {
 public:
  explicit Scope(std::shared_ptr<Scope> parent)
      : parent_(std::move(parent)), depth_(parent_ == nullptr ? 0 : parent_->depth_ + 1) {}

  // Null if no scope around has it.
  [[nodiscard]] const Value* Find(Symbol symbol);
  void Set(Symbol symbol, Value value);
  [[nodiscard]] int depth() const { return depth_; }
  void Clear() {
    variables_.clear();
    places_.clear();
    parent_.reset();
  }

 private:
  [[nodiscard]] Value* FindHere(Symbol symbol);

  std::shared_ptr<Scope> parent_;
  int depth_;
  std::vector<std::pair<Symbol, Value>> variables_;
  std::unordered_map<Symbol, size_t> places_;  // of variables_, once they are many
};

class Interpreter {
 public:
  // `ast`, `source` and `options` must outlive it.
  Interpreter(const Ast& ast, std::string_view source, const RenderOptions& options);
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  ~Interpreter();

  Result<MarkedText> Run(const Value& variables);

 private:
  class ScopeGuard;
  class DepthGuard;
  enum class Flow { kNormal, kBreak, kContinue };

  // Statements. `out` gets what they print.
  Status Exec(const Block& block, MarkedText& out);
  Status ExecOne(const Stmt& stmt, MarkedText& out);
  Status ExecOutput(const Output& node, MarkedText& out);
  Status ExecIf(const If& node, MarkedText& out);
  Status ExecFor(const For& node, MarkedText& out);
  Result<Array> LoopItems(const For& node);
  Status ExecPass(const For& node, const Array& items, size_t index, MarkedText& out);
  Status ExecSet(const Set& node, uint32_t offset);
  Status ExecMacro(const MacroDefinition& node);
  Status ExecCallBlock(const CallBlock& node, MarkedText& out);
  Status ExecFilterBlock(const FilterBlock& node, MarkedText& out);
  Status ExecWith(const With& node, uint32_t offset, MarkedText& out);
  Status Print(const Value& value, MarkedText& out);
  Status Assign(const Target& target, const Value& value, uint32_t offset);
  Status AssignMember(const Target& target, const Value& value);
  // What the block prints, in a scope of its own.
  Result<Value> Render(const Block& block);

  // Expressions.
  Result<Value> Eval(const Expr& expr);
  Result<Value> EvalName(const Name& name);
  Result<Value> EvalSequence(const Sequence& sequence);
  Result<Value> EvalMapping(const Mapping& mapping);
  Result<Value> EvalUnary(const Unary& unary, uint32_t offset);
  Result<Value> EvalBinary(const Binary& binary);
  Result<Value> EvalCompare(const Compare& compare);
  Result<Value> EvalLogic(const Logic& logic);
  Result<Value> EvalTernary(const Ternary& ternary);
  Result<Value> EvalPostfix(const Postfix& postfix);
  Result<Value> EvalStep(const Value& operand, const PostfixStep& step);
  Result<Value> EvalMember(const Value& object, std::string_view name);
  Result<Value> EvalSlice(const Value& object, const PostfixStep& step);
  Result<Value> EvalFilter(const Value& operand, const PostfixStep& step);
  Result<Value> EvalTest(const Value& operand, const PostfixStep& step);
  Result<Value> ApplyFilters(Value value, const std::vector<PostfixStep>& filters);

  // Calls.
  Result<Arguments> EvalArguments(const ArgumentList& list);
  Status Spread(const ArgumentExpr& argument, Arguments& out);
  Result<Value> CallStep(const Value& callee, const PostfixStep& step);
  Result<Value> CallMember(const Value& object, const PostfixStep& member, const PostfixStep& call);
  Result<Value> Call(const Callable& callable, const Arguments& arguments);
  Result<Value> CallMacro(const Callable& callable, const Arguments& arguments);
  Status BindParameters(const Macro& macro, const Arguments& arguments);
  Status BindExtra(const Macro& macro, const Arguments& arguments, std::vector<bool> used);
  Result<Value> MakeNamespace(const Arguments& arguments);
  Value CaptureMacro(const Macro& macro);
  [[nodiscard]] Value LoopVariable(const Array& items, size_t index) const;

  // The error with the place of the innermost construct that failed.
  Status At(uint32_t offset, const Status& status);
  Status EnterScope();
  [[nodiscard]] std::optional<Symbol> SymbolOf(std::string_view name) const;

  const Ast& ast_;
  std::string_view source_;
  Budget budget_;
  Context context_;
  std::optional<Symbol> loop_symbol_;
  std::optional<Symbol> caller_symbol_;
  std::optional<Symbol> varargs_symbol_;
  std::optional<Symbol> kwargs_symbol_;
  std::shared_ptr<Scope> scope_;
  std::deque<Namespace> namespaces_;
  // Scopes that macros hold: kept and emptied here, so that cycles end and long chains of them are
  // not freed by recursion.
  std::vector<std::shared_ptr<Scope>> captured_;
  std::optional<Value> next_caller_;  // for the macro that a call block is about to call
  Flow flow_ = Flow::kNormal;
  int depth_ = 0;
  bool located_ = false;
};

// Puts a new scope inside the current one (or inside another) and takes it away at the end.
class Interpreter::ScopeGuard {
 public:
  explicit ScopeGuard(Interpreter& interpreter) : ScopeGuard(interpreter, interpreter.scope_) {}
  ScopeGuard(Interpreter& interpreter, std::shared_ptr<Scope> parent)
      : interpreter_(interpreter), saved_(std::move(interpreter.scope_)) {
    interpreter_.scope_ = std::make_shared<Scope>(std::move(parent));
  }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;
  ~ScopeGuard() { interpreter_.scope_ = std::move(saved_); }

 private:
  Interpreter& interpreter_;
  std::shared_ptr<Scope> saved_;
};

class Interpreter::DepthGuard {
 public:
  explicit DepthGuard(int& depth) : depth_(depth) { ++depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  ~DepthGuard() { --depth_; }

 private:
  int& depth_;
};

}  // namespace lemma::chat::jinja
