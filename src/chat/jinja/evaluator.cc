// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "chat/jinja/filters.h"
#include "chat/jinja/interpreter.h"
#include "chat/jinja/operators.h"

namespace lemma::chat::jinja {
namespace {

constexpr int kScopesPerStep = 16;  // looked through for the price of one step

}  // namespace

Result<Value> Interpreter::Eval(const Expr& expr) {
  if (const auto* literal = std::get_if<Literal>(&expr.node)) return literal->value;
  if (const auto* name = std::get_if<Name>(&expr.node)) return EvalName(*name);
  const Status status = budget_.Steps(1);
  if (!status.ok()) return At(expr.offset, status);
  if (depth_ >= budget_.limits().eval_depth) {
    return At(expr.offset,
              ResourceExhausted(fmt::format("evaluation nested deeper than the limit of {} levels",
                                            budget_.limits().eval_depth)));
  }
  const DepthGuard guard(depth_);
  if (const auto* node = std::get_if<Postfix>(&expr.node)) return EvalPostfix(*node);
  if (const auto* node = std::get_if<Binary>(&expr.node)) return EvalBinary(*node);
  if (const auto* node = std::get_if<Compare>(&expr.node)) return EvalCompare(*node);
  if (const auto* node = std::get_if<Logic>(&expr.node)) return EvalLogic(*node);
  if (const auto* node = std::get_if<Unary>(&expr.node)) return EvalUnary(*node, expr.offset);
  if (const auto* node = std::get_if<Ternary>(&expr.node)) return EvalTernary(*node);
  if (const auto* node = std::get_if<Sequence>(&expr.node)) return EvalSequence(*node);
  return EvalMapping(std::get<Mapping>(expr.node));
}

Result<Value> Interpreter::EvalName(const Name& name) {
  LEMMA_RETURN_IF_ERROR(budget_.Steps(1 + scope_->depth() / kScopesPerStep));
  const Value* value = scope_->Find(name.symbol);
  return value == nullptr ? Value() : *value;
}

Result<Value> Interpreter::EvalSequence(const Sequence& sequence) {
  Array items;
  items.reserve(sequence.items.size());
  for (const ExprPtr& item : sequence.items) {
    LEMMA_ASSIGN_OR_RETURN(Value value, Eval(*item));
    items.push_back(std::move(value));
  }
  LEMMA_ASSIGN_OR_RETURN(Value list, MakeList(context_, std::move(items)));
  return sequence.is_tuple ? Value::Tuple(*list.AsArray()) : std::move(list);
}

Result<Value> Interpreter::EvalMapping(const Mapping& mapping) {
  Object members;
  members.reserve(mapping.members.size());
  for (const auto& [key_expr, value_expr] : mapping.members) {
    LEMMA_ASSIGN_OR_RETURN(const Value key, Eval(*key_expr));
    if (key.IsNull() || key.IsUndefined() || key.AsArray() != nullptr || key.depth() > 0) {
      return At(key_expr->offset,
                InvalidArgument(fmt::format("the key of a mapping cannot be {}", key.KindName())));
    }
    LEMMA_ASSIGN_OR_RETURN(Value value, Eval(*value_expr));
    LEMMA_ASSIGN_OR_RETURN(MarkedText text, ToText(context_, key));
    members.push_back({std::move(text), std::move(value)});
  }
  return MakeDict(context_, std::move(members));
}

Result<Value> Interpreter::EvalUnary(const Unary& unary, uint32_t offset) {
  LEMMA_ASSIGN_OR_RETURN(const Value operand, Eval(*unary.operand));
  Result<Value> value = ApplyUnary(unary.op, operand);
  if (!value.ok()) return At(offset, value.status());
  return value;
}

Result<Value> Interpreter::EvalBinary(const Binary& binary) {
  LEMMA_ASSIGN_OR_RETURN(Value left, Eval(*binary.first));
  for (const BinaryTail& tail : binary.tail) {
    LEMMA_ASSIGN_OR_RETURN(const Value right, Eval(*tail.right));
    Result<Value> value = ApplyBinary(context_, tail.op, left, right);
    if (!value.ok()) return At(tail.offset, value.status());
    left = std::move(*value);
  }
  return left;
}

Result<Value> Interpreter::EvalCompare(const Compare& compare) {
  LEMMA_ASSIGN_OR_RETURN(Value left, Eval(*compare.first));
  for (const CompareTail& tail : compare.tail) {
    LEMMA_ASSIGN_OR_RETURN(Value right, Eval(*tail.right));
    const Result<bool> holds = ApplyCompare(context_, tail.op, left, right);
    if (!holds.ok()) return At(tail.offset, holds.status());
    if (!*holds) return Value::Bool(false);
    left = std::move(right);
  }
  return Value::Bool(true);
}

Result<Value> Interpreter::EvalLogic(const Logic& logic) {
  Value value;
  for (const ExprPtr& operand : logic.operands) {
    LEMMA_ASSIGN_OR_RETURN(value, Eval(*operand));
    if (value.Truthy() == (logic.op == LogicOp::kOr)) break;
  }
  return value;
}

Result<Value> Interpreter::EvalTernary(const Ternary& ternary) {
  LEMMA_ASSIGN_OR_RETURN(const Value condition, Eval(*ternary.condition));
  if (condition.Truthy()) return Eval(*ternary.then);
  if (ternary.otherwise == nullptr) return Value();
  return Eval(*ternary.otherwise);
}

Result<Value> Interpreter::EvalPostfix(const Postfix& postfix) {
  LEMMA_ASSIGN_OR_RETURN(Value value, Eval(*postfix.base));
  for (size_t i = 0; i < postfix.steps.size(); ++i) {
    const PostfixStep& step = postfix.steps[i];
    const Status status = budget_.Steps(1);
    if (!status.ok()) return At(step.offset, status);
    const bool is_method_call = step.kind == PostfixStep::Kind::kMember &&
                                i + 1 < postfix.steps.size() &&
                                postfix.steps[i + 1].kind == PostfixStep::Kind::kCall;
    Result<Value> next =
        is_method_call ? CallMember(value, step, postfix.steps[i + 1]) : EvalStep(value, step);
    if (!next.ok()) return At(step.offset, next.status());
    value = std::move(*next);
    if (is_method_call) ++i;
  }
  return value;
}

Result<Value> Interpreter::EvalStep(const Value& operand, const PostfixStep& step) {
  switch (step.kind) {
    case PostfixStep::Kind::kMember:
      return EvalMember(operand, step.name);
    case PostfixStep::Kind::kIndex: {
      LEMMA_ASSIGN_OR_RETURN(const Value index, Eval(*step.parts[0]));
      if (index.IsString()) return EvalMember(operand, index.AsString()->bytes());
      if (operand.IsUndefined() && context_.IsPython()) {
        return InvalidArgument("an undefined value has no items");
      }
      return Subscript(context_, operand, index);
    }
    case PostfixStep::Kind::kSlice:
      return EvalSlice(operand, step);
    case PostfixStep::Kind::kCall:
      return CallStep(operand, step);
    case PostfixStep::Kind::kFilter:
      return EvalFilter(operand, step);
    case PostfixStep::Kind::kTest:
      return EvalTest(operand, step);
  }
  return InternalError("no such step");
}

Result<Value> Interpreter::EvalMember(const Value& object, std::string_view name) {
  if (const Object* members = object.AsObject()) {
    LEMMA_RETURN_IF_ERROR(budget_.Steps(static_cast<int64_t>(members->size() / kMembersPerStep)));
  }
  if (const Value* member = object.Find(name)) return *member;
  if (object.IsUndefined() && context_.IsPython()) {
    return InvalidArgument(fmt::format("an undefined value has no attribute '{}'", name));
  }
  if (name == "length" && !context_.IsPython()) {
    if (const Array* items = object.AsArray()) {
      return Value::Int(static_cast<int64_t>(items->size()));
    }
    if (object.IsString()) return FindFilter("length")(context_, object, {});
  }
  if (!HasMethod(object, name)) return Value();
  LEMMA_RETURN_IF_ERROR(budget_.Bytes(sizeof(Callable)));
  auto method = std::make_shared<Callable>();
  method->kind = Callable::Kind::kMethod;
  method->name = name;
  method->self = object;
  return CheckedDepth(context_, Value::OfCallable(std::move(method)));
}

Result<Value> Interpreter::EvalSlice(const Value& object, const PostfixStep& step) {
  Array bounds(step.parts.size());
  for (size_t i = 0; i < step.parts.size(); ++i) {
    if (step.parts[i] == nullptr) continue;
    LEMMA_ASSIGN_OR_RETURN(bounds[i], Eval(*step.parts[i]));
  }
  return Slice(context_, object, bounds);
}

Result<Value> Interpreter::EvalFilter(const Value& operand, const PostfixStep& step) {
  const Filter filter = FindFilter(step.name);
  if (filter == nullptr) return InvalidArgument(fmt::format("no filter named '{}'", step.name));
  LEMMA_ASSIGN_OR_RETURN(const Arguments arguments, EvalArguments(step.arguments));
  Result<Value> value = filter(context_, operand, arguments);
  if (!value.ok()) return value.status().WithContext(fmt::format("filter '{}'", step.name));
  return value;
}

Result<Value> Interpreter::EvalTest(const Value& operand, const PostfixStep& step) {
  const Test test = FindTest(step.name);
  if (test == nullptr) return InvalidArgument(fmt::format("no test named '{}'", step.name));
  LEMMA_ASSIGN_OR_RETURN(const Arguments arguments, EvalArguments(step.arguments));
  const Result<bool> holds = test(context_, operand, arguments);
  if (!holds.ok()) return holds.status().WithContext(fmt::format("test '{}'", step.name));
  return Value::Bool(*holds != step.negated);
}

Result<Value> Interpreter::ApplyFilters(Value value, const std::vector<PostfixStep>& filters) {
  for (const PostfixStep& step : filters) {
    Result<Value> next = EvalFilter(value, step);
    if (!next.ok()) return At(step.offset, next.status());
    value = std::move(*next);
  }
  return value;
}

}  // namespace lemma::chat::jinja
