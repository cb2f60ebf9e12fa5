// SPDX-License-Identifier: Apache-2.0
// Filters of lists and mappings: their meaning is that of Jinja2's filters of the same name.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "chat/jinja/arguments.h"
#include "chat/jinja/filters.h"
#include "chat/jinja/operators.h"
#include "chat/jinja/text_ops.h"

namespace lemma::chat::jinja {
namespace {

Result<Value> Length(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  if (const MarkedText* text = operand.AsString()) {
    LEMMA_RETURN_IF_ERROR(context.budget.Bytes(text->size()));
    return Value::Int(CountCodePoints(text->bytes()));
  }
  if (const Array* items = operand.AsArray()) {
    return Value::Int(static_cast<int64_t>(items->size()));
  }
  if (const Object* members = operand.AsObject()) {
    return Value::Int(static_cast<int64_t>(members->size()));
  }
  if (operand.IsUndefined() && context.IsPython()) return Value::Int(0);
  return InvalidArgument(fmt::format("{} has no length", operand.KindName()));
}

Result<Value> First(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  LEMMA_ASSIGN_OR_RETURN(const Array items, Iterate(context, operand));
  return items.empty() ? Value() : items.front();
}

Result<Value> Last(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  LEMMA_ASSIGN_OR_RETURN(const Array items, Iterate(context, operand));
  return items.empty() ? Value() : items.back();
}

Result<Value> ToList(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  LEMMA_ASSIGN_OR_RETURN(Array items, Iterate(context, operand));
  return MakeList(context, std::move(items));
}

Result<Value> Reverse(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  if (operand.IsString()) {
    return Slice(context, operand, {Value(), Value(), Value::Int(-1)});
  }
  LEMMA_ASSIGN_OR_RETURN(Array items, Iterate(context, operand));
  std::reverse(items.begin(), items.end());
  return MakeList(context, std::move(items));
}

Result<Value> Join(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"d", "attribute"}));
  LEMMA_ASSIGN_OR_RETURN(const Array items, Iterate(context, operand));
  const Value* between = FindArgument(arguments, {0, "d"});
  const Value* attribute = FindArgument(arguments, {1, "attribute"});
  MarkedText separator;
  if (between != nullptr) {
    LEMMA_ASSIGN_OR_RETURN(separator, TextOperand(context, *between));
  }
  MarkedText out;
  for (size_t i = 0; i < items.size(); ++i) {
    Value item = items[i];
    if (attribute != nullptr && !attribute->IsNull()) {
      LEMMA_ASSIGN_OR_RETURN(item, FollowPath(context, item, *attribute));
    }
    LEMMA_ASSIGN_OR_RETURN(const MarkedText text, ToText(context, item));
    LEMMA_RETURN_IF_ERROR(context.budget.Bytes(separator.size() + text.size()));
    if (i > 0) out.Append(separator);
    out.Append(text);
    if (out.size() > context.budget.limits().output_bytes) break;
  }
  return MakeString(context, std::move(out));
}

// What is left of a call after `count` positional arguments.
Arguments Rest(const Arguments& arguments, size_t count) {
  Arguments rest;
  for (size_t i = count; i < arguments.positional.size(); ++i) {
    rest.positional.push_back(arguments.positional[i]);
  }
  rest.named = arguments.named;
  return rest;
}

Result<Value> MapAttribute(const Context& context, const Array& items, const Value& attribute,
                           const Arguments& arguments) {
  const Value* fallback = FindArgument(arguments, {SIZE_MAX, "default"});
  Array out;
  for (const Value& item : items) {
    LEMMA_RETURN_IF_ERROR(context.budget.Steps(1));
    LEMMA_ASSIGN_OR_RETURN(Value value, FollowPath(context, item, attribute));
    if (value.IsUndefined() && fallback != nullptr) value = *fallback;
    out.push_back(std::move(value));
  }
  return MakeList(context, std::move(out));
}

// As in Jinja2, map and select give nothing for none and undefined.
Result<Array> IterateOrNothing(const Context& context, const Value& operand) {
  if (operand.IsNull() || operand.IsUndefined()) return Array();
  return Iterate(context, operand);
}

Result<Value> Map(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_ASSIGN_OR_RETURN(const Array items, IterateOrNothing(context, operand));
  const Value* attribute = FindArgument(arguments, {SIZE_MAX, "attribute"});
  if (attribute != nullptr) return MapAttribute(context, items, *attribute, arguments);
  LEMMA_ASSIGN_OR_RETURN(const Value name, RequiredArgument(arguments, {0, "filter"}));
  const Filter filter = name.IsString() ? FindFilter(name.AsString()->bytes()) : nullptr;
  if (filter == nullptr || filter == Filter(Map)) {
    return InvalidArgument("needs 'attribute' or the name of a filter");
  }
  const Arguments rest = Rest(arguments, 1);
  Array out;
  for (const Value& item : items) {
    LEMMA_RETURN_IF_ERROR(context.budget.Steps(1));
    LEMMA_ASSIGN_OR_RETURN(Value value, filter(context, item, rest));
    out.push_back(std::move(value));
  }
  return MakeList(context, std::move(out));
}

