// SPDX-License-Identifier: Apache-2.0
// Shapes and views of tensors. Dimensions are in GGUF order: dims[0] is the row length (the
// contiguous one), dims[1] the number of rows, and so on. A view owns nothing: it lives as long
// as the bytes it points to; reading from many threads is safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/status.h"
#include "tensor/dtype.h"

namespace lemma::tensor {

inline constexpr size_t kMaxDims = 4;

struct Shape {
  std::array<uint64_t, kMaxDims> dims{1, 1, 1, 1};
  uint32_t rank = 0;

  [[nodiscard]] uint64_t columns() const { return dims[0]; }
  // Product of all dimensions but the first. Checked when the shape was made.
  [[nodiscard]] uint64_t rows() const { return dims[1] * dims[2] * dims[3]; }
  [[nodiscard]] uint64_t elements() const { return columns() * rows(); }
  bool operator==(const Shape&) const = default;
};

// Error for a rank of 0 or over 4, a zero dimension, or a product that overflows 2^63.
Result<Shape> MakeShape(std::span<const uint64_t> dims);
// "[1536, 256]"
std::string ShapeToString(const Shape& shape);
// Error when the row length is no multiple of the block or the size overflows.
Result<uint64_t> TensorBytes(DType dtype, const Shape& shape);

struct TensorView {
  DType dtype = DType::kF32;
  Shape shape;
  std::span<const std::byte> bytes;  // exactly TensorBytes(dtype, shape)

  [[nodiscard]] uint64_t row_bytes() const { return bytes.size() / shape.rows(); }
  // REQUIRES: row < shape.rows().
  [[nodiscard]] const std::byte* row(uint64_t row) const {
    return bytes.data() + row * row_bytes();
  }
};

}  // namespace lemma::tensor
