// SPDX-License-Identifier: Apache-2.0
#include "chat/template_prompt.h"

#include <charconv>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "chat/jinja/template.h"
#include "chat/jinja/value.h"
#include "chat/json_text.h"
#include "chat/prompts.h"

namespace lemma::chat {
namespace {

using jinja::Member;
using jinja::Provenance;
using jinja::Value;

// Put after the text of the message to be continued, and searched for in the rendered prompt. No
// template strips it, as it is not white space; no tokenizer sees it.
constexpr std::string_view kContinueMark = "\x01lemma:continue\x01";

// Templates differ in the shapes they accept; tried in this order until one renders.
struct Shape {
  bool arguments_as_text = false;  // of former calls: text, or else an object
  bool content_none = true;        // of a turn that only called tools: none, or else ""
  bool empty_tools = false;        // when there are no tools: an empty list, or else undefined
};
constexpr Shape kShapes[] = {{},
                             {.empty_tools = true},
                             {.content_none = false},
                             {.arguments_as_text = true},
                             {.arguments_as_text = true, .content_none = false}};

Member Named(std::string_view name, Value value) {
  return {jinja::MarkedText(std::string(name), Provenance::kTrusted), std::move(value)};
}

Value NumberFromJson(std::string_view raw) {
  int64_t integer = 0;
  const char* const end = raw.data() + raw.size();
  const auto parsed = std::from_chars(raw.data(), end, integer);
  if (parsed.ec == std::errc() && parsed.ptr == end) return Value::Int(integer);
  double number = 0;
  std::from_chars(raw.data(), end, number);
  return Value::Double(number);
}

// REQUIRES: valid JSON. Strings and keys count as input.
Value ValueFromJson(std::string_view raw) {
  const size_t begin = raw.find_first_not_of(" \t\n\r");
  if (begin == std::string_view::npos) return Value::Null();
  raw.remove_prefix(begin);
  if (raw.front() == '{') {
    jinja::Object members;
    const auto parsed = JsonObjectMembers(raw);
    for (const JsonMember& member : parsed.value_or(std::vector<JsonMember>())) {
      members.push_back(
          {jinja::MarkedText(member.key, Provenance::kInput), ValueFromJson(member.raw)});
    }
    return Value::Dict(std::move(members));
  }
  if (raw.front() == '[') {
    jinja::Array items;
    const auto parsed = JsonArrayItems(raw);
    for (const std::string_view item : parsed.value_or(std::vector<std::string_view>())) {
      items.push_back(ValueFromJson(item));
    }
    return Value::List(std::move(items));
  }
  if (raw.front() == '"') return Value::Input(JsonStringValue(raw).value_or(""));
  if (raw.front() == 't' || raw.front() == 'f') return Value::Bool(raw.front() == 't');
  if (raw.front() == 'n') return Value::Null();
  return NumberFromJson(raw);
}

Value ToolsValue(const std::vector<ToolSpec>& tools) {
  jinja::Array items;
  for (const ToolSpec& tool : tools) items.push_back(ValueFromJson(ToolSpecJson(tool)));
  return Value::List(std::move(items));
}

Value ToolCallsValue(const std::vector<ToolCall>& calls, const Shape& shape) {
  jinja::Array items;
  for (const ToolCall& call : calls) {
    Value arguments =
        shape.arguments_as_text ? Value::Input(call.arguments) : ValueFromJson(call.arguments);
    Value function = Value::Dict(
        {Named("name", Value::Input(call.name)), Named("arguments", std::move(arguments))});
    items.push_back(
        Value::Dict({Named("id", Value::Input(call.id)), Named("type", Value::Trusted("function")),
                     Named("function", std::move(function))}));
  }
  return Value::List(std::move(items));
}

Value MessageValue(const Message& message, const Shape& shape) {
  jinja::Object members;
  members.push_back(Named("role", Value::Trusted(std::string(RoleName(message.role)))));
  const bool none = !message.tool_calls.empty() && message.content.empty() && shape.content_none;
  members.push_back(Named("content", none ? Value::Null() : Value::Input(message.content)));
  if (!message.reasoning.empty()) {
    members.push_back(Named("reasoning_content", Value::Input(message.reasoning)));
  }
  if (!message.tool_calls.empty()) {
    members.push_back(Named("tool_calls", ToolCallsValue(message.tool_calls, shape)));
  }
  if (!message.tool_call_id.empty()) {
    members.push_back(Named("tool_call_id", Value::Input(message.tool_call_id)));
  }
  if (!message.name.empty()) members.push_back(Named("name", Value::Input(message.name)));
  return Value::Dict(std::move(members));
}

// Cuts the parts at the mark; false if it is not there.
bool CutAtMark(std::vector<PromptPart>& parts) {
  for (size_t i = parts.size(); i-- > 0;) {
    const size_t at = parts[i].text.rfind(kContinueMark);
    if (at == std::string::npos) continue;
    parts.resize(i + 1);
    parts[i].text.resize(at);
    if (parts[i].text.empty()) parts.pop_back();
    return true;
  }
  return false;
}

// The same conversation up to a new assistant turn, in place of its open last message.
Conversation BeforeLast(const Conversation& conversation) {
  Conversation before = conversation;
  before.messages.pop_back();
  before.end = PromptEnd::kGenerate;
  return before;
}

// Goes on after a generation prompt with thinking text, and with content if that is closed.
void AppendThinking(const AssistantText& text, FormattedPrompt& prompt) {
  const std::string so_far = JoinParts(prompt.parts);
  const std::string_view stripped = StripText(so_far);
  const bool opened = stripped.size() >= kThink.size() &&
                      stripped.substr(stripped.size() - kThink.size()) == kThink;
  if (!opened) prompt.parts.push_back({"<think>\n", false});
  prompt.parts.push_back({std::string(StripChars(text.reasoning, "\n")), true});
  if (text.open) {
    prompt.start = StartState::kThinking;
    return;
  }
  prompt.parts.push_back({"\n</think>\n\n", false});
  prompt.parts.push_back({std::string(StripChars(text.content, "\n")), true});
}

}  // namespace

struct TemplatePrompt::Impl {
  jinja::Template parsed;
  std::string bos_text;
  std::string eos_text;

