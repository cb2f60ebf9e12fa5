// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259) as text: checks a value and finds the exact bytes of its parts, so that numbers,
// key order and spelling pass through unchanged. Nesting is limited to kMaxJsonDepth. Pure
// functions, linear in the text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lemma::chat {

inline constexpr int kMaxJsonDepth = 100;
inline constexpr std::string_view kJsonSpace = " \t\n\r";

struct JsonMember {
  std::string key;       // decoded
  std::string_view raw;  // the value's bytes within the text, without space around
};

// The members of the object that `text` is, white space around it allowed; nullopt when it is not
// one valid JSON object. Keys may repeat.
std::optional<std::vector<JsonMember>> JsonObjectMembers(std::string_view text);
// The items of an array, likewise.
std::optional<std::vector<std::string_view>> JsonArrayItems(std::string_view text);
bool IsJsonObject(std::string_view text);
bool IsJson(std::string_view text);
// The decoded text of a string literal with its quotes; nullopt when `raw` is none.
std::optional<std::string> JsonStringValue(std::string_view raw);
// `text` as a string literal, quotes included; only what JSON demands is escaped.
std::string JsonQuote(std::string_view text);

// The same value as Python's json.dumps(ensure_ascii=False) lays it out: ", " and ": ", or one item
// a line with `indent` spaces a level. Numbers keep their spelling. nullopt when not valid.
std::optional<std::string> JsonPythonLayout(std::string_view text,
                                            std::optional<int> indent = std::nullopt);

}  // namespace lemma::chat
