// SPDX-License-Identifier: Apache-2.0
// Where an element lies in a K or V page of 64 tokens (one layer, one KV head). For f32 and f16:
//   K [4 blocks][head_dim][16 tokens]             V [64 tokens][head_dim padded to 16]
// For bf16 and q8_0, tiles of 16 columns x 32 inputs as the B operand of TDPBF16PS wants them
// (Intel SDM: 16 rows of 16 pairs), 1 KB each in bf16; K = dimensions in K, tokens in V:
//   K [4 blocks][dim padded to 32 / 2][16 tokens][2]   V [dim padded to 16 / 16][32][16 dims][2]
// A q8_0 page ends with 64 f32 scales, one a token. Padding is zero, unwritten slots are finite.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kv_type.h"

namespace lemma::kernels {

constexpr size_t kAttendPage = 64;  // tokens; equals kPageTokens of ops.h

// V rows and attention outputs are padded to whole vectors of 16; the padding stays zero.
constexpr size_t PaddedHeadDim(size_t head_dim) { return (head_dim + 15) / 16 * 16; }
// K and queries of the bf16 products are padded to whole steps of 32.
constexpr size_t PaddedKeyDim(size_t head_dim) { return (head_dim + 31) / 32 * 32; }

// bf16 and q8_0: products of bf16 pairs, in the steps of TDPBF16PS.
constexpr bool IsPaired(KvType type) { return type == KvType::kBf16 || type == KvType::kQ8_0; }
constexpr size_t ElementBytes(KvType type) {
  return type == KvType::kF32 ? 4 : type == KvType::kQ8_0 ? 1 : 2;
}
constexpr size_t ScaleBytes(KvType type) { return type == KvType::kQ8_0 ? 4 * kAttendPage : 0; }

constexpr size_t KElements(KvType type, size_t head_dim) {
  return kAttendPage * (IsPaired(type) ? PaddedKeyDim(head_dim) : head_dim);
}
constexpr size_t VElements(size_t head_dim) { return kAttendPage * PaddedHeadDim(head_dim); }
constexpr size_t KPageBytes(KvType type, size_t head_dim) {
  return KElements(type, head_dim) * ElementBytes(type) + ScaleBytes(type);
}
constexpr size_t VPageBytes(KvType type, size_t head_dim) {
  return VElements(head_dim) * ElementBytes(type) + ScaleBytes(type);
}

// Indexes in elements.
constexpr size_t KIndex(size_t head_dim, size_t token, size_t dim) {
  return (token / 16 * head_dim + dim) * 16 + token % 16;
}
constexpr size_t KPairIndex(size_t head_dim, size_t token, size_t dim) {
  return ((token / 16 * PaddedKeyDim(head_dim) + dim) / 2 * 16 + token % 16) * 2 + dim % 2;
}
constexpr size_t VIndex(size_t head_dim, size_t token, size_t dim) {
  return token * PaddedHeadDim(head_dim) + dim;
}
constexpr size_t VPairIndex(size_t token, size_t dim) {
  return ((dim / 16 * kAttendPage + token) / 2 * 16 + dim % 16) * 2 + token % 2;
}

}  // namespace lemma::kernels
