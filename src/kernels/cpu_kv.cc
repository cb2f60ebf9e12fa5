// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu_kv.h"

#include <fmt/core.h>

#include <cstring>

#include "base/checked_math.h"

namespace lemma::kernels {
namespace {

static_assert(kAttendPage == kPageTokens);

constexpr size_t kMaxHeadDim = 1024;

template <class T>
void PutToken(const T* k, const T* v, size_t slot, size_t head_dim, T* k_page, T* v_page) {
  T* column = k_page + slot / 16 * head_dim * 16 + slot % 16;
  for (size_t i = 0; i < head_dim; ++i) column[16 * i] = k[i];
  std::memcpy(v_page + slot * PaddedHeadDim(head_dim), v, head_dim * sizeof(T));
}

}  // namespace

Result<std::unique_ptr<CpuKv>> CpuKv::Create(const KvShape& shape) {
  if (shape.layers == 0 || shape.kv_heads == 0 || shape.pages == 0 || shape.head_dim == 0 ||
      shape.head_dim > kMaxHeadDim) {
    return InvalidArgument(
        fmt::format("a KV cache of {} layers, {} heads of {} values and {} pages cannot be made "
                    "(head size at most {})",
                    shape.layers, shape.kv_heads, shape.head_dim, shape.pages, kMaxHeadDim));
  }
  auto out = std::make_unique<CpuKv>();
  out->shape_ = shape;
  const size_t element = shape.type == KvType::kF32 ? 4 : 2;
  out->k_bytes_ = kPageTokens * shape.head_dim * element;
  out->v_bytes_ = kPageTokens * PaddedHeadDim(shape.head_dim) * element;
  auto total = CheckedMul<size_t>(shape.layers, shape.kv_heads);
  if (total) total = CheckedMul<size_t>(*total, out->k_bytes_ + out->v_bytes_);
  if (total) total = CheckedMul<size_t>(*total, shape.pages);
  if (!total) return InvalidArgument(fmt::format("a KV cache of {} pages overflows", shape.pages));
  LEMMA_ASSIGN_OR_RETURN(out->memory_, AlignedBuffer::Allocate(*total));
  return out;
}

void CpuKv::CopyPage(PageId from, PageId to) {
  if (from == to) return;
  std::memcpy(k_page(to, 0, 0), k_page(from, 0, 0), page_bytes());
}

void CpuKv::Store(const KernelTable& table, PageId page, size_t slot, size_t layer, const float* k,
                  const float* v) const {
  const size_t dim = shape_.head_dim;
  for (size_t h = 0; h < shape_.kv_heads; ++h, k += dim, v += dim) {
    uint8_t* k_to = k_page(page, layer, h);
    uint8_t* v_to = v_page(page, layer, h);
    if (shape_.type == KvType::kF32) {
      PutToken(k, v, slot, dim, reinterpret_cast<float*>(k_to), reinterpret_cast<float*>(v_to));
      continue;
    }
    uint16_t k_half[kMaxHeadDim];
    uint16_t v_half[kMaxHeadDim];
    table.float_to_half(k, dim, k_half);
    table.float_to_half(v, dim, v_half);
    PutToken(k_half, v_half, slot, dim, reinterpret_cast<uint16_t*>(k_to),
             reinterpret_cast<uint16_t*>(v_to));
  }
}

}  // namespace lemma::kernels
