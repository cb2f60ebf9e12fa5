// SPDX-License-Identifier: Apache-2.0
// The order of every float operation here is the contract; integers are exact, so theirs is free.
#include "kernels/scalar/scalar_matmul.h"

#include "kernels/fixed_math.h"
#include "kernels/layout.h"

namespace lemma::kernels {
namespace {

using tensor::DType;

constexpr size_t kMaxRows = 8;

int32_t Dot(const int16_t* w, const int8_t* a, size_t count) {
  int32_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += w[i] * a[i];
  return sum;
}

// acc = fma(d * da, sum_g scale_g dot_g, acc), then acc = fma(-(dmin * da), sum_g min_g suma_g,
// acc) where the format has mins.
float AddSuperBlock(const FormatLayout& layout, const RowBlock& w, const QuantBlock& a, float acc) {
  int32_t sum = 0;
  int32_t min_sum = 0;
  for (size_t g = 0; g < kSuperBlock / layout.group; ++g) {
    const size_t k = g * layout.group;
    sum += w.scale[g] * Dot(w.q + k, a.q + k, layout.group);
    if (layout.has_min) min_sum += w.min[g] * (layout.group == 16 ? a.sums16[g] : a.sums32[g]);
  }
  acc = __builtin_fmaf(w.d * a.d, static_cast<float>(sum), acc);
  if (!layout.has_min) return acc;
  return __builtin_fmaf(-(w.dmin * a.d), static_cast<float>(min_sum), acc);
}

// Formats of 32: the j-th of the eight in an activation block.
float AddSmallBlock(const FormatLayout& layout, const RowBlock& w, const QuantBlock& a, size_t j,
                    float acc) {
  acc = __builtin_fmaf(w.d * a.d, static_cast<float>(Dot(w.q, a.q + 32 * j, 32)), acc);
  if (!layout.has_min) return acc;
  return __builtin_fmaf(w.dmin * a.d, static_cast<float>(a.sums32[j]), acc);
}

void StoreRow(const MatmulTask& task, size_t n, const float* acc) {
  for (size_t m = 0; m < task.rows; ++m) {
    float& y = task.y[m * task.n + n];
    y = task.accumulate ? y + acc[m] : acc[m];
  }
}

template <DType kDType>
void BlockMatmul(const MatmulTask& task) {
  const FormatLayout& layout = LayoutOf(kDType);
  const size_t tiles = task.k / layout.tile_k;
  const size_t end = task.group_end * kTileRows < task.n ? task.group_end * kTileRows : task.n;
  RowBlock w;
  for (size_t n = task.group_begin * kTileRows; n < end; ++n) {
    const uint8_t* tile = task.groups + n / kTileRows * task.group_bytes;
    float acc[kMaxRows] = {};
    for (size_t t = 0; t < tiles; ++t, tile += layout.tile_bytes) {
      layout.unpack_row(tile, n % kTileRows, &w);
      for (size_t m = 0; m < task.rows; ++m) {
        if (layout.tile_k == kSuperBlock) {
          acc[m] = AddSuperBlock(layout, w, task.blocks[t * task.rows + m], acc[m]);
        } else {
          acc[m] = AddSmallBlock(layout, w, task.blocks[t / 8 * task.rows + m], t % 8, acc[m]);
        }
      }
    }
    StoreRow(task, n, acc);
  }
}

// Four partial sums, k mod 4, each in order of k; then (0 + 1) + (2 + 3).
template <DType kDType>
void FloatMatmul(const MatmulTask& task) {
  const FormatLayout& layout = LayoutOf(kDType);
  const size_t end = task.group_end * kTileRows < task.n ? task.group_end * kTileRows : task.n;
  for (size_t n = task.group_begin * kTileRows; n < end; ++n) {
    const uint8_t* word =
        task.groups + n / kTileRows * task.group_bytes + n % kTileRows * layout.block_bytes;
    float part[kMaxRows][4] = {};
    for (size_t k = 0; k < task.k; ++k, word += layout.tile_bytes) {
      float w = 0;
      if constexpr (kDType == DType::kF32) w = BitsToFloat(LoadU32(word));
      if constexpr (kDType == DType::kF16) w = HalfToFloat(LoadU16(word));
      if constexpr (kDType == DType::kBF16) w = Bf16ToFloat(LoadU16(word));
      for (size_t m = 0; m < task.rows; ++m) {
        part[m][k % 4] = __builtin_fmaf(w, task.x[m * task.k + k], part[m][k % 4]);
      }
    }
    float acc[kMaxRows];
    for (size_t m = 0; m < task.rows; ++m) {
      acc[m] = (part[m][0] + part[m][1]) + (part[m][2] + part[m][3]);
    }
    StoreRow(task, n, acc);
  }
}

template <DType kDType>
void Set(MatmulFn fn, KernelTable* table) {
  table->matmul[static_cast<size_t>(kDType)] = fn;
}

}  // namespace

void SetScalarMatmuls(KernelTable* table) {
  Set<DType::kF32>(FloatMatmul<DType::kF32>, table);
  Set<DType::kF16>(FloatMatmul<DType::kF16>, table);
  Set<DType::kBF16>(FloatMatmul<DType::kBF16>, table);
  Set<DType::kQ4_0>(BlockMatmul<DType::kQ4_0>, table);
  Set<DType::kQ4_1>(BlockMatmul<DType::kQ4_1>, table);
  Set<DType::kQ5_0>(BlockMatmul<DType::kQ5_0>, table);
  Set<DType::kQ5_1>(BlockMatmul<DType::kQ5_1>, table);
  Set<DType::kQ8_0>(BlockMatmul<DType::kQ8_0>, table);
  Set<DType::kQ2K>(BlockMatmul<DType::kQ2K>, table);
  Set<DType::kQ3K>(BlockMatmul<DType::kQ3K>, table);
  Set<DType::kQ4K>(BlockMatmul<DType::kQ4K>, table);
  Set<DType::kQ5K>(BlockMatmul<DType::kQ5K>, table);
  Set<DType::kQ6K>(BlockMatmul<DType::kQ6K>, table);
  Set<DType::kIQ4NL>(BlockMatmul<DType::kIQ4NL>, table);
  Set<DType::kIQ4XS>(BlockMatmul<DType::kIQ4XS>, table);
}

}  // namespace lemma::kernels
