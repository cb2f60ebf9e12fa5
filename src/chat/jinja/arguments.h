// SPDX-License-Identifier: Apache-2.0
// Reads the arguments of builtins by place or by name, with errors that name them. Internal.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "chat/jinja/budget.h"
#include "chat/jinja/callable.h"
#include "chat/jinja/value.h"

namespace lemma::chat::jinja {

// A parameter: its place in the call and its name.
struct ParameterSlot {
  size_t index;
  std::string_view name;
};

// Null if it was not given.
const Value* FindArgument(const Arguments& arguments, ParameterSlot slot);
// Error if there are more arguments than `names`, or a named one that is not among them.
Status CheckArguments(const Arguments& arguments, std::initializer_list<std::string_view> names);
Result<Value> RequiredArgument(const Arguments& arguments, ParameterSlot slot);
// None and undefined read as absent.
Result<std::optional<int64_t>> IntegerArgument(const Arguments& arguments, ParameterSlot slot);
Result<std::optional<MarkedText>> StringArgument(const Arguments& arguments, ParameterSlot slot);
bool FlagArgument(const Arguments& arguments, ParameterSlot slot);

// The operand of a string filter. Numbers and booleans read as they print; none, undefined and
// containers are an error, except in Dialect::kPython.
Result<MarkedText> TextOperand(const Context& context, const Value& operand);
// item.a.b.0 for the path "a.b.0", or item[0] for an integer; undefined if it is not there.
Result<Value> FollowPath(const Context& context, const Value& item, const Value& path);

}  // namespace lemma::chat::jinja
