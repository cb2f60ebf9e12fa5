// SPDX-License-Identifier: Apache-2.0
// The interface of the kernels that multiply many rows of activations at once: how the rows are
// quantised, and one call. Plain pointers only; see kernels/kernels.h for the rules.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/layout.h"

namespace lemma::kernels {

// Activations of many rows for the tile kernels: block b (256 inputs) of row i is q[b][i][256],
// sums[b][i][32] and d[b][i], with `stride` >= rows, a multiple of kGemmRowStep, as the middle
// dimension. q and d are those of QuantBlock; sums are its sums16, each as two bf16 whose total is
// the sum: its multiple of 16 and the rest. Rows from `rows` to `stride` may hold anything.
struct GemmInput {
  size_t stride = 0;
  int8_t* q = nullptr;
  uint16_t* sums = nullptr;
  float* d = nullptr;
};
constexpr size_t kGemmRowStep = 32;
constexpr size_t kGemmSumBytes = 64;
constexpr size_t kGemmInputBytes = kSuperBlock + kGemmSumBytes + sizeof(float);  // a row and block
constexpr size_t kGemmMaxRows = 512;
// Floats of work space that each thread's products of many rows need.
constexpr size_t kGemmScratch = 16 * kTileRows * (kGemmMaxRows + 1);

// One thread's part of a product of `rows` <= kGemmMaxRows rows, K-quants only.
struct GemmTask {
  const uint8_t* groups = nullptr;  // packed weights, group 0
  size_t group_bytes = 0;
  size_t group_begin = 0;
  size_t group_end = 0;
  size_t n = 0;
  size_t k = 0;
  size_t rows = 0;
  GemmInput input;
  float* y = nullptr;  // [rows][n]
  bool accumulate = false;
  float* scratch = nullptr;  // kGemmScratch floats, 64-byte aligned
};
using GemmFn = void (*)(const GemmTask& task);

}  // namespace lemma::kernels
