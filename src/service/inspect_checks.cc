// SPDX-License-Identifier: Apache-2.0
#include "service/inspect_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

#include "gguf/format.h"
#include "model/quantize_mix.h"
#include "model/weights.h"
#include "service/memory.h"
#include "tensor/dtype.h"

namespace lemma::service {
namespace {

void Add(std::vector<Finding>& findings, Severity severity, std::string code, std::string text) {
  findings.push_back({severity, std::move(code), std::move(text)});
}

std::optional<int64_t> TypeOfToken(const gguf::File& file, uint64_t id) {
  const gguf::Value* types = file.Find("tokenizer.ggml.token_type");
  if (types == nullptr || id >= types->count()) return std::nullopt;
  const auto values = types->AsInts();
  if (!values.ok()) return std::nullopt;
  return (*values)[id];
}

// The template puts BOS itself.
bool WritesBos(const chat::ModelFacts& facts) {
  const std::string_view text = facts.chat_template;
  return text.find("bos_token") != std::string_view::npos ||
         (!facts.bos_text.empty() && text.find(facts.bos_text) != std::string_view::npos);
}

// "missing-think" of the template: a thinking family whose template never opens the block.
bool LacksThink(const chat::ModelFacts& facts, const chat::Family& family) {
  return family.thinking == chat::ThinkingMode::kAlways && !facts.chat_template.empty() &&
         facts.chat_template.find(family.think_open) == std::string::npos;
}

// Rows without a token are common: they are padded to a round number. Tokens without a row are not.
void CheckRows(const gguf::File& file, const InspectReport& report,
               std::vector<Finding>& findings) {
  constexpr std::string_view kName = "token_embd.weight";
  const gguf::Tensor* tensor = file.FindTensor(kName);
  if (tensor == nullptr || !report.vocab) return;
  const uint64_t rows = tensor->view.shape.rows();
  if (rows == report.vocab->tokens) return;
  Add(findings, rows < report.vocab->tokens ? Severity::kError : Severity::kNote, "vocab-mismatch",
      fmt::format("{} has {} rows, the vocabulary {} tokens", kName, rows, report.vocab->tokens));
}

// What the loader would say.
void CheckExpectedTensors(const gguf::File& file, const InspectReport& report,
                          std::vector<Finding>& findings) {
  constexpr size_t kMostShown = 8;
  if (!report.config) return;  // told already
  const std::vector<Status> problems = model::CheckTensors(file, *report.config);
  for (size_t i = 0; i < std::min(problems.size(), kMostShown); ++i) {
    const bool unsupported = problems[i].code() == StatusCode::kUnsupported;
    Add(findings, Severity::kError, unsupported ? "unsupported-tensor" : "bad-tensor",
        problems[i].message());
  }
  if (problems.size() > kMostShown) {
    Add(findings, Severity::kError, "bad-tensor",
        fmt::format("and {} more tensors that are missing or not as expected",
                    problems.size() - kMostShown));
  }
}

uint64_t CountNotFinite(const gguf::Tensor& tensor) {
  const tensor::TensorView& view = tensor.view;
  std::vector<float> row(view.shape.columns());
  uint64_t count = 0;
  for (uint64_t r = 0; r < view.shape.rows(); ++r) {
    tensor::Info(view.dtype).decode(view.row(r), row.data(), row.size());
    count += static_cast<uint64_t>(
        std::count_if(row.begin(), row.end(), [](float x) { return !std::isfinite(x); }));
  }
  return count;
}

}  // namespace

void CheckTokenIds(const gguf::File& file, const VocabReport& vocab,
                   std::vector<Finding>& findings) {
  constexpr std::array<std::string_view, 6> kNames = {"bos", "eos",     "eot",
                                                      "eom", "padding", "unknown"};
  for (const std::string_view name : kNames) {
    const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
    const auto id = file.GetUint(key);
    if (!id.ok()) {
      Add(findings, Severity::kError, "token-id-invalid", id.status().message());
    } else if (*id && **id >= vocab.tokens) {
      Add(findings, Severity::kError, "token-id-out-of-range",
          fmt::format("{} is {}, the vocabulary has {} tokens", key, **id, vocab.tokens));
    }
  }
  if (!vocab.eos) {
    Add(findings, Severity::kWarning, "no-eos",
        "tokenizer.ggml.eos_token_id is absent: answers may not end");
    return;
  }
  constexpr int64_t kControl = static_cast<int64_t>(tokenizer::TokenType::kControl);
  const auto type = TypeOfToken(file, vocab.eos->id);
  if (type && *type != kControl) {
    Add(findings, Severity::kWarning, "eos-not-control",
        fmt::format("the end token {} {} is of type {}, not a control token: a text could hold it",
                    vocab.eos->id, gguf::Quote(vocab.eos->text), *type));
  }
  if (vocab.bos && vocab.bos->id == vocab.eos->id && vocab.add_bos) {
    Add(findings, Severity::kWarning, "eos-equals-bos",
        fmt::format("token {} {} both begins and ends a text", vocab.eos->id,
                    gguf::Quote(vocab.eos->text)));
  }
  if (vocab.add_bos && !vocab.bos) {
    Add(findings, Severity::kWarning, "no-bos",
        "tokenizer.ggml.add_bos_token is true, but tokenizer.ggml.bos_token_id is absent");
  }
}

void CheckChat(const chat::ModelFacts& facts, const chat::PromptBuilder& prompts,
               const VocabReport& vocab, std::vector<Finding>& findings) {
  const chat::Family& family = prompts.family();
  for (const chat::Warning& warning : prompts.warnings()) {
    Add(findings, Severity::kWarning, warning.code, warning.text);
  }
  if (facts.chat_template.empty() && family.id != chat::FamilyId::kPlain) {
    Add(findings, Severity::kNote, "no-template",
        fmt::format("the file has no chat template; the prompt of the {} family is used",
                    family.name));
  }
  if (LacksThink(facts, family)) {
    Add(findings, Severity::kWarning, "template-without-think",
        fmt::format("tokenizer.chat_template never writes {}: with it, a model of the {} family "
                    "may skip thinking",
                    family.think_open, family.name));
  }
  const auto& ends = family.end_tokens;
  if (vocab.eos && !ends.empty() &&
      std::find(ends.begin(), ends.end(), vocab.eos->text) == ends.end()) {
    Add(findings, Severity::kWarning, "eos-not-of-family",
        fmt::format("the end token is {}, the {} family ends its turns with {}",
                    gguf::Quote(vocab.eos->text), family.name, gguf::Quote(ends.front())));
  }
  if (vocab.add_bos && vocab.bos && WritesBos(facts)) {
    Add(findings, Severity::kNote, "double-bos",
        "tokenizer.ggml.add_bos_token is true and the chat template writes BOS as well: programs "
        "that do both begin with two of them");
  }
}

void CheckTensors(const gguf::File& file, const InspectReport& report,
                  std::vector<Finding>& findings) {
  if (report.tensors.empty()) {
    Add(findings, Severity::kError, "no-weights", "the file holds no tensors: a vocabulary only");
    return;
  }
  CheckRows(file, report, findings);
  CheckExpectedTensors(file, report, findings);
  const auto file_type = model::FindFileType(report.file_type);
  if (!file_type || report.types.empty()) return;
  const std::string_view base = tensor::Info(model::FileTypeOf(*file_type).base).name;
  const auto most = std::max_element(
      report.types.begin(), report.types.end(),
      [](const TypeRow& a, const TypeRow& b) { return a.parameters < b.parameters; });
  if (most->type != base) {
    Add(findings, Severity::kNote, "file-type-differs",
        fmt::format("general.file_type says {}, but most parameters are {}", report.file_type,
                    most->type));
  }
}

void CheckMemory(const InspectReport& report, const InspectOptions& options,
                 std::vector<Finding>& findings) {
  if (!report.memory) return;
  if (report.memory->context > report.config->context_length) {
    Add(findings, Severity::kWarning, "context-too-long",
        fmt::format("the model was made for {} tokens, not {}", report.config->context_length,
                    report.memory->context));
  }
  if (options.available_bytes && report.memory->total_bytes > *options.available_bytes) {
    Add(findings, Severity::kWarning, "not-enough-memory",
        fmt::format("{} are needed, {} are available", FormatBytes(report.memory->total_bytes),
                    FormatBytes(*options.available_bytes)));
  }
}

void CheckFinite(const gguf::File& file, std::vector<Finding>& findings) {
  for (const gguf::Tensor& tensor : file.tensors()) {
    const uint64_t count = CountNotFinite(tensor);
    if (count == 0) continue;
    Add(findings, Severity::kError, "not-finite",
        fmt::format("tensor {} holds {} values that are not finite", gguf::Quote(tensor.name),
                    count));
  }
}

}  // namespace lemma::service
