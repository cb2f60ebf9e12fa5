// SPDX-License-Identifier: Apache-2.0
#include "tensor/view.h"

#include <fmt/format.h>

#include "base/checked_math.h"

namespace lemma::tensor {

namespace {
constexpr uint64_t kMaxElements = 1ULL << 63;
}  // namespace

Result<Shape> MakeShape(std::span<const uint64_t> dims) {
  if (dims.empty() || dims.size() > kMaxDims) {
    return InvalidArgument(
        fmt::format("a tensor has {} dimensions, expected 1 to {}", dims.size(), kMaxDims));
  }
  Shape shape;
  shape.rank = static_cast<uint32_t>(dims.size());
  uint64_t elements = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0) return InvalidArgument(fmt::format("dimension {} of a tensor is 0", i));
    const auto product = CheckedMul(elements, dims[i]);
    if (!product || *product >= kMaxElements) {
      return InvalidArgument(
          fmt::format("dimension {} ({}) makes a tensor of 2^63 elements or more", i, dims[i]));
    }
    elements = *product;
    shape.dims[i] = dims[i];
  }
  return shape;
}

std::string ShapeToString(const Shape& shape) {
  std::string text = "[";
  for (uint32_t i = 0; i < shape.rank; ++i) {
    fmt::format_to(std::back_inserter(text), "{}{}", i == 0 ? "" : ", ", shape.dims[i]);
  }
  return text + "]";
}

Result<uint64_t> TensorBytes(DType dtype, const Shape& shape) {
  LEMMA_ASSIGN_OR_RETURN(const uint64_t row_bytes, RowBytes(dtype, shape.columns()));
  const auto bytes = CheckedMul(row_bytes, shape.rows());
  if (!bytes || *bytes >= kMaxElements) {
    return InvalidArgument(fmt::format("a tensor {} of {} has 2^63 bytes or more",
                                       ShapeToString(shape), Info(dtype).name));
  }
  return *bytes;
}

}  // namespace lemma::tensor
