// SPDX-License-Identifier: Apache-2.0
// Messages and tools of /api/chat to a conversation. Arguments of tool calls are objects there, not
// text. Pure.
#pragma once

#include <boost/json/fwd.hpp>

#include "chat/message.h"
#include "server/object_reader.h"

namespace lemma::server::ollama {

// Also sets the end of the prompt: an assistant's message at the end is continued.
void ReadMessages(const boost::json::array& messages, BodyNotes& notes,
                  chat::Conversation& conversation);
void ReadTools(const boost::json::array& tools, BodyNotes& notes, chat::Conversation& conversation);

}  // namespace lemma::server::ollama
