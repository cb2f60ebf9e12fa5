// SPDX-License-Identifier: Apache-2.0
// Products of the bf16 class (kernels/gemm.h) for any vector type Simd: sixteen outputs at a time,
// the weights of a chunk of inputs decoded once for all rows. Compiled once per ISA.
#pragma once

#include "kernels/fixed_math.h"
#include "kernels/kernels.h"
#include "kernels/layout.h"

namespace lemma::kernels {
namespace {

// sums[m] += the products of one step; w is [32][16], x the step's inputs of row 0, rows 32 apart.
template <size_t kRows>
inline void AddBf16Step(const float* w, const uint16_t* x, Simd::Floats sums[kRows]) {
  Simd::Floats even[kRows];
  Simd::Floats odd[kRows];
  for (size_t m = 0; m < kRows; ++m) even[m] = odd[m] = Simd::Splat(0.0F);
  for (size_t i = 0; i < kBf16Step; i += 2) {
    const Simd::Floats w0 = Simd::Load(w + i * kTileRows);
    const Simd::Floats w1 = Simd::Load(w + (i + 1) * kTileRows);
    for (size_t m = 0; m < kRows; ++m) {
      even[m] = Simd::Fma(w0, Simd::Splat(Bf16ToFloat(x[m * kBf16Step + i])), even[m]);
      odd[m] = Simd::Fma(w1, Simd::Splat(Bf16ToFloat(x[m * kBf16Step + i + 1])), odd[m]);
    }
  }
  for (size_t m = 0; m < kRows; ++m) sums[m] = Simd::Add(sums[m], Simd::Add(even[m], odd[m]));
}

// Rows [row, row + kRows), of one tile of 16, over `steps` steps; their sums are acc[row][16].
template <size_t kRows>
inline void AddBf16Rows(const float* panel, const uint16_t* x, size_t steps, float* acc) {
  for (size_t lane = 0; lane < kTileRows; lane += Simd::kRows) {
    Simd::Floats sums[kRows];
    for (size_t m = 0; m < kRows; ++m) sums[m] = Simd::Load(acc + m * kTileRows + lane);
    for (size_t s = 0; s < steps; ++s) {
      AddBf16Step<kRows>(panel + s * kBf16Step * kTileRows + lane, x + s * kBf16Step * kTileRows,
                         sums);
    }
    for (size_t m = 0; m < kRows; ++m) Simd::Store(acc + m * kTileRows + lane, sums[m]);
  }
}

inline void StoreBf16Group(const Bf16GemmTask& task, size_t group) {
  const size_t first = group * kTileRows;
  const size_t count = task.n - first < kTileRows ? task.n - first : kTileRows;
  for (size_t m = 0; m < task.rows; ++m) {
    const float* acc = task.scratch + m * kTileRows;
    float* y = task.y + m * task.n + first;
    for (size_t i = 0; i < count; ++i) y[i] = task.accumulate ? y[i] + acc[i] : acc[i];
  }
}

template <tensor::DType kDType>
void Bf16Matmul(const Bf16GemmTask& task) {
  const FormatLayout& layout = LayoutOf(kDType);
  alignas(64) float panel[kBf16Chunk * kTileRows];
  for (size_t g = task.group_begin; g < task.group_end; ++g) {
    for (size_t i = 0; i < task.rows * kTileRows; ++i) task.scratch[i] = 0.0F;
    for (size_t k = 0; k < task.k; k += kBf16Chunk) {
      const size_t count = task.k - k < kBf16Chunk ? task.k - k : kBf16Chunk;
      const size_t steps = Bf16Steps(count);
      DecodePanel(layout, task.groups + g * task.group_bytes, k, count, panel);
      for (size_t i = count * kTileRows; i < steps * kBf16Step * kTileRows; ++i) panel[i] = 0.0F;
      size_t m = 0;
      const auto row = [&] { return task.x + Bf16RowStart(m, task.k) + k * kTileRows; };
      for (; m + 4 <= task.rows; m += 4) {
        AddBf16Rows<4>(panel, row(), steps, task.scratch + m * kTileRows);
      }
      for (; m < task.rows; ++m) AddBf16Rows<1>(panel, row(), steps, task.scratch + m * kTileRows);
    }
    StoreBf16Group(task, g);
  }
}

// FloatToFiniteBf16, laid out as Bf16GemmTask::x says.
inline void RoundBf16Row(const float* from, size_t k, size_t row, uint16_t* x) {
  uint16_t* to = x + Bf16RowStart(row, k);
  for (size_t i = 0; i < Bf16Steps(k) * kBf16Step; ++i) {
    to[i / kBf16Step * kBf16Step * kTileRows + i % kBf16Step] =
        i < k ? FloatToFiniteBf16(from[i]) : uint16_t{0};
  }
}

inline void SetBf16Matmuls(KernelTable* table) {
  using tensor::DType;
  const auto set = [table](DType dtype, Bf16GemmFn fn) {
    table->bf16_gemm[static_cast<size_t>(dtype)] = fn;
  };
  table->round_row = RoundBf16Row;
  set(DType::kF16, Bf16Matmul<DType::kF16>);
  set(DType::kBF16, Bf16Matmul<DType::kBF16>);
  set(DType::kQ4_0, Bf16Matmul<DType::kQ4_0>);
  set(DType::kQ4_1, Bf16Matmul<DType::kQ4_1>);
  set(DType::kQ5_0, Bf16Matmul<DType::kQ5_0>);
  set(DType::kQ5_1, Bf16Matmul<DType::kQ5_1>);
  set(DType::kQ8_0, Bf16Matmul<DType::kQ8_0>);
  set(DType::kIQ4NL, Bf16Matmul<DType::kIQ4NL>);
  set(DType::kQ2K, Bf16Matmul<DType::kQ2K>);
  set(DType::kQ3K, Bf16Matmul<DType::kQ3K>);
  set(DType::kQ4K, Bf16Matmul<DType::kQ4K>);
  set(DType::kQ5K, Bf16Matmul<DType::kQ5K>);
  set(DType::kQ6K, Bf16Matmul<DType::kQ6K>);
  set(DType::kIQ4XS, Bf16Matmul<DType::kIQ4XS>);
}

}  // namespace
}  // namespace lemma::kernels
