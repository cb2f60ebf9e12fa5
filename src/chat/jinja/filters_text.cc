// SPDX-License-Identifier: Apache-2.0
// Filters of strings and numbers, and conversions: their meaning is that of Jinja2's filters of the
// same name; tojson is that of the transformers library (json.dumps, no HTML escapes).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "chat/jinja/arguments.h"
#include "chat/jinja/filters.h"
#include "chat/jinja/json.h"
#include "chat/jinja/operators.h"
#include "chat/jinja/text_ops.h"

namespace lemma::chat::jinja {
namespace {

constexpr double kInt64Bound = 9223372036854775808.0;  // 2^63

template <LetterCase kTo>
Result<Value> CaseFilter(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText text, TextOperand(context, operand));
  return MakeString(context, ChangeCase(text, kTo));
}

Result<Value> Trim(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"chars"}));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText text, TextOperand(context, operand));
  LEMMA_ASSIGN_OR_RETURN(const auto chars, StringArgument(arguments, {0, "chars"}));
  const auto listed = chars ? std::optional<std::string_view>(chars->bytes()) : std::nullopt;
  return MakeString(context, Strip(text, Side::kBoth, listed));
}

Result<Value> ReplaceFilter(const Context& context, const Value& operand,
                            const Arguments& arguments) {
  LEMMA_ASSIGN_OR_RETURN(MarkedText text, TextOperand(context, operand));
  return CallMethod(context, Value::String(std::move(text)), "replace", arguments);
}

Result<MarkedText> Indentation(const Arguments& arguments) {
  const Value* width = FindArgument(arguments, {0, "width"});
  if (width != nullptr && width->IsString()) return *width->AsString();
  LEMMA_ASSIGN_OR_RETURN(const auto spaces, IntegerArgument(arguments, {0, "width"}));
  const int64_t count = std::clamp<int64_t>(spaces.value_or(4), 0, 1 << 20);
  return MarkedText(std::string(static_cast<size_t>(count), ' '), Provenance::kTrusted);
}

Result<Value> Indent(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"width", "first", "blank"}));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText text, TextOperand(context, operand));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText indentation, Indentation(arguments));
  const bool first = FlagArgument(arguments, {1, "first"});
  const bool blank = FlagArgument(arguments, {2, "blank"});
  const std::string& bytes = text.bytes();
  const auto lines = static_cast<size_t>(std::count(bytes.begin(), bytes.end(), '\n')) + 1;
  LEMMA_RETURN_IF_ERROR(context.budget.StringLength(bytes.size() + lines * indentation.size()));
  MarkedText out;
  for (size_t begin = 0; begin <= bytes.size();) {
    const size_t end = std::min(bytes.find('\n', begin), bytes.size());
    if (begin == 0 ? first : (blank || end > begin)) out.Append(indentation);
    out.Append(text, begin, end + 1 - begin);  // with its line end
    begin = end + 1;
  }
  return Value::String(std::move(out));
}

Result<Value> ToStringFilter(const Context& context, const Value& operand,
                             const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  if (!context.IsPython() && (operand.IsNull() || operand.IsUndefined())) {
    return InvalidArgument(fmt::format("needs a value, not {}", operand.KindName()));
  }
  LEMMA_ASSIGN_OR_RETURN(MarkedText text, ToText(context, operand));
  return MakeString(context, std::move(text));
}

Result<Value> Safe(const Context&, const Value& operand, const Arguments&) { return operand; }

Result<Value> Escape(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText text, TextOperand(context, operand));
  static constexpr std::array<std::pair<char, std::string_view>, 5> kEntities = {
      {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&#34;"}, {'\'', "&#39;"}}};
  MarkedText out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto* entity =
        std::find_if(kEntities.begin(), kEntities.end(),
                     [&](const auto& candidate) { return candidate.first == text.bytes()[i]; });
    if (entity == kEntities.end()) {
      out.Append(text, i, 1);
    } else {
      out.Append(entity->second, text.IsInput(i) ? Provenance::kInput : Provenance::kTrusted);
    }
  }
  return MakeString(context, std::move(out));
}

