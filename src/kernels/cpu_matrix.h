// SPDX-License-Identifier: Apache-2.0
// A weight matrix packed into R16 tiles (kernels/layout.h). Immutable after packing; safe to read
// from many threads.
#pragma once

#include <memory>

#include "base/thread_pool.h"
#include "kernels/aligned_buffer.h"
#include "kernels/layout.h"
#include "kernels/ops.h"

namespace lemma::kernels {

class CpuMatrix final : public PackedMatrix {
 public:
  // InvalidArgument for a rank other than 1 or 2, a wrong byte count or a row length that is no
  // multiple of the format's block; ResourceExhausted without memory. Packs over the pool into
  // memory of `memory`, which need not outlive the matrix.
  static Result<std::unique_ptr<CpuMatrix>> Pack(const tensor::TensorView& weight, ThreadPool& pool,
                                                 SlabAllocator& memory);

  [[nodiscard]] tensor::DType dtype() const override { return layout_->dtype; }
  [[nodiscard]] size_t rows() const override { return rows_; }
  [[nodiscard]] size_t columns() const override { return columns_; }
  [[nodiscard]] size_t bytes() const override { return num_groups() * group_bytes_; }

  [[nodiscard]] const FormatLayout& layout() const { return *layout_; }
  [[nodiscard]] size_t num_groups() const { return (rows_ + kTileRows - 1) / kTileRows; }
  [[nodiscard]] size_t group_bytes() const { return group_bytes_; }
  [[nodiscard]] const uint8_t* groups() const { return data_.get(); }
  // REQUIRES: row < rows(); out holds columns() floats.
  void Decode(size_t row, float* out) const;

 private:
  const FormatLayout* layout_ = nullptr;
  size_t rows_ = 0;
  size_t columns_ = 0;
  size_t group_bytes_ = 0;
  std::shared_ptr<uint8_t> data_;
};

}  // namespace lemma::kernels
