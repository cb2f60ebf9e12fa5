// SPDX-License-Identifier: Apache-2.0
// Parts of a conversation that the dialects write alike: lists of objects, calls of tools and the
// tools themselves, a last turn that is to be continued. Errors go to the notes, with their path.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <functional>
#include <string_view>

#include "chat/message.h"
#include "server/object_reader.h"

namespace lemma::server {

inline constexpr size_t kMostMessages = 4096;
inline constexpr size_t kMostTools = 128;

// "path: N messages, at most 4096" when there are more; false then.
bool CheckCount(const boost::json::array& items, std::string_view path, size_t most,
                BodyNotes& notes);

// Calls `read` for each item with a reader of its own, and finishes that; ends with an error at the
// first item that is no object. Paths are "name[0]", "name[1]", ...
using ReadItem = std::function<void(ObjectReader& item)>;
void ReadObjects(const boost::json::array& items, std::string_view name, BodyNotes& notes,
                 const ReadItem& read);

// The member "function" of a call or a tool, read by `read` and finished; an error when it is
// missing.
void ReadFunctionMember(ObjectReader& in, const ReadItem& read);

// "tool_calls" of a message; `read` reads one of them. An error in messages of another role than
// the assistant's.
using ReadCall = std::function<void(ObjectReader& item, chat::ToolCall& call)>;
void ReadToolCalls(ObjectReader& in, chat::Message& message, const ReadCall& read);

// "name", "description" and "parameters" of a function. An error names a type that JSON schemas do
// not have.
chat::ToolSpec ReadToolSpec(ObjectReader& in);
// What names of tools are made of: they go into prompts, and models write them.
struct ToolNameRule {
  size_t longest = 64;
  std::string_view signs = "_-";  // two or more, beside letters and digits of ASCII
};
inline constexpr ToolNameRule kOpenAiToolNames{64, "_-"};
inline constexpr ToolNameRule kAnthropicToolNames{128, "_-"};
// Ollama has no rule; names of tools of the Model Context Protocol have dots and slashes.
inline constexpr ToolNameRule kOllamaToolNames{128, "_-./:"};

// Puts `tool`, read from `in`, into the conversation; an error when its name breaks the rule, or
// when there is a tool of that name.
void AddTool(ObjectReader& in, chat::ToolSpec tool, const ToolNameRule& names,
             chat::Conversation& conversation);

// A conversation that ends with the assistant's own words is to be continued, not answered. Words
// before a call of a tool are not.
void ContinueOpenTurn(chat::Conversation& conversation);

}  // namespace lemma::server
