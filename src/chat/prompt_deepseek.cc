// SPDX-License-Identifier: Apache-2.0
// DeepSeek-R1-Distill (Qwen and Llama bases), after the template published with the models:
//
//   BOS system <｜User｜>question<｜Assistant｜>answer EOS
//   <｜User｜>question<｜Assistant｜><think>\n
//
// Former thinking is dropped. The published template knows no tool definitions, leaves a single
// call unclosed and gives no generation prompt after tool results; here each call block is closed,
// tools are told after the system text, and an assistant turn follows the results. The marks of
// tool calls are not tokens of the distilled vocabularies but plain text.
#include <fmt/format.h>

#include "chat/json_text.h"
#include "chat/prompts.h"

namespace lemma::chat {
namespace {

constexpr std::string_view kBos = "<｜begin▁of▁sentence｜>";
constexpr std::string_view kEos = "<｜end▁of▁sentence｜>";
constexpr std::string_view kUser = "<｜User｜>";
constexpr std::string_view kAssistant = "<｜Assistant｜>";

// System messages, wherever they stand, go right after BOS (the template keeps the last only).
void WriteSystem(const Conversation& conversation, PartWriter& writer) {
  bool first = true;
  for (const Message& message : conversation.messages) {
    if (message.role != Role::kSystem) continue;
    if (!first) writer.Format("\n\n");
    first = false;
    writer.Input(message.content);
  }
  if (conversation.tools.empty()) return;
  if (!first) writer.Format("\n\n");
  writer.Format("## Tools\nYou can call these functions. Each line is one function as JSON.\n");
  for (const ToolSpec& tool : conversation.tools) {
    writer.Input(ToolSpecJson(tool));
    writer.Format("\n");
  }
  writer.Format(
      "\nTo call functions, finish thinking and then write exactly this, one block a call:\n"
      "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>NAME\n"
      "```json\nARGUMENTS AS A JSON OBJECT\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>\n"
      "When no function is needed, answer directly.\n\n");
}

void WriteToolCalls(const std::vector<ToolCall>& calls, PartWriter& writer) {
  if (calls.empty()) return;
  writer.Format("<｜tool▁calls▁begin｜>");
  for (size_t i = 0; i < calls.size(); ++i) {
    if (i > 0) writer.Format("\n");
    writer.Format("<｜tool▁call▁begin｜>function<｜tool▁sep｜>");
    writer.Input(calls[i].name);
    writer.Format("\n```json\n");
    writer.Input(calls[i].arguments);
    writer.Format("\n```<｜tool▁call▁end｜>");
  }
  writer.Format("<｜tool▁calls▁end｜>");
}

// messages[i] is a tool result; returns the index of the last result of the run.
size_t WriteToolResults(const std::vector<Message>& messages, size_t i, PartWriter& writer) {
  writer.Format("<｜tool▁outputs▁begin｜>");
  for (bool first = true;; ++i, first = false) {
    if (!first) writer.Format("\n");
    writer.Format("<｜tool▁output▁begin｜>");
    writer.Input(messages[i].content);
    writer.Format("<｜tool▁output▁end｜>");
    if (i + 1 == messages.size() || messages[i + 1].role != Role::kTool) break;
  }
  writer.Format("<｜tool▁outputs▁end｜>");
  return i;
}

StartState WriteGenerationPrompt(Thinking thinking, PartWriter& writer) {
  writer.Format(kAssistant);
  if (thinking == Thinking::kOff) {
    writer.Format(kEmptyThinking);
    return StartState::kContent;
  }
  writer.Format("<think>\n");
  return StartState::kThinking;
}

StartState WriteOpenAssistant(const Message& message, Thinking thinking, PartWriter& writer) {
  const AssistantText text = SplitAssistant(message, kThink, kThinkEnd);
  if (text.reasoning.empty() && text.content.empty()) {
    return WriteGenerationPrompt(thinking, writer);
  }
  writer.Format(kAssistant);
  if (text.reasoning.empty()) {
    if (thinking == Thinking::kOff) writer.Format(kEmptyThinking);
    writer.Input(text.content);
    return StartState::kContent;
  }
  writer.Format("<think>\n");
  if (text.open) {
    const size_t begin = text.reasoning.find_first_not_of('\n');
    if (begin != std::string::npos) writer.Input(std::string_view(text.reasoning).substr(begin));
    return StartState::kThinking;
  }
  writer.Input(StripChars(text.reasoning, "\n"));
  writer.Format("\n</think>\n\n");
  writer.Input(StripChars(text.content, "\n"));
  return StartState::kContent;
}

}  // namespace

FormattedPrompt FormatDeepseekR1(const Conversation& conversation) {
  PartWriter writer;
  writer.Format(kBos);
  WriteSystem(conversation, writer);
  FormattedPrompt prompt;
  const std::vector<Message>& messages = conversation.messages;
  for (size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    const bool open = conversation.end == PromptEnd::kContinueFinal && i + 1 == messages.size();
    if (message.role == Role::kUser) {
      writer.Format(kUser);
      writer.Input(message.content);
    } else if (message.role == Role::kTool) {
      i = WriteToolResults(messages, i, writer);
    } else if (message.role == Role::kAssistant && open) {
      prompt.start = WriteOpenAssistant(message, conversation.thinking, writer);
    } else if (message.role == Role::kAssistant) {
      writer.Format(kAssistant);
      writer.Input(SplitAssistant(message, kThink, kThinkEnd).content);
      WriteToolCalls(message.tool_calls, writer);
      writer.Format(kEos);
    }
  }
  if (conversation.end == PromptEnd::kGenerate) {
    prompt.start = WriteGenerationPrompt(conversation.thinking, writer);
  }
  prompt.parts = writer.Take();
  return prompt;
}

}  // namespace lemma::chat
