// SPDX-License-Identifier: Apache-2.0
// Random valid blocks of every tensor format: random quants under finite scales, so that decoded
// elements have mean 0 and a wanted deviation. The bytes of a block depend only on the seed and
// the block's number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tensor/dtype.h"

namespace lemma::model {

class BlockFiller {
 public:
  // Measures the format once with unit scales, to find the scale for `deviation` (> 0, finite).
  BlockFiller(tensor::DType dtype, uint64_t seed, float deviation);

  // Writes blocks [first, first + out.size() / block_bytes). REQUIRES: out holds whole blocks.
  // Thread-safe.
  void Fill(uint64_t first, std::span<std::byte> out) const;

 private:
  using FillFn = void (*)(uint64_t seed, float scale, std::byte* block);

  FillFn fill_;
  size_t block_bytes_;
  uint64_t seed_;
  float scale_;
};

}  // namespace lemma::model
