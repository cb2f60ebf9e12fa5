// SPDX-License-Identifier: Apache-2.0
// F32, F16 and BF16 rows as bytes. Little-endian, one element a block. Encoding rounds to nearest
// even; importance has no meaning here and is not looked at.
#pragma once

#include <cstddef>

namespace lemma::tensor {

void DecodeF32(const std::byte* blocks, float* out, size_t count);
void DecodeF16(const std::byte* blocks, float* out, size_t count);
void DecodeBF16(const std::byte* blocks, float* out, size_t count);

void EncodeF32(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeF16(const float* in, std::byte* out, size_t count, const float* importance);
void EncodeBF16(const float* in, std::byte* out, size_t count, const float* importance);

bool FiniteF32(const std::byte* blocks, size_t count);
bool FiniteF16(const std::byte* blocks, size_t count);
bool FiniteBF16(const std::byte* blocks, size_t count);

}  // namespace lemma::tensor
