// SPDX-License-Identifier: Apache-2.0
// Writes a copy of a GGUF file with its matrices in another format (quantize_mix.h says which).
// Tensors are streamed in pieces, so memory of its own stays within some ten megabytes whatever the
// file; the input's pages are let go tensor by tensor. All threads work on the pieces. The output
// appears under its name only when complete.
// Metadata is copied, but general.file_type and general.quantization_version are set, and the
// split.* keys dropped: a split input gives one file.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/reader.h"
#include "model/quantize_mix.h"

namespace lemma::model {

// Per tensor name, one weight >= 0 a column (and matrix, when the tensor has several).
using Importance = std::map<std::string, std::vector<float>, std::less<>>;

enum class Requantize : uint8_t {
  kRefuse,  // FailedPrecondition when a quantised tensor would change its format
  kAllow,   // decodes it first; errors add up
};

struct QuantizeProgress {
  std::string_view tensor;  // now at work
  uint64_t tensors_done = 0;
  uint64_t tensors = 0;
  uint64_t bytes_done = 0;  // of the output's tensor data
  uint64_t bytes = 0;
};

struct QuantizeOptions {
  FileType type = FileType::kQ4KM;
  int threads = 0;  // 0: one a usable processor
  Requantize requantize = Requantize::kRefuse;
  const Importance* importance = nullptr;  // not owned
  // Called on the calling thread after each piece.
  std::function<void(const QuantizeProgress&)> on_progress = {};
  const std::atomic<bool>* cancel = nullptr;  // set: Cancelled, and no output
};

struct QuantizeReport {
  uint64_t input_bytes = 0;
  uint64_t output_bytes = 0;
  uint64_t tensors = 0;
  uint64_t converted = 0;                       // tensors whose format changed
  std::vector<std::string> stand_ins;           // "name: Q5_0 for Q4_K, rows of 896"
  std::vector<std::string> without_importance;  // converted, but not in the importance data
};

// Errors: those of reading the file; InvalidArgument when the output is (a part of) the input or
// an importance vector has the wrong length; ResourceExhausted when the disk is too full;
// DataLoss when a tensor holds an infinity or NaN, InvalidArgument when one arises in the new
// format (F16).
Result<QuantizeReport> QuantizeFile(const std::filesystem::path& input,
                                    const std::filesystem::path& output,
                                    const QuantizeOptions& options);

}  // namespace lemma::model
