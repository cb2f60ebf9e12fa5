// SPDX-License-Identifier: Apache-2.0
// The methods of strings, lists, mappings and the loop variable: Python's of the same name. Values
// are immutable here, as in the sandbox of the transformers library, so there is no append.
#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>

#include "base/utf8.h"
#include "chat/jinja/arguments.h"
#include "chat/jinja/filters.h"
#include "chat/jinja/operators.h"
#include "chat/jinja/text_ops.h"

namespace lemma::chat::jinja {
namespace {

using Kind = Value::Kind;

constexpr size_t kPieceBytes = sizeof(Value) + 2 * sizeof(MarkedText);  // of a split

Result<MarkedText> RequiredString(const Arguments& arguments, ParameterSlot slot) {
  LEMMA_ASSIGN_OR_RETURN(const auto text, StringArgument(arguments, slot));
  if (text) return *text;
  return InvalidArgument(fmt::format("needs the string '{}'", slot.name));
}

template <Side kSide>
Result<Value> StripMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"chars"}));
  LEMMA_ASSIGN_OR_RETURN(const auto chars, StringArgument(arguments, {0, "chars"}));
  const auto listed = chars ? std::optional<std::string_view>(chars->bytes()) : std::nullopt;
  return MakeString(context, Strip(*self.AsString(), kSide, listed));
}

Result<Value> ListOf(const Context& context, std::vector<MarkedText> texts) {
  Array items;
  items.reserve(texts.size());
  for (MarkedText& text : texts) items.push_back(Value::String(std::move(text)));
  return MakeList(context, std::move(items));
}

// The most pieces that a split could give.
size_t CountPieces(const MarkedText& text, const std::optional<MarkedText>& separator) {
  if (!separator) return text.size() / 2 + 1;
  size_t count = 1;
  for (size_t at = text.bytes().find(separator->bytes()); at != std::string::npos;
       at = text.bytes().find(separator->bytes(), at + separator->size())) {
    ++count;
  }
  return count;
}

template <Side kSide>
Result<Value> SplitMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"sep", "maxsplit"}));
  LEMMA_ASSIGN_OR_RETURN(const auto separator, StringArgument(arguments, {0, "sep"}));
  LEMMA_ASSIGN_OR_RETURN(const auto max_splits, IntegerArgument(arguments, {1, "maxsplit"}));
  if (separator && separator->empty()) return InvalidArgument("empty separator");
  const MarkedText& text = *self.AsString();
  if (separator) {
    LEMMA_RETURN_IF_ERROR(PayForSearch(context, text.bytes(), separator->bytes()));
  }
  LEMMA_RETURN_IF_ERROR(
      context.budget.Bytes(text.size() + CountPieces(text, separator) * kPieceBytes));
  const auto between =
      separator ? std::optional<std::string_view>(separator->bytes()) : std::nullopt;
  return ListOf(context, Split(text, between, max_splits.value_or(-1), kSide));
}

Result<Value> SplitLinesMethod(const Context& context, const Value& self,
                               const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  const MarkedText& text = *self.AsString();
  LEMMA_RETURN_IF_ERROR(context.budget.Bytes(text.size() * kPieceBytes));
  return ListOf(context, SplitLines(text));
}

bool HasAffix(std::string_view text, std::string_view affix, Side side) {
  if (affix.size() > text.size()) return false;
  return side == Side::kLeft ? text.substr(0, affix.size()) == affix
                             : text.substr(text.size() - affix.size()) == affix;
}

template <Side kSide>
Result<Value> AffixMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"affix"}));
  LEMMA_ASSIGN_OR_RETURN(const Value affix, RequiredArgument(arguments, {0, "affix"}));
  const Array choices = affix.AsArray() != nullptr ? *affix.AsArray() : Array{affix};
  for (const Value& choice : choices) {
    if (!choice.IsString()) {
      return InvalidArgument(
          fmt::format("needs a string or a tuple of strings, not {}", choice.KindName()));
    }
    LEMMA_RETURN_IF_ERROR(PayForSearch(context, choice.AsString()->bytes(), {}));
    if (HasAffix(self.AsString()->bytes(), choice.AsString()->bytes(), kSide)) {
      return Value::Bool(true);
    }
  }
  return Value::Bool(false);
}

template <Side kSide>
Result<Value> RemoveAffix(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"affix"}));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText affix, RequiredString(arguments, {0, "affix"}));
  const MarkedText& text = *self.AsString();
  if (!HasAffix(text.bytes(), affix.bytes(), kSide)) return self;
  const size_t begin = kSide == Side::kLeft ? affix.size() : 0;
  return MakeString(context, text.Slice(begin, text.size() - affix.size()));
}