enum class Keep { kPassing, kFailing };

// Filters `operand` by a test named in arguments[first_argument], of the item or of its
// `attribute`.
Result<Value> Filtered(const Context& context, const Value& operand, const Arguments& arguments,
                       const Value* attribute, Keep keep) {
  LEMMA_ASSIGN_OR_RETURN(const Array items, IterateOrNothing(context, operand));
  const size_t place = attribute == nullptr ? 0 : 1;
  const Value* name = FindArgument(arguments, {place, ""});
  Test test = nullptr;
  if (name != nullptr) {
    test = name->IsString() ? FindTest(name->AsString()->bytes()) : nullptr;
    if (test == nullptr) return InvalidArgument("needs the name of a test");
  }
  const Arguments rest = Rest(arguments, place + 1);
  Array out;
  for (const Value& item : items) {
    LEMMA_RETURN_IF_ERROR(context.budget.Steps(1));
    Value subject = item;
    if (attribute != nullptr) {
      LEMMA_ASSIGN_OR_RETURN(subject, FollowPath(context, item, *attribute));
    }
    bool holds = subject.Truthy();
    if (test != nullptr) {
      LEMMA_ASSIGN_OR_RETURN(holds, test(context, subject, rest));
    }
    if (holds == (keep == Keep::kPassing)) out.push_back(item);
  }
  return MakeList(context, std::move(out));
}

template <Keep kKeep>
Result<Value> Select(const Context& context, const Value& operand, const Arguments& arguments) {
  return Filtered(context, operand, arguments, nullptr, kKeep);
}

template <Keep kKeep>
Result<Value> SelectAttribute(const Context& context, const Value& operand,
                              const Arguments& arguments) {
  LEMMA_ASSIGN_OR_RETURN(const Value attribute, RequiredArgument(arguments, {0, "attribute"}));
  return Filtered(context, operand, arguments, &attribute, kKeep);
}

Result<Value> Items(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  if (operand.IsUndefined() && context.IsPython()) return Value::List({});
  if (operand.AsObject() == nullptr) {
    return InvalidArgument(fmt::format("needs a mapping, not {}", operand.KindName()));
  }
  return CallMethod(context, operand, "items", {});
}

// The key by which sort, unique, min and max see an item.
Result<Value> SortKey(const Context& context, const Value& item, const Value* attribute,
                      bool case_sensitive) {
  Value key = item;
  if (attribute != nullptr && !attribute->IsNull()) {
    LEMMA_ASSIGN_OR_RETURN(key, FollowPath(context, item, *attribute));
  }
  if (!case_sensitive && key.IsString()) {
    LEMMA_RETURN_IF_ERROR(context.budget.Bytes(key.AsString()->size()));
    return Value::String(ChangeCase(*key.AsString(), LetterCase::kLower));
  }
  return key;
}

struct Keyed {
  Value key;
  Value item;
};

Result<Value> SortByKey(const Context& context, std::vector<Keyed> entries, bool reverse) {
  Status failure;
  std::stable_sort(entries.begin(), entries.end(), [&](const Keyed& a, const Keyed& b) {
    if (!failure.ok()) return false;
    const Result<int> order = reverse ? Order(context, b.key, a.key) : Order(context, a.key, b.key);
    if (!order.ok()) failure = order.status();
    return order.ok() && *order < 0;
  });
  LEMMA_RETURN_IF_ERROR(failure);
  Array out;
  out.reserve(entries.size());
  for (Keyed& entry : entries) out.push_back(std::move(entry.item));
  return MakeList(context, std::move(out));
}

Result<Value> Sort(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"reverse", "case_sensitive", "attribute"}));
  LEMMA_ASSIGN_OR_RETURN(const Array items, Iterate(context, operand));
  std::vector<Keyed> entries;
  for (const Value& item : items) {
    LEMMA_ASSIGN_OR_RETURN(Value key,
                           SortKey(context, item, FindArgument(arguments, {2, "attribute"}),
                                   FlagArgument(arguments, {1, "case_sensitive"})));
    entries.push_back({std::move(key), item});
  }
  return SortByKey(context, std::move(entries), FlagArgument(arguments, {0, "reverse"}));
}

