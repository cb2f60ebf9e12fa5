// SPDX-License-Identifier: Apache-2.0
// A conversation as plain data, before any prompt format: what callers fill in, and the pieces of
// prompt text that formats give back. JSON travels as text, so that no value is rewritten.
// Values are plain: no thread rule.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lemma::chat {

enum class Role : uint8_t { kSystem, kUser, kAssistant, kTool };

// "system", "user", "assistant", "tool".
std::string_view RoleName(Role role);

struct ToolCall {
  std::string id;         // as the caller or the parser named it; may be empty
  std::string name;       // of the function
  std::string arguments;  // the text of one JSON object
  bool operator==(const ToolCall&) const = default;
};

struct ToolSpec {
  std::string name;
  std::string description;  // may be empty
  std::string parameters;   // JSON Schema text of the arguments; empty: {"type":"object"}
  bool operator==(const ToolSpec&) const = default;
};

struct Message {
  Role role = Role::kUser;
  std::string content;
  std::string reasoning;             // assistant: the thinking text, without tags
  std::vector<ToolCall> tool_calls;  // assistant
  std::string tool_call_id;          // tool: the call that this answers
  std::string name;                  // tool: the function that answered
  bool operator==(const Message&) const = default;
};

// How the prompt ends.
enum class PromptEnd : uint8_t {
  kGenerate,       // with the header of a new assistant turn (add_generation_prompt)
  kContinueFinal,  // inside the last message, an assistant's, left open (continue_final_message)
  kClosed,         // after the last message
};

enum class Thinking : uint8_t { kDefault, kOn, kOff };

struct Conversation {
  std::vector<Message> messages;
  std::vector<ToolSpec> tools;
  PromptEnd end = PromptEnd::kGenerate;
  Thinking thinking = Thinking::kDefault;
  // Further variables for a file's own template: name -> JSON text. Formats in code ignore all
  // but "date_string" (Llama 3).
  std::vector<std::pair<std::string, std::string>> kwargs;
};

// A piece of a prompt. Control tokens are recognised in format text only: text that came from a
// user, a document, a tool or a former answer (is_input) stays text whatever it spells.
struct PromptPart {
  std::string text;
  bool is_input = false;
  bool operator==(const PromptPart&) const = default;
};

// All parts, one after the other.
std::string JoinParts(const std::vector<PromptPart>& parts);

}  // namespace lemma::chat
