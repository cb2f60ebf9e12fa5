// SPDX-License-Identifier: Apache-2.0
// Which format each tensor of a quantised file gets: a "file type" such as Q4_K_M is a mix, with
// more bits for the tensors that suffer most. The choices are those of the files in circulation
// (llama.cpp's llama-quantize, 2026), so that sizes and qualities compare. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tensor/dtype.h"
#include "tensor/view.h"

namespace lemma::model {

// Values are those of general.file_type in GGUF.
enum class FileType : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ8_0 = 7,
  kQ5_0 = 8,
  kQ5_1 = 9,
  kQ2K = 10,
  kQ3KS = 11,
  kQ3KM = 12,
  kQ3KL = 13,
  kQ4KS = 14,
  kQ4KM = 15,
  kQ5KS = 16,
  kQ5KM = 17,
  kQ6K = 18,
  kIQ4NL = 25,
  kIQ4XS = 30,
  kBF16 = 32,
};

struct FileTypeInfo {
  FileType type;
  std::string_view name;  // "Q4_K_M"
  tensor::DType base;     // what most of its matrices are
};

std::span<const FileTypeInfo> AllFileTypes();
const FileTypeInfo& FileTypeOf(FileType type);
// Case-insensitive; "Q3_K", "Q4_K" and "Q5_K" mean the _M mix.
std::optional<FileType> FindFileType(std::string_view name);

struct MixTensor {
  std::string_view name;  // GGUF name: "blk.0.attn_v.weight"
  tensor::Shape shape;
  tensor::DType dtype = tensor::DType::kF32;  // now; kept where nothing is to be quantised
};

enum class ImportanceData : uint8_t { kAbsent, kPresent };

struct MixModel {
  std::string_view architecture;  // general.architecture
  uint64_t layers = 0;            // block_count
  uint64_t heads = 0;
  uint64_t kv_heads = 0;
  uint64_t experts = 0;
  ImportanceData importance = ImportanceData::kAbsent;
};

struct MixChoice {
  tensor::DType dtype = tensor::DType::kF32;
  // What the mix wanted but the row length does not allow; then dtype is a stand-in.
  std::optional<tensor::DType> wanted;
};

// One choice a tensor, in the order given (the result does not depend on that order). The output
// is tied when no tensor is called output.weight. Error for mixtures of experts and for "falcon",
// whose mixes follow other rules.
Result<std::vector<MixChoice>> ChooseTypes(FileType type, const MixModel& model,
                                           std::span<const MixTensor> tensors);

}  // namespace lemma::model
