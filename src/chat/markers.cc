// SPDX-License-Identifier: Apache-2.0
#include "chat/markers.h"

#include <array>
#include <initializer_list>
#include <span>

namespace lemma::chat {
namespace {

using Kind = MarkerMatch::Kind;

// Matches the first alternative that fits; none is a prefix of another.
MarkerMatch MatchOneOf(std::string_view text, std::span<const std::string_view> alternatives) {
  for (const std::string_view alternative : alternatives) {
    const MarkerMatch match = MatchLiteral(text, alternative);
    if (match.kind != Kind::kNo) return match;
  }
  return {};
}

constexpr std::array<std::string_view, 2> kBars = {"\xEF\xBD\x9C", "|"};
constexpr std::array<std::string_view, 4> kJoints = {"\xE2\x96\x81", "_", " ", "\\_"};

// "<" bar word joint word ... bar ">".
MarkerMatch MatchWords(std::string_view text, std::initializer_list<std::string_view> words) {
  size_t used = 0;
  const auto take = [&](const MarkerMatch& match) {
    used += match.length;
    return match.kind;
  };
  if (const Kind kind = take(MatchLiteral(text, "<")); kind != Kind::kFull) return {kind, 0};
  bool first = true;
  for (const std::string_view word : words) {
    const std::span<const std::string_view> before =
        first ? std::span<const std::string_view>(kBars) : kJoints;
    first = false;
    Kind kind = take(MatchOneOf(text.substr(used), before));
    if (kind == Kind::kFull) kind = take(MatchLiteral(text.substr(used), word));
    if (kind != Kind::kFull) return {kind, 0};
  }
  Kind kind = take(MatchOneOf(text.substr(used), kBars));
  if (kind == Kind::kFull) kind = take(MatchLiteral(text.substr(used), ">"));
  return {kind, kind == Kind::kFull ? used : 0};
}

}  // namespace

MarkerMatch MatchLiteral(std::string_view text, std::string_view literal) {
  if (text.size() >= literal.size()) {
    if (text.substr(0, literal.size()) == literal) return {Kind::kFull, literal.size()};
    return {};
  }
  return {literal.substr(0, text.size()) == text ? Kind::kPartial : Kind::kNo, 0};
}

MarkerMatch MatchMarker(std::string_view text, Marker marker) {
  switch (marker) {
    case Marker::kToolCallOpen:
      return MatchLiteral(text, "<tool_call>");
    case Marker::kToolCallClose:
      return MatchLiteral(text, "</tool_call>");
    case Marker::kPythonTag:
      return MatchLiteral(text, "<|python_tag|>");
    case Marker::kCallsBegin: {
      const MarkerMatch match = MatchWords(text, {"tool", "calls", "begin"});
      return match.kind != Kind::kNo ? match : MatchWords(text, {"tool", "calls"});
    }
    case Marker::kCallBegin:
      return MatchWords(text, {"tool", "call", "begin"});
    case Marker::kSeparator:
      return MatchWords(text, {"tool", "sep"});
    case Marker::kCallEnd:
      return MatchWords(text, {"tool", "call", "end"});
    case Marker::kCallsEnd:
      return MatchWords(text, {"tool", "calls", "end"});
  }
  return {};
}

}  // namespace lemma::chat
