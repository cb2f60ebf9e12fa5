// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu_matrix.h"

#include <fmt/core.h>

#include <vector>

#include "base/checked_math.h"

namespace lemma::kernels {
namespace {

Status CheckWeight(const tensor::TensorView& weight, const FormatLayout& layout) {
  const tensor::Shape& shape = weight.shape;
  if (shape.rank == 0 || shape.rank > 2) {
    return InvalidArgument(
        fmt::format("a weight matrix has 1 or 2 dimensions, this one has {}", shape.rank));
  }
  if (shape.columns() == 0 || shape.rows() == 0 || shape.columns() % layout.tile_k != 0) {
    return InvalidArgument(fmt::format("a row of {} values is no multiple of the block of {}",
                                       shape.columns(), layout.tile_k));
  }
  const auto row = CheckedMul<uint64_t>(shape.columns() / layout.tile_k, layout.block_bytes);
  const auto total = row ? CheckedMul<uint64_t>(*row, shape.rows()) : std::nullopt;
  if (!total || *total != weight.bytes.size()) {
    return InvalidArgument(fmt::format("a {} x {} matrix does not have {} bytes", shape.columns(),
                                       shape.rows(), weight.bytes.size()));
  }
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<CpuMatrix>> CpuMatrix::Pack(const tensor::TensorView& weight,
                                                   ThreadPool& pool, SlabAllocator& memory) {
  const FormatLayout& layout = LayoutOf(weight.dtype);
  LEMMA_RETURN_IF_ERROR(CheckWeight(weight, layout));
  auto out = std::make_unique<CpuMatrix>();
  out->layout_ = &layout;
  out->rows_ = weight.shape.rows();
  out->columns_ = weight.shape.columns();
  const size_t tiles = out->columns_ / layout.tile_k;
  out->group_bytes_ = tiles * layout.tile_bytes;
  LEMMA_ASSIGN_OR_RETURN(out->data_, memory.Allocate(out->num_groups() * out->group_bytes_));
  const auto* bytes = reinterpret_cast<const uint8_t*>(weight.bytes.data());
  const size_t row_bytes = tiles * layout.block_bytes;
  const std::vector<uint8_t> zeros(out->rows_ % kTileRows == 0 ? 0 : row_bytes);
  const size_t grain = 1 + (size_t{1} << 18) / out->group_bytes_;
  pool.ParallelFor(out->num_groups(), grain, [&](size_t begin, size_t end, int) {
    for (size_t g = begin; g < end; ++g) {
      const uint8_t* source[kTileRows];
      for (size_t r = 0; r < kTileRows; ++r) {
        const size_t row = g * kTileRows + r;
        source[r] = row < out->rows_ ? bytes + row * row_bytes : zeros.data();
      }
      layout.pack(source, tiles, out->data_.get() + g * out->group_bytes_);
    }
  });
  return out;
}

void CpuMatrix::Decode(size_t row, float* out) const {
  DecodeRow(*layout_, groups() + row / kTileRows * group_bytes_, row % kTileRows, columns_, out);
}

}  // namespace lemma::kernels
