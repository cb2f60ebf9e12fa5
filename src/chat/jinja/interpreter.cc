// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/interpreter.h"

#include <fmt/format.h>

#include "chat/jinja/filters.h"
#include "chat/jinja/operators.h"
#include "chat/jinja/source.h"

namespace lemma::chat::jinja {

namespace {

constexpr size_t kFewVariables = 24;  // up to here, looking at each is faster than a table

}  // namespace

Value* Scope::FindHere(Symbol symbol) {
  if (variables_.size() > kFewVariables) {
    const auto found = places_.find(symbol);
    return found == places_.end() ? nullptr : &variables_[found->second].second;
  }
  for (auto& [name, value] : variables_) {
    if (name == symbol) return &value;
  }
  return nullptr;
}

const Value* Scope::Find(Symbol symbol) {
  for (Scope* scope = this; scope != nullptr; scope = scope->parent_.get()) {
    if (const Value* value = scope->FindHere(symbol)) return value;
  }
  return nullptr;
}

void Scope::Set(Symbol symbol, Value value) {
  if (Value* held = FindHere(symbol)) {
    *held = std::move(value);
    return;
  }
  variables_.emplace_back(symbol, std::move(value));
  if (variables_.size() <= kFewVariables) return;
  for (size_t i = places_.size(); i < variables_.size(); ++i) {
    places_.emplace(variables_[i].first, i);
  }
}

Interpreter::Interpreter(const Ast& ast, std::string_view source, const RenderOptions& options)
    : ast_(ast),
      source_(source),
      budget_(options.limits),
      context_{budget_, options},
      loop_symbol_(SymbolOf("loop")),
      caller_symbol_(SymbolOf("caller")),
      varargs_symbol_(SymbolOf("varargs")),
      kwargs_symbol_(SymbolOf("kwargs")),
      scope_(std::make_shared<Scope>(nullptr)) {}

Interpreter::~Interpreter() {
  for (Namespace& space : namespaces_) space.members.clear();
  for (const std::shared_ptr<Scope>& scope : captured_) scope->Clear();
}

std::optional<Symbol> Interpreter::SymbolOf(std::string_view name) const {
  for (size_t i = 0; i < ast_.symbols.size(); ++i) {
    if (ast_.symbols[i] == name) return static_cast<Symbol>(i);
  }
  return std::nullopt;
}

Status Interpreter::At(uint32_t offset, const Status& status) {
  if (status.ok() || located_) return status;
  located_ = true;
  return WithLocation(status, source_, offset);
}

Status Interpreter::EnterScope() {
  LEMMA_RETURN_IF_ERROR(budget_.Steps(1));
  if (scope_->depth() < budget_.limits().eval_depth) return OkStatus();
  return ResourceExhausted(
      fmt::format("scopes nested deeper than the limit of {} levels", budget_.limits().eval_depth));
}

Result<MarkedText> Interpreter::Run(const Value& variables) {
  if (variables.AsObject() == nullptr) {
    return InvalidArgument(
        fmt::format("the variables of a template must be a mapping, not {}", variables.KindName()));
  }
  LEMMA_RETURN_IF_ERROR(CheckedDepth(context_, variables).status());
  for (size_t i = 0; i < ast_.symbols.size(); ++i) {
    const std::string& name = ast_.symbols[i];
    const auto symbol = static_cast<Symbol>(i);
    if (const Value* given = variables.Find(name)) {
      scope_->Set(symbol, *given);
    } else if (IsGlobalFunction(name)) {
      auto function = std::make_shared<Callable>();
      function->kind = Callable::Kind::kGlobal;
      function->name = name;
      scope_->Set(symbol, Value::OfCallable(std::move(function)));
    }
  }
  MarkedText out;
  LEMMA_RETURN_IF_ERROR(Exec(ast_.body, out));
  return out;
}

Status Interpreter::Exec(const Block& block, MarkedText& out) {
  if (depth_ >= budget_.limits().eval_depth) {
    return ResourceExhausted(fmt::format("evaluation nested deeper than the limit of {} levels",
                                         budget_.limits().eval_depth));
  }
  const DepthGuard guard(depth_);
  for (const Stmt& stmt : block) {
    const Status status = ExecOne(stmt, out);
    if (!status.ok()) return At(stmt.offset, status);
    if (flow_ != Flow::kNormal) break;
  }
  return OkStatus();
}

Status Interpreter::ExecOne(const Stmt& stmt, MarkedText& out) {
  LEMMA_RETURN_IF_ERROR(budget_.Steps(1));
  if (const auto* text = std::get_if<Text>(&stmt.node)) {
    LEMMA_RETURN_IF_ERROR(budget_.Bytes(text->text.size()));
    LEMMA_RETURN_IF_ERROR(budget_.Fits(out.size() + text->text.size()));
    out.Append(text->text, Provenance::kTrusted);
    return OkStatus();
  }
  if (const auto* output = std::get_if<Output>(&stmt.node)) return ExecOutput(*output, out);
  if (const auto* node = std::get_if<If>(&stmt.node)) return ExecIf(*node, out);
  if (const auto* node = std::get_if<For>(&stmt.node)) return ExecFor(*node, out);
  if (const auto* node = std::get_if<Set>(&stmt.node)) return ExecSet(*node, stmt.offset);
  if (const auto* node = std::get_if<MacroDefinition>(&stmt.node)) return ExecMacro(*node);
  if (const auto* node = std::get_if<CallBlock>(&stmt.node)) return ExecCallBlock(*node, out);
  if (const auto* node = std::get_if<FilterBlock>(&stmt.node)) return ExecFilterBlock(*node, out);
  if (const auto* node = std::get_if<With>(&stmt.node)) return ExecWith(*node, stmt.offset, out);
  if (const auto* node = std::get_if<Group>(&stmt.node)) return Exec(node->body, out);
  if (const auto* node = std::get_if<Evaluate>(&stmt.node)) return Eval(*node->value).status();
  flow_ = std::holds_alternative<Break>(stmt.node) ? Flow::kBreak : Flow::kContinue;
  return OkStatus();
}

Status Interpreter::Print(const Value& value, MarkedText& out) {
  LEMMA_ASSIGN_OR_RETURN(const MarkedText text, ToText(context_, value));
  LEMMA_RETURN_IF_ERROR(budget_.Bytes(text.footprint()));
  LEMMA_RETURN_IF_ERROR(budget_.Fits(out.size() + text.size()));
  out.Append(text);
  return OkStatus();
}

Status Interpreter::ExecOutput(const Output& node, MarkedText& out) {
  LEMMA_ASSIGN_OR_RETURN(const Value value, Eval(*node.value));
  return Print(value, out);
}

Status Interpreter::ExecIf(const If& node, MarkedText& out) {
  for (const IfBranch& branch : node.branches) {
    LEMMA_ASSIGN_OR_RETURN(const Value condition, Eval(*branch.condition));
    if (condition.Truthy()) return Exec(branch.body, out);
  }
  return Exec(node.otherwise, out);
}

// The items to visit, after the loop's `if`.
Result<Array> Interpreter::LoopItems(const For& node) {
  LEMMA_ASSIGN_OR_RETURN(const Value iterable, Eval(*node.items));
  Result<Array> all = Iterate(context_, iterable);
  if (!all.ok()) return At(node.items->offset, all.status());
  if (node.filter == nullptr) return all;
  Array kept;
  for (Value& item : *all) {
    LEMMA_RETURN_IF_ERROR(EnterScope());
    const ScopeGuard guard(*this);
    LEMMA_RETURN_IF_ERROR(Assign(node.target, item, node.filter->offset));
    LEMMA_ASSIGN_OR_RETURN(const Value keep, Eval(*node.filter));
    if (keep.Truthy()) kept.push_back(std::move(item));
  }
  return kept;
}

Status Interpreter::ExecFor(const For& node, MarkedText& out) {
  LEMMA_ASSIGN_OR_RETURN(const Array items, LoopItems(node));
  bool complete = false;  // whether some pass reached its end: as in Jinja2, `else` asks for that
  for (size_t i = 0; i < items.size(); ++i) {
    LEMMA_RETURN_IF_ERROR(ExecPass(node, items, i, out));
    const Flow flow = std::exchange(flow_, Flow::kNormal);
    complete = complete || flow == Flow::kNormal;
    if (flow == Flow::kBreak) break;
  }
  if (complete) return OkStatus();
  LEMMA_RETURN_IF_ERROR(EnterScope());
  const ScopeGuard guard(*this);
  return Exec(node.otherwise, out);
}

Status Interpreter::ExecPass(const For& node, const Array& items, size_t index, MarkedText& out) {
  LEMMA_RETURN_IF_ERROR(EnterScope());
  const ScopeGuard guard(*this);
  if (node.uses_loop && loop_symbol_) scope_->Set(*loop_symbol_, LoopVariable(items, index));
  LEMMA_RETURN_IF_ERROR(Assign(node.target, items[index], node.items->offset));
  return Exec(node.body, out);
}

Value Interpreter::LoopVariable(const Array& items, size_t index) const {
  const auto at = static_cast<int64_t>(index);
  const auto size = static_cast<int64_t>(items.size());
  Object members;
  members.reserve(11);
  const auto add = [&](std::string_view name, Value value) {
    members.push_back({MarkedText(std::string(name), Provenance::kTrusted), std::move(value)});
  };
  add("index", Value::Int(at + 1));
  add("index0", Value::Int(at));
  add("revindex", Value::Int(size - at));
  add("revindex0", Value::Int(size - at - 1));
  add("first", Value::Bool(at == 0));
  add("last", Value::Bool(at + 1 == size));
  add("length", Value::Int(size));
  add("previtem", at > 0 ? items[index - 1] : Value());
  add("nextitem", at + 1 < size ? items[index + 1] : Value());
  auto cycle = std::make_shared<Callable>();
  cycle->kind = Callable::Kind::kMethod;
  cycle->name = "cycle";
  cycle->self = Value::Int(at);
  add("cycle", Value::OfCallable(std::move(cycle)));
  return Value::Dict(std::move(members));
}

Status Interpreter::Assign(const Target& target, const Value& value, uint32_t offset) {
  if (!target.member.empty()) return At(offset, AssignMember(target, value));
  if (!target.unpack) {
    scope_->Set(target.names[0], value);
    return OkStatus();
  }
  Result<Array> items = Iterate(context_, value);
  if (!items.ok()) return At(offset, items.status());
  if (items->size() != target.names.size()) {
    return At(offset, InvalidArgument(fmt::format("{} values to unpack into {} variables",
                                                  items->size(), target.names.size())));
  }
  for (size_t i = 0; i < items->size(); ++i) scope_->Set(target.names[i], (*items)[i]);
  return OkStatus();
}

Status Interpreter::AssignMember(const Target& target, const Value& value) {
  const Value* held = scope_->Find(target.names[0]);
  Namespace* space = held == nullptr ? nullptr : held->AsNamespace();
  if (space == nullptr) {
    return InvalidArgument(fmt::format("cannot set an attribute of '{}': it is {}, not a namespace",
                                       ast_.symbols[target.names[0]],
                                       held == nullptr ? "undefined" : held->KindName()));
  }
  for (Member& member : space->members) {
    if (member.key.bytes() != target.member) continue;
    member.value = value;
    return OkStatus();
  }
  LEMMA_RETURN_IF_ERROR(budget_.Bytes(sizeof(Member) + target.member.size()));
  space->members.push_back({MarkedText(target.member, Provenance::kTrusted), value});
  return OkStatus();
}

Result<Value> Interpreter::Render(const Block& block) {
  LEMMA_RETURN_IF_ERROR(EnterScope());
  const ScopeGuard guard(*this);
  MarkedText text;
  LEMMA_RETURN_IF_ERROR(Exec(block, text));
  return Value::String(std::move(text));
}

Status Interpreter::ExecSet(const Set& node, uint32_t offset) {
  if (node.value != nullptr) {
    LEMMA_ASSIGN_OR_RETURN(const Value value, Eval(*node.value));
    return Assign(node.target, value, offset);
  }
  LEMMA_ASSIGN_OR_RETURN(Value text, Render(node.body));
  LEMMA_ASSIGN_OR_RETURN(const Value value, ApplyFilters(std::move(text), node.filters));
  return Assign(node.target, value, offset);
}

Value Interpreter::CaptureMacro(const Macro& macro) {
  auto callable = std::make_shared<Callable>();
  callable->kind = Callable::Kind::kMacro;
  callable->name = macro.name;
  callable->macro = &macro;
  callable->scope = scope_;
  if (captured_.empty() || captured_.back() != scope_) captured_.push_back(scope_);
  return Value::OfCallable(std::move(callable));
}

Status Interpreter::ExecMacro(const MacroDefinition& node) {
  LEMMA_RETURN_IF_ERROR(budget_.Bytes(sizeof(Callable) + sizeof(Scope)));
  scope_->Set(node.macro->symbol, CaptureMacro(*node.macro));
  return OkStatus();
}

Status Interpreter::ExecCallBlock(const CallBlock& node, MarkedText& out) {
  LEMMA_RETURN_IF_ERROR(budget_.Bytes(sizeof(Callable) + sizeof(Scope)));
  const auto& postfix = std::get<Postfix>(node.call->node);
  Value callee;
  LEMMA_ASSIGN_OR_RETURN(callee, Eval(*postfix.base));
  for (size_t i = 0; i + 1 < postfix.steps.size(); ++i) {
    LEMMA_ASSIGN_OR_RETURN(callee, EvalStep(callee, postfix.steps[i]));
  }
  const PostfixStep& call = postfix.steps.back();
  const Callable* callable = callee.AsCallable();
  if (callable == nullptr || callable->kind != Callable::Kind::kMacro) {
    return At(call.offset, InvalidArgument(fmt::format("a call block needs a macro, not {}",
                                                       callee.KindName())));
  }
  LEMMA_ASSIGN_OR_RETURN(const Arguments arguments, EvalArguments(call.arguments));
  next_caller_ = CaptureMacro(*node.caller);
  LEMMA_ASSIGN_OR_RETURN(const Value text, CallMacro(*callable, arguments));
  return Print(text, out);
}

Status Interpreter::ExecFilterBlock(const FilterBlock& node, MarkedText& out) {
  LEMMA_ASSIGN_OR_RETURN(Value text, Render(node.body));
  LEMMA_ASSIGN_OR_RETURN(const Value value, ApplyFilters(std::move(text), node.filters));
  return Print(value, out);
}

Status Interpreter::ExecWith(const With& node, uint32_t offset, MarkedText& out) {
  LEMMA_RETURN_IF_ERROR(EnterScope());
  std::vector<Value> values;
  for (const auto& binding : node.bindings) {  // all of them in the outer scope
    LEMMA_ASSIGN_OR_RETURN(Value value, Eval(*binding.second));
    values.push_back(std::move(value));
  }
  const ScopeGuard guard(*this);
  for (size_t i = 0; i < values.size(); ++i) {
    LEMMA_RETURN_IF_ERROR(Assign(node.bindings[i].first, values[i], offset));
  }
  return Exec(node.body, out);
}

}  // namespace lemma::chat::jinja
