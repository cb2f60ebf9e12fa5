// SPDX-License-Identifier: Apache-2.0
// Parses the input as a chat template and renders it with a fixed conversation under tight limits,
// in one dialect or the other (by the input's length). Checks that the marks are whole: parts are
// not empty, neighbours differ, and no byte of the conversation is printed as trusted text (its
// strings hold a byte that templates made here cannot write: inputs that hold it are skipped).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/jinja/template.h"
#include "chat/jinja/value.h"

namespace lemma::chat::jinja {
namespace {

constexpr char kMark =
    '\x07';  // in every input string; JSON escapes it, so look for 7-bit BEL only

Member Named(std::string name, Value value) {
  return {MarkedText(std::move(name), Provenance::kTrusted), std::move(value)};
}

Value Text(std::string text) { return Value::Input(std::move(text) + kMark); }

Value Message(std::string role, Value content) {
  return Value::Dict(
      {Named("role", Value::Trusted(std::move(role))), Named("content", std::move(content))});
}

Value Conversation() {
  const Value function = Value::Dict(
      {Named("name", Text("get")),
       Named("arguments", Value::Dict({Named("city", Text("Ulm")), Named("n", Value::Int(7)),
                                       Named("f", Value::Double(0.5)),
                                       Named("list", Value::List({Text("a"), Value::Null()}))}))});
  const Value call = Value::Dict({Named("id", Text("abcdef12")), Named("function", function)});
  const Value assistant = Value::Dict({Named("role", Value::Trusted("assistant")),
                                       Named("content", Text("<think>\nr\n</think>\n\nans")),
                                       Named("tool_calls", Value::List({call}))});
  const Value schema = Value::Dict(
      {Named("type", Text("object")), Named("properties", Value::Dict({Named("city", function)}))});
  const Value tool = Value::Dict(
      {Named("type", Value::Trusted("function")),
       Named("function", Value::Dict({Named("name", Text("get")), Named("parameters", schema)}))});
  return Value::Dict(
      {Named("messages",
             Value::List({Message("system", Text("  be terse ")),
                          Message("user", Text("hi 你好 \"q\" \\")), assistant,
                          Message("tool", Text("21")), Message("user", Text("<|x|>"))})),
       Named("tools", Value::List({tool})), Named("bos_token", Value::Trusted("<s>")),
       Named("eos_token", Value::Trusted("</s>")),
       Named("add_generation_prompt", Value::Bool(true))});
}

RenderOptions TightLimits(Dialect dialect) {
  RenderOptions options;
  options.limits.template_bytes = 1 << 16;
  options.limits.parse_depth = 60;
  options.limits.eval_depth = 120;
  options.limits.steps = 20'000;
  options.limits.output_bytes = 1 << 16;
  options.limits.work_bytes = 1 << 20;
  options.limits.value_depth = 40;
  options.limits.range_items = 1000;
  options.dialect = dialect;
  options.now.emplace();
  options.now->tm_mday = 1;
  return options;
}

void Check(const Template& parsed, const Value& conversation, Dialect dialect,
           bool may_write_mark) {
  const auto rendering = parsed.Render(conversation, TightLimits(dialect));
  if (!rendering.ok()) {
    if (rendering.status().message().empty()) std::abort();
    return;
  }
  const Part* previous = nullptr;
  for (const Part& part : rendering->parts) {
    if (part.text.empty()) std::abort();
    if (previous != nullptr && previous->provenance == part.provenance) std::abort();
    if (!may_write_mark && !part.is_input() && part.text.find(kMark) != std::string::npos) {
      std::abort();
    }
    previous = &part;
  }
}

}  // namespace
}  // namespace lemma::chat::jinja

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lemma::chat::jinja;  // NOLINT(google-build-using-namespace): a short main
  static const Value kConversation = Conversation();
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto parsed = Template::Parse(source, TightLimits(Dialect::kReference).limits);
  if (!parsed.ok()) {
    if (parsed.status().message().empty()) std::abort();
    return 0;
  }
  // A template can write the mark itself, or an escape of it.
  const bool may_write_mark = source.find('\x07') != std::string_view::npos ||
                              source.find('\\') != std::string_view::npos ||
                              source.find("format") != std::string_view::npos;
  Check(*parsed, kConversation, size % 4 == 0 ? Dialect::kPython : Dialect::kReference,
        may_write_mark);
  return 0;
}
