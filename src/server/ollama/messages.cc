// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/messages.h"

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "server/dialect/conversation.h"

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

void ReadCallFields(ObjectReader& in, chat::ToolCall& call) {
  std::string type;
  in.Read("type", type);  // "function", by some clients
  ReadFunctionMember(in, [&call](ObjectReader& inner) {
    std::optional<int64_t> index;
    inner.Read("index", index);
    inner.Read("name", call.name);
    if (call.name.empty()) inner.Fail("name", "is missing");
    const json::object* arguments = inner.Object("arguments");
    call.arguments = arguments == nullptr ? "{}" : json::serialize(*arguments);
  });
}

chat::Message ReadMessage(ObjectReader& in) {
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
  ReadToolCalls(in, message, ReadCallFields);
  return message;
}

}  // namespace

void ReadMessages(const json::array& messages, BodyNotes& notes, chat::Conversation& conversation) {
  if (!CheckCount(messages, "messages", kMostMessages, notes)) return;
  ReadObjects(messages, "messages", notes, [&conversation](ObjectReader& in) {
    conversation.messages.push_back(ReadMessage(in));
  });
  ContinueOpenTurn(conversation);
}

void ReadTools(const json::array& tools, BodyNotes& notes, chat::Conversation& conversation) {
  if (!CheckCount(tools, "tools", kMostTools, notes)) return;
  ReadObjects(tools, "tools", notes, [&conversation](ObjectReader& in) {
    std::string type = "function";
    in.Read("type", type);
    if (type != "function") in.Fail("type", "expected \"function\"");
    ReadFunctionMember(in, [&conversation](ObjectReader& inner) {
      AddTool(inner, ReadToolSpec(inner), kOllamaToolNames, conversation);
    });
  });
}

}  // namespace lemma::server::ollama
