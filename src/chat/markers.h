// SPDX-License-Identifier: Apache-2.0
// The marks of tool calls as models write them, matched against text that may end anywhere.
// DeepSeek's marks are "<｜tool▁calls▁begin｜>" and so on; distilled models, whose vocabularies
// lack these tokens, write them with "|" for the bar and "_", " " or "\_" for the low line as well.
// Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lemma::chat {

enum class Marker : uint8_t {
  kToolCallOpen,   // <tool_call>
  kToolCallClose,  // </tool_call>
  kCallsBegin,     // <｜tool▁calls▁begin｜> (also <｜tool▁calls｜>)
  kCallBegin,      // <｜tool▁call▁begin｜>
  kSeparator,      // <｜tool▁sep｜>
  kCallEnd,        // <｜tool▁call▁end｜>
  kCallsEnd,       // <｜tool▁calls▁end｜>
  kPythonTag,      // <|python_tag|>
};

struct MarkerMatch {
  enum class Kind : uint8_t { kNo, kPartial, kFull };
  Kind kind = Kind::kNo;
  size_t length = 0;  // of a full match
};

// Whether `text` begins with the mark, or is a proper prefix of one.
MarkerMatch MatchMarker(std::string_view text, Marker marker);
MarkerMatch MatchLiteral(std::string_view text, std::string_view literal);

}  // namespace lemma::chat
