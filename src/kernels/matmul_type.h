// SPDX-License-Identifier: Apache-2.0
// How a product of weights and activations rounds (docs/adr/0004-bf16-prefill.md). In both types
// the rows of a product do not see each other, and every processor gives the same bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lemma::kernels {

enum class MatmulType : uint8_t {
  kInt8,  // activations int8 per 256 inputs, exact integer sums; float formats: in f32
  kBf16,  // weights and activations bf16, sums f32; F32 weights: as kInt8
};

// "int8", "bf16".
std::string_view MatmulTypeName(MatmulType type);
std::optional<MatmulType> FindMatmulType(std::string_view name);

}  // namespace lemma::kernels