template <LetterCase kTo>
Result<Value> CaseMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  return MakeString(context, ChangeCase(*self.AsString(), kTo));
}

Result<Value> ReplaceMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"old", "new", "count"}));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText old, RequiredString(arguments, {0, "old"}));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText replacement, RequiredString(arguments, {1, "new"}));
  LEMMA_ASSIGN_OR_RETURN(const auto count, IntegerArgument(arguments, {2, "count"}));
  LEMMA_RETURN_IF_ERROR(PayForSearch(context, self.AsString()->bytes(), old.bytes()));
  return MakeString(context, Replace(*self.AsString(), old.bytes(), replacement, count.value_or(-1),
                                     context.budget.limits().output_bytes));
}

Result<Value> JoinMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"iterable"}));
  LEMMA_ASSIGN_OR_RETURN(const Value items, RequiredArgument(arguments, {0, "iterable"}));
  Arguments separator;
  separator.positional.push_back(self);
  return FindFilter("join")(context, items, separator);
}

Result<Value> FindMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"sub"}));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText wanted, RequiredString(arguments, {0, "sub"}));
  const std::string& text = self.AsString()->bytes();
  LEMMA_RETURN_IF_ERROR(PayForSearch(context, text, wanted.bytes()));
  const size_t found = text.find(wanted.bytes());
  if (found == std::string::npos) return Value::Int(-1);
  return Value::Int(CountCodePoints(std::string_view(text).substr(0, found)));
}

Result<Value> CountMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"sub"}));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText wanted, RequiredString(arguments, {0, "sub"}));
  const MarkedText& text = *self.AsString();
  LEMMA_RETURN_IF_ERROR(PayForSearch(context, text.bytes(), wanted.bytes()));
  if (wanted.empty()) return Value::Int(CountCodePoints(text.bytes()) + 1);
  return Value::Int(static_cast<int64_t>(CountPieces(text, wanted)) - 1);
}

bool IsLetter(uint32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}
bool IsDigit(uint32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ND;
}
bool IsAlphanumeric(uint32_t c) { return IsLetter(c) || IsDigit(c); }

template <bool (*kHolds)(uint32_t)>
Result<Value> EveryMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  const MarkedText& text = *self.AsString();
  LEMMA_RETURN_IF_ERROR(context.budget.Bytes(text.size()));
  bool every = !text.empty();
  ForEachCodePoint(text.bytes(), [&](size_t, size_t, uint32_t c) {
    every = every && c != kInvalidUtf8 && kHolds(c);
  });
  return Value::Bool(every);
}

template <LetterCase kCase>
Result<Value> IsCaseMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  const MarkedText& text = *self.AsString();
  LEMMA_RETURN_IF_ERROR(context.budget.Bytes(2 * text.size()));
  const std::string upper = ChangeCase(text, LetterCase::kUpper).bytes();
  const std::string lower = ChangeCase(text, LetterCase::kLower).bytes();
  const bool cased = upper != lower;
  return Value::Bool(cased && text.bytes() == (kCase == LetterCase::kUpper ? upper : lower));
}

Result<Value> GetMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"key", "default"}));
  LEMMA_ASSIGN_OR_RETURN(const Value key, RequiredArgument(arguments, {0, "key"}));
  LEMMA_ASSIGN_OR_RETURN(Value found, Subscript(context, self, key));
  if (!found.IsUndefined()) return found;
  const Value* fallback = FindArgument(arguments, {1, "default"});
  return fallback == nullptr ? Value::Null() : *fallback;
}

Result<Value> ItemsMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  LEMMA_RETURN_IF_ERROR(context.budget.Bytes(self.AsObject()->size() * kPieceBytes));
  Array pairs;
  for (const Member& member : *self.AsObject()) {
    LEMMA_ASSIGN_OR_RETURN(
        Value pair, CheckedDepth(context, Value::Tuple({Value::String(member.key), member.value})));
    pairs.push_back(std::move(pair));
  }
  return MakeList(context, std::move(pairs));
}

Result<Value> KeysMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  LEMMA_ASSIGN_OR_RETURN(Array keys, Iterate(context, self));
  return MakeList(context, std::move(keys));
}

Result<Value> ValuesMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  LEMMA_RETURN_IF_ERROR(context.budget.Bytes(self.AsObject()->size() * sizeof(Value)));
  Array values;
  for (const Member& member : *self.AsObject()) values.push_back(member.value);
  return MakeList(context, std::move(values));
}

// Where `item` is in a list, from 0; absent if it is not there. Counts all equal items in `count`.
Result<std::optional<int64_t>> Locate(const Context& context, const Array& items, const Value& item,
                                      int64_t& count) {
  std::optional<int64_t> first;
  for (size_t i = 0; i < items.size(); ++i) {
    LEMMA_ASSIGN_OR_RETURN(const bool same, Equal(context, items[i], item));
    if (same && !first) first = static_cast<int64_t>(i);
    count += same ? 1 : 0;
  }
  return first;
}

