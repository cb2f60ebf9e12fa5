// SPDX-License-Identifier: Apache-2.0
// Python's two ways to fill in a string: "%s" % x (the conversions s, r, d, i, f, x, X, %, with
// flags -, 0 and a width and precision) and "{}".format(x) (places and names, no format
// specifications).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "chat/jinja/arguments.h"
#include "chat/jinja/filters.h"
#include "chat/jinja/json.h"
#include "chat/jinja/operators.h"

namespace lemma::chat::jinja {
namespace {

constexpr int kMaxWidth = 1000;

struct Conversion {
  bool left = false;
  bool zeros = false;
  int width = 0;
  std::optional<int> precision;
  char type = '\0';
};

int ReadNumber(std::string_view text, size_t& at) {
  int number = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    number = std::min(number * 10 + (text[at++] - '0'), kMaxWidth);
  }
  return number;
}

// Reads what follows a '%'; `at` moves past it.
Conversion ReadConversion(std::string_view text, size_t& at) {
  Conversion out;
  for (; at < text.size() && (text[at] == '-' || text[at] == '0'); ++at) {
    (text[at] == '-' ? out.left : out.zeros) = true;
  }
  out.width = ReadNumber(text, at);
  if (at < text.size() && text[at] == '.') {
    ++at;
    out.precision = ReadNumber(text, at);
  }
  if (at < text.size()) out.type = text[at++];
  return out;
}

Result<MarkedText> NumberText(const Conversion& conversion, const Value& value) {
  const auto trusted = [](std::string text) {
    return MarkedText(std::move(text), Provenance::kTrusted);
  };
  if (!value.IsNumber() && value.AsBool() == nullptr) {
    return InvalidArgument(
        fmt::format("%{} needs a number, not {}", conversion.type, value.KindName()));
  }
  const double number = value.AsDouble() != nullptr ? *value.AsDouble()
                        : value.IsInt()             ? static_cast<double>(*value.AsInt())
                                                    : (value.Truthy() ? 1.0 : 0.0);
  if (conversion.type == 'f') {
    return trusted(fmt::format("{:.{}f}", number, conversion.precision.value_or(6)));
  }
  if (value.AsDouble() != nullptr && !(number > -9.2e18 && number < 9.2e18)) {
    return InvalidArgument("a number too large for an integer");
  }
  const int64_t integer = value.IsInt() ? *value.AsInt() : static_cast<int64_t>(number);
  if (conversion.type == 'x') return trusted(fmt::format("{:x}", integer));
  if (conversion.type == 'X') return trusted(fmt::format("{:X}", integer));
  return trusted(fmt::format("{}", integer));
}

Result<MarkedText> Converted(const Context& context, const Conversion& conversion,
                             const Value& value) {
  switch (conversion.type) {
    case 's':
      return ToText(context, value);
    case 'r':
      return ToRepr(context, value);
    case 'd':
    case 'i':
    case 'f':
    case 'x':
    case 'X':
      return NumberText(conversion, value);
    default:
      return InvalidArgument("expected one of s, r, d, i, f, x, X and % after '%'");
  }
}

void AppendPadded(const Conversion& conversion, const MarkedText& text, MarkedText& out) {
  const auto width = static_cast<size_t>(conversion.width);
  const std::string padding(width > text.size() ? width - text.size() : 0,
                            conversion.zeros && !conversion.left ? '0' : ' ');
  if (!conversion.left) out.Append(padding, Provenance::kTrusted);
  out.Append(text);
  if (conversion.left) out.Append(padding, Provenance::kTrusted);
}

// The value for the field `name` of a {}-format: a place, a name, or the next place.
Result<Value> Field(std::string_view name, const Arguments& arguments, size_t& next) {
  size_t index = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), index);
  if (name.empty()) {
    index = next++;
  } else if (read.ec != std::errc() || read.ptr != name.data() + name.size()) {
    if (name.find_first_of(":!.[") != std::string_view::npos) {
      return Unsupported(fmt::format("the field '{{{}}}': only places and names", name));
    }
    return RequiredArgument(arguments, {SIZE_MAX, name});
  }
  if (index < arguments.positional.size()) return arguments.positional[index];
  return InvalidArgument(fmt::format("no value for the field '{{{}}}'", name));
}

}  // namespace

Result<Value> FormatPercent(const Context& context, const Value& format,
                            const Arguments& arguments) {
  LEMMA_ASSIGN_OR_RETURN(const MarkedText pattern, TextOperand(context, format));
  const std::string& bytes = pattern.bytes();
  MarkedText out;
  size_t next = 0;
  for (size_t at = 0; at < bytes.size();) {
    const size_t percent = std::min(bytes.find('%', at), bytes.size());
    out.Append(pattern, at, percent - at);
    if (percent == bytes.size()) break;
    at = percent + 1;
    const Conversion conversion = ReadConversion(bytes, at);
    if (conversion.type == '%') {
      out.Append(pattern, percent, 1);
      continue;
    }
    if (next >= arguments.positional.size()) return InvalidArgument("too few values to format");
    LEMMA_ASSIGN_OR_RETURN(const MarkedText text,
                           Converted(context, conversion, arguments.positional[next++]));
    LEMMA_RETURN_IF_ERROR(context.budget.Bytes(text.size() + kMaxWidth));
    AppendPadded(conversion, text, out);
    LEMMA_RETURN_IF_ERROR(context.budget.Fits(out.size()));
  }
  if (next < arguments.positional.size()) return InvalidArgument("too many values to format");
  return MakeString(context, std::move(out));
}

Result<Value> FormatBraces(const Context& context, const Value& format,
                           const Arguments& arguments) {
  const MarkedText& pattern = *format.AsString();
  const std::string& bytes = pattern.bytes();
  MarkedText out;
  size_t next = 0;
  for (size_t at = 0; at < bytes.size();) {
    const size_t brace = std::min(bytes.find_first_of("{}", at), bytes.size());
    out.Append(pattern, at, brace - at);
    if (brace == bytes.size()) break;
    if (brace + 1 < bytes.size() && bytes[brace + 1] == bytes[brace]) {
      out.Append(pattern, brace, 1);
      at = brace + 2;
      continue;
    }
    const size_t close = bytes.find('}', brace);
    if (bytes[brace] == '}' || close == std::string::npos) {
      return InvalidArgument("a single brace in a format string");
    }
    const std::string_view name = std::string_view(bytes).substr(brace + 1, close - brace - 1);
    LEMMA_ASSIGN_OR_RETURN(const Value value, Field(name, arguments, next));
    LEMMA_ASSIGN_OR_RETURN(const MarkedText text, ToText(context, value));
    LEMMA_RETURN_IF_ERROR(context.budget.Bytes(text.size()));
    out.Append(text);
    LEMMA_RETURN_IF_ERROR(context.budget.Fits(out.size()));
    at = close + 1;
  }
  return MakeString(context, std::move(out));
}

}  // namespace lemma::chat::jinja
