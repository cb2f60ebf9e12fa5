// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259) with exact numbers: 0.1 is 1/10, 1e3 is 1000. Boost.JSON reads the grammar; its
// own values hold binary fractions, with which "multipleOf": 0.01 cannot be decided. Limits: depth
// 64, 200,000 values, exponents up to 400. A key that stands twice in an object is an error:
// readers disagree on what it means. Plain values, no thread rule.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "check/rational.h"

namespace lemma::check {

enum class JsonKind { kNull, kBool, kNumber, kString, kArray, kObject };
std::string_view JsonKindName(JsonKind kind);  // "null", "boolean", "number", ...

struct JsonMember;
struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  bool boolean = false;
  Rational number;
  std::string text;                 // kString
  std::vector<JsonValue> items;     // kArray
  std::vector<JsonMember> members;  // kObject, in the order of the text

  // The member of an object; nullptr: none, or no object.
  [[nodiscard]] const JsonValue* Find(std::string_view name) const;
  // The same value: numbers by value, members in any order.
  friend bool operator==(const JsonValue& a, const JsonValue& b);
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// kInvalidArgument "byte N: ...".
Result<JsonValue> ParseJson(std::string_view text);

}  // namespace lemma::check
