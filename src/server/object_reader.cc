// SPDX-License-Identifier: Apache-2.0
#include "server/object_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <utility>

namespace lemma::server {

namespace json = boost::json;

namespace {

// Names come from the request: shortened, so that a message stays readable.
std::string Shown(std::string_view name) {
  constexpr size_t kLongest = 64;
  if (name.size() <= kLongest) return std::string(name);
  size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return std::string(name.substr(0, end)) + "...";
}

// "messages[12].role" -> "messages[].role".
std::string WithoutIndices(std::string_view path) {
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    out.push_back(path[i]);
    if (path[i] != '[') continue;
    while (i + 1 < path.size() && path[i + 1] >= '0' && path[i + 1] <= '9') ++i;
  }
  return out;
}

// A number without a fraction that fits; clients write 40.0 as well.
std::optional<int64_t> AsInteger(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_double()) {
    const double number = value.get_double();
    constexpr double kExact = 9007199254740992.0;  // 2^53
    if (std::isfinite(number) && std::trunc(number) == number && std::fabs(number) <= kExact) {
      return static_cast<int64_t>(number);
    }
  }
  return std::nullopt;
}

size_t CountMembers(const json::value& value) {
  size_t count = 0;
  if (const json::array* list = value.if_array()) {
    for (const json::value& item : *list) count += CountMembers(item);
  } else if (const json::object* object = value.if_object()) {
    count = object->size();
    for (const auto& [key, item] : *object) count += CountMembers(item);
  }
  return count;
}

// Past the end of the string that begins at text[at] == '"'. REQUIRES: valid JSON.
size_t EndOfString(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

// Each member has one colon outside of strings.
size_t CountColons(std::string_view text) {
  size_t count = 0;
  for (size_t at = text.find_first_of("\":"); at != std::string_view::npos;
       at = text.find_first_of("\":", at)) {
    count += text[at] == ':' ? 1 : 0;
    at = text[at] == '"' ? EndOfString(text, at) : at + 1;
  }
  return count;
}

// The first name that an object of `text` has twice, as it is spelled there; empty when the two
// spellings differ. REQUIRES: valid JSON.
std::string_view RepeatedName(std::string_view text) {
  std::vector<std::optional<std::set<std::string_view>>> open;  // lists have no names
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '{') open.emplace_back(std::in_place);
    if (c == '[') open.emplace_back(std::nullopt);
    if ((c == '}' || c == ']') && !open.empty()) open.pop_back();
    if (c != '"') continue;
    const size_t end = EndOfString(text, at);
    const std::string_view name = text.substr(at + 1, end - at - 2);
    const size_t next = text.find_first_not_of(" \t\r\n", end);
    const bool is_name = next != std::string_view::npos && text[next] == ':';
    if (is_name && !open.empty() && open.back() && !open.back()->insert(name).second) return name;
    at = end - 1;
  }
  return {};
}

}  // namespace

void BodyNotes::Warn(std::string text) {
  if (warnings_.size() >= kMaxWarnings) return;
  if (std::find(warnings_.begin(), warnings_.end(), text) != warnings_.end()) return;
  warnings_.push_back(std::move(text));
}

void BodyNotes::Fail(Status error) {
  if (status_.ok()) status_ = std::move(error);
}

void BodyNotes::Known(std::string_view path) {
  if (record_fields) fields_.insert(WithoutIndices(path));
}

ObjectReader::ObjectReader(const json::object& object, std::string path, BodyNotes& notes)
    : object_(object), path_(std::move(path)), notes_(notes) {}

std::string ObjectReader::PathOf(std::string_view name) const {
  return path_.empty() ? Shown(name) : path_ + "." + Shown(name);
}