Result<Value> WordCount(const Context& context, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  LEMMA_ASSIGN_OR_RETURN(const MarkedText text, TextOperand(context, operand));
  LEMMA_RETURN_IF_ERROR(context.budget.Bytes(text.size() * sizeof(MarkedText)));
  return Value::Int(static_cast<int64_t>(Split(text, std::nullopt, -1, Side::kLeft).size()));
}

std::optional<double> ParseDouble(const std::string& bytes) {
  double number = 0;
  const char* end = bytes.data() + bytes.size();
  const auto read = std::from_chars(bytes.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

std::string StrippedBytes(const MarkedText& text) {
  const std::string bytes = Strip(text, Side::kBoth, std::nullopt).bytes();
  const bool plus = bytes.size() > 1 && bytes[0] == '+' && bytes[1] != '-';
  return plus ? bytes.substr(1) : bytes;
}

std::optional<int64_t> Truncated(double number) {
  if (!(number >= -kInt64Bound && number < kInt64Bound)) return std::nullopt;
  return static_cast<int64_t>(number);
}

std::optional<int64_t> ParseInteger(const MarkedText& text, int base) {
  std::string bytes = StrippedBytes(text);
  const bool minus = !bytes.empty() && bytes[0] == '-';
  if (base == 16 && bytes.size() > 3 && bytes[minus ? 1 : 0] == '0' &&
      (bytes[minus ? 2 : 1] | 0x20) == 'x') {
    bytes = fmt::format("{}{}", minus ? "-" : "", bytes.substr(minus ? 3 : 2));
  }
  int64_t integer = 0;
  const char* end = bytes.data() + bytes.size();
  const auto read = std::from_chars(bytes.data(), end, integer, base);
  if (read.ec == std::errc() && read.ptr == end) return integer;
  const auto number = ParseDouble(bytes);
  return number ? Truncated(*number) : std::nullopt;
}

Result<Value> ToInteger(const Context&, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"default", "base"}));
  LEMMA_ASSIGN_OR_RETURN(const auto base, IntegerArgument(arguments, {1, "base"}));
  if (base && (*base < 2 || *base > 36)) return InvalidArgument("'base' must be 2 to 36");
  std::optional<int64_t> integer;
  if (const int64_t* same = operand.AsInt()) integer = *same;
  if (const bool* boolean = operand.AsBool()) integer = *boolean ? 1 : 0;
  if (const double* number = operand.AsDouble()) integer = Truncated(*number);
  if (operand.IsString()) {
    integer = ParseInteger(*operand.AsString(), static_cast<int>(base.value_or(10)));
  }
  if (integer) return Value::Int(*integer);
  const Value* fallback = FindArgument(arguments, {0, "default"});
  return fallback == nullptr ? Value::Int(0) : *fallback;
}

Result<Value> ToFloat(const Context&, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"default"}));
  std::optional<double> number;
  if (const double* same = operand.AsDouble()) number = *same;
  if (const int64_t* integer = operand.AsInt()) number = static_cast<double>(*integer);
  if (const bool* boolean = operand.AsBool()) number = *boolean ? 1.0 : 0.0;
  if (operand.IsString()) number = ParseDouble(StrippedBytes(*operand.AsString()));
  if (number) return Value::Double(*number);
  const Value* fallback = FindArgument(arguments, {0, "default"});
  return fallback == nullptr ? Value::Double(0.0) : *fallback;
}

Result<Value> Absolute(const Context&, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {}));
  if (const double* number = operand.AsDouble()) return Value::Double(std::fabs(*number));
  if (!operand.IsInt() && operand.AsBool() == nullptr) {
    return InvalidArgument(fmt::format("needs a number, not {}", operand.KindName()));
  }
  const bool negative = operand.IsInt() && *operand.AsInt() < 0;
  return ApplyUnary(negative ? UnaryOp::kMinus : UnaryOp::kPlus, operand);
}

