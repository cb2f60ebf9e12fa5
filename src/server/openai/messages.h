// SPDX-License-Identifier: Apache-2.0
// Messages and tools of /v1/chat/completions to a conversation. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "chat/message.h"
#include "server/object_reader.h"

namespace lemma::server::openai {

void ReadMessages(const boost::json::array& messages, BodyNotes& notes,
                  chat::Conversation& conversation);
// A text, or a list of parts of type "text", joined.
std::string ReadContent(ObjectReader& in, std::string_view name);
// "tools", "tool_choice", "parallel_tool_calls". With "none" the model is not told of the tools.
void ReadTools(ObjectReader& in, chat::Conversation& conversation);
// One function's name, description, parameters and strictness.
chat::ToolSpec ReadFunction(ObjectReader& in);
void ReadToolChoice(ObjectReader& in, chat::Conversation& conversation);

}  // namespace lemma::server::openai
