// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu_kv.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/checked_math.h"
#include "kernels/fixed_math.h"

namespace lemma::kernels {
namespace {

static_assert(kAttendPage == kPageTokens);

constexpr size_t kMaxHeadDim = 1024;

// One token of one head in the form that is stored; what is unused stays untouched.
struct StoredToken {
  std::array<float, kMaxHeadDim> f32;
  std::array<uint16_t, kMaxHeadDim> words;  // f16, bf16
  std::array<int8_t, kMaxHeadDim> bytes;
  float scale;
};

float FiniteMagnitude(float x) {
  constexpr uint32_t kLargest = 0x7F7FFFFFU;
  const uint32_t bits = FloatToBits(x) & 0x7FFFFFFFU;
  return BitsToFloat(bits < kLargest ? bits : kLargest);
}

// scale = amax / 127, q rounds half to even; amax < 2^-100 gives zeros.
void QuantizeToken(const float* x, size_t n, int8_t* q, float* scale) {
  float amax = 0.0F;
  for (size_t i = 0; i < n; ++i) amax = MaxSecond(FiniteMagnitude(x[i]), amax);
  const bool zero = amax < 0x1p-100F;
  *scale = zero ? 0.0F : amax / 127.0F;
  const float inverse = zero ? 0.0F : 127.0F / amax;
  for (size_t i = 0; i < n; ++i) {
    const float magnitude = (FiniteMagnitude(x[i]) * inverse + kRoundMagic) - kRoundMagic;
    const auto value = static_cast<int8_t>(magnitude);
    q[i] = static_cast<int8_t>((FloatToBits(x[i]) >> 31) != 0 ? -value : value);
  }
}

void Convert(const KernelTable& table, KvType type, const float* x, size_t n, StoredToken& out) {
  switch (type) {
    case KvType::kF32:
      std::memcpy(out.f32.data(), x, n * sizeof(float));
      return;
    case KvType::kF16:
      table.float_to_half(x, n, out.words.data());
      return;
    case KvType::kBf16:
      for (size_t i = 0; i < n; ++i) out.words[i] = FloatToFiniteBf16(x[i]);
      return;
    case KvType::kQ8_0:
      QuantizeToken(x, n, out.bytes.data(), &out.scale);
      return;
  }
}

template <class T>
void PutK(const T* k, size_t slot, size_t dim, T* page) {
  T* column = page + KIndex(dim, slot, 0);
  for (size_t i = 0; i < dim; ++i) column[16 * i] = k[i];
}

template <class T>
void PutKPairs(const T* k, size_t slot, size_t dim, T* page) {
  T* column = page + KPairIndex(dim, slot, 0);
  for (size_t i = 0; i < dim; ++i) column[i / 2 * 32 + i % 2] = k[i];
}

template <class T>
void PutVPairs(const T* v, size_t slot, size_t dim, T* page) {
  for (size_t begin = 0; begin < dim; begin += 16) {
    T* row = page + VPairIndex(slot, begin);
    for (size_t i = begin; i < begin + 16 && i < dim; ++i) row[(i - begin) * 2] = v[i];
  }
}

void PutScale(float scale, size_t slot, uint8_t* scales) {
  std::memcpy(scales + slot * sizeof(scale), &scale, sizeof(scale));
}

void StoreK(KvType type, const StoredToken& k, size_t slot, size_t dim, uint8_t* page) {
  switch (type) {
    case KvType::kF32:
      return PutK(k.f32.data(), slot, dim, reinterpret_cast<float*>(page));
    case KvType::kF16:
      return PutK(k.words.data(), slot, dim, reinterpret_cast<uint16_t*>(page));
    case KvType::kBf16:
      return PutKPairs(k.words.data(), slot, dim, reinterpret_cast<uint16_t*>(page));
    case KvType::kQ8_0:
      PutKPairs(k.bytes.data(), slot, dim, reinterpret_cast<int8_t*>(page));
      return PutScale(k.scale, slot, page + KElements(type, dim));
  }
}

void StoreV(KvType type, const StoredToken& v, size_t slot, size_t dim, uint8_t* page) {
  const size_t at = VIndex(dim, slot, 0);
  switch (type) {
    case KvType::kF32:
      std::memcpy(page + at * 4, v.f32.data(), dim * 4);
      return;
    case KvType::kF16:
      std::memcpy(page + at * 2, v.words.data(), dim * 2);
      return;
    case KvType::kBf16:
      return PutVPairs(v.words.data(), slot, dim, reinterpret_cast<uint16_t*>(page));
    case KvType::kQ8_0:
      PutVPairs(v.bytes.data(), slot, dim, reinterpret_cast<int8_t*>(page));
      return PutScale(v.scale, slot, page + VElements(dim));
  }
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
  out->k_bytes_ = KPageBytes(shape.type.k, shape.head_dim);
  out->v_bytes_ = VPageBytes(shape.type.v, shape.head_dim);
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

void CpuKv::ReadPage(PageId from, std::span<std::byte> out) const {
  std::memcpy(out.data(), k_page(from, 0, 0), std::min(out.size(), page_bytes()));
}

void CpuKv::WritePage(PageId to, std::span<const std::byte> bytes) {
  std::memcpy(k_page(to, 0, 0), bytes.data(), std::min(bytes.size(), page_bytes()));
}

void CpuKv::Store(const KernelTable& table, PageId page, size_t slot, size_t layer, const float* k,
                  const float* v) const {
  const size_t dim = shape_.head_dim;
  StoredToken token;
  for (size_t h = 0; h < shape_.kv_heads; ++h, k += dim, v += dim) {
    Convert(table, shape_.type.k, k, dim, token);
    StoreK(shape_.type.k, token, slot, dim, k_page(page, layer, h));
    Convert(table, shape_.type.v, v, dim, token);
    StoreV(shape_.type.v, token, slot, dim, v_page(page, layer, h));
  }
}

}  // namespace lemma::kernels