Result<Value> Round(const Context&, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"precision", "method"}));
  if (!operand.IsNumber()) {
    return InvalidArgument(fmt::format("needs a number, not {}", operand.KindName()));
  }
  LEMMA_ASSIGN_OR_RETURN(const auto precision, IntegerArgument(arguments, {0, "precision"}));
  LEMMA_ASSIGN_OR_RETURN(const auto method, StringArgument(arguments, {1, "method"}));
  const std::string how = method ? method->bytes() : "common";
  if (operand.IsInt() && how == "common" && precision.value_or(0) >= 0) return operand;
  const double number =
      operand.IsInt() ? static_cast<double>(*operand.AsInt()) : *operand.AsDouble();
  const int digits = static_cast<int>(std::clamp<int64_t>(precision.value_or(0), -300, 300));
  if (how == "common" && digits >= 0) {
    // As Python's round: the decimal nearest to the exact value, ties to even.
    return Value::Double(ParseDouble(fmt::format("{:.{}f}", number, digits)).value_or(number));
  }
  const double scale = std::pow(10.0, digits);
  if (how == "common") return Value::Double(std::nearbyint(number * scale) / scale);
  if (how == "ceil") return Value::Double(std::ceil(number * scale) / scale);
  if (how == "floor") return Value::Double(std::floor(number * scale) / scale);
  return InvalidArgument(fmt::format("'method' must be common, ceil or floor, not '{}'", how));
}

Result<Value> Default(const Context&, const Value& operand, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"default_value", "boolean"}));
  const bool replace =
      operand.IsUndefined() || (FlagArgument(arguments, {1, "boolean"}) && !operand.Truthy());
  if (!replace) return operand;
  const Value* fallback = FindArgument(arguments, {0, "default_value"});
  return fallback == nullptr ? Value::Trusted("") : *fallback;
}

Status ReadSeparators(const Value& value, JsonStyle& style) {
  const Array* pair = value.AsArray();
  if (pair == nullptr || pair->size() != 2 || !(*pair)[0].IsString() || !(*pair)[1].IsString()) {
    return InvalidArgument("'separators' must be two strings");
  }
  style.item_separator = *(*pair)[0].AsString();
  style.key_separator = *(*pair)[1].AsString();
  return OkStatus();
}

Result<Value> ToJsonFilter(const Context& context, const Value& operand,
                           const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(
      CheckArguments(arguments, {"ensure_ascii", "indent", "separators", "sort_keys"}));
  JsonStyle style;
  style.ascii_only = FlagArgument(arguments, {0, "ensure_ascii"});
  LEMMA_ASSIGN_OR_RETURN(style.indent, IntegerArgument(arguments, {1, "indent"}));
  if (style.indent) style.item_separator = MarkedText(",", Provenance::kTrusted);
  const Value* separators = FindArgument(arguments, {2, "separators"});
  if (separators != nullptr && !separators->IsNull()) {
    LEMMA_RETURN_IF_ERROR(ReadSeparators(*separators, style));
  }
  style.sort_keys = FlagArgument(arguments, {3, "sort_keys"});
  LEMMA_ASSIGN_OR_RETURN(MarkedText text, ToJson(context, operand, style));
  return MakeString(context, std::move(text));
}

constexpr std::array<NamedFilter, 21> kTextFilters = {
    {{"abs", Absolute},
     {"capitalize", CaseFilter<LetterCase::kCapitalize>},
     {"d", Default},
     {"default", Default},
     {"e", Escape},
     {"escape", Escape},
     {"float", ToFloat},
     {"format", FormatPercent},
     {"indent", Indent},
     {"int", ToInteger},
     {"lower", CaseFilter<LetterCase::kLower>},
     {"replace", ReplaceFilter},
     {"round", Round},
     {"safe", Safe},
     {"string", ToStringFilter},
     {"title", CaseFilter<LetterCase::kWords>},
     {"tojson", ToJsonFilter},
     {"trim", Trim},
     {"upper", CaseFilter<LetterCase::kUpper>},
     {"wordcount", WordCount},
     {"forceescape", Escape}}};

}  // namespace

Filter FindTextFilter(std::string_view name) {
  const auto* found = std::find_if(kTextFilters.begin(), kTextFilters.end(),
                                   [&](const NamedFilter& entry) { return entry.name == name; });
  return found == kTextFilters.end() ? nullptr : found->filter;
}

Filter FindFilter(std::string_view name) {
  const Filter filter = FindTextFilter(name);
  return filter != nullptr ? filter : FindListFilter(name);
}

}  // namespace lemma::chat::jinja
