// SPDX-License-Identifier: Apache-2.0
// The interface of the kernels that multiply many rows of activations at once: how the rows are
// quantised, and one call. Plain pointers only; see kernels/kernels.h for the rules.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/layout.h"

namespace lemma::kernels {

// Activations of many rows for the tile kernels: block b (256 inputs) of row i is q[b][4][i][64],
// sums[b][i][32] and d[b][i], with `stride` >= rows, a multiple of kGemmRowStep, as the dimension
// of rows. q and d are those of QuantBlock; sums are its sums16, each as two bf16 whose total is
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

// Products of the bf16 class, for every format but F32. Weights are decoded to f32 and rounded by
// WeightToBf16, activations by FloatToFiniteBf16 (kernels/fixed_math.h); sums are those of
// TDPBF16PS: from 0, per step of 32 inputs one fma chain over the even and one over the odd inputs,
// both from 0; then sum += even + odd. The last step is filled with zeros.
constexpr size_t kBf16Step = 32;
// Inputs that are worked on at a time: their weights stay in the first-level cache.
constexpr size_t kBf16Chunk = 512;

// One thread's part of a product of `rows` <= kGemmMaxRows rows.
struct Bf16GemmTask {
  const uint8_t* groups = nullptr;     // packed weights, group 0
  const uint8_t* up_groups = nullptr;  // gated products: of the second matrix, of the same shape
  size_t group_bytes = 0;
  size_t group_begin = 0;
  size_t group_end = 0;
  size_t n = 0;
  size_t k = 0;
  size_t rows = 0;
  // Input i of row r is x[((r / 16 * steps + i / 32) * 16 + r % 16) * 32 + i % 32], with
  // steps = Bf16Steps(k). Rows up to the next multiple of kGemmRowStep may hold anything.
  const uint16_t* x = nullptr;
  float* y = nullptr;  // [rows][n]
  bool accumulate = false;
  // Gated products: silu(W x) * (U x), U the second matrix, in the layout of an x of n inputs.
  uint16_t* gated = nullptr;
  float* scratch = nullptr;  // kGemmScratch floats, 64-byte aligned
};
using Bf16GemmFn = void (*)(const Bf16GemmTask& task);

constexpr size_t Bf16Steps(size_t k) { return (k + kBf16Step - 1) / kBf16Step; }
// Where input 0 of row r begins; the inputs of the next step follow 16 * 32 values later.
constexpr size_t Bf16RowStart(size_t row, size_t k) {
  return (row / kTileRows * Bf16Steps(k) * kTileRows + row % kTileRows) * kBf16Step;
}

}  // namespace lemma::kernels
