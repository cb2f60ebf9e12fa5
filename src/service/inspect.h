// SPDX-License-Identifier: Apache-2.0
// What `lemma inspect` tells of a model file: metadata, tensors, types, sizes, the memory it needs,
// its chat family, and what is odd about it. Nothing is loaded: only the metadata is read, unless
// the tensors are to be scanned. Works on any file that the GGUF reader accepts, also those whose
// vocabulary or architecture cannot be used: that becomes a finding. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gguf/reader.h"
#include "kernels/ops.h"
#include "model/config.h"

namespace lemma::service {

enum class Severity : uint8_t {
  kNote,     // worth knowing; nothing to do
  kWarning,  // answers may be poor, here or in other programs
  kError,    // the file cannot be run
};
std::string_view SeverityName(Severity severity);  // "note", "warning", "error"

// The code is stable, for programs: "template-differs", "eos-not-control", ...
struct Finding {
  Severity severity = Severity::kWarning;
  std::string code;
  std::string text;  // one sentence
};

// One element of metadata. Strings are bytes as in the file.
using MetadataElement = std::variant<bool, int64_t, uint64_t, double, std::string>;

struct MetadataRow {
  std::string key;
  std::string type;                       // "uint32"; of arrays, the element type
  std::optional<uint64_t> length;         // of arrays
  std::vector<MetadataElement> elements;  // the value, or the first few of an array
};

struct TensorRow {
  std::string name;
  std::string_view type;  // "Q4_K"
  std::vector<uint64_t> dims;
  uint64_t bytes = 0;
  uint64_t file_offset = 0;
  uint32_t file_index = 0;
};

struct TypeRow {
  std::string_view type;
  size_t tensors = 0;
  uint64_t parameters = 0;
  uint64_t bytes = 0;
};

struct TokenRow {
  uint64_t id = 0;
  std::string text;  // empty when the id is outside the vocabulary
};

struct VocabReport {
  std::string model;  // tokenizer.ggml.model: "gpt2"
  std::string pre;    // tokenizer.ggml.pre
  uint64_t tokens = 0;
  std::optional<TokenRow> bos;
  std::optional<TokenRow> eos;
  bool add_bos = false;
};

// For one sequence of `context` tokens.
struct MemoryReport {
  size_t context = 0;
  std::string_view kv_type;  // "f16"
  uint64_t weight_bytes = 0;
  uint64_t kv_bytes = 0;
  uint64_t work_bytes = 0;  // activations, logits, tokenizer tables
  uint64_t total_bytes = 0;
};

struct ChatReport {
  std::string family;          // "deepseek-r1"
  bool uses_template = false;  // the prompt is the file's template, not the family's
};

struct InspectReport {
  std::filesystem::path path;
  uint32_t version = 0;
  uint32_t alignment = 0;
  size_t files = 1;
  uint64_t file_bytes = 0;
  std::string architecture;  // general.architecture, may be empty
  std::string name;          // general.name, may be empty
  std::string file_type;     // "Q4_K_M"; empty when absent or unknown
  uint64_t parameters = 0;
  uint64_t tensor_bytes = 0;
  uint64_t bytes_per_token = 0;  // of weights read for one decoded token
  std::vector<MetadataRow> metadata;
  std::vector<TensorRow> tensors;
  std::vector<TypeRow> types;  // most bytes first
  std::optional<model::ModelConfig> config;
  std::optional<VocabReport> vocab;
  std::optional<MemoryReport> memory;  // with config
  std::optional<ChatReport> chat;      // with a usable vocabulary
  std::vector<Finding> findings;       // errors first
};

enum class Scan : uint8_t {
  kMetadata,  // milliseconds
  kTensors,   // decodes every tensor to find values that are not finite: seconds a gigabyte
};

struct InspectOptions {
  std::optional<size_t> context;  // of the memory estimate; absent: the usual one
  kernels::KvTypes kv_type = kernels::KvType::kF16;
  std::optional<uint64_t> available_bytes;  // of memory, to compare with
  Scan scan = Scan::kMetadata;
};

bool HasErrors(const std::vector<Finding>& findings);

InspectReport Inspect(const gguf::File& file, const InspectOptions& options);

enum class Detail : uint8_t { kSummary, kAll };  // kAll: with metadata and tensors

// For a terminal: control characters are escaped, long values shortened.
std::string InspectToText(const InspectReport& report, Detail detail);
// One JSON object; strings that are not UTF-8 get U+FFFD.
std::string InspectToJson(const InspectReport& report, Detail detail);

}  // namespace lemma::service
