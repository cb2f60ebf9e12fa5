// SPDX-License-Identifier: Apache-2.0
// Chat templates: the part of the Jinja language (Jinja2 3.1, with the settings that the
// transformers library uses: trim_blocks, lstrip_blocks, loop controls, no escaping) that published
// models use. Templates come from model files, so they are untrusted: every resource is limited,
// and the rendered prompt says which bytes came from input.
//
//   Result<Template> t = Template::Parse(source);
//   Result<Rendering> r = t->Render(Value::Dict({...messages, add_generation_prompt...}));
//
// A Template is immutable: Render may run on several threads at once.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "chat/jinja/marked_text.h"
#include "chat/jinja/value.h"

namespace lemma::chat::jinja {

struct Limits {
  size_t template_bytes = size_t{1} << 20;
  int parse_depth = 200;       // nested blocks, brackets and operators of the source
  int eval_depth = 600;        // nested evaluations, macro calls included; 512 KiB of stack suffice
  int64_t steps = 20'000'000;  // nodes evaluated plus items visited by filters
  size_t output_bytes = size_t{64} << 20;  // also the longest string
  size_t work_bytes = size_t{1} << 30;     // made by all operations together, freed or not
  int value_depth = 200;                   // nested lists and mappings, of the host too
  int64_t range_items = 1'000'000;
};

// Where the implementations of the language differ. kReference follows @huggingface/jinja:
// booleans, none and containers print as JSON ("true", "", ["a", 1]), and none or undefined is an
// error in string filters and concatenation. kPython follows Jinja2 ("True", "None", ['a', 1]),
// which is what models saw in training; there, an attribute of undefined is an error instead.
enum class Dialect { kReference, kPython };

struct RenderOptions {
  Limits limits;
  Dialect dialect = Dialect::kReference;
  // What strftime_now() shows; the local time of the machine when absent.
  std::optional<std::tm> now;
};

struct Rendering {
  std::vector<Part> parts;
  // All parts joined.
  [[nodiscard]] std::string Text() const;
};

class Template {
 public:
  // Errors: kInvalidArgument (syntax), kUnsupported (a tag that chat templates do not have, such
  // as include), kResourceExhausted (a limit). Messages give line:column and an excerpt.
  static Result<Template> Parse(std::string_view source, const Limits& limits = {});

  // `context` is a mapping: its members are the template's variables. Errors: kFailedPrecondition
  // when the template refuses the conversation with raise_exception (the message starts with the
  // template's own), kInvalidArgument (a value of the wrong kind, an unknown filter),
  // kResourceExhausted (a limit).
  [[nodiscard]] Result<Rendering> Render(const Value& context,
                                         const RenderOptions& options = {}) const;

  // Whether the template names `identifier` as a variable, an attribute or a string: tells if it
  // knows of "tools", "enable_thinking" or "reasoning_content".
  [[nodiscard]] bool Mentions(std::string_view identifier) const;

  Template(const Template&) = delete;
  Template& operator=(const Template&) = delete;
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

 private:
  struct Impl;
  explicit Template(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace lemma::chat::jinja
