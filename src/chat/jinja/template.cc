// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/template.h"

#include <fmt/format.h>

#include <algorithm>

#include "chat/jinja/interpreter.h"
#include "chat/jinja/lexer.h"
#include "chat/jinja/parser.h"

namespace lemma::chat::jinja {
namespace {

constexpr size_t kMaxOffset = UINT32_MAX;  // offsets of tokens are 32 bits

}  // namespace

struct Template::Impl {
  std::string source;  // normalised
  Ast ast;
};

std::string Rendering::Text() const {
  std::string text;
  for (const Part& part : parts) text += part.text;
  return text;
}

Template::Template(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::Parse(std::string_view source, const Limits& limits) {
  const size_t max_bytes = std::min(limits.template_bytes, kMaxOffset);
  if (source.size() > max_bytes) {
    return ResourceExhausted(
        fmt::format("template of {} bytes: longer than the limit of {}", source.size(), max_bytes));
  }
  auto impl = std::make_unique<Impl>();
  impl->source = NormalizeSource(source);
  LEMMA_ASSIGN_OR_RETURN(impl->ast, ParseTemplate(impl->source, limits.parse_depth));
  return Template(std::move(impl));
}

Result<Rendering> Template::Render(const Value& context, const RenderOptions& options) const {
  Interpreter interpreter(impl_->ast, impl_->source, options);
  LEMMA_ASSIGN_OR_RETURN(const MarkedText text, interpreter.Run(context));
  return Rendering{text.Parts()};
}

bool Template::Mentions(std::string_view identifier) const {
  return std::binary_search(impl_->ast.mentions.begin(), impl_->ast.mentions.end(), identifier);
}

}  // namespace lemma::chat::jinja
