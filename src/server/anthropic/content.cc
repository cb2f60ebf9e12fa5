// SPDX-License-Identifier: Apache-2.0
#include "server/anthropic/content.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <functional>
#include <string>
#include <utility>

#include "server/dialect/conversation.h"

namespace lemma::server::anthropic {

namespace json = boost::json;

namespace {

void AppendText(std::string& to, std::string_view text) {
  if (!to.empty() && !text.empty()) to += '\n';
  to += text;
}

// One list of content blocks; `on_block` reads what is particular to a type, and returns false for
// a type that has no place here.
using OnBlock = std::function<bool(const std::string& type, ObjectReader& in)>;
void ReadBlocks(const json::value& value, const std::string& path, BodyNotes& notes,
                const OnBlock& on_block) {
  if (!value.is_array()) {
    return notes.Fail(InvalidArgument(fmt::format(
        "{}: expected a string or a list of content blocks, found {}", path, JsonTypeName(value))));
  }
  ReadObjects(value.get_array(), path, notes, [&on_block](ObjectReader& in) {
    std::string type;
    in.Read("type", type);
    in.Any("cache_control");  // prefixes are cached by themselves
    if (!on_block(type, in)) {
      in.Fail("type", type.empty() ? "is missing"
                                   : fmt::format("\"{}\" is not supported here",
                                                 std::string_view(type).substr(0, 64)));
    }
  });
}

void ReadTextBlock(ObjectReader& in, std::string& to) {
  std::optional<std::string> text;
  in.Read("text", text);
  in.Any("citations");  // null in blocks that came from a reply
  if (!text) return in.Fail("text", "is missing");
  AppendText(to, *text);
}

// A string, or blocks of text only.
void ReadTexts(const json::value& value, const std::string& path, BodyNotes& notes,
               std::string& to) {
  if (value.is_string()) return AppendText(to, value.get_string());
  ReadBlocks(value, path, notes, [&to](const std::string& type, ObjectReader& in) {
    if (type == "text") ReadTextBlock(in, to);
    return type == "text";
  });
}

// The turn that blocks are added to: the last one, if it is of that role and nothing stands
// between.
chat::Message& TurnOf(chat::Role role, chat::Conversation& conversation) {
  if (conversation.messages.empty() || conversation.messages.back().role != role) {
    conversation.messages.emplace_back().role = role;
  }
  return conversation.messages.back();
}

std::string FunctionOfCall(const std::string& id, const chat::Conversation& conversation) {
  for (auto message = conversation.messages.rbegin(); message != conversation.messages.rend();
       ++message) {
    for (const chat::ToolCall& call : message->tool_calls) {
      if (call.id == id) return call.name;
    }
  }
  return {};
}

void ReadToolResult(ObjectReader& in, chat::Conversation& conversation) {
  chat::Message result;
  result.role = chat::Role::kTool;
  in.Read("tool_use_id", result.tool_call_id);
  result.name = FunctionOfCall(result.tool_call_id, conversation);
  if (result.tool_call_id.empty()) {
    in.Fail("tool_use_id", "is missing");
  } else if (result.name.empty()) {
    in.Fail("tool_use_id", "no tool_use block before it has this id");
  }
  if (const json::value* content = in.Any("content")) {
    ReadTexts(*content, in.PathOf("content"), in.notes(), result.content);
  }
  bool is_error = false;
  in.Read("is_error", is_error);
  if (is_error) result.content = "Error: " + result.content;
  conversation.messages.push_back(std::move(result));
}

void ReadUserBlocks(const json::value& content, const std::string& path, BodyNotes& notes,
                    chat::Conversation& conversation) {
  ReadBlocks(content, path, notes, [&conversation](const std::string& type, ObjectReader& in) {
    if (type == "text") {
      ReadTextBlock(in, TurnOf(chat::Role::kUser, conversation).content);
    } else if (type == "tool_result") {
      ReadToolResult(in, conversation);
    } else if (type == "image" || type == "document") {
      in.Fail("type", fmt::format("\"{}\": this server takes text only", type));
      in.Any("source");
    } else {
      return false;
    }
    return true;
  });
}

void ReadToolUse(ObjectReader& in, chat::Message& turn) {
  chat::ToolCall call;
  in.Read("id", call.id);
  in.Read("name", call.name);
  if (call.id.empty()) in.Fail("id", "is missing");
  if (call.name.empty()) in.Fail("name", "is missing");
  const json::object* input = in.Object("input");
  call.arguments = input == nullptr ? "{}" : json::serialize(*input);
  turn.tool_calls.push_back(std::move(call));
}

void ReadAssistantBlocks(const json::value& content, const std::string& path, BodyNotes& notes,
                         chat::Message& turn) {
  ReadBlocks(content, path, notes, [&turn](const std::string& type, ObjectReader& in) {
    if (type == "text") {
      ReadTextBlock(in, turn.content);
    } else if (type == "thinking") {
      std::string thinking;
      std::string signature;  // not checked: thinking is not trusted text
      in.Read("thinking", thinking);
      in.Read("signature", signature);
      AppendText(turn.reasoning, thinking);
    } else if (type == "redacted_thinking") {
      in.Any("data");
      in.Warn("type", "redacted_thinking of another server is left out");
    } else if (type == "tool_use") {
      ReadToolUse(in, turn);
    } else {
      return false;
    }
    return true;
  });
}

void ReadMessage(ObjectReader& in, chat::Conversation& conversation) {
  BodyNotes& notes = in.notes();
  std::string role;
  in.Read("role", role);
  const json::value* content = in.Any("content");
  if (content == nullptr) return in.Fail("content", "is missing");
  if (role == "system") {  // since version 2026-10-21
    chat::Message& message = conversation.messages.emplace_back();
    message.role = chat::Role::kSystem;
    return ReadTexts(*content, in.PathOf("content"), notes, message.content);
  }
  if (role != "user" && role != "assistant") {
    return in.Fail("role", "expected \"user\", \"assistant\" or \"system\"");
  }
  const bool user = role == "user";
  if (content->is_string()) {
    const chat::Role kind = user ? chat::Role::kUser : chat::Role::kAssistant;
    return AppendText(TurnOf(kind, conversation).content, content->get_string());
  }
  if (user) return ReadUserBlocks(*content, in.PathOf("content"), notes, conversation);
  ReadAssistantBlocks(*content, in.PathOf("content"), notes,
                      TurnOf(chat::Role::kAssistant, conversation));
}

chat::ToolSpec ReadTool(ObjectReader& in) {
  chat::ToolSpec tool;
  std::string type = "custom";
  in.Read("type", type);
  if (type != "custom") {
    in.Fail("type", fmt::format("\"{}\" is a tool that another server runs; only \"custom\" tools "
                                "are supported",
                                std::string_view(type).substr(0, 64)));
  }
  in.Read("name", tool.name);
  in.Read("description", tool.description);
  in.Any("cache_control");
  const json::object* schema = in.Object("input_schema");
  if (tool.name.empty()) in.Fail("name", "is missing");
  if (schema == nullptr) {
    in.Fail("input_schema", "is missing");
  } else {
    tool.parameters = json::serialize(*schema);
  }
  return tool;
}

}  // namespace

void ReadSystem(const json::value& system, BodyNotes& notes, chat::Conversation& conversation) {
  std::string text;
  ReadTexts(system, "system", notes, text);
  if (text.empty()) return;
  chat::Message& message = conversation.messages.emplace_back();
  message.role = chat::Role::kSystem;
  message.content = std::move(text);
}

void ReadMessages(const json::array& messages, BodyNotes& notes, chat::Conversation& conversation) {
  if (!CheckCount(messages, "messages", kMostMessages, notes)) return;
  ReadObjects(messages, "messages", notes,
              [&conversation](ObjectReader& in) { ReadMessage(in, conversation); });
  if (messages.empty()) {
    return notes.Fail(InvalidArgument("messages: expected at least one message"));
  }
  if (conversation.messages.empty()) {  // lists of content without a block
    return notes.Fail(InvalidArgument("messages: expected at least one content block"));
  }
  ContinueOpenTurn(conversation);
}

void ReadTools(const json::array& tools, BodyNotes& notes, chat::Conversation& conversation) {
  if (!CheckCount(tools, "tools", kMostTools, notes)) return;
  ReadObjects(tools, "tools", notes, [&conversation](ObjectReader& in) {
    AddTool(in, ReadTool(in), kAnthropicToolNames, conversation);
  });
}

}  // namespace lemma::server::anthropic