Result<Value> IndexMethod(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"value"}));
  LEMMA_ASSIGN_OR_RETURN(const Value item, RequiredArgument(arguments, {0, "value"}));
  int64_t count = 0;
  LEMMA_ASSIGN_OR_RETURN(const auto index, Locate(context, *self.AsArray(), item, count));
  if (index) return Value::Int(*index);
  return InvalidArgument("the value is not in the list");
}

Result<Value> CountItems(const Context& context, const Value& self, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"value"}));
  LEMMA_ASSIGN_OR_RETURN(const Value item, RequiredArgument(arguments, {0, "value"}));
  int64_t count = 0;
  LEMMA_RETURN_IF_ERROR(Locate(context, *self.AsArray(), item, count).status());
  return Value::Int(count);
}

// loop.cycle('odd', 'even'); self is loop.index0.
Result<Value> CycleMethod(const Context&, const Value& self, const Arguments& arguments) {
  const Array& choices = arguments.positional;
  if (choices.empty()) return InvalidArgument("needs values to cycle through");
  return choices[static_cast<size_t>(*self.AsInt()) % choices.size()];
}

struct Method {
  Kind self;
  std::string_view name;
  Result<Value> (*call)(const Context&, const Value& self, const Arguments&);
};

constexpr Method kMethods[] = {{Kind::kString, "capitalize", CaseMethod<LetterCase::kCapitalize>},
                               {Kind::kString, "count", CountMethod},
                               {Kind::kString, "endswith", AffixMethod<Side::kRight>},
                               {Kind::kString, "find", FindMethod},
                               {Kind::kString, "format", FormatBraces},
                               {Kind::kString, "isalnum", EveryMethod<IsAlphanumeric>},
                               {Kind::kString, "isalpha", EveryMethod<IsLetter>},
                               {Kind::kString, "isdigit", EveryMethod<IsDigit>},
                               {Kind::kString, "islower", IsCaseMethod<LetterCase::kLower>},
                               {Kind::kString, "isspace", EveryMethod<IsSpace>},
                               {Kind::kString, "isupper", IsCaseMethod<LetterCase::kUpper>},
                               {Kind::kString, "join", JoinMethod},
                               {Kind::kString, "lower", CaseMethod<LetterCase::kLower>},
                               {Kind::kString, "lstrip", StripMethod<Side::kLeft>},
                               {Kind::kString, "removeprefix", RemoveAffix<Side::kLeft>},
                               {Kind::kString, "removesuffix", RemoveAffix<Side::kRight>},
                               {Kind::kString, "replace", ReplaceMethod},
                               {Kind::kString, "rsplit", SplitMethod<Side::kRight>},
                               {Kind::kString, "rstrip", StripMethod<Side::kRight>},
                               {Kind::kString, "split", SplitMethod<Side::kLeft>},
                               {Kind::kString, "splitlines", SplitLinesMethod},
                               {Kind::kString, "startswith", AffixMethod<Side::kLeft>},
                               {Kind::kString, "strip", StripMethod<Side::kBoth>},
                               {Kind::kString, "title", CaseMethod<LetterCase::kTitle>},
                               {Kind::kString, "upper", CaseMethod<LetterCase::kUpper>},
                               {Kind::kArray, "count", CountItems},
                               {Kind::kArray, "index", IndexMethod},
                               {Kind::kObject, "get", GetMethod},
                               {Kind::kObject, "items", ItemsMethod},
                               {Kind::kObject, "keys", KeysMethod},
                               {Kind::kObject, "values", ValuesMethod},
                               {Kind::kInt, "cycle", CycleMethod}};

const Method* FindMethodOf(const Value& self, std::string_view name) {
  const auto* found = std::find_if(std::begin(kMethods), std::end(kMethods), [&](const Method& m) {
    return m.self == self.kind() && m.name == name;
  });
  return found == std::end(kMethods) ? nullptr : found;
}

}  // namespace

bool HasMethod(const Value& self, std::string_view name) {
  return !self.IsInt() && FindMethodOf(self, name) != nullptr;
}

Result<Value> CallMethod(const Context& context, const Value& self, std::string_view name,
                         const Arguments& arguments) {
  const Method* method = FindMethodOf(self, name);
  if (method == nullptr) {
    return InvalidArgument(fmt::format("{} has no method '{}'", self.KindName(), name));
  }
  Result<Value> value = method->call(context, self, arguments);
  if (!value.ok()) return value.status().WithContext(fmt::format("method '{}'", name));
  return value;
}

}  // namespace lemma::chat::jinja
