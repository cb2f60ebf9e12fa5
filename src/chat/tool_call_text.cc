// SPDX-License-Identifier: Apache-2.0
#include "chat/tool_call_text.h"

#include <string>
#include <utility>

#include "chat/json_text.h"
#include "chat/markers.h"

namespace lemma::chat {
namespace {

constexpr size_t kMaxNameBytes = 256;

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kJsonSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kJsonSpace) - begin + 1);
}

// Function names have no space, quotes or braces in any dialect.
bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= 0x20 ||
        std::string_view("\"'`{}<>").find(c) != std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// The arguments as the text of an object: given as one, or as a string that holds one.
std::optional<std::string> ArgumentsText(std::string_view raw) {
  if (IsJsonObject(raw)) return std::string(raw);
  const std::optional<std::string> inner = JsonStringValue(raw);
  if (!inner) return std::nullopt;
  const std::string_view trimmed = Trim(*inner);
  if (trimmed.empty()) return "{}";
  if (IsJsonObject(trimmed)) return std::string(trimmed);
  return std::nullopt;
}

// The text inside a Markdown fence, or all of it when there is none.
std::string_view StripFence(std::string_view text) {
  text = Trim(text);
  constexpr std::string_view kFence = "```";
  if (text.substr(0, kFence.size()) == kFence) {
    text.remove_prefix(kFence.size());
    const size_t language_end = text.find_first_of("{\n");
    if (language_end == std::string_view::npos) return {};
    text.remove_prefix(language_end);
  }
  text = Trim(text);
  if (text.size() >= kFence.size() && text.substr(text.size() - kFence.size()) == kFence) {
    text.remove_suffix(kFence.size());
  }
  return Trim(text);
}

// The first separator mark: its position and length.
std::optional<std::pair<size_t, size_t>> FindSeparator(std::string_view text) {
  for (size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    const MarkerMatch match = MatchMarker(text.substr(at), Marker::kSeparator);
    if (match.kind == MarkerMatch::Kind::kFull) return std::pair(at, match.length);
  }
  return std::nullopt;
}

}  // namespace

std::optional<ToolCall> ParseJsonToolCall(std::string_view text) {
  const auto members = JsonObjectMembers(text);
  if (!members) return std::nullopt;
  ToolCall call;
  call.arguments = "{}";
  for (const JsonMember& member : *members) {
    if (member.key == "function" && member.raw.front() == '{') return ParseJsonToolCall(member.raw);
    if (member.key == "name") {
      std::optional<std::string> name = JsonStringValue(member.raw);
      if (!name) return std::nullopt;
      call.name = std::move(*name);
    } else if (member.key == "arguments" || member.key == "parameters") {
      std::optional<std::string> arguments = ArgumentsText(member.raw);
      if (!arguments) return std::nullopt;
      call.arguments = std::move(*arguments);
    }
  }
  if (!IsName(call.name)) return std::nullopt;
  return call;
}

std::optional<std::vector<ToolCall>> ParseJsonToolCalls(std::string_view text) {
  text = Trim(text);
  std::vector<ToolCall> calls;
  if (text.empty()) return std::nullopt;
  if (text.front() != '[') {
    std::optional<ToolCall> call = ParseJsonToolCall(text);
    if (!call) return std::nullopt;
    calls.push_back(std::move(*call));
    return calls;
  }
  const auto items = JsonArrayItems(text);
  if (!items || items->empty()) return std::nullopt;
  for (const std::string_view item : *items) {
    std::optional<ToolCall> call = ParseJsonToolCall(item);
    if (!call) return std::nullopt;
    calls.push_back(std::move(*call));
  }
  return calls;
}

std::optional<ToolCall> ParseDeepseekToolCall(std::string_view text) {
  const auto separator = FindSeparator(text);
  if (!separator) return ParseJsonToolCall(StripFence(text));
  const std::string_view left = Trim(text.substr(0, separator->first));
  const std::string_view right = Trim(text.substr(separator->first + separator->second));
  ToolCall call;
  std::string_view rest = right;
  if (!right.empty() && right.front() == '{') {
    call.name = left;
  } else {
    const size_t name_end = right.find_first_of("\n`{");
    call.name = Trim(right.substr(0, name_end));
    rest = name_end == std::string_view::npos ? std::string_view() : right.substr(name_end);
  }
  const std::string_view arguments = StripFence(rest);
  if (!IsName(call.name)) return std::nullopt;
  if (!rest.empty() && !IsJsonObject(arguments)) return std::nullopt;
  call.arguments = arguments.empty() ? "{}" : std::string(arguments);
  return call;
}

}  // namespace lemma::chat
