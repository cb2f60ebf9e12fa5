// SPDX-License-Identifier: Apache-2.0
// ChatML as Qwen2.5 and Qwen3 use it, after the templates published with the models:
//
//   <|im_start|>system\n...<|im_end|>\n<|im_start|>user\n...<|im_end|>\n<|im_start|>assistant\n
//
// Tools are Hermes style: definitions in the system turn, <tool_call> by the assistant,
// <tool_response> in a user turn. Qwen3 keeps thinking after the last user question only.
#include <fmt/format.h>

#include "chat/json_text.h"
#include "chat/prompts.h"

namespace lemma::chat {
namespace {

constexpr std::string_view kEnd = "<|im_end|>\n";

constexpr std::string_view kToolsBefore =
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are "
    "provided with function signatures within <tools></tools> XML tags:\n<tools>";
constexpr std::string_view kToolsAfter =
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments "
    "within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, "
    "\"arguments\": <args-json-object>}\n</tool_call>";

enum class Dialect { kChatMl, kQwen3 };

class ChatMlWriter {
 public:
  ChatMlWriter(const Conversation& conversation, Dialect dialect, std::string_view default_system)
      : conversation_(conversation),
        messages_(conversation.messages),
        dialect_(dialect),
        default_system_(default_system) {}

  FormattedPrompt Run() {
    last_query_ = LastQuery();
    WriteFirstSystem();
    for (size_t i = 0; i < messages_.size(); ++i) WriteMessage(i);
    if (conversation_.end == PromptEnd::kGenerate) WriteGenerationPrompt();
    prompt_.parts = writer_.Take();
    return std::move(prompt_);
  }

 private:
  void Header(std::string_view role) {
    writer_.Format("<|im_start|>");
    writer_.Format(role);
    writer_.Format("\n");
  }
  [[nodiscard]] bool StartsWithSystem() const {
    return !messages_.empty() && messages_.front().role == Role::kSystem;
  }

  void WriteFirstSystem() {
    const bool tools = !conversation_.tools.empty();
    if (!StartsWithSystem() && default_system_.empty() && !tools) return;
    Header("system");
    if (StartsWithSystem()) {
      writer_.Input(messages_.front().content);
    } else {
      writer_.Format(default_system_);
    }
    if (tools) {
      if (StartsWithSystem() || !default_system_.empty()) writer_.Format("\n\n");
      writer_.Format(kToolsBefore);
      for (const ToolSpec& tool : conversation_.tools) {
        writer_.Format("\n");
        writer_.Input(ToolSpecJson(tool));
      }
      writer_.Format(kToolsAfter);
    }
    writer_.Format(kEnd);
  }

  void WriteMessage(size_t i) {
    const Message& message = messages_[i];
    switch (message.role) {
      case Role::kSystem:
        if (i == 0) return;
        [[fallthrough]];
      case Role::kUser:
        Header(RoleName(message.role));
        writer_.Input(message.content);
        writer_.Format(kEnd);
        return;
      case Role::kTool:
        WriteToolResult(i);
        return;
      case Role::kAssistant:
        Header("assistant");
        if (conversation_.end == PromptEnd::kContinueFinal && i + 1 == messages_.size()) {
          WriteOpenAssistant(message);
        } else {
          WriteAssistant(i);
        }
        return;
    }
  }

  // Results of one round share a user turn.
  void WriteToolResult(size_t i) {
    if (i == 0 || messages_[i - 1].role != Role::kTool) writer_.Format("<|im_start|>user");
    writer_.Format("\n<tool_response>\n");
    writer_.Input(messages_[i].content);
    writer_.Format("\n</tool_response>");
    if (i + 1 == messages_.size() || messages_[i + 1].role != Role::kTool) writer_.Format(kEnd);
  }

  void WriteAssistant(size_t i) {
    const Message& message = messages_[i];
    std::string content = message.content;
    if (dialect_ == Dialect::kQwen3) {
      AssistantText text = SplitAssistant(message, kThink, kThinkEnd);
      if (text.open && message.reasoning.empty()) text = {"", message.content, false};
      content = message.reasoning.empty() && text.content.size() != message.content.size()
                    ? std::string(StripLeft(text.content))
                    : text.content;
      const std::string_view reasoning = StripChars(text.reasoning, "\n");
      if (i > last_query_ && (i + 1 == messages_.size() || !reasoning.empty())) {
        writer_.Format("<think>\n");
        writer_.Input(reasoning);
        writer_.Format("\n</think>\n\n");
        content = StripLeft(content);
      }
    }
    writer_.Input(content);
    WriteToolCalls(message.tool_calls, content.empty());
    writer_.Format(kEnd);
  }

  static std::string StripLeft(const std::string& text) {
    const size_t begin = text.find_first_not_of('\n');
    return begin == std::string::npos ? std::string() : text.substr(begin);
  }

  void WriteToolCalls(const std::vector<ToolCall>& calls, bool first) {
    for (const ToolCall& call : calls) {
      if (!first) writer_.Format("\n");
      first = false;
      writer_.Format("<tool_call>\n{\"name\": \"");
      writer_.Input(call.name);
      writer_.Format("\", \"arguments\": ");
      writer_.Input(JsonPythonLayout(call.arguments).value_or(call.arguments));
      writer_.Format("}\n</tool_call>");
    }
  }

  void WriteOpenAssistant(const Message& message) {
    const bool qwen3 = dialect_ == Dialect::kQwen3;
    const AssistantText text = SplitAssistant(message, kThink, kThinkEnd);
    if (!qwen3 && message.reasoning.empty()) {
      writer_.Input(message.content);
      return;
    }
    if (text.reasoning.empty()) {
      if (conversation_.thinking == Thinking::kOff && qwen3) writer_.Format(kEmptyThinking);
      writer_.Input(text.content);
      return;
    }
    writer_.Format("<think>\n");
    if (text.open) {
      writer_.Input(StripLeft(text.reasoning));
      prompt_.start = StartState::kThinking;
      return;
    }
    writer_.Input(StripChars(text.reasoning, "\n"));
    writer_.Format("\n</think>\n\n");
    writer_.Input(StripLeft(text.content));
  }

  void WriteGenerationPrompt() {
    Header("assistant");
    if (dialect_ == Dialect::kQwen3 && conversation_.thinking == Thinking::kOff) {
      writer_.Format(kEmptyThinking);
    }
  }

  // The last question of the user that is not a tool result written as a user turn.
  [[nodiscard]] size_t LastQuery() const {
    for (size_t i = messages_.size(); i-- > 0;) {
      const std::string_view content = messages_[i].content;
      constexpr std::string_view kOpen = "<tool_response>";
      constexpr std::string_view kClose = "</tool_response>";
      const bool result = content.substr(0, kOpen.size()) == kOpen &&
                          content.size() >= kClose.size() &&
                          content.substr(content.size() - kClose.size()) == kClose;
      if (messages_[i].role == Role::kUser && !result) return i;
    }
    return messages_.empty() ? 0 : messages_.size() - 1;
  }

  const Conversation& conversation_;
  const std::vector<Message>& messages_;
  Dialect dialect_;
  std::string_view default_system_;
  size_t last_query_ = 0;
  PartWriter writer_;
  FormattedPrompt prompt_;
};

}  // namespace

FormattedPrompt FormatQwen3(const Conversation& conversation) {
  return ChatMlWriter(conversation, Dialect::kQwen3, "").Run();
}

FormattedPrompt FormatChatMl(const Conversation& conversation, std::string_view default_system) {
  return ChatMlWriter(conversation, Dialect::kChatMl, default_system).Run();
}

}  // namespace lemma::chat
