// SPDX-License-Identifier: Apache-2.0
#include "server/dialect/conversation.h"

#include <fmt/format.h>

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

chat::ToolSpec ReadToolSpec(ObjectReader& in) {
  chat::ToolSpec tool;
  in.Read("name", tool.name);
  in.Read("description", tool.description);
  if (const json::object* parameters = in.Object("parameters")) {
    tool.parameters = json::serialize(*parameters);
  }
  if (tool.name.empty()) in.Fail("name", "is missing");
  return tool;
}

void ContinueOpenTurn(chat::Conversation& conversation) {
  if (conversation.messages.empty()) return;
  const chat::Message& last = conversation.messages.back();
  if (last.role == chat::Role::kAssistant && last.tool_calls.empty()) {
    conversation.end = chat::PromptEnd::kContinueFinal;
  }
}

}  // namespace lemma::server
