// SPDX-License-Identifier: Apache-2.0
// The one table of tensor element formats: a row a format, found by enum, by GGUF id or by name.
// Byte layouts are those of the GGUF files in circulation (block structs in tensor/quant/*.h).
// All functions are pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/status.h"

namespace lemma::tensor {

enum class DType : uint8_t {
  kF32,
  kF16,
  kBF16,
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ8_0,
  kQ2K,
  kQ3K,
  kQ4K,
  kQ5K,
  kQ6K,
  kIQ4NL,
  kIQ4XS,
};
inline constexpr size_t kNumDTypes = 15;

// Decodes `count` elements (a multiple of block_elems) into out.
using DecodeFn = void (*)(const std::byte* blocks, float* out, size_t count);
// Encodes `count` finite elements (a multiple of block_elems). `importance` is either nullptr or
// one non-negative weight a column, count long.
using EncodeFn = void (*)(const float* in, std::byte* out, size_t count, const float* importance);

// Whether `count` elements decode to finite numbers, judged by the blocks' scales alone.
using FiniteFn = bool (*)(const std::byte* blocks, size_t count);

struct DTypeInfo {
  DType dtype;
  uint32_t gguf_id;       // ggml_type in GGUF tensor infos
  std::string_view name;  // as in GGUF tools: "Q4_K"
  uint32_t block_elems;   // elements a block, 1 for the float formats
  uint32_t block_bytes;
  DecodeFn decode;
  EncodeFn encode;
  FiniteFn all_finite;
  // Named bound: RMSE / RMS of the input on standard normal data stays below this.
  float max_relative_rmse;
};

const DTypeInfo& Info(DType dtype);
std::span<const DTypeInfo> AllDTypes();
// Whether values are packed in blocks of shared scales: all but F32, F16 and BF16.
bool IsQuantized(DType dtype);
// Case-insensitive ("q4_k", "Q4_K").
std::optional<DType> FindDTypeByName(std::string_view name);
// For an id that is known but not built in, the error names the format and gives advice; for an
// unknown id it gives the number.
Result<DType> DTypeFromGgufId(uint32_t gguf_id);

// Bytes of a row of `columns` elements. Error when columns is no multiple of block_elems.
Result<uint64_t> RowBytes(DType dtype, uint64_t columns);

// False when an element (float formats) or a block's scale (the others) is infinite or NaN, or
// when `bytes` is no whole number of blocks. For loaders of untrusted files; reads every block.
bool RowIsFinite(DType dtype, std::span<const std::byte> bytes);

}  // namespace lemma::tensor