Result<Value> DictSort(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"case_sensitive", "by", "reverse"}));
  LEMMA_ASSIGN_OR_RETURN(const auto by, StringArgument(arguments, {1, "by"}));
  const std::string column = by ? by->bytes() : "key";
  if (column != "key" && column != "value") {
    return InvalidArgument("'by' must be 'key' or 'value'");
  }
  LEMMA_ASSIGN_OR_RETURN(const Value pairs, Items(context, operand, {}));
  std::vector<Keyed> entries;
  const Value index = Value::Int(column == "key" ? 0 : 1);
  for (const Value& pair : *pairs.AsArray()) {
    LEMMA_ASSIGN_OR_RETURN(
        Value key, SortKey(context, pair, &index, FlagArgument(arguments, {0, "case_sensitive"})));
    entries.push_back({std::move(key), pair});
  }
  return SortByKey(context, std::move(entries), FlagArgument(arguments, {2, "reverse"}));
}

Result<Value> Unique(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"case_sensitive", "attribute"}));
  LEMMA_ASSIGN_OR_RETURN(const Array items, Iterate(context, operand));
  Array keys;
  Array out;
  for (const Value& item : items) {
    LEMMA_ASSIGN_OR_RETURN(Value key,
                           SortKey(context, item, FindArgument(arguments, {1, "attribute"}),
                                   FlagArgument(arguments, {0, "case_sensitive"})));
    bool seen = false;
    for (size_t i = 0; i < keys.size() && !seen; ++i) {
      LEMMA_ASSIGN_OR_RETURN(seen, Equal(context, keys[i], key));
    }
    if (seen) continue;
    keys.push_back(std::move(key));
    out.push_back(item);
  }
  return MakeList(context, std::move(out));
}

enum class Extreme { kLeast, kGreatest };

template <Extreme kWhich>
Result<Value> Extremum(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"case_sensitive", "attribute"}));
  LEMMA_ASSIGN_OR_RETURN(const Array items, Iterate(context, operand));
  Value best;
  Value best_key;
  for (const Value& item : items) {
    LEMMA_ASSIGN_OR_RETURN(Value key,
                           SortKey(context, item, FindArgument(arguments, {1, "attribute"}),
                                   FlagArgument(arguments, {0, "case_sensitive"})));
    int order = kWhich == Extreme::kLeast ? -1 : 1;
    if (&item != &items.front()) {
      LEMMA_ASSIGN_OR_RETURN(order, Order(context, key, best_key));
    }
    if (kWhich == Extreme::kLeast ? order < 0 : order > 0) {
      best = item;
      best_key = std::move(key);
    }
  }
  return best;
}

Result<Value> Sum(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"attribute", "start"}));
  LEMMA_ASSIGN_OR_RETURN(const Array items, Iterate(context, operand));
  const Value* attribute = FindArgument(arguments, {0, "attribute"});
  const Value* start = FindArgument(arguments, {1, "start"});
  Value total = start == nullptr ? Value::Int(0) : *start;
  for (const Value& item : items) {
    LEMMA_RETURN_IF_ERROR(context.budget.Steps(1));
    LEMMA_ASSIGN_OR_RETURN(const Value term, SortKey(context, item, attribute, true));
    LEMMA_ASSIGN_OR_RETURN(total, ApplyBinary(context, BinaryOp::kAdd, total, term));
  }
  return total;
}

Result<Value> Attribute(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"name"}));
  LEMMA_ASSIGN_OR_RETURN(const Value name, RequiredArgument(arguments, {0, "name"}));
  return Subscript(context, operand, name);
}

constexpr std::array<NamedFilter, 20> kListFilters = {
    {{"attr", Attribute},
     {"count", Length},
     {"dictsort", DictSort},
     {"first", First},
     {"items", Items},
     {"join", Join},
     {"last", Last},
     {"length", Length},
     {"list", ToList},
     {"map", Map},
     {"max", Extremum<Extreme::kGreatest>},
     {"min", Extremum<Extreme::kLeast>},
     {"reject", Select<Keep::kFailing>},
     {"rejectattr", SelectAttribute<Keep::kFailing>},
     {"reverse", Reverse},
     {"select", Select<Keep::kPassing>},
     {"selectattr", SelectAttribute<Keep::kPassing>},
     {"sort", Sort},
     {"sum", Sum},
     {"unique", Unique}}};

}  // namespace

Filter FindListFilter(std::string_view name) {
  const auto* found = std::find_if(kListFilters.begin(), kListFilters.end(),
                                   [&](const NamedFilter& entry) { return entry.name == name; });
  return found == kListFilters.end() ? nullptr : found->filter;
}

}  // namespace lemma::chat::jinja
