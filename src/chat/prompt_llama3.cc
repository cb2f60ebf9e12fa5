// SPDX-License-Identifier: Apache-2.0
// Llama 3.1 to 3.3, after the templates published with the models:
//
//   BOS <|start_header_id|>system<|end_header_id|>\n\n...<|eot_id|>
//       <|start_header_id|>user<|end_header_id|>\n\n...<|eot_id|>
//       <|start_header_id|>assistant<|end_header_id|>\n\n
//
// The system turn always tells two dates. Tools are told in the first user turn; a call is bare
// JSON; results come in an "ipython" turn, as a JSON string. Several calls in one turn, which the
// template refuses, are joined by "; ".
#include "chat/json_text.h"
#include "chat/prompts.h"

namespace lemma::chat {
namespace {

constexpr std::string_view kEot = "<|eot_id|>";
// The templates' own default; "date_string" in the options overrides it.
constexpr std::string_view kDefaultDate = "26 Jul 2024";

constexpr std::string_view kToolsIntro =
    "Given the following functions, please respond with a JSON for a function call with its proper "
    "arguments that best answers the given prompt.\n\nRespond in the format {\"name\": function "
    "name, \"parameters\": dictionary of argument name and its value}.Do not use variables.\n\n";

void Header(std::string_view role, PartWriter& writer) {
  writer.Format("<|start_header_id|>");
  writer.Format(role);
  writer.Format("<|end_header_id|>\n\n");
}

std::string DateString(const Conversation& conversation) {
  for (const auto& [name, json] : conversation.kwargs) {
    if (name != "date_string") continue;
    if (auto text = JsonStringValue(json)) return *text;
  }
  return std::string(kDefaultDate);
}

bool StartsWithSystem(const Conversation& conversation) {
  return !conversation.messages.empty() && conversation.messages.front().role == Role::kSystem;
}

void WriteLlamaSystem(const Conversation& conversation, PartWriter& writer) {
  Header("system", writer);
  if (!conversation.tools.empty()) writer.Format("Environment: ipython\n");
  writer.Format("Cutting Knowledge Date: December 2023\nToday Date: ");
  writer.Input(DateString(conversation));
  writer.Format("\n\n");
  if (StartsWithSystem(conversation)) writer.Input(StripText(conversation.messages[0].content));
  writer.Format(kEot);
}

void WriteTools(const Conversation& conversation, PartWriter& writer) {
  writer.Format(kToolsIntro);
  for (const ToolSpec& tool : conversation.tools) {
    writer.Input(ToolSpecJson(tool, 4));
    writer.Format("\n\n");
  }
}

void WriteLlamaCalls(const std::vector<ToolCall>& calls, PartWriter& writer) {
  for (size_t i = 0; i < calls.size(); ++i) {
    if (i > 0) writer.Format("; ");
    writer.Format("{\"name\": \"");
    writer.Input(calls[i].name);
    writer.Format("\", \"parameters\": ");
    writer.Input(JsonPythonLayout(calls[i].arguments).value_or(calls[i].arguments));
    writer.Format("}");
  }
}

void WriteMessage(const Message& message, PartWriter& writer) {
  if (message.role == Role::kTool) {
    Header("ipython", writer);
    writer.Input(JsonQuote(message.content));
    writer.Format(kEot);
    return;
  }
  Header(RoleName(message.role), writer);
  if (message.tool_calls.empty()) {
    writer.Input(StripText(message.content));
  } else {
    WriteLlamaCalls(message.tool_calls, writer);
  }
  writer.Format(kEot);
}

}  // namespace

FormattedPrompt FormatLlama3(const Conversation& conversation) {
  PartWriter writer;
  writer.Format("<|begin_of_text|>");
  WriteLlamaSystem(conversation, writer);
  const std::vector<Message>& messages = conversation.messages;
  bool tools_told = conversation.tools.empty();
  for (size_t i = StartsWithSystem(conversation) ? 1 : 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    if (conversation.end == PromptEnd::kContinueFinal && i + 1 == messages.size()) {
      Header("assistant", writer);
      writer.Input(message.content);
    } else if (!tools_told && message.role == Role::kUser) {
      Header("user", writer);
      WriteTools(conversation, writer);
      writer.Input(StripText(message.content));
      writer.Format(kEot);
      tools_told = true;
    } else {
      WriteMessage(message, writer);
    }
  }
  if (conversation.end == PromptEnd::kGenerate) Header("assistant", writer);
  return {writer.Take(), StartState::kContent};
}

}  // namespace lemma::chat
