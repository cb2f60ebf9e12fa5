// SPDX-License-Identifier: Apache-2.0
// Chooses between the family's format in code and the file's template, by rendering both on probe
// conversations.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "chat/family.h"
#include "chat/prompts.h"
#include "chat/template_prompt.h"

namespace lemma::chat {
namespace {

constexpr std::string_view kQwen25System =
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";

FormattedPrompt FormatInCode(FamilyId id, const Conversation& conversation) {
  switch (id) {
    case FamilyId::kDeepseekR1:
      return FormatDeepseekR1(conversation);
    case FamilyId::kQwen3:
      return FormatQwen3(conversation);
    case FamilyId::kQwen25:
      return FormatChatMl(conversation, kQwen25System);
    case FamilyId::kChatMl:
      return FormatChatMl(conversation, "");
    case FamilyId::kLlama3:
      return FormatLlama3(conversation);
    case FamilyId::kTemplate:
    case FamilyId::kPlain:
      break;
  }
  return FormatPlain(conversation);
}

// What every sound template of a family must render as the code does.
std::vector<Conversation> Probes() {
  const Message system = {Role::kSystem, "Be brief.", "", {}, "", ""};
  const Message first = {Role::kUser, "1+1?", "", {}, "", ""};
  const Message answer = {Role::kAssistant, "It is 2.", "", {}, "", ""};
  const Message second = {Role::kUser, "And 2+2?", "", {}, "", ""};
  std::vector<Conversation> probes(3);
  probes[0].messages = {first};
  probes[1].messages = {system, first};
  probes[2].messages = {system, first, answer, second};
  return probes;
}

std::string Excerpt(std::string_view text, size_t at) {
  constexpr size_t kBefore = 12;
  constexpr size_t kLength = 48;
  const size_t begin = at > kBefore ? at - kBefore : 0;
  std::string out;
  for (const char c : text.substr(begin, kLength)) {
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

// "" when the template agrees on every probe; else where it first differs.
std::string Disagreement(FamilyId id, const TemplatePrompt& file) {
  for (const Conversation& probe : Probes()) {
    const std::string expected = JoinParts(FormatInCode(id, probe).parts);
    const Result<FormattedPrompt> rendered = file.Format(probe);
    if (!rendered.ok()) {
      return fmt::format("it fails on a conversation of {} messages: {}", probe.messages.size(),
                         rendered.status().message());
    }
    const std::string actual = JoinParts(rendered->parts);
    if (actual == expected) continue;
    const auto differs =
        std::mismatch(actual.begin(), actual.end(), expected.begin(), expected.end());
    const auto at = static_cast<size_t>(differs.first - actual.begin());
    return fmt::format("at byte {} it has \"{}\" where the family has \"{}\"", at,
                       Excerpt(actual, at), Excerpt(expected, at));
  }
  return "";
}

bool RendersControlTokens(const Family& family, const TemplatePrompt& file) {
  const Result<FormattedPrompt> rendered = file.Format(Probes().front());
  if (!rendered.ok()) return false;
  const std::string text = JoinParts(rendered->parts);
  return std::all_of(family.control_tokens.begin(), family.control_tokens.end(),
                     [&](std::string_view token) { return text.find(token) != std::string::npos; });
}

ToolSyntax TemplateToolSyntax(std::string_view source) {
  const auto has = [&](std::string_view part) {
    return source.find(part) != std::string_view::npos;
  };
  if (has("<tool_call>")) return ToolSyntax::kHermes;
  if (has("tool▁calls▁begin")) return ToolSyntax::kDeepseek;
  if (has("\"parameters\"")) return ToolSyntax::kLlama3Json;
  return ToolSyntax::kNone;
}

bool HasToken(const ModelFacts& facts, std::string_view token) {
  return std::find(facts.control_tokens.begin(), facts.control_tokens.end(), token) !=
         facts.control_tokens.end();
}

// The prompt leaves a thinking block open when its last opening tag has only white space after it.
StartState StartOf(const std::vector<PromptPart>& parts, const Family& family) {
  const std::string text = JoinParts(parts);
  const std::string_view stripped = StripText(text);
  const bool open =
      !family.think_open.empty() && stripped.size() >= family.think_open.size() &&
      stripped.substr(stripped.size() - family.think_open.size()) == family.think_open;
  return open ? StartState::kThinking : StartState::kContent;
}

}  // namespace

struct PromptBuilder::Impl {
  const Family* family = nullptr;
  ToolSyntax tools = ToolSyntax::kNone;
  std::unique_ptr<TemplatePrompt> file;  // null: in code
  std::vector<Warning> warnings;

  void Warn(std::string code, std::string text) {
    warnings.push_back({std::move(code), std::move(text)});
  }

  // Settles for the code, the template, or plain text.
  void Choose(const ModelFacts& facts) {
    const FamilyId id = DetectFamily(facts);
    family = &GetFamily(id);
    tools = family->tools;
    std::unique_ptr<TemplatePrompt> parsed = ParseTemplate(facts);
    if (id == FamilyId::kDeepseekR1 &&
        (!HasToken(facts, "<think>") || !HasToken(facts, "</think>"))) {
      Warn("missing-think",
           "the vocabulary has no <think> and </think> tokens; they are written as plain text");
    }
    if (id == FamilyId::kPlain || (id == FamilyId::kTemplate && parsed == nullptr)) {
      family = &GetFamily(FamilyId::kPlain);
      tools = ToolSyntax::kNone;
      Warn("no-template",
           "the file has no usable chat template and its family is unknown: prompts are plain "
           "\"User:\" and \"Assistant:\" lines, and answers may be poor");
      return;
    }
    if (id == FamilyId::kTemplate) {
      tools = TemplateToolSyntax(facts.chat_template);
      file = std::move(parsed);
      return;
    }
    if (parsed != nullptr) Compare(std::move(parsed));
  }

  std::unique_ptr<TemplatePrompt> ParseTemplate(const ModelFacts& facts) {
    if (facts.chat_template.empty()) return nullptr;
    Result<std::unique_ptr<TemplatePrompt>> parsed = TemplatePrompt::Parse(facts);
    if (parsed.ok()) return std::move(*parsed);
    Warn("template-invalid",
         fmt::format("tokenizer.chat_template cannot be used: {}", parsed.status().message()));
    return nullptr;
  }

  // A template that opens the thinking block and knows no switch: the block is closed for it.
  void SwitchThinkingOff(const Conversation& conversation, FormattedPrompt& prompt) const {
    if (conversation.thinking != Thinking::kOff || conversation.end != PromptEnd::kGenerate) return;
    if (prompt.start != StartState::kThinking) return;
    prompt.parts.push_back({"\n</think>\n\n", false});
    prompt.start = StartState::kContent;
  }

  void Compare(std::unique_ptr<TemplatePrompt> parsed) {
    const std::string difference = Disagreement(family->id, *parsed);
    if (difference.empty()) return;
    const bool use_file =
        family->trust == TemplateTrust::kFile && RendersControlTokens(*family, *parsed);
    // A ChatML model of no known publisher has no prompt but its own.
    const bool expected = family->id == FamilyId::kChatMl && use_file;
    if (!expected) {
      Warn("template-differs",
           fmt::format("tokenizer.chat_template is not the prompt of the {} family: {}; {} is used",
                       family->name, difference,
                       use_file ? "the file's template" : "the family's prompt"));
    }
    if (use_file) file = std::move(parsed);
  }
};

PromptBuilder::PromptBuilder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PromptBuilder::~PromptBuilder() = default;

std::unique_ptr<PromptBuilder> PromptBuilder::Make(const ModelFacts& facts) {
  auto impl = std::make_unique<Impl>();
  impl->Choose(facts);
  return std::unique_ptr<PromptBuilder>(new PromptBuilder(std::move(impl)));
}

const Family& PromptBuilder::family() const { return *impl_->family; }
bool PromptBuilder::uses_template() const { return impl_->file != nullptr; }
std::span<const Warning> PromptBuilder::warnings() const { return impl_->warnings; }

Result<Prompt> PromptBuilder::Build(const Conversation& conversation) const {
  LEMMA_RETURN_IF_ERROR(CheckConversation(conversation));
  const bool no_tools = impl_->tools == ToolSyntax::kNone ||
                        (impl_->file != nullptr && !impl_->file->Mentions("tools"));
  if (!conversation.tools.empty() && no_tools) {
    return InvalidArgument(fmt::format("tools: the prompt format of this model ({}) has no tools",
                                       impl_->family->name));
  }
  FormattedPrompt formatted;
  if (impl_->file != nullptr) {
    LEMMA_ASSIGN_OR_RETURN(formatted, impl_->file->Format(conversation));
    if (formatted.start == StartState::kContent) {
      formatted.start = StartOf(formatted.parts, *impl_->family);
    }
    impl_->SwitchThinkingOff(conversation, formatted);
  } else {
    formatted = FormatInCode(impl_->family->id, conversation);
  }
  Prompt prompt;
  prompt.parts = std::move(formatted.parts);
  prompt.parser.start = formatted.start;
  prompt.parser.think_open = impl_->family->think_open;
  prompt.parser.think_close = impl_->family->think_close;
  prompt.parser.tools = conversation.tools.empty() ? ToolSyntax::kNone : impl_->tools;
  return prompt;
}

}  // namespace lemma::chat
