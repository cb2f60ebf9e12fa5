// SPDX-License-Identifier: Apache-2.0
#include "chat/family.h"

#include <algorithm>
#include <array>

namespace lemma::chat {
namespace {

using Names = std::span<const std::string_view>;

// A new user turn ends the answer of a model that forgot to.
constexpr std::array<std::string_view, 2> kDeepseekEnds = {"<｜end▁of▁sentence｜>", "<｜User｜>"};
constexpr std::array<std::string_view, 2> kDeepseekTokens = {"<｜User｜>", "<｜Assistant｜>"};
constexpr std::array<std::string_view, 2> kChatMlEnds = {"<|im_end|>", "<|endoftext|>"};
constexpr std::array<std::string_view, 2> kChatMlTokens = {"<|im_start|>", "<|im_end|>"};
constexpr std::array<std::string_view, 3> kLlama3Ends = {"<|eot_id|>", "<|eom_id|>",
                                                         "<|end_of_text|>"};
constexpr std::array<std::string_view, 3> kLlama3Tokens = {"<|start_header_id|>",
                                                           "<|end_header_id|>", "<|eot_id|>"};
constexpr std::array<std::string_view, 1> kPlainStops = {"\nUser:"};

// Sampling as the publishers recommend: model cards and generation_config of
// DeepSeek-R1-Distill, Qwen3 (thinking and not), Qwen2.5-Instruct, Llama 3.x-Instruct.
std::array<Family, 7> MakeFamilies() {
  const SamplingDefaults r1 = {0.6F, 0.95F, std::nullopt, std::nullopt};
  const SamplingDefaults qwen3 = {0.6F, 0.95F, 20, 0.0F};
  const SamplingDefaults qwen25 = {0.7F, 0.8F, 20, std::nullopt};
  const SamplingDefaults qwen3_off = {0.7F, 0.8F, 20, 0.0F};
  const SamplingDefaults llama3 = {0.6F, 0.9F, std::nullopt, std::nullopt};
  const SamplingDefaults unknown;
  using Mode = ThinkingMode;
  using Trust = TemplateTrust;
  return {{
      {FamilyId::kDeepseekR1, "deepseek-r1", "<｜begin▁of▁sentence｜>", "<think>", "</think>",
       Mode::kAlways, ToolSyntax::kDeepseek, Trust::kCode, r1, r1, kDeepseekEnds, Names(),
       kDeepseekTokens},
      {FamilyId::kQwen3, "qwen3", "", "<think>", "</think>", Mode::kSwitchable, ToolSyntax::kHermes,
       Trust::kFile, qwen3, qwen3_off, kChatMlEnds, Names(), kChatMlTokens},
      {FamilyId::kQwen25, "qwen2.5", "", "<think>", "</think>", Mode::kNever, ToolSyntax::kHermes,
       Trust::kFile, qwen25, qwen25, kChatMlEnds, Names(), kChatMlTokens},
      {FamilyId::kChatMl, "chatml", "", "<think>", "</think>", Mode::kNever, ToolSyntax::kHermes,
       Trust::kFile, unknown, unknown, kChatMlEnds, Names(), kChatMlTokens},
      {FamilyId::kLlama3, "llama3", "<|begin_of_text|>", "<think>", "</think>", Mode::kNever,
       ToolSyntax::kLlama3Json, Trust::kFile, llama3, llama3, kLlama3Ends, Names(), kLlama3Tokens},
      {FamilyId::kTemplate, "template", "", "<think>", "</think>", Mode::kNever, ToolSyntax::kNone,
       Trust::kFile, unknown, unknown, Names(), Names(), Names()},
      {FamilyId::kPlain, "plain", "", "<think>", "</think>", Mode::kNever, ToolSyntax::kNone,
       Trust::kFile, unknown, unknown, Names(), kPlainStops, Names()},
  }};
}

bool HasTokens(const ModelFacts& facts, Names tokens) {
  return std::all_of(tokens.begin(), tokens.end(), [&](std::string_view token) {
    return std::find(facts.control_tokens.begin(), facts.control_tokens.end(), token) !=
           facts.control_tokens.end();
  });
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Which of the ChatML models: by what its template says, else by its name.
FamilyId ChatMlMember(const ModelFacts& facts) {
  const std::string name = Lower(facts.name);
  if (!facts.chat_template.empty()) {
    if (Contains(facts.chat_template, "enable_thinking")) return FamilyId::kQwen3;
    if (Contains(facts.chat_template, "You are Qwen, created by Alibaba Cloud")) {
      return FamilyId::kQwen25;
    }
  }
  if (facts.architecture == "qwen3") return FamilyId::kQwen3;
  if (facts.chat_template.empty() && Contains(name, "qwen2.5") && !Contains(name, "math")) {
    return FamilyId::kQwen25;
  }
  return FamilyId::kChatMl;
}

}  // namespace

std::span<const Family> Families() {
  static const std::array<Family, 7> families = MakeFamilies();
  return families;
}

const Family& GetFamily(FamilyId id) { return Families()[static_cast<size_t>(id)]; }

FamilyId DetectFamily(const ModelFacts& facts) {
  if (HasTokens(facts, kDeepseekTokens)) return FamilyId::kDeepseekR1;
  if (HasTokens(facts, kLlama3Tokens)) {
    // R1-Distill-Llama has both sets and was found above; fine-tunes of Llama 3 may bring ChatML.
    if (Contains(facts.chat_template, "<|im_start|>") && HasTokens(facts, kChatMlTokens)) {
      return FamilyId::kChatMl;
    }
    return FamilyId::kLlama3;
  }
  if (HasTokens(facts, kChatMlTokens)) {
    // A base vocabulary may have the tokens while the model speaks another format.
    const bool other =
        !facts.chat_template.empty() && !Contains(facts.chat_template, "<|im_start|>");
    return other ? FamilyId::kTemplate : ChatMlMember(facts);
  }
  return facts.chat_template.empty() ? FamilyId::kPlain : FamilyId::kTemplate;
}

}  // namespace lemma::chat
