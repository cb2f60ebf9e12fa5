// SPDX-License-Identifier: Apache-2.0
// Chat families: which prompt a model was trained on, told from its file, and that prompt built
// in code. Published files often carry a wrong or broken template, so known families do not use
// it; it is compared, and a difference is a warning. Files of unknown family use their template;
// without one, plain "User:/Assistant:" text with a warning.
//
// Formats follow the templates published with the models: DeepSeek-R1-Distill, Qwen2.5, Qwen3,
// Llama 3.x. Deviations are named in docs/formats/chat.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "chat/message.h"
#include "chat/stream_parser.h"

namespace lemma::chat {

// Of the model's publisher; absent where they say nothing.
struct SamplingDefaults {
  std::optional<float> temperature;
  std::optional<float> top_p;
  std::optional<int> top_k;
  std::optional<float> min_p;
};

enum class FamilyId : uint8_t {
  kDeepseekR1,  // R1-Distill on Qwen and Llama bases: one text
  kQwen3,       // ChatML with a thinking switch
  kQwen25,      // ChatML with a default system text
  kChatMl,      // ChatML of others
  kLlama3,
  kTemplate,  // the file's own Jinja template
  kPlain,     // nothing known
};

enum class ThinkingMode : uint8_t {
  kNever,       // no thinking in this format
  kAlways,      // the prompt opens it; off means an empty block
  kSwitchable,  // the model opens it unless told not to
};

// Which text wins when the file's template renders something else than the code.
enum class TemplateTrust : uint8_t {
  kCode,  // the published template is known to be broken
  kFile,  // the file is a variant of the family, if it renders the family's control tokens
};

struct Family {
  FamilyId id = FamilyId::kPlain;
  std::string_view name;        // "deepseek-r1"
  std::string_view bos;         // put before the first turn; empty: none
  std::string_view think_open;  // empty: none
  std::string_view think_close;
  ThinkingMode thinking = ThinkingMode::kNever;
  ToolSyntax tools = ToolSyntax::kNone;
  TemplateTrust trust = TemplateTrust::kFile;
  SamplingDefaults sampling;
  SamplingDefaults sampling_no_thinking;             // when thinking is switched off
  std::span<const std::string_view> end_tokens;      // spellings that end a turn
  std::span<const std::string_view> stop_strings;    // for families whose marks are not tokens
  std::span<const std::string_view> control_tokens;  // the vocabulary must have all of them
};

// One row a family, in order of FamilyId.
std::span<const Family> Families();
const Family& GetFamily(FamilyId id);

// What a model file says that tells its family. Fill in what there is.
struct ModelFacts {
  std::string architecture;   // general.architecture
  std::string name;           // general.name and general.basename, joined by a space
  std::string tokenizer_pre;  // tokenizer.ggml.pre
  std::string chat_template;  // tokenizer.chat_template; empty: none
  std::string bos_text;       // spelling of tokenizer.ggml.bos_token_id; empty: none
  std::string eos_text;
  std::vector<std::string> control_tokens;  // spellings of control and user-defined tokens
};

// The code is stable, for programs: "template-differs", "template-invalid", "no-template",
// "missing-think".
struct Warning {
  std::string code;
  std::string text;
  bool operator==(const Warning&) const = default;
};

// The family by control tokens first, then by template, then by name. Pure.
FamilyId DetectFamily(const ModelFacts& facts);

struct Prompt {
  std::vector<PromptPart> parts;  // with the BOS text, if the family has one
  StreamParserOptions parser;     // how to read what the model will write
};

// Turns conversations into prompts for one model file. Immutable: safe to use from many threads.
class PromptBuilder {
 public:
  // Never fails: a broken template is a warning and the next best format.
  static std::unique_ptr<PromptBuilder> Make(const ModelFacts& facts);
  ~PromptBuilder();
  PromptBuilder(const PromptBuilder&) = delete;
  PromptBuilder& operator=(const PromptBuilder&) = delete;

  [[nodiscard]] const Family& family() const;
  // Whether prompts come from the file's template and not from code.
  [[nodiscard]] bool uses_template() const;
  [[nodiscard]] std::span<const Warning> warnings() const;
  // InvalidArgument names the message by index: kContinueFinal without a last assistant message,
  // tool calls whose arguments are no JSON object, tools in a format that has none. A template
  // adds FailedPrecondition (it refuses the conversation) and ResourceExhausted.
  [[nodiscard]] Result<Prompt> Build(const Conversation& conversation) const;

 private:
  struct Impl;
  explicit PromptBuilder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma::chat
