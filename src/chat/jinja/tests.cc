// SPDX-License-Identifier: Apache-2.0
// The tests of `x is name`, after Jinja2's.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "chat/jinja/arguments.h"
#include "chat/jinja/filters.h"
#include "chat/jinja/operators.h"
#include "chat/jinja/text_ops.h"

namespace lemma::chat::jinja {
namespace {

using Kind = Value::Kind;
using Held = bool (*)(const Value&);

template <Held kHolds>
Result<bool> Simple(const Context&, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  return kHolds(operand);
}

bool IsDefined(const Value& v) { return !v.IsUndefined(); }
bool IsUndefined(const Value& v) { return v.IsUndefined(); }
bool IsNone(const Value& v) { return v.IsNull(); }
bool IsTrue(const Value& v) { return v.AsBool() != nullptr && *v.AsBool(); }
bool IsFalse(const Value& v) { return v.AsBool() != nullptr && !*v.AsBool(); }
bool IsBoolean(const Value& v) { return v.AsBool() != nullptr; }
bool IsInteger(const Value& v) { return v.IsInt(); }
bool IsFloat(const Value& v) { return v.kind() == Kind::kDouble; }
bool IsNumber(const Value& v) { return v.IsNumber() || IsBoolean(v); }
bool IsString(const Value& v) { return v.IsString(); }
bool IsMapping(const Value& v) { return v.AsObject() != nullptr; }
bool IsCallable(const Value& v) { return v.AsCallable() != nullptr; }
bool IsSequence(const Value& v) {
  return v.IsString() || v.AsArray() != nullptr || v.AsObject() != nullptr;
}

Result<bool> IsIterable(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  return IsSequence(operand) || (operand.IsUndefined() && context.IsPython());
}

Result<int64_t> IntegerOperand(const Value& value) {
  if (value.IsInt()) return *value.AsInt();
  return InvalidArgument(fmt::format("needs an integer, not {}", value.KindName()));
}

Result<bool> IsDivisibleBy(const Context&, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"num"}));
  LEMMA_ASSIGN_OR_RETURN(const Value divisor, RequiredArgument(arguments, {0, "num"}));
  LEMMA_ASSIGN_OR_RETURN(const int64_t number, IntegerOperand(operand));
  LEMMA_ASSIGN_OR_RETURN(const int64_t by, IntegerOperand(divisor));
  if (by == 0) return InvalidArgument("division by zero");
  return by == -1 || number % by == 0;
}

Result<bool> IsOdd(const Context&, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  LEMMA_ASSIGN_OR_RETURN(const int64_t number, IntegerOperand(operand));
  return number % 2 != 0;
}

Result<bool> IsEven(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_ASSIGN_OR_RETURN(const bool odd, IsOdd(context, operand, arguments));
  return !odd;
}

template <LetterCase kCase>
Result<bool> HasCase(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  if (!operand.IsString()) return false;
  const MarkedText& text = *operand.AsString();
  LEMMA_RETURN_IF_ERROR(context.budget.Bytes(text.size()));
  return ChangeCase(text, kCase).bytes() == text.bytes();
}

template <CompareOp kOp>
Result<bool> Compared(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"other"}));
  LEMMA_ASSIGN_OR_RETURN(const Value other, RequiredArgument(arguments, {0, "other"}));
  return ApplyCompare(context, kOp, operand, other);
}

// `x is in (a, b)` parses as two arguments.
Result<bool> IsIn(const Context& context, const Value& operand, const Arguments& arguments) {
  if (arguments.positional.size() > 1) {
    return Contains(context, Value::Tuple(arguments.positional), operand);
  }
  LEMMA_ASSIGN_OR_RETURN(const Value container, RequiredArgument(arguments, {0, "seq"}));
  return Contains(context, container, operand);
}

Result<bool> IsSameAs(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"other"}));
  LEMMA_ASSIGN_OR_RETURN(const Value other, RequiredArgument(arguments, {0, "other"}));
  if (operand.kind() != other.kind()) return false;
  return Equal(context, operand, other);
}

Result<bool> IsFilter(const Context&, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  return operand.IsString() && FindFilter(operand.AsString()->bytes()) != nullptr;
}

Result<bool> IsTest(const Context&, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  return operand.IsString() && FindTest(operand.AsString()->bytes()) != nullptr;
}

struct NamedTest {
  std::string_view name;
  Test test;
};

constexpr NamedTest kTests[] = {{"!=", Compared<CompareOp::kNotEqual>},
                                {"<", Compared<CompareOp::kLess>},
                                {"<=", Compared<CompareOp::kLessEqual>},
                                {"==", Compared<CompareOp::kEqual>},
                                {">", Compared<CompareOp::kGreater>},
                                {">=", Compared<CompareOp::kGreaterEqual>},
                                {"boolean", Simple<IsBoolean>},
                                {"callable", Simple<IsCallable>},
                                {"defined", Simple<IsDefined>},
                                {"divisibleby", IsDivisibleBy},
                                {"eq", Compared<CompareOp::kEqual>},
                                {"equalto", Compared<CompareOp::kEqual>},
                                {"even", IsEven},
                                {"false", Simple<IsFalse>},
                                {"filter", IsFilter},
                                {"float", Simple<IsFloat>},
                                {"ge", Compared<CompareOp::kGreaterEqual>},
                                {"greaterthan", Compared<CompareOp::kGreater>},
                                {"gt", Compared<CompareOp::kGreater>},
                                {"in", IsIn},
                                {"integer", Simple<IsInteger>},
                                {"iterable", IsIterable},
                                {"le", Compared<CompareOp::kLessEqual>},
                                {"lessthan", Compared<CompareOp::kLess>},
                                {"lower", HasCase<LetterCase::kLower>},
                                {"lt", Compared<CompareOp::kLess>},
                                {"mapping", Simple<IsMapping>},
                                {"ne", Compared<CompareOp::kNotEqual>},
                                {"none", Simple<IsNone>},
                                {"number", Simple<IsNumber>},
                                {"odd", IsOdd},
                                {"sameas", IsSameAs},
                                {"sequence", Simple<IsSequence>},
                                {"string", Simple<IsString>},
                                {"test", IsTest},
                                {"true", Simple<IsTrue>},
                                {"undefined", Simple<IsUndefined>},
                                {"upper", HasCase<LetterCase::kUpper>}};

}  // namespace

Test FindTest(std::string_view name) {
  const auto* found = std::find_if(std::begin(kTests), std::end(kTests),
                                   [&](const NamedTest& entry) { return entry.name == name; });
  return found == std::end(kTests) ? nullptr : found->test;
}

}  // namespace lemma::chat::jinja
