// SPDX-License-Identifier: Apache-2.0
// For models of which nothing is known: a transcript in plain text,
//
//   system text \n\n User: question \n Assistant: answer \n User: question \n Assistant:
//
// read until the model writes the next "User:" line.
#include "chat/prompts.h"

namespace lemma::chat {

FormattedPrompt FormatPlain(const Conversation& conversation) {
  PartWriter writer;
  const std::vector<Message>& messages = conversation.messages;
  for (size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    const bool open = conversation.end == PromptEnd::kContinueFinal && i + 1 == messages.size();
    switch (message.role) {
      case Role::kSystem:
        writer.Input(message.content);
        writer.Format("\n\n");
        continue;
      case Role::kUser:
        writer.Format("User: ");
        break;
      case Role::kAssistant:
        writer.Format("Assistant: ");
        break;
      case Role::kTool:
        writer.Format("Tool result: ");
        break;
    }
    writer.Input(message.content);
    if (!open) writer.Format("\n");
  }
  if (conversation.end == PromptEnd::kGenerate) writer.Format("Assistant:");
  return {writer.Take(), StartState::kContent};
}

}  // namespace lemma::chat
