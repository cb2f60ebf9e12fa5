// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/messages.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <utility>

namespace lemma::server::ollama {

namespace json = boost::json;

namespace {

std::optional<chat::Role> RoleFrom(std::string_view name) {
  for (const chat::Role role :
       {chat::Role::kSystem, chat::Role::kUser, chat::Role::kAssistant, chat::Role::kTool}) {
    if (chat::RoleName(role) == name) return role;
  }
  return std::nullopt;
}

chat::ToolCall ReadToolCall(const json::object& object, const std::string& path, BodyNotes& notes) {
  ObjectReader in(object, path, notes);
  chat::ToolCall call;
  in.Read("id", call.id);
  std::string type;
  in.Read("type", type);  // "function", by some clients
  const json::object* function = in.Object("function");
  if (function == nullptr) {
    in.Fail("function", "is missing");
  } else {
    ObjectReader inner(*function, path + ".function", notes);
    std::optional<int64_t> index;
    inner.Read("index", index);
    inner.Read("name", call.name);
    if (call.name.empty()) inner.Fail("name", "is missing");
    const json::object* arguments = inner.Object("arguments");
    call.arguments = arguments == nullptr ? "{}" : json::serialize(*arguments);
    inner.Finish();
  }
  in.Finish();
  return call;
}

void ReadToolCalls(ObjectReader& in, chat::Message& message) {
  const json::array* calls = in.Array("tool_calls");
  if (calls == nullptr) return;
  for (const json::value& call : *calls) {
    const std::string name = IndexPath("tool_calls", message.tool_calls.size());
    if (!call.is_object()) return in.Fail(name, "expected an object");
    message.tool_calls.push_back(ReadToolCall(call.get_object(), in.PathOf(name), in.notes()));
  }
  if (!calls->empty() && message.role != chat::Role::kAssistant) {
    in.Fail("tool_calls", "belong to messages of the role \"assistant\"");
  }
}

chat::Message ReadMessage(const json::object& object, const std::string& path, BodyNotes& notes) {
  ObjectReader in(object, path, notes);
  chat::Message message;
  std::string role;
  in.Read("role", role);
  const std::optional<chat::Role> known = RoleFrom(role);
  if (known) {
    message.role = *known;
  } else {
    in.Fail("role", "expected \"system\", \"user\", \"assistant\" or \"tool\"");
  }
  in.Read("content", message.content);
  in.Read("thinking", message.reasoning);
  in.Read("tool_name", message.name);
  in.Read("tool_call_id", message.tool_call_id);
  const json::array* images = in.Array("images");
  if (images != nullptr && !images->empty()) in.Fail("images", "this server takes no images");
  ReadToolCalls(in, message);
  in.Finish();
  return message;
}

chat::ToolSpec ReadTool(const json::object& object, const std::string& path, BodyNotes& notes) {
  ObjectReader in(object, path, notes);
  chat::ToolSpec tool;
  std::string type = "function";
  in.Read("type", type);
  if (type != "function") in.Fail("type", "expected \"function\"");
  const json::object* function = in.Object("function");
  if (function == nullptr) {
    in.Fail("function", "is missing");
  } else {
    ObjectReader inner(*function, path + ".function", notes);
    inner.Read("name", tool.name);
    inner.Read("description", tool.description);
    if (const json::object* parameters = inner.Object("parameters")) {
      tool.parameters = json::serialize(*parameters);
    }
    if (tool.name.empty()) inner.Fail("name", "is missing");
    inner.Finish();
  }
  in.Finish();
  return tool;
}

}  // namespace

void ReadMessages(const json::array& messages, BodyNotes& notes, chat::Conversation& conversation) {
  for (const json::value& item : messages) {
    const std::string path = IndexPath("messages", conversation.messages.size());
    if (!item.is_object()) {
      return notes.Fail(InvalidArgument(fmt::format("{}: expected an object", path)));
    }
    conversation.messages.push_back(ReadMessage(item.get_object(), path, notes));
  }
  if (conversation.messages.empty()) return;
  const chat::Message& last = conversation.messages.back();
  if (last.role == chat::Role::kAssistant && last.tool_calls.empty()) {
    conversation.end = chat::PromptEnd::kContinueFinal;
  }
}

void ReadTools(const json::array& tools, BodyNotes& notes, chat::Conversation& conversation) {
  for (const json::value& item : tools) {
    const std::string path = IndexPath("tools", conversation.tools.size());
    if (!item.is_object()) {
      return notes.Fail(InvalidArgument(fmt::format("{}: expected an object", path)));
    }
    conversation.tools.push_back(ReadTool(item.get_object(), path, notes));
  }
}

}  // namespace lemma::server::ollama
