// SPDX-License-Identifier: Apache-2.0
// KernelTable: the inner loops of one instruction set as function pointers, one per op and, for
// matrix products, per dtype. The scalar table is the specification; every other table gives the
// same bits. Tables are constant and safe to use from any thread. Kernels see plain pointers
// only: no containers, no allocation, no threads (ISA objects must have no weak symbols).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/attend.h"
#include "kernels/gemm.h"
#include "kernels/layout.h"
#include "kernels/matmul_type.h"
#include "tensor/dtype.h"

namespace lemma::kernels {

// Activations of one row, 256 inputs: x[k] ~ d * q[k]. d = amax / 127, q rounds half to even.
// A shorter last block is filled with zeros. A block with an infinity or NaN has d = NaN, q = 0;
// one with amax < 2^-100 has d = 0.
struct alignas(64) QuantBlock {
  int8_t q[kSuperBlock];
  int16_t sums16[16];  // of q, per 16 inputs
  int16_t sums32[8];   // of q, per 32 inputs
  float d;
};
static_assert(sizeof(QuantBlock) == 320);

// A block of activation rows that one pass over the weights serves: 1 to KernelTable::max_rows.
// Quantised blocks are interleaved: block b of row i is blocks[b*rows + i].
struct MatmulTask {
  const uint8_t* groups = nullptr;  // packed weights, group 0
  size_t group_bytes = 0;
  size_t group_begin = 0;
  size_t group_end = 0;
  size_t n = 0;  // output rows of the matrix; the last group may be partly padding
  size_t k = 0;
  size_t rows = 0;
  const QuantBlock* blocks = nullptr;  // for the block formats
  const float* x = nullptr;            // for the float formats: [rows][k]
  float* y = nullptr;                  // [rows][n]
  bool accumulate = false;
};
using MatmulFn = void (*)(const MatmulTask& task);

struct KernelTable {
  const char* name = nullptr;         // "avx512"
  const char* description = nullptr;  // "AVX-512 VNNI"
  size_t max_rows = 1;                // largest MatmulTask::rows, at most 8
  MatmulFn matmul[tensor::kNumDTypes] = {};
  // From gemm_min_rows rows on, for the dtypes that have one; the bits are those of `matmul`.
  GemmFn gemm[tensor::kNumDTypes] = {};
  size_t gemm_min_rows = 0;
  // Quantises row `row` of k floats for `gemm`.
  void (*quantize_gemm)(const float* x, size_t k, size_t row, const GemmInput& out) = nullptr;
  // Products of the bf16 class; null for F32, whose weights are never rounded.
  Bf16GemmFn bf16_gemm[tensor::kNumDTypes] = {};
  // The gated products; where null, two products and silu_mul do.
  Bf16GemmFn bf16_gated[tensor::kNumDTypes] = {};
  // Rounds row `row` of k floats for `bf16_gemm`: x is Bf16GemmTask::x.
  void (*round_row)(const float* from, size_t k, size_t row, uint16_t* x) = nullptr;
  // Quantises k floats into out[0], out[stride], ...
  void (*quantize)(const float* x, size_t k, size_t stride, QuantBlock* out) = nullptr;
  // out = x / sqrt(mean(x^2) + eps) * weight for one row of n; the sum of squares has 16 lanes
  // (lane k % 16, fma in order of k) and SumLanes16.
  void (*rms_norm)(const float* x, const float* weight, float eps, size_t n, float* out) = nullptr;
  // gate = gate / (1 + exp(-gate)) * up
  void (*silu_mul)(float* gate, const float* up, size_t n) = nullptr;
  void (*float_to_half)(const float* x, size_t n, uint16_t* out) = nullptr;
  AttentionKernels attention;
  // What a cache is made of, and how prompts are multiplied, unless told otherwise.
  KvType usual_kv = KvType::kF16;
  MatmulType usual_prefill = MatmulType::kInt8;
};

}  // namespace lemma::kernels
