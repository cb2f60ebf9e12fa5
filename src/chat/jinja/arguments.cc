// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "chat/jinja/operators.h"

namespace lemma::chat::jinja {
namespace {

bool IsAbsent(const Value* value) {
  return value == nullptr || value->IsNull() || value->IsUndefined();
}

}  // namespace

const Value* FindArgument(const Arguments& arguments, ParameterSlot slot) {
  if (slot.index < arguments.positional.size()) return &arguments.positional[slot.index];
  for (const Keyword& keyword : arguments.named) {
    if (keyword.name == slot.name) return &keyword.value;
  }
  return nullptr;
}

Status CheckArguments(const Arguments& arguments, std::initializer_list<std::string_view> names) {
  if (arguments.positional.size() > names.size()) {
    return InvalidArgument(fmt::format("takes at most {} arguments, got {}", names.size(),
                                       arguments.positional.size()));
  }
  for (const Keyword& keyword : arguments.named) {
    if (std::find(names.begin(), names.end(), keyword.name) == names.end()) {
      return InvalidArgument(fmt::format("takes no argument '{}'", keyword.name));
    }
  }
  return OkStatus();
}

Result<Value> RequiredArgument(const Arguments& arguments, ParameterSlot slot) {
  const Value* value = FindArgument(arguments, slot);
  if (value == nullptr) return InvalidArgument(fmt::format("needs the argument '{}'", slot.name));
  return *value;
}

Result<std::optional<int64_t>> IntegerArgument(const Arguments& arguments, ParameterSlot slot) {
  const Value* value = FindArgument(arguments, slot);
  if (IsAbsent(value)) return std::optional<int64_t>();
  if (const int64_t* integer = value->AsInt()) return std::optional<int64_t>(*integer);
  if (const bool* boolean = value->AsBool()) return std::optional<int64_t>(*boolean ? 1 : 0);
  return InvalidArgument(
      fmt::format("'{}' must be an integer, not {}", slot.name, value->KindName()));
}

Result<std::optional<MarkedText>> StringArgument(const Arguments& arguments, ParameterSlot slot) {
  const Value* value = FindArgument(arguments, slot);
  if (IsAbsent(value)) return std::optional<MarkedText>();
  if (const MarkedText* text = value->AsString()) return std::optional<MarkedText>(*text);
  return InvalidArgument(
      fmt::format("'{}' must be a string, not {}", slot.name, value->KindName()));
}

bool FlagArgument(const Arguments& arguments, ParameterSlot slot) {
  const Value* value = FindArgument(arguments, slot);
  return value != nullptr && value->Truthy();
}

Result<MarkedText> TextOperand(const Context& context, const Value& operand) {
  const bool scalar = operand.IsString() || operand.IsNumber() || operand.AsBool() != nullptr;
  if (scalar || context.IsPython()) return ToText(context, operand);
  return InvalidArgument(fmt::format("needs a string, not {}", operand.KindName()));
}

Result<Value> FollowPath(const Context& context, const Value& item, const Value& path) {
  if (path.IsInt()) return Subscript(context, item, path);
  if (!path.IsString()) {
    return InvalidArgument(
        fmt::format("'attribute' must be a string or an integer, not {}", path.KindName()));
  }
  Value value = item;
  std::string_view rest = path.AsString()->bytes();
  while (true) {
    LEMMA_RETURN_IF_ERROR(context.budget.Steps(1));
    const size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view part = rest.substr(0, dot);
    int64_t index = 0;
    const auto read = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool is_index = read.ec == std::errc() && read.ptr == part.data() + part.size();
    LEMMA_ASSIGN_OR_RETURN(value, Subscript(context, value,
                                            is_index && value.AsArray() != nullptr
                                                ? Value::Int(index)
                                                : Value::Trusted(std::string(part))));
    if (dot == rest.size()) return value;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace lemma::chat::jinja
