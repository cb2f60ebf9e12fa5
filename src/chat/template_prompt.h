// SPDX-License-Identifier: Apache-2.0
// Prompts by a file's own Jinja template: the variables that templates expect (as Hugging Face
// transformers passes them: messages, tools, add_generation_prompt, bos_token, ...) from a
// conversation. Former calls are passed in the shape that the template accepts: arguments as an
// object or as text, content none or "". Immutable: safe to use from many threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "chat/family.h"
#include "chat/message.h"
#include "chat/prompts.h"

namespace lemma::chat {

class TemplatePrompt {
 public:
  static Result<std::unique_ptr<TemplatePrompt>> Parse(const ModelFacts& facts);
  ~TemplatePrompt();
  TemplatePrompt(const TemplatePrompt&) = delete;
  TemplatePrompt& operator=(const TemplatePrompt&) = delete;

  // Whether it names this variable, attribute or string ("tools", "enable_thinking").
  [[nodiscard]] bool Mentions(std::string_view identifier) const;
  // REQUIRES: CheckConversation accepts it.
  [[nodiscard]] Result<FormattedPrompt> Format(const Conversation& conversation) const;

 private:
  struct Impl;
  explicit TemplatePrompt(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma::chat
