// SPDX-License-Identifier: Apache-2.0
// The prompt formats in code, one file each: prompt_deepseek.cc, prompt_chatml.cc,
// prompt_llama3.cc, prompt_plain.cc. Each turns a conversation that CheckConversation accepted into
// parts, and sets where the answer starts. Pure functions. See docs/formats/chat.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "chat/family.h"
#include "chat/message.h"

namespace lemma::chat {

// How models of these families mark their thinking.
inline constexpr std::string_view kThink = "<think>";
inline constexpr std::string_view kThinkEnd = "</think>";
inline constexpr std::string_view kEmptyThinking = "<think>\n\n</think>\n\n";

// Collects parts; neighbours of a kind are joined, empty texts dropped.
class PartWriter {
 public:
  void Format(std::string_view text) { Append(text, false); }
  void Input(std::string_view text) { Append(text, true); }
  [[nodiscard]] std::vector<PromptPart> Take() { return std::move(parts_); }

 private:
  void Append(std::string_view text, bool is_input);
  std::vector<PromptPart> parts_;
};

// An assistant's text split at its thinking tags, as the published templates do.
struct AssistantText {
  std::string reasoning;
  std::string content;
  bool open = false;  // the thinking text has no end: nothing follows it
};
AssistantText SplitAssistant(const Message& message, std::string_view think_open,
                             std::string_view think_close);

// What every format asks: the last message is an open assistant's for kContinueFinal (and calls no
// tool), tool calls have names and arguments that are JSON objects, tool parameters are JSON.
Status CheckConversation(const Conversation& conversation);

// White space of both ends removed as Python's str.strip does.
std::string_view StripText(std::string_view text);
std::string_view StripChars(std::string_view text, std::string_view chars);
// {"type": "function", "function": {...}}, as Hugging Face lays it out.
std::string ToolSpecJson(const ToolSpec& tool, std::optional<int> indent = std::nullopt);

struct FormattedPrompt {
  std::vector<PromptPart> parts;
  StartState start = StartState::kContent;
};

FormattedPrompt FormatDeepseekR1(const Conversation& conversation);
FormattedPrompt FormatQwen3(const Conversation& conversation);
// `default_system` is used when the conversation does not begin with a system message.
FormattedPrompt FormatChatMl(const Conversation& conversation, std::string_view default_system);
FormattedPrompt FormatLlama3(const Conversation& conversation);
FormattedPrompt FormatPlain(const Conversation& conversation);

}  // namespace lemma::chat