const json::value* ObjectReader::Any(std::string_view name) {
  asked_.push_back(name);
  if (notes_.record_fields) notes_.Known(PathOf(name));
  const json::value* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void ObjectReader::Read(std::string_view name, std::optional<std::string>& out) {
  const json::value* value = Any(name);
  if (value == nullptr) return;
  if (!value->is_string()) return WrongType(name, "a string");
  out.emplace(value->get_string());
}

void ObjectReader::Read(std::string_view name, std::string& out) {
  std::optional<std::string> text;
  Read(name, text);
  if (text) out = std::move(*text);
}

void ObjectReader::Read(std::string_view name, std::optional<bool>& out) {
  const json::value* value = Any(name);
  if (value == nullptr) return;
  if (!value->is_bool()) return WrongType(name, "true or false");
  out = value->get_bool();
}

void ObjectReader::Read(std::string_view name, bool& out) {
  std::optional<bool> value;
  Read(name, value);
  if (value) out = *value;
}

void ObjectReader::Read(std::string_view name, std::optional<double>& out) {
  const json::value* value = Any(name);
  if (value == nullptr) return;
  if (!value->is_number()) return WrongType(name, "a number");
  const auto number = value->to_number<double>();
  if (!std::isfinite(number)) return Fail(name, "expected a finite number");
  out = number;
}

void ObjectReader::Read(std::string_view name, std::optional<float>& out) {
  std::optional<double> number;
  Read(name, number);
  if (!number) return;
  if (std::fabs(*number) > std::numeric_limits<float>::max()) {
    return Fail(name, fmt::format("{} is out of range", *number));
  }
  out = static_cast<float>(*number);
}

void ObjectReader::Read(std::string_view name, std::optional<int64_t>& out) {
  const json::value* value = Any(name);
  if (value == nullptr) return;
  const std::optional<int64_t> number = AsInteger(*value);
  if (!number) return WrongType(name, "an integer");
  out = number;
}

void ObjectReader::Read(std::string_view name, std::optional<size_t>& out) {
  std::optional<int64_t> number;
  Read(name, number);
  if (!number) return;
  if (*number < 0)
    return Fail(name, fmt::format("{} is out of range, expected 0 or more", *number));
  out = static_cast<size_t>(*number);
}

void ObjectReader::ReadTexts(std::string_view name, std::vector<std::string>& out) {
  const json::value* value = Any(name);
  if (value == nullptr) return;
  if (value->is_string()) {
    out.assign(1, std::string(value->get_string()));
    return;
  }
  if (!value->is_array()) return WrongType(name, "a string or a list of strings");
  out.clear();
  for (const json::value& item : value->get_array()) {
    if (!item.is_string()) {
      return Fail(IndexPath(name, out.size()),
                  fmt::format("expected a string, found {}", JsonTypeName(item)));
    }
    out.emplace_back(item.get_string());
  }
}

const json::object* ObjectReader::Object(std::string_view name) {
  const json::value* value = Any(name);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) WrongType(name, "an object");
  return value->if_object();
}

const json::array* ObjectReader::Array(std::string_view name) {
  const json::value* value = Any(name);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) WrongType(name, "a list");
  return value->if_array();
}

void ObjectReader::NoEffect(std::string_view name, std::string_view why) {
  if (Any(name) == nullptr) return;
  Warn(name, why.empty() ? "has no effect here" : fmt::format("has no effect: {}", why));
}

void ObjectReader::Refuse(std::string_view name, std::string_view why) {
  if (Any(name) != nullptr) Fail(name, why);
}

void ObjectReader::NotHere(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    asked_.push_back(name);
    const json::value* value = object_.if_contains(name);
    if (value != nullptr && !value->is_null()) Warn(name, "is not supported here, ignored");
  }
}

void ObjectReader::Fail(std::string_view name, std::string_view message) {
  notes_.Fail(InvalidArgument(fmt::format("{}: {}", PathOf(name), message)));
}

void ObjectReader::Warn(std::string_view name, std::string_view message) {
  notes_.Warn(fmt::format("{}: {}", PathOf(name), message));
}

void ObjectReader::Finish() {
  for (const auto& [key, value] : object_) {
    if (std::find(asked_.begin(), asked_.end(), std::string_view(key)) == asked_.end()) {
      notes_.Warn(fmt::format("{}: unknown field, ignored", PathOf(key)));
    }
  }
}

void ObjectReader::WrongType(std::string_view name, std::string_view expected) {
  const json::value* value = object_.if_contains(name);
  Fail(name, fmt::format("expected {}, found {}", expected,
                         value == nullptr ? "nothing" : JsonTypeName(*value)));
}

std::string_view JsonTypeName(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return value.get_bool() ? "true" : "false";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "an object";
  }
  return "an unknown type";
}

std::string IndexPath(std::string_view path, size_t index) {
  return fmt::format("{}[{}]", path, index);
}

Result<json::value> ParseBody(std::string_view body) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::stream_parser parser({}, options);
  json::error_code error;
  const size_t used = parser.write_some(body, error);
  if (!error && parser.done() && body.find_first_not_of(" \t\r\n", used) != body.npos) {
    return InvalidArgument(
        fmt::format("the body has more after its JSON value, from byte {} on", used));
  }
  if (!error && !parser.done()) parser.finish(error);
  if (error) {
    return InvalidArgument(fmt::format("the body is not valid JSON: {} at byte {} of {}",
                                       error.message(), used, body.size()));
  }
  json::value value = parser.release();
  if (!value.is_object()) {
    return InvalidArgument(
        fmt::format("the body must be a JSON object, found {}", JsonTypeName(value)));
  }
  // The parser keeps the last of them; which one was meant is not known.
  if (CountColons(body) != CountMembers(value)) {
    const std::string_view name = RepeatedName(body);
    return InvalidArgument(fmt::format("{}: is in its object twice", Shown(name)));
  }
  return value;
}

}  // namespace lemma::server
