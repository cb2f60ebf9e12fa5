// SPDX-License-Identifier: Apache-2.0
// JSON Schema, the part that can be decided exactly: type, enum, const; properties, required,
// additionalProperties, propertyNames, minProperties, maxProperties, dependentRequired; items (also
// as a list), prefixItems, additionalItems, contains, minContains, maxContains, minItems, maxItems,
// uniqueItems; minLength, maxLength; minimum, maximum, exclusiveMinimum, exclusiveMaximum,
// multipleOf; allOf, anyOf, oneOf, not, if/then/else; $ref to a part of the same document; true and
// false. Annotations are skipped. Everything else (pattern, format, unevaluatedProperties, other
// documents) makes the result kUnknown where it could matter: an unknown keyword never passes.
// Soundness: kValid and kInvalid follow drafts 6 to 2020-12; where drafts differ the result is
// kUnknown. Cost: a cap on the steps. No thread rule.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "check/json_value.h"

namespace lemma::check {

enum class SchemaVerdict { kValid, kInvalid, kUnknown };

struct SchemaFault {
  std::string path;      // of the value, as a JSON pointer: "/items/3/price"
  std::string keyword;   // "maximum"
  std::string expected;  // in signs, for people of any language: "≤ 10", "integer | null"
  std::string got;       // the value, shortened
};

struct SchemaReport {
  SchemaVerdict verdict = SchemaVerdict::kUnknown;
  std::vector<SchemaFault> faults;   // kInvalid: 16 at most
  std::vector<std::string> unknown;  // keywords that were not decided, each once
  size_t checked = 0;                // keywords that were decided
};

inline constexpr size_t kMaxSchemaSteps = 500'000;

SchemaReport CheckSchema(const JsonValue& schema, const JsonValue& value);

// A value as JSON, cut to some 60 bytes.
std::string ShortJson(const JsonValue& value);

}  // namespace lemma::check
