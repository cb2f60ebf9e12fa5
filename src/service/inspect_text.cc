// SPDX-License-Identifier: Apache-2.0
// The report of `lemma inspect` as text for a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "gguf/format.h"
#include "service/inspect.h"
#include "service/memory.h"

namespace lemma::service {
namespace {

// "1.78 G", "152 k".
std::string FormatCount(uint64_t count) {
  const auto value = static_cast<double>(count);
  if (value >= 1e9) return fmt::format("{:.2f} G", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.2f} M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.1f} k", value / 1e3);
  return fmt::format("{}", count);
}

struct ElementText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(uint64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const {
    // Most are float32: as many digits as those hold.
    return static_cast<double>(static_cast<float>(value)) == value
               ? fmt::format("{}", static_cast<float>(value))
               : fmt::format("{}", value);
  }
  std::string operator()(const std::string& value) const { return gguf::Quote(value); }
};

std::string ValueText(const MetadataRow& row) {
  std::string out;
  for (const MetadataElement& element : row.elements) {
    if (!out.empty()) out += ", ";
    out += std::visit(ElementText(), element);
  }
  if (!row.length) return out;
  const bool more = *row.length > row.elements.size();
  return fmt::format("[{}{}]", out, more ? ", ..." : "");
}

std::string TypeText(const MetadataRow& row) {
  return row.length ? fmt::format("{}[{}]", row.type, *row.length) : row.type;
}

std::string DimsText(const std::vector<uint64_t>& dims) {
  return fmt::format("[{}]", fmt::join(dims, ", "));
}

class TextReport {
 public:
  explicit TextReport(const InspectReport& report) : report_(report) {}

  std::string Summary() {
    Line("name", report_.name.empty() ? "-" : gguf::Quote(report_.name));
    Line("file", fmt::format("GGUF v{}, {}{}, alignment {}", report_.version,
                             FormatBytes(report_.file_bytes),
                             report_.files > 1 ? fmt::format(" in {} files", report_.files) : "",
                             report_.alignment));
    AddConfig();
    AddTypes();
    AddVocab();
    AddChat();
    AddMemory();
    for (const Finding& finding : report_.findings) {
      out_ +=
          fmt::format("{}: {} [{}]\n", SeverityName(finding.severity), finding.text, finding.code);
    }
    return std::move(out_);
  }

 private:
  void Line(std::string_view label, std::string_view text) {
    out_ += fmt::format("{:<13} {}\n", label, text);
  }

  void AddConfig() {
    if (!report_.config) {
      Line("architecture", gguf::Quote(report_.architecture));
      return;
    }
    const model::ModelConfig& c = *report_.config;
    Line("architecture",
         fmt::format("{}: {} layers, width {}, {} heads of {} ({} KV), feed-forward {}, {} output",
                     c.architecture, c.layers, c.embedding, c.heads, c.head_dim, c.kv_heads,
                     c.feed_forward, c.tied_output ? "tied" : "own"));
    Line("context", fmt::format("{} tokens", c.context_length));
  }

  void AddTypes() {
    const double bits = report_.parameters == 0 ? 0.0
                                                : 8.0 * static_cast<double>(report_.tensor_bytes) /
                                                      static_cast<double>(report_.parameters);
    Line("parameters",
         fmt::format("{} in {} tensors, {}, {:.2f} bits each{}", FormatCount(report_.parameters),
                     report_.tensors.size(), FormatBytes(report_.tensor_bytes), bits,
                     report_.file_type.empty() ? "" : ", " + report_.file_type));
    for (const TypeRow& row : report_.types) {
      Line("", fmt::format("{:<7} {:>4} tensors  {:>8} parameters  {:>9}", row.type, row.tensors,
                           FormatCount(row.parameters), FormatBytes(row.bytes)));
    }
    Line("per token", fmt::format("{} of weights read", FormatBytes(report_.bytes_per_token)));
  }

  static std::string TokenText(const std::optional<TokenRow>& token) {
    return token ? fmt::format("{} {}", token->id, gguf::Quote(token->text)) : "none";
  }

  void AddVocab() {
    if (!report_.vocab) {
      Line("vocabulary", "none");
      return;
    }
    const VocabReport& vocab = *report_.vocab;
    Line(
        "vocabulary",
        fmt::format("{} tokens, {}{}, begins {}{}, ends {}", vocab.tokens, gguf::Quote(vocab.model),
                    vocab.pre.empty() ? "" : fmt::format(" ({})", gguf::Quote(vocab.pre)),
                    TokenText(vocab.bos), vocab.add_bos ? " (added)" : "", TokenText(vocab.eos)));
  }

  void AddChat() {
    if (!report_.chat) return;
    Line("chat", fmt::format("{}, {}", report_.chat->family,
                             report_.chat->uses_template ? "prompts by the file's template"
                                                         : "prompts in code"));
  }

  void AddMemory() {
    if (!report_.memory) return;
    const MemoryReport& memory = *report_.memory;
    Line("memory", fmt::format("{} for {} tokens of context: weights {}, KV cache {} ({}), work {}",
                               FormatBytes(memory.total_bytes), memory.context,
                               FormatBytes(memory.weight_bytes), FormatBytes(memory.kv_bytes),
                               memory.kv_type, FormatBytes(memory.work_bytes)));
  }

  const InspectReport& report_;
  std::string out_;
};

std::string MetadataText(const InspectReport& report) {
  std::string out = fmt::format("\nmetadata ({} keys)\n", report.metadata.size());
  size_t key_width = 0;
  for (const MetadataRow& row : report.metadata) key_width = std::max(key_width, row.key.size());
  key_width = std::min<size_t>(key_width, 48);
  for (const MetadataRow& row : report.metadata) {
    out += fmt::format("  {:<{}}  {:<14}  {}\n", row.key, key_width, TypeText(row), ValueText(row));
  }
  return out;
}

std::string TensorsText(const InspectReport& report) {
  std::string out = fmt::format("\ntensors ({})\n", report.tensors.size());
  for (const TensorRow& row : report.tensors) {
    out += fmt::format("  {:<28}  {:<7}  {:<18}  {:>12}  @{}{}\n", row.name, row.type,
                       DimsText(row.dims), row.bytes, row.file_offset,
                       report.files > 1 ? fmt::format(" of part {}", row.file_index + 1) : "");
  }
  return out;
}

}  // namespace

std::string InspectToText(const InspectReport& report, Detail detail) {
  std::string out = TextReport(report).Summary();
  if (detail == Detail::kAll) out += MetadataText(report) + TensorsText(report);
  return out;
}

}  // namespace lemma::service
