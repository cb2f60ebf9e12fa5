// SPDX-License-Identifier: Apache-2.0
#include "chat/prompts.h"

#include <fmt/format.h>

#include <utility>

#include "base/utf8.h"
#include "chat/json_text.h"

namespace lemma::chat {
namespace {

// The characters that Python's str.isspace accepts.
bool IsPythonSpace(uint32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

Status CheckToolCalls(const Message& message, size_t index) {
  for (size_t i = 0; i < message.tool_calls.size(); ++i) {
    const ToolCall& call = message.tool_calls[i];
    if (message.role != Role::kAssistant) {
      return InvalidArgument(
          fmt::format("messages[{}].tool_calls: only an assistant calls tools, "
                      "this is a {} message",
                      index, RoleName(message.role)));
    }
    if (call.name.empty()) {
      return InvalidArgument(
          fmt::format("messages[{}].tool_calls[{}]: no function name", index, i));
    }
    if (!IsJsonObject(call.arguments)) {
      return InvalidArgument(fmt::format(
          "messages[{}].tool_calls[{}].arguments: expected the text of a JSON object", index, i));
    }
  }
  return OkStatus();
}

Status CheckEnd(const Conversation& conversation) {
  if (conversation.end != PromptEnd::kContinueFinal) return OkStatus();
  if (conversation.messages.empty()) {
    return InvalidArgument("messages: there is none to continue");
  }
  const size_t last = conversation.messages.size() - 1;
  const Message& message = conversation.messages[last];
  if (message.role != Role::kAssistant) {
    return InvalidArgument(fmt::format(
        "messages[{}]: only an assistant message can be continued, this is a {} message", last,
        RoleName(message.role)));
  }
  if (!message.tool_calls.empty()) {
    return InvalidArgument(
        fmt::format("messages[{}]: a message that calls tools cannot be continued", last));
  }
  return OkStatus();
}

}  // namespace

void PartWriter::Append(std::string_view text, bool is_input) {
  if (text.empty()) return;
  if (!parts_.empty() && parts_.back().is_input == is_input) {
    parts_.back().text += text;
  } else {
    parts_.push_back({std::string(text), is_input});
  }
}

AssistantText SplitAssistant(const Message& message, std::string_view think_open,
                             std::string_view think_close) {
  AssistantText split;
  if (!message.reasoning.empty()) {
    split.reasoning = message.reasoning;
    split.content = message.content;
    split.open = message.content.empty();
    return split;
  }
  const std::string_view content = message.content;
  const size_t last_close = content.rfind(think_close);
  const auto after_open = [&](std::string_view text) {
    const size_t open = text.rfind(think_open);
    return open == std::string_view::npos ? text : text.substr(open + think_open.size());
  };
  if (last_close != std::string_view::npos) {
    split.content = content.substr(last_close + think_close.size());
    split.reasoning = after_open(content.substr(0, content.find(think_close)));
  } else if (StripText(content).substr(0, think_open.size()) == think_open) {
    split.reasoning = after_open(content);
    split.open = true;
  } else {
    split.content = content;
  }
  return split;
}

Status CheckConversation(const Conversation& conversation) {
  for (size_t i = 0; i < conversation.tools.size(); ++i) {
    const ToolSpec& tool = conversation.tools[i];
    if (tool.name.empty()) return InvalidArgument(fmt::format("tools[{}]: no function name", i));
    if (!tool.parameters.empty() && !IsJsonObject(tool.parameters)) {
      return InvalidArgument(fmt::format("tools[{}].parameters: expected a JSON object", i));
    }
  }
  for (size_t i = 0; i < conversation.messages.size(); ++i) {
    LEMMA_RETURN_IF_ERROR(CheckToolCalls(conversation.messages[i], i));
  }
  return CheckEnd(conversation);
}

std::string_view StripText(std::string_view text) {
  size_t begin = text.size();
  size_t end = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = DecodeUtf8(text.substr(at));
    if (!IsPythonSpace(c.code_point)) {
      if (begin > at) begin = at;
      end = at + c.length;
    }
    at += c.length;
  }
  return begin >= end ? std::string_view() : text.substr(begin, end - begin);
}

std::string_view StripChars(std::string_view text, std::string_view chars) {
  const size_t begin = text.find_first_not_of(chars);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(chars) - begin + 1);
}

std::string ToolSpecJson(const ToolSpec& tool, std::optional<int> indent) {
  const std::string parameters = tool.parameters.empty() ? R"({"type":"object"})" : tool.parameters;
  const std::string compact = fmt::format(
      R"({{"type":"function","function":{{"name":{},"description":{},"parameters":{}}}}})",
      JsonQuote(tool.name), JsonQuote(tool.description), parameters);
  // Valid by CheckConversation; as it is otherwise.
  return JsonPythonLayout(compact, indent).value_or(compact);
}

}  // namespace lemma::chat
