// SPDX-License-Identifier: Apache-2.0
#include "check/json_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>

namespace lemma::check {
namespace {

namespace json = boost::json;

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxValues = 200'000;
constexpr int64_t kMaxExponent = 400;

// "-1.50e3" exactly. Unset: the exponent is too large.
std::optional<Rational> ExactNumber(std::string_view text) {
  const size_t e = text.find_first_of("eE");
  auto mantissa = Rational::ParseDecimal(text.substr(0, e));
  if (!mantissa || e == std::string_view::npos) return mantissa;
  std::string_view digits = text.substr(e + 1);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int64_t exponent = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (exponent > kMaxExponent || exponent < -kMaxExponent) return std::nullopt;
  return *mantissa * Rational(10).Pow(static_cast<int32_t>(exponent));
}

std::vector<const JsonMember*> Sorted(const JsonValue& object) {
  std::vector<const JsonMember*> out;
  for (const JsonMember& member : object.members) out.push_back(&member);
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  return out;
}

// Called by the parser; builds values on a stack. The names are those of Boost.JSON.
class Builder {
 public:
  // NOLINTBEGIN(readability-identifier-naming)
  static constexpr size_t max_object_size = kMaxValues;
  static constexpr size_t max_array_size = kMaxValues;
  static constexpr size_t max_key_size = 1 << 20;
  static constexpr size_t max_string_size = 1 << 20;
  // NOLINTEND(readability-identifier-naming)

  bool on_document_begin(json::error_code& /*error*/) { return true; }
  bool on_document_end(json::error_code& /*error*/) { return true; }
  bool on_object_begin(json::error_code& error) { return Open(JsonKind::kObject, error); }
  bool on_object_end(size_t /*size*/, json::error_code& error) { return Close(error); }
  bool on_array_begin(json::error_code& error) { return Open(JsonKind::kArray, error); }
  bool on_array_end(size_t /*size*/, json::error_code& error) { return Close(error); }
  bool on_key_part(json::string_view part, size_t /*size*/, json::error_code& /*error*/) {
    part_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, size_t /*size*/, json::error_code& /*error*/) {
    part_.append(part.data(), part.size());
    open_.back().key = std::move(part_);
    part_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, size_t /*size*/, json::error_code& /*error*/) {
    part_.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, size_t /*size*/, json::error_code& error) {
    JsonValue value;
    value.kind = JsonKind::kString;
    value.text = part_ + std::string(part.data(), part.size());
    part_.clear();
    return Put(std::move(value), error);
  }
  bool on_number_part(json::string_view part, json::error_code& /*error*/) {
    part_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(int64_t /*value*/, json::string_view part, json::error_code& error) {
    return Number(part, error);
  }
  bool on_uint64(uint64_t /*value*/, json::string_view part, json::error_code& error) {
    return Number(part, error);
  }
  bool on_double(double /*value*/, json::string_view part, json::error_code& error) {
    return Number(part, error);
  }
  bool on_bool(bool boolean, json::error_code& error) {
    JsonValue value;
    value.kind = JsonKind::kBool;
    value.boolean = boolean;
    return Put(std::move(value), error);
  }
  bool on_null(json::error_code& error) { return Put(JsonValue(), error); }
  bool on_comment_part(json::string_view /*part*/, json::error_code& /*error*/) { return true; }
  bool on_comment(json::string_view /*part*/, json::error_code& /*error*/) { return true; }

  JsonValue result;
  std::string refusal;  // why the text was refused, if the parser did not say

 private:
  struct Level {
    JsonValue value;
    std::string key;  // of the member that comes next
  };

  bool Refuse(std::string why, json::error_code& error) {
    refusal = std::move(why);
    error = json::error::exception;
    return false;
  }
  bool Open(JsonKind kind, json::error_code& error) {
    if (open_.size() == kMaxDepth) return Refuse("expected less nesting", error);
    open_.emplace_back();
    open_.back().value.kind = kind;
    return true;
  }
  bool Close(json::error_code& error) {
    JsonValue value = std::move(open_.back().value);
    open_.pop_back();
    const auto members = Sorted(value);
    const auto twice =
        std::adjacent_find(members.begin(), members.end(),
                           [](const auto* a, const auto* b) { return a->name == b->name; });
    if (twice != members.end()) {
      return Refuse(fmt::format("the key \"{}\" stands twice", (*twice)->name.substr(0, 64)),
                    error);
    }
    return Put(std::move(value), error);
  }
  bool Number(json::string_view part, json::error_code& error) {
    part_.append(part.data(), part.size());
    const auto number = ExactNumber(part_);
    part_.clear();
    if (!number) return Refuse("a number beyond 1e400, or of too many digits", error);
    JsonValue value;
    value.kind = JsonKind::kNumber;
    value.number = *number;
    return Put(std::move(value), error);
  }
  bool Put(JsonValue value, json::error_code& error) {
    if (++values_ > kMaxValues) return Refuse("more than 200,000 values", error);
    if (open_.empty()) {
      result = std::move(value);
    } else if (open_.back().value.kind == JsonKind::kArray) {
      open_.back().value.items.push_back(std::move(value));
    } else {
      open_.back().value.members.push_back({std::move(open_.back().key), std::move(value)});
    }
    return true;
  }

  std::vector<Level> open_;
  std::string part_;
  size_t values_ = 0;
};

}  // namespace

std::string_view JsonKindName(JsonKind kind) {
  constexpr std::string_view kNames[] = {"null", "boolean", "number", "string", "array", "object"};
  return kNames[static_cast<size_t>(kind)];
}

const JsonValue* JsonValue::Find(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

bool operator==(const JsonValue& a, const JsonValue& b) {
  if (a.kind != b.kind || a.members.size() != b.members.size()) return false;
  switch (a.kind) {
    case JsonKind::kNull:
      return true;
    case JsonKind::kBool:
      return a.boolean == b.boolean;
    case JsonKind::kNumber:
      return a.number == b.number;
    case JsonKind::kString:
      return a.text == b.text;
    case JsonKind::kArray:
      return a.items == b.items;
    case JsonKind::kObject: {
      const auto mine = Sorted(a);
      const auto other = Sorted(b);
      return std::equal(mine.begin(), mine.end(), other.begin(), [](const auto* x, const auto* y) {
        return x->name == y->name && x->value == y->value;
      });
    }
  }
  return false;
}

Result<JsonValue> ParseJson(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<Builder> parser(options);
  json::error_code error;
  const size_t used = parser.write_some(false, text.data(), text.size(), error);
  const size_t rest = error ? text.npos : text.find_first_not_of(" \t\r\n", used);
  if (rest != text.npos) {
    return InvalidArgument(fmt::format("byte {}: expected nothing after the JSON value", rest));
  }
  if (error) {
    const std::string& refusal = parser.handler().refusal;
    return InvalidArgument(
        fmt::format("byte {}: {}", used, refusal.empty() ? error.message() : refusal));
  }
  return std::move(parser.handler().result);
}

}  // namespace lemma::check
