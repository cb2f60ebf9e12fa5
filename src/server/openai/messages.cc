// SPDX-License-Identifier: Apache-2.0
#include "server/openai/messages.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "server/dialect/conversation.h"
#include "server/dialect/refusals.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

std::optional<chat::Role> RoleFrom(std::string_view name) {
  if (name == "system" || name == "developer") return chat::Role::kSystem;
  if (name == "user") return chat::Role::kUser;
  if (name == "assistant") return chat::Role::kAssistant;
  if (name == "tool") return chat::Role::kTool;
  return std::nullopt;
}

std::string ReadPart(const json::value& part, const std::string& path, BodyNotes& notes) {
  std::string text;
  if (!part.is_object()) {
    notes.Fail(InvalidArgument(fmt::format("{}: expected an object", path)));
    return text;
  }
  ObjectReader in(part.get_object(), path, notes);
  std::string type;
  in.Read("type", type);
  if (type == "text" || type == "input_text" || type == "output_text") {
    in.Read("text", text);
  } else if (type == "refusal") {
    in.Read("refusal", text);
  } else {
    in.Fail("type", fmt::format("'{}': this server takes text only", type.substr(0, 40)));
    return text;
  }
  for (const std::string_view name : {"annotations", "logprobs"}) static_cast<void>(in.Any(name));
  in.NoEffect("cache_control", "prompts are cached by themselves");
  in.Finish();
  return text;
}

void ReadCallFields(ObjectReader& in, chat::ToolCall& call) {
  std::string type = "function";
  in.Read("type", type);
  if (type != "function") in.Fail("type", "expected \"function\"");
  std::optional<int64_t> index;
  in.Read("index", index);
  ReadFunctionMember(in, [&call](ObjectReader& inner) {
    inner.Read("name", call.name);
    if (call.name.empty()) inner.Fail("name", "is missing");
    inner.Read("arguments", call.arguments);
    if (call.arguments.empty()) call.arguments = "{}";
  });
}

chat::Message ReadMessage(ObjectReader& in) {
  chat::Message message;
  std::string role;
  in.Read("role", role);
  if (const auto known = RoleFrom(role)) {
    message.role = *known;
  } else {
    in.Fail("role", "expected \"system\", \"developer\", \"user\", \"assistant\" or \"tool\"");
  }
  message.content = ReadContent(in, "content");
  if (message.role != chat::Role::kAssistant && in.Any("content") == nullptr) {
    in.Fail("content", "is missing");
  }
  // One text under several names; clients send back what they got.
  in.Read("reasoning", message.reasoning);
  in.Read("reasoning_content", message.reasoning);
  in.Read("name", message.name);
  in.Read("tool_call_id", message.tool_call_id);
  ReadToolCalls(in, message, ReadCallFields);
  in.Refuse("function_call", "is out of date; use tool_calls");
  for (const std::string_view name : {"refusal", "annotations", "audio"}) {
    static_cast<void>(in.Any(name));  // of answers that are sent back
  }
  return message;
}

}  // namespace

std::string ReadContent(ObjectReader& in, std::string_view name) {
  const json::value* value = in.Any(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  if (!value->is_array()) {
    in.Fail(name,
            fmt::format("expected a string or a list of parts, found {}", JsonTypeName(*value)));
    return {};
  }
  std::string text;
  size_t index = 0;
  for (const json::value& part : value->get_array()) {
    text += ReadPart(part, in.PathOf(IndexPath(name, index++)), in.notes());
  }
  return text;
}

namespace {

// Results of tools answer calls: one that answers none is told, for templates leave it out or take
// it for something else.
void CheckToolResults(const std::vector<chat::Message>& messages, BodyNotes& notes) {
  std::set<std::string_view> calls;
  bool any_call = false;
  for (size_t i = 0; i < messages.size(); ++i) {
    const chat::Message& message = messages[i];
    any_call = any_call || !message.tool_calls.empty();
    for (const chat::ToolCall& call : message.tool_calls) calls.insert(call.id);
    if (message.role != chat::Role::kTool) continue;
    const std::string path = IndexPath("messages", i);
    if (!any_call) {
      notes.Warn(fmt::format("{}: a result of a tool, and no call before it", path));
    } else if (!message.tool_call_id.empty() && !calls.contains(message.tool_call_id)) {
      notes.Warn(fmt::format("{}.tool_call_id: no call before it has this id", path));
    }
  }
}

}  // namespace

void ReadMessages(const json::array& messages, BodyNotes& notes, chat::Conversation& conversation) {
  if (messages.empty()) notes.Fail(InvalidArgument("messages: expected at least one message"));
  if (!CheckCount(messages, "messages", kMostMessages, notes)) return;
  ReadObjects(messages, "messages", notes, [&conversation](ObjectReader& in) {
    conversation.messages.push_back(ReadMessage(in));
  });
  CheckToolResults(conversation.messages, notes);
}

chat::ToolSpec ReadFunction(ObjectReader& in) {
  chat::ToolSpec tool = ReadToolSpec(in);
  std::optional<bool> strict;
  in.Read("strict", strict);
  if (strict == true) {
    in.notes().Fail(Unsupported(fmt::format("{}: {}", in.PathOf("strict"), kNoForcedTools)));
  }
  return tool;
}

void ReadToolChoice(ObjectReader& in, chat::Conversation& conversation) {
  const json::value* choice = in.Any("tool_choice");
  if (choice == nullptr) return;
  const bool named = choice->is_object();
  const std::string_view word = choice->is_string() ? choice->get_string() : std::string_view();
  if (word == "none") {
    conversation.tools.clear();
  } else if (word == "required" || named) {
    in.notes().Fail(Unsupported(fmt::format("{}: {}", in.PathOf("tool_choice"), kNoForcedTools)));
  } else if (word != "auto") {
    in.Fail("tool_choice", "expected \"none\", \"auto\", \"required\" or an object");
  }
}

void ReadTools(ObjectReader& in, chat::Conversation& conversation) {
  in.Refuse("functions", "is out of date; use tools");
  in.Refuse("function_call", "is out of date; use tool_choice");
  std::optional<bool> parallel;
  in.Read("parallel_tool_calls", parallel);
  if (parallel == false) {
    in.Warn("parallel_tool_calls", "has no effect: a model may call several tools");
  }
  if (const json::array* tools = in.Array("tools")) {
    const std::string path = in.PathOf("tools");
    if (!CheckCount(*tools, path, kMostTools, in.notes())) return;
    ReadObjects(*tools, path, in.notes(), [&conversation](ObjectReader& tool) {
      std::string type;
      tool.Read("type", type);
      if (type != "function") tool.Fail("type", "expected \"function\"");
      ReadFunctionMember(tool, [&conversation](ObjectReader& inner) {
        AddTool(inner, ReadFunction(inner), kOpenAiToolNames, conversation);
      });
    });
  }
  ReadToolChoice(in, conversation);
}

}  // namespace lemma::server::openai
