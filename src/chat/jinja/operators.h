// SPDX-License-Identifier: Apache-2.0
// The operators of the language on values, with Python's meaning; strings keep their marks.
// Errors: kInvalidArgument for kinds that do not fit, kResourceExhausted for a limit. Internal.
#pragma once

#include <string_view>

#include "base/status.h"
#include "chat/jinja/ast.h"
#include "chat/jinja/budget.h"
#include "chat/jinja/value.h"

namespace lemma::chat::jinja {

inline constexpr size_t kMembersPerStep = 16;  // keys compared for the price of one step

// Pays for looking for `wanted` in `text`, which may compare each place of one with all of the
// other.
Status PayForSearch(const Context& context, std::string_view text, std::string_view wanted);

Result<Value> ApplyUnary(UnaryOp op, const Value& operand);
Result<Value> ApplyBinary(const Context& context, BinaryOp op, const Value& left,
                          const Value& right);
Result<bool> ApplyCompare(const Context& context, CompareOp op, const Value& left,
                          const Value& right);
Result<bool> Equal(const Context& context, const Value& left, const Value& right);
// < 0, 0 or > 0, for values that have an order.
Result<int> Order(const Context& context, const Value& left, const Value& right);
Result<bool> Contains(const Context& context, const Value& container, const Value& item);

// container[index]; undefined if it is not there.
Result<Value> Subscript(const Context& context, const Value& container, const Value& index);
// container[start:stop:step]; undefined or none for a bound that is absent.
Result<Value> Slice(const Context& context, const Value& container, const Array& bounds);
// The items of a list, the keys of a mapping, the code points of a string.
Result<Array> Iterate(const Context& context, const Value& value);

// How a value reads when it is printed.
Result<MarkedText> ToText(const Context& context, const Value& value);

}  // namespace lemma::chat::jinja