  [[nodiscard]] Value Context(const Conversation& conversation, const Shape& shape) const {
    jinja::Array messages;
    for (const Message& message : conversation.messages) {
      messages.push_back(MessageValue(message, shape));
    }
    if (conversation.end == PromptEnd::kContinueFinal) {
      Message last = conversation.messages.back();
      last.content += kContinueMark;
      messages.back() = MessageValue(last, shape);
    }
    jinja::Object members;
    for (const auto& [name, json] : conversation.kwargs) {
      if (IsJson(json)) members.push_back(Named(name, ValueFromJson(json)));
    }
    members.push_back(Named("messages", Value::List(std::move(messages))));
    members.push_back(
        Named("add_generation_prompt", Value::Bool(conversation.end == PromptEnd::kGenerate)));
    members.push_back(Named("bos_token", Value::Trusted(bos_text)));
    members.push_back(Named("eos_token", Value::Trusted(eos_text)));
    if (!conversation.tools.empty() || shape.empty_tools) {
      members.push_back(Named("tools", ToolsValue(conversation.tools)));
    }
    if (conversation.thinking != Thinking::kDefault) {
      const bool on = conversation.thinking == Thinking::kOn;
      members.push_back(Named("enable_thinking", Value::Bool(on)));
      members.push_back(Named("thinking", Value::Bool(on)));
    }
    return Value::Dict(std::move(members));
  }

  [[nodiscard]] Result<jinja::Rendering> Render(const Conversation& conversation) const {
    Result<jinja::Rendering> first = parsed.Render(Context(conversation, kShapes[0]));
    if (first.ok()) return first;
    for (const Shape& shape : std::span(kShapes).subspan(1)) {
      Result<jinja::Rendering> next = parsed.Render(Context(conversation, shape));
      if (next.ok()) return next;
    }
    return first;
  }
};

TemplatePrompt::TemplatePrompt(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TemplatePrompt::~TemplatePrompt() = default;

Result<std::unique_ptr<TemplatePrompt>> TemplatePrompt::Parse(const ModelFacts& facts) {
  LEMMA_ASSIGN_OR_RETURN(jinja::Template parsed, jinja::Template::Parse(facts.chat_template));
  auto impl = std::make_unique<Impl>(Impl{std::move(parsed), facts.bos_text, facts.eos_text});
  return std::unique_ptr<TemplatePrompt>(new TemplatePrompt(std::move(impl)));
}

bool TemplatePrompt::Mentions(std::string_view identifier) const {
  return impl_->parsed.Mentions(identifier);
}

Result<FormattedPrompt> TemplatePrompt::Format(const Conversation& conversation) const {
  if (conversation.end == PromptEnd::kContinueFinal) {
    const AssistantText text = SplitAssistant(conversation.messages.back(), kThink, kThinkEnd);
    if (!text.reasoning.empty()) {
      LEMMA_ASSIGN_OR_RETURN(FormattedPrompt prompt, Format(BeforeLast(conversation)));
      AppendThinking(text, prompt);
      return prompt;
    }
  }
  LEMMA_ASSIGN_OR_RETURN(const jinja::Rendering rendering, impl_->Render(conversation));
  FormattedPrompt prompt;
  for (const jinja::Part& part : rendering.parts) {
    prompt.parts.push_back({part.text, part.is_input()});
  }
  if (conversation.end == PromptEnd::kContinueFinal && !CutAtMark(prompt.parts)) {
    return FailedPrecondition(
        "the file's chat template drops the text of the last message, so it cannot be continued");
  }
  return prompt;
}

}  // namespace lemma::chat
