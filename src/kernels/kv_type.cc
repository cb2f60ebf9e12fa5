// SPDX-License-Identifier: Apache-2.0
#include "kernels/kv_type.h"

#include <array>

#include "kernels/kv_layout.h"

namespace lemma::kernels {
namespace {

constexpr std::array<std::string_view, kNumKvTypes> kNames = {"f32", "f16", "bf16", "q8_0"};
constexpr std::array<std::array<std::string_view, kNumKvTypes>, kNumKvTypes> kPairs = {{
    {"f32", "f32/f16", "f32/bf16", "f32/q8_0"},
    {"f16/f32", "f16", "f16/bf16", "f16/q8_0"},
    {"bf16/f32", "bf16/f16", "bf16", "bf16/q8_0"},
    {"q8_0/f32", "q8_0/f16", "q8_0/bf16", "q8_0"},
}};

}  // namespace

std::string_view KvTypeName(KvType type) { return kNames[static_cast<size_t>(type)]; }

std::optional<KvType> FindKvType(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<KvType>(i);
  }
  return std::nullopt;
}

std::string_view KvTypesName(KvTypes types) {
  return kPairs[static_cast<size_t>(types.k)][static_cast<size_t>(types.v)];
}

uint64_t KvBytesPerToken(KvTypes types, size_t head_dim) {
  return (KPageBytes(types.k, head_dim) + VPageBytes(types.v, head_dim)) / kAttendPage;
}

}  // namespace lemma::kernels
