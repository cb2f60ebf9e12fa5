// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/operators.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "chat/jinja/filters.h"
#include "chat/jinja/json.h"
#include "chat/jinja/text_ops.h"

namespace lemma::chat::jinja {
namespace {

using Kind = Value::Kind;

constexpr size_t kSearchBlock = 64;  // bytes compared for the price of one step

std::string_view Spelling(BinaryOp op) {
  static constexpr std::string_view kNames[] = {"+", "-", "~", "*", "/", "//", "%", "**"};
  return kNames[static_cast<size_t>(op)];
}

Status Mismatch(std::string_view op, const Value& left, const Value& right) {
  return InvalidArgument(
      fmt::format("'{}' does not work on {} and {}", op, left.KindName(), right.KindName()));
}

// Booleans count as 0 and 1, as in Python.
std::optional<int64_t> AsInteger(const Value& value) {
  if (const int64_t* integer = value.AsInt()) return *integer;
  if (const bool* boolean = value.AsBool()) return *boolean ? 1 : 0;
  return std::nullopt;
}

std::optional<double> AsNumber(const Value& value) {
  if (const double* number = value.AsDouble()) return *number;
  if (const auto integer = AsInteger(value)) return static_cast<double>(*integer);
  return std::nullopt;
}

Status Overflow() { return InvalidArgument("an integer beyond 64 bits"); }

Result<Value> IntegerPower(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    return Value::Double(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  int64_t result = 1;
  for (int64_t left = exponent; left > 0; left >>= 1) {
    if ((left & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return Overflow();
    if (left > 1 && __builtin_mul_overflow(base, base, &base)) return Overflow();
  }
  return Value::Int(result);
}

Result<Value> IntegerArithmetic(BinaryOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  const bool division =
      op == BinaryOp::kDivide || op == BinaryOp::kFloorDivide || op == BinaryOp::kModulo;
  if (division && b == 0) return InvalidArgument("division by zero");
  switch (op) {
    case BinaryOp::kAdd:
      return __builtin_add_overflow(a, b, &result) ? Result<Value>(Overflow()) : Value::Int(result);
    case BinaryOp::kSubtract:
      return __builtin_sub_overflow(a, b, &result) ? Result<Value>(Overflow()) : Value::Int(result);
    case BinaryOp::kMultiply:
      return __builtin_mul_overflow(a, b, &result) ? Result<Value>(Overflow()) : Value::Int(result);
    case BinaryOp::kDivide:
      return Value::Double(static_cast<double>(a) / static_cast<double>(b));
    case BinaryOp::kFloorDivide:
      if (b == -1) return IntegerArithmetic(BinaryOp::kSubtract, 0, a);
      return Value::Int(a / b - ((a % b != 0) && ((a < 0) != (b < 0)) ? 1 : 0));
    case BinaryOp::kModulo:
      if (b == -1) return Value::Int(0);
      return Value::Int(a % b + ((a % b != 0) && ((a < 0) != (b < 0)) ? b : 0));
    case BinaryOp::kPower:
      return IntegerPower(a, b);
    case BinaryOp::kConcat:
      break;
  }
  return InternalError("no such integer operator");
}

Result<Value> FloatArithmetic(BinaryOp op, double a, double b) {
  const bool division =
      op == BinaryOp::kDivide || op == BinaryOp::kFloorDivide || op == BinaryOp::kModulo;
  if (division && b == 0) return InvalidArgument("division by zero");
  switch (op) {
    case BinaryOp::kAdd:
      return Value::Double(a + b);
    case BinaryOp::kSubtract:
      return Value::Double(a - b);
    case BinaryOp::kMultiply:
      return Value::Double(a * b);
    case BinaryOp::kDivide:
      return Value::Double(a / b);
    case BinaryOp::kFloorDivide:
      return Value::Double(std::floor(a / b));
    case BinaryOp::kModulo: {
      const double rest = std::fmod(a, b);
      return Value::Double(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
    }
    case BinaryOp::kPower:
      return Value::Double(std::pow(a, b));
    case BinaryOp::kConcat:
      break;
  }
  return InternalError("no such float operator");
}

Result<Value> Concatenate(const Context& context, const Value& left, const Value& right) {
  for (const Value* side : {&left, &right}) {
    if (!context.IsPython() && (side->IsNull() || side->IsUndefined())) {
      return Mismatch("~", left, right);
    }
  }
  LEMMA_ASSIGN_OR_RETURN(MarkedText text, ToText(context, left));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText tail, ToText(context, right));
  text.Append(tail);
  return MakeString(context, std::move(text));
}

// The reference lets + join a string with a number or a boolean, too.
bool JoinsWithString(const Value& value) {
  return value.IsString() || value.IsNumber() || value.AsBool() != nullptr;
}

Result<Value> Repeat(const Context& context, const Value& sequence, int64_t count) {
  const size_t times = static_cast<size_t>(std::max<int64_t>(count, 0));
  const Array* items = sequence.AsArray();
  const size_t size = items != nullptr ? items->size() : sequence.AsString()->size();
  size_t total = 0;
  if (__builtin_mul_overflow(size, times, &total)) total = std::numeric_limits<size_t>::max();
  if (items == nullptr) {
    LEMMA_RETURN_IF_ERROR(context.budget.StringLength(total));
    MarkedText text;
    for (size_t i = 0; size > 0 && i < times; ++i) text.Append(*sequence.AsString());
    return Value::String(std::move(text));
  }
  LEMMA_RETURN_IF_ERROR(context.budget.Steps(
      static_cast<int64_t>(std::min<size_t>(total, std::numeric_limits<int32_t>::max()))));
  Array out;
  for (size_t i = 0; size > 0 && i < times; ++i) {
    out.insert(out.end(), items->begin(), items->end());
  }
  return MakeList(context, std::move(out));
}

Result<Value> SequenceArithmetic(const Context& context, BinaryOp op, const Value& left,
                                 const Value& right) {
  if (op == BinaryOp::kAdd && left.AsArray() != nullptr && right.AsArray() != nullptr) {
    Array items = *left.AsArray();
    items.insert(items.end(), right.AsArray()->begin(), right.AsArray()->end());
    return MakeList(context, std::move(items));
  }
  const bool strings = left.IsString() && right.IsString();
  const bool joins = (left.IsString() || right.IsString()) && JoinsWithString(left) &&
                     JoinsWithString(right) && !context.IsPython();
  if (op == BinaryOp::kAdd && (strings || joins)) return Concatenate(context, left, right);
  if (op == BinaryOp::kModulo && left.IsString()) {
    Arguments arguments;
    arguments.positional = right.IsTuple() ? *right.AsArray() : Array{right};
    return FormatPercent(context, left, arguments);
  }
  if (op == BinaryOp::kMultiply) {
    const auto is_sequence = [](const Value& v) { return v.IsString() || v.AsArray() != nullptr; };
    if (is_sequence(left) && AsInteger(right)) return Repeat(context, left, *AsInteger(right));
    if (is_sequence(right) && AsInteger(left)) return Repeat(context, right, *AsInteger(left));
  }
  return Mismatch(Spelling(op), left, right);
}

Result<bool> EqualArrays(const Context& context, const Array& left, const Array& right) {
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    LEMMA_ASSIGN_OR_RETURN(const bool same, Equal(context, left[i], right[i]));
    if (!same) return false;
  }
  return true;
}

Result<bool> EqualObjects(const Context& context, const Value& left, const Value& right) {
  if (left.AsObject()->size() != right.AsObject()->size()) return false;
  for (const Member& member : *left.AsObject()) {
    LEMMA_RETURN_IF_ERROR(context.budget.Steps(static_cast<int64_t>(right.AsObject()->size())));
    const Value* other = right.Find(member.key.bytes());
    if (other == nullptr) return false;
    LEMMA_ASSIGN_OR_RETURN(const bool same, Equal(context, member.value, *other));
    if (!same) return false;
  }
  return true;
}

int Sign(int order) { return order < 0 ? -1 : (order > 0 ? 1 : 0); }

}  // namespace

Status PayForSearch(const Context& context, std::string_view text, std::string_view wanted) {
  const size_t cost = (text.size() / kSearchBlock + 1) * (wanted.size() / kSearchBlock + 1);
  return context.budget.Steps(static_cast<int64_t>(cost));
}

Result<Value> ApplyUnary(UnaryOp op, const Value& operand) {
  if (op == UnaryOp::kNot) return Value::Bool(!operand.Truthy());
  if (const double* number = operand.AsDouble()) {
    return Value::Double(op == UnaryOp::kMinus ? -*number : *number);
  }
  const auto integer = AsInteger(operand);
  if (!integer) {
    return InvalidArgument(fmt::format("a sign does not work on {}", operand.KindName()));
  }
  if (op == UnaryOp::kPlus) return Value::Int(*integer);
  return IntegerArithmetic(BinaryOp::kSubtract, 0, *integer);
}

Result<Value> ApplyBinary(const Context& context, BinaryOp op, const Value& left,
                          const Value& right) {
  if (op == BinaryOp::kConcat) return Concatenate(context, left, right);
  const auto a = AsInteger(left);
  const auto b = AsInteger(right);
  if (a && b) return IntegerArithmetic(op, *a, *b);
  const auto x = AsNumber(left);
  const auto y = AsNumber(right);
  if (x && y) return FloatArithmetic(op, *x, *y);
  return SequenceArithmetic(context, op, left, right);
}

Result<bool> Equal(const Context& context, const Value& left, const Value& right) {
  LEMMA_RETURN_IF_ERROR(context.budget.Steps(1));
  const auto a = AsInteger(left);
  const auto b = AsInteger(right);
  if (a && b) return *a == *b;
  const auto x = AsNumber(left);
  const auto y = AsNumber(right);
  if (x && y) return *x == *y;
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::kUndefined:
    case Kind::kNull:
      return true;
    case Kind::kString:
      LEMMA_RETURN_IF_ERROR(PayForSearch(context, left.AsString()->bytes(), {}));
      return left.AsString()->bytes() == right.AsString()->bytes();
    case Kind::kArray:
      if (left.IsTuple() != right.IsTuple()) return false;
      return EqualArrays(context, *left.AsArray(), *right.AsArray());
    case Kind::kObject:
      return EqualObjects(context, left, right);
    case Kind::kNamespace:
      return left.AsNamespace() == right.AsNamespace();
    case Kind::kCallable:
      return left.AsCallable() == right.AsCallable();
    default:
      return false;
  }
}

Result<int> Order(const Context& context, const Value& left, const Value& right) {
  LEMMA_RETURN_IF_ERROR(context.budget.Steps(1));
  const auto a = AsInteger(left);
  const auto b = AsInteger(right);
  if (a && b) return *a < *b ? -1 : (*a > *b ? 1 : 0);
  const auto x = AsNumber(left);
  const auto y = AsNumber(right);
  if (x && y) return *x < *y ? -1 : (*x > *y ? 1 : 0);
  if (left.IsString() && right.IsString()) {
    LEMMA_RETURN_IF_ERROR(PayForSearch(context, left.AsString()->bytes(), {}));
    return Sign(left.AsString()->bytes().compare(right.AsString()->bytes()));
  }
  const Array* first = left.AsArray();
  const Array* second = right.AsArray();
  if (first == nullptr || second == nullptr) return Mismatch("<", left, right);
  for (size_t i = 0; i < std::min(first->size(), second->size()); ++i) {
    LEMMA_ASSIGN_OR_RETURN(const bool same, Equal(context, (*first)[i], (*second)[i]));
    if (!same) return Order(context, (*first)[i], (*second)[i]);
  }
  return first->size() < second->size() ? -1 : (first->size() > second->size() ? 1 : 0);
}

Result<bool> Contains(const Context& context, const Value& container, const Value& item) {
  if (container.IsUndefined()) return false;
  if (const Array* items = container.AsArray()) {
    for (const Value& candidate : *items) {
      LEMMA_ASSIGN_OR_RETURN(const bool same, Equal(context, candidate, item));
      if (same) return true;
    }
    return false;
  }
  if (container.AsObject() != nullptr || container.AsNamespace() != nullptr) {
    if (!item.IsString()) return false;
    LEMMA_ASSIGN_OR_RETURN(const Value found, Subscript(context, container, item));
    return !found.IsUndefined() || container.Find(item.AsString()->bytes()) != nullptr;
  }
  if (!container.IsString() || !item.IsString()) return Mismatch("in", item, container);
  const std::string& text = container.AsString()->bytes();
  const std::string& wanted = item.AsString()->bytes();
  LEMMA_RETURN_IF_ERROR(PayForSearch(context, text, wanted));
  return text.find(wanted) != std::string::npos;
}

Result<bool> ApplyCompare(const Context& context, CompareOp op, const Value& left,
                          const Value& right) {
  if (op == CompareOp::kIn || op == CompareOp::kNotIn) {
    LEMMA_ASSIGN_OR_RETURN(const bool found, Contains(context, right, left));
    return found == (op == CompareOp::kIn);
  }
  if (op == CompareOp::kEqual || op == CompareOp::kNotEqual) {
    LEMMA_ASSIGN_OR_RETURN(const bool same, Equal(context, left, right));
    return same == (op == CompareOp::kEqual);
  }
  LEMMA_ASSIGN_OR_RETURN(const int order, Order(context, left, right));
  switch (op) {
    case CompareOp::kLess:
      return order < 0;
    case CompareOp::kLessEqual:
      return order <= 0;
    case CompareOp::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

Result<MarkedText> ToText(const Context& context, const Value& value) {
  const auto trusted = [](std::string text) {
    return MarkedText(std::move(text), Provenance::kTrusted);
  };
  switch (value.kind()) {
    case Kind::kUndefined:
      return MarkedText();
    case Kind::kString:
      return *value.AsString();
    case Kind::kNull:
      return trusted(context.IsPython() ? "None" : "");
    case Kind::kDouble:
      return trusted(DoubleText(*value.AsDouble()));
    default:
      return context.IsPython() ? ToRepr(context, value) : ToJson(context, value, {});
  }
}

}  // namespace lemma::chat::jinja
