// SPDX-License-Identifier: Apache-2.0
#include "server/dialect/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string>
#include <utility>

namespace lemma::server {

namespace json = boost::json;

bool CheckCount(const json::array& items, std::string_view path, size_t most, BodyNotes& notes) {
  if (items.size() <= most) return true;
  notes.Fail(InvalidArgument(fmt::format("{}: {} items, at most {}", path, items.size(), most)));
  return false;
}

void ReadObjects(const json::array& items, std::string_view name, BodyNotes& notes,
                 const ReadItem& read) {
  size_t index = 0;
  for (const json::value& item : items) {
    const std::string path = IndexPath(name, index++);
    if (!item.is_object()) {
      return notes.Fail(InvalidArgument(fmt::format("{}: expected an object", path)));
    }
    ObjectReader in(item.get_object(), path, notes);
    read(in);
    in.Finish();
  }
}

void ReadFunctionMember(ObjectReader& in, const ReadItem& read) {
  const json::object* function = in.Object("function");
  if (function == nullptr) return in.Fail("function", "is missing");
  ObjectReader inner(*function, in.PathOf("function"), in.notes());
  read(inner);
  inner.Finish();
}

void ReadToolCalls(ObjectReader& in, chat::Message& message, const ReadCall& read) {
  const json::array* calls = in.Array("tool_calls");
  if (calls == nullptr) return;
  if (!calls->empty() && message.role != chat::Role::kAssistant) {
    in.Fail("tool_calls", "belong to messages of the role \"assistant\"");
  }
  ReadObjects(*calls, in.PathOf("tool_calls"), in.notes(), [&](ObjectReader& item) {
    chat::ToolCall call;
    item.Read("id", call.id);
    read(item, call);
    message.tool_calls.push_back(std::move(call));
  });
}

namespace {

bool IsSchemaType(std::string_view name) {
  constexpr std::array<std::string_view, 7> kTypes = {"object",  "array",   "string", "number",
                                                      "integer", "boolean", "null"};
  return std::find(kTypes.begin(), kTypes.end(), name) != kTypes.end();
}

// The member "type" of a schema and of what it is made of. The depth is that of the body.
void CheckTypes(const json::object& schema, const std::string& path, BodyNotes& notes) {
  const json::value* type = schema.if_contains("type");
  const auto check = [&](const json::value& name) {
    if (name.is_string() && IsSchemaType(name.get_string())) return;
    notes.Fail(InvalidArgument(fmt::format("{}.type: expected a type of JSON schema", path)));
  };
  if (type != nullptr && type->is_array()) {
    for (const json::value& name : type->get_array()) check(name);
  } else if (type != nullptr) {
    check(*type);
  }
  if (const json::value* items = schema.if_contains("items"); items && items->is_object()) {
    CheckTypes(items->get_object(), path + ".items", notes);
  }
  const json::value* properties = schema.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return;
  for (const auto& [name, property] : properties->get_object()) {
    if (!property.is_object()) continue;
    CheckTypes(property.get_object(),
               fmt::format("{}.properties.{}", path, std::string_view(name).substr(0, 40)), notes);
  }
}

}  // namespace

chat::ToolSpec ReadToolSpec(ObjectReader& in) {
  chat::ToolSpec tool;
  in.Read("name", tool.name);
  in.Read("description", tool.description);
  if (const json::object* parameters = in.Object("parameters")) {
    CheckTypes(*parameters, in.PathOf("parameters"), in.notes());
    tool.parameters = json::serialize(*parameters);
  }
  if (tool.name.empty()) in.Fail("name", "is missing");
  return tool;
}

namespace {

bool Follows(std::string_view name, const ToolNameRule& rule) {
  return name.size() <= rule.longest && std::all_of(name.begin(), name.end(), [&rule](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  rule.signs.find(c) != std::string_view::npos;
         });
}

}  // namespace

void AddTool(ObjectReader& in, chat::ToolSpec tool, const ToolNameRule& names,
             chat::Conversation& conversation) {
  if (!Follows(tool.name, names)) {
    const std::string_view signs = names.signs;
    in.Fail("name", fmt::format("expected 1 to {} of a-z, A-Z, 0-9, {} and {}", names.longest,
                                fmt::join(signs.substr(0, signs.size() - 1), ", "), signs.back()));
  }
  const bool there = std::any_of(conversation.tools.begin(), conversation.tools.end(),
                                 [&](const auto& other) { return other.name == tool.name; });
  if (there) in.Fail("name", fmt::format("'{}' is the name of another tool too", tool.name));
  conversation.tools.push_back(std::move(tool));
}

void ContinueOpenTurn(chat::Conversation& conversation) {
  if (conversation.messages.empty()) return;
  const chat::Message& last = conversation.messages.back();
  if (last.role == chat::Role::kAssistant && last.tool_calls.empty()) {
    conversation.end = chat::PromptEnd::kContinueFinal;
  }
}

}  // namespace lemma::server
