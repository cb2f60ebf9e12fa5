// SPDX-License-Identifier: Apache-2.0
// Walks rows of fixed-size blocks that may lie at any address: a block is copied to an aligned
// local, worked on, and (when encoding) copied back.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>

namespace lemma::tensor {

static_assert(std::endian::native == std::endian::little, "block layouts are little-endian");

// Calls decode(block, out) for each block of kElems elements.
template <typename Block, size_t kElems, typename Decode>
inline void ForEachBlock(const std::byte* blocks, float* out, size_t count, Decode decode) {
  for (size_t i = 0; i < count / kElems; ++i) {
    Block block;
    std::memcpy(&block, blocks + i * sizeof(Block), sizeof(Block));
    decode(block, out + i * kElems);
  }
}

// Calls encode(in, importance, block) for each block; importance is nullptr or moves along.
template <typename Block, size_t kElems, typename Encode>
inline void FillBlocks(const float* in, std::byte* out, size_t count, const float* importance,
                       Encode encode) {
  for (size_t i = 0; i < count / kElems; ++i) {
    Block block{};
    encode(in + i * kElems, importance == nullptr ? nullptr : importance + i * kElems, block);
    std::memcpy(out + i * sizeof(Block), &block, sizeof(Block));
  }
}

}  // namespace lemma::tensor
