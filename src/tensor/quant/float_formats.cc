// SPDX-License-Identifier: Apache-2.0
#include "tensor/quant/float_formats.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "tensor/half.h"

namespace lemma::tensor {
namespace {

static_assert(std::endian::native == std::endian::little, "block layouts are little-endian");

template <typename T>
T LoadAt(const std::byte* bytes, size_t index) {
  T value;
  std::memcpy(&value, bytes + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
void StoreAt(std::byte* bytes, size_t index, T value) {
  std::memcpy(bytes + index * sizeof(T), &value, sizeof(T));
}

// All-ones exponents mean infinity or NaN.
template <typename T>
bool NoneHasExponent(const std::byte* blocks, size_t count, T exponent) {
  bool found = false;
  for (size_t i = 0; i < count; ++i) {
    found |= static_cast<T>(LoadAt<T>(blocks, i) & exponent) == exponent;
  }
  return !found;
}

}  // namespace

void DecodeF32(const std::byte* blocks, float* out, size_t count) {
  std::memcpy(out, blocks, count * sizeof(float));
}

void DecodeF16(const std::byte* blocks, float* out, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = HalfToFloat(LoadAt<uint16_t>(blocks, i));
}

void DecodeBF16(const std::byte* blocks, float* out, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = Bfloat16ToFloat(LoadAt<uint16_t>(blocks, i));
}

void EncodeF32(const float* in, std::byte* out, size_t count, const float* /*importance*/) {
  std::memcpy(out, in, count * sizeof(float));
}

void EncodeF16(const float* in, std::byte* out, size_t count, const float* /*importance*/) {
  for (size_t i = 0; i < count; ++i) StoreAt(out, i, FloatToHalf(in[i]));
}

void EncodeBF16(const float* in, std::byte* out, size_t count, const float* /*importance*/) {
  for (size_t i = 0; i < count; ++i) StoreAt(out, i, FloatToBfloat16(in[i]));
}

bool FiniteF32(const std::byte* blocks, size_t count) {
  return NoneHasExponent<uint32_t>(blocks, count, 0x7F800000U);
}

bool FiniteF16(const std::byte* blocks, size_t count) {
  return NoneHasExponent<uint16_t>(blocks, count, 0x7C00U);
}

bool FiniteBF16(const std::byte* blocks, size_t count) {
  return NoneHasExponent<uint16_t>(blocks, count, 0x7F80U);
}

}  // namespace lemma::tensor
