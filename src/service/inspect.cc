// SPDX-License-Identifier: Apache-2.0
#include "service/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/checked_math.h"
#include "chat/family.h"
#include "engine/engine.h"
#include "gguf/format.h"
#include "model/quantize_mix.h"
#include "model/vocab_from_gguf.h"
#include "service/inspect_checks.h"
#include "service/memory.h"
#include "service/model_facts.h"
#include "tensor/dtype.h"

namespace lemma::service {
namespace {

// Elements of an array that a report carries.
constexpr size_t kShownElements = 8;

std::string StringAt(const gguf::File& file, std::string_view key) {
  const auto text = file.GetString(key);
  return text.ok() && *text ? std::string(**text) : std::string();
}

std::optional<uint64_t> UintAt(const gguf::File& file, std::string_view key) {
  const auto value = file.GetUint(key);
  return value.ok() ? *value : std::nullopt;
}

template <typename Values>
std::vector<MetadataElement> FirstOf(const Values& values) {
  std::vector<MetadataElement> out;
  for (size_t i = 0; i < std::min(values.size(), kShownElements); ++i) {
    if constexpr (std::is_same_v<typename Values::value_type, std::string_view>) {
      out.emplace_back(std::string(values[i]));
    } else {
      out.emplace_back(static_cast<typename Values::value_type>(values[i]));
    }
  }
  return out;
}

std::vector<MetadataElement> ArrayElements(const gguf::Value& value) {
  if (const auto texts = value.AsStrings(); texts.ok()) return FirstOf(*texts);
  if (const auto bools = value.AsBools(); bools.ok()) return FirstOf(*bools);
  if (const auto ints = value.AsInts(); ints.ok()) return FirstOf(*ints);
  if (const auto doubles = value.AsDoubles(); doubles.ok()) return FirstOf(*doubles);
  return {};  // uint64 beyond int64: shown by its length only
}

std::vector<MetadataElement> ScalarElement(const gguf::Value& value) {
  if (const auto text = value.AsString(); text.ok()) return {std::string(*text)};
  if (const auto flag = value.AsBool(); flag.ok()) return {*flag};
  if (const auto number = value.AsUint(); number.ok()) return {*number};
  if (const auto number = value.AsInt(); number.ok()) return {*number};
  if (const auto number = value.AsDouble(); number.ok()) return {*number};
  return {};
}

std::vector<MetadataRow> Metadata(const gguf::File& file) {
  std::vector<MetadataRow> rows;
  for (const gguf::Pair& pair : file.pairs()) {
    const gguf::Value& value = pair.value;
    MetadataRow row;
    row.key = pair.key;
    row.type = gguf::Info(value.element_type()).name;
    if (value.type() == gguf::ValueType::kArray) {
      row.length = value.count();
      row.elements = ArrayElements(value);
    } else {
      row.elements = ScalarElement(value);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void AddTensors(const gguf::File& file, InspectReport& report) {
  std::vector<TypeRow> types(tensor::kNumDTypes);
  for (const gguf::Tensor& tensor : file.tensors()) {
    const tensor::TensorView& view = tensor.view;
    const std::string_view type = tensor::Info(view.dtype).name;
    const auto dims = std::span(view.shape.dims).first(view.shape.rank);
    report.tensors.push_back({tensor.name,
                              type,
                              {dims.begin(), dims.end()},
                              view.bytes.size(),
                              tensor.file_offset,
                              tensor.file_index});
    TypeRow& row = types[static_cast<size_t>(view.dtype)];
    row.type = type;
    ++row.tensors;
    row.parameters += view.shape.elements();
    row.bytes += view.bytes.size();
    report.parameters += view.shape.elements();
    report.tensor_bytes += view.bytes.size();
  }
  std::erase_if(types, [](const TypeRow& row) { return row.tensors == 0; });
  std::sort(types.begin(), types.end(),
            [](const TypeRow& a, const TypeRow& b) { return a.bytes > b.bytes; });
  report.types = std::move(types);
}

// All weights but the embedding, of which one row is read; a tied one is the output head as well.
uint64_t BytesPerToken(const gguf::File& file, uint64_t tensor_bytes) {
  const gguf::Tensor* embedding = file.FindTensor("token_embd.weight");
  if (embedding == nullptr) return tensor_bytes;
  const uint64_t row = embedding->view.row_bytes();
  const bool tied = file.FindTensor("output.weight") == nullptr;
  return tensor_bytes + row - (tied ? 0 : embedding->view.bytes.size());
}

std::string FileTypeName(const gguf::File& file) {
  const auto value = UintAt(file, "general.file_type");
  for (const model::FileTypeInfo& info : model::AllFileTypes()) {
    if (value && static_cast<uint64_t>(info.type) == *value) return std::string(info.name);
  }
  return {};
}

std::optional<TokenRow> TokenAt(const gguf::File& file, std::string_view key,
                                const std::vector<std::string_view>& tokens) {
  const auto id = UintAt(file, key);
  if (!id) return std::nullopt;
  return TokenRow{*id, *id < tokens.size() ? std::string(tokens[*id]) : std::string()};
}

std::optional<VocabReport> Vocab(const gguf::File& file) {
  const gguf::Value* value = file.Find("tokenizer.ggml.tokens");
  if (value == nullptr) return std::nullopt;
  const auto tokens = value->AsStrings();
  if (!tokens.ok()) return std::nullopt;
  VocabReport vocab;
  vocab.model = StringAt(file, "tokenizer.ggml.model");
  vocab.pre = StringAt(file, "tokenizer.ggml.pre");
  vocab.tokens = tokens->size();
  vocab.bos = TokenAt(file, "tokenizer.ggml.bos_token_id", *tokens);
  vocab.eos = TokenAt(file, "tokenizer.ggml.eos_token_id", *tokens);
  const auto add_bos = file.GetBool("tokenizer.ggml.add_bos_token");
  vocab.add_bos = add_bos.ok() && add_bos->value_or(false);
  return vocab;
}

MemoryReport Memory(const InspectReport& report, const InspectOptions& options) {
  const model::ModelConfig& config = *report.config;
  MemoryReport memory;
  memory.context =
      options.context.value_or(std::min(config.context_length, engine::kDefaultContext));
  memory.kv_type = kernels::KvTypesName(options.kv_type);
  memory.weight_bytes = report.tensor_bytes;
  const uint64_t pages =
      memory.context / kernels::kPageTokens + (memory.context % kernels::kPageTokens != 0 ? 1 : 0);
  const uint64_t page_bytes = config.kv_bytes_per_token(options.kv_type) * kernels::kPageTokens;
  memory.kv_bytes = CheckedMul<uint64_t>(pages, page_bytes).value_or(UINT64_MAX);
  memory.work_bytes = kWorkBytes;
  const auto fixed = memory.weight_bytes + memory.work_bytes;
  memory.total_bytes = CheckedAdd<uint64_t>(memory.kv_bytes, fixed).value_or(UINT64_MAX);
  return memory;
}

void AddConfig(const gguf::File& file, const InspectOptions& options, InspectReport& report) {
  auto config = model::ReadConfig(file);
  if (!config.ok()) {
    const bool unsupported = config.status().code() == StatusCode::kUnsupported;
    report.findings.push_back({Severity::kError, unsupported ? "unsupported-model" : "bad-config",
                               config.status().message()});
    return;
  }
  report.config = std::move(config).value();
  report.memory = Memory(report, options);
}

void AddText(const gguf::File& file, InspectReport& report) {
  report.vocab = Vocab(file);
  std::vector<Finding> findings;
  if (report.vocab) CheckTokenIds(file, *report.vocab, findings);
  const auto tokens = model::TokenizerFromGguf(file);
  // A wrong id was told already, in better words.
  if (!tokens.ok() && !HasErrors(findings)) {
    findings.push_back({Severity::kError, "bad-vocabulary", tokens.status().message()});
  }
  if (tokens.ok() && report.vocab) {
    std::vector<std::string> odd((*tokens)->warnings().begin(), (*tokens)->warnings().end());
    const chat::ModelFacts facts = FactsFromGguf(file, **tokens, odd);
    for (std::string& text : odd) {
      findings.push_back({Severity::kWarning, "odd-metadata", std::move(text)});
    }
    const auto prompts = chat::PromptBuilder::Make(facts);
    report.chat = ChatReport{std::string(prompts->family().name), prompts->uses_template()};
    CheckChat(facts, *prompts, *report.vocab, findings);
  }
  std::move(findings.begin(), findings.end(), std::back_inserter(report.findings));
}

}  // namespace

std::string_view SeverityName(Severity severity) {
  constexpr std::string_view kNames[] = {"note", "warning", "error"};
  return kNames[static_cast<size_t>(severity)];
}

bool HasErrors(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& f) { return f.severity == Severity::kError; });
}

InspectReport Inspect(const gguf::File& file, const InspectOptions& options) {
  InspectReport report;
  report.path = file.path();
  report.version = file.version();
  report.alignment = file.alignment();
  report.files = file.num_files();
  report.file_bytes = file.total_bytes();
  report.architecture = StringAt(file, "general.architecture");
  report.name = StringAt(file, "general.name");
  report.file_type = FileTypeName(file);
  report.metadata = Metadata(file);
  AddTensors(file, report);
  report.bytes_per_token = BytesPerToken(file, report.tensor_bytes);
  AddConfig(file, options, report);
  AddText(file, report);
  CheckTensors(file, report, report.findings);
  CheckMemory(report, options, report.findings);
  if (options.scan == Scan::kTensors) CheckFinite(file, report.findings);
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return report;
}

}  // namespace lemma::service
