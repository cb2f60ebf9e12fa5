// SPDX-License-Identifier: Apache-2.0
// How keys and values are kept in the cache; K and V are chosen apart. q8_0 holds 8-bit integers
// with one f32 scale a token and KV head (not a block of 32 as in weight files).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lemma::kernels {

enum class KvType : uint8_t { kF32, kF16, kBf16, kQ8_0 };
inline constexpr size_t kNumKvTypes = 4;

struct KvTypes {
  KvType k = KvType::kF16;
  KvType v = KvType::kF16;

  constexpr KvTypes() = default;
  constexpr KvTypes(KvType both) : k(both), v(both) {}  // NOLINT(google-explicit-constructor)
  constexpr KvTypes(KvType keys, KvType values) : k(keys), v(values) {}
  friend bool operator==(const KvTypes&, const KvTypes&) = default;
};

// "f32", "f16", "bf16", "q8_0".
std::string_view KvTypeName(KvType type);
std::optional<KvType> FindKvType(std::string_view name);
// "bf16", or "q8_0/f16" (K, then V) when they differ.
std::string_view KvTypesName(KvTypes types);
// Bytes of one token's K and V in one KV head of a CPU page, scales and padding included.
uint64_t KvBytesPerToken(KvTypes types, size_t head_dim);

}  // namespace lemma::kernels
