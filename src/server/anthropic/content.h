// SPDX-License-Identifier: Apache-2.0
// System text, messages with content blocks, and tools of the Messages API to a conversation.
// Blocks of text are joined by a newline; neighbouring messages of one role are one turn; a
// tool_result block becomes a message of the tool. Pure.
#pragma once

#include <boost/json/fwd.hpp>

#include "chat/message.h"
#include "server/object_reader.h"

namespace lemma::server::anthropic {

// A string or a list of text blocks.
void ReadSystem(const boost::json::value& system, BodyNotes& notes,
                chat::Conversation& conversation);
// Also sets the end of the prompt: an assistant's text at the end is continued.
void ReadMessages(const boost::json::array& messages, BodyNotes& notes,
                  chat::Conversation& conversation);
void ReadTools(const boost::json::array& tools, BodyNotes& notes, chat::Conversation& conversation);

}  // namespace lemma::server::anthropic
