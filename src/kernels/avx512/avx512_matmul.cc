// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx512/simd-inl.h"
// The generic kernels need Simd above.
#include "kernels/isa_tables.h"
#include "kernels/simd/bf16_gemm-inl.h"
#include "kernels/simd/matmul-inl.h"

namespace lemma::kernels {

void FillAvx512Matmuls(KernelTable* table) {
  SetMatmuls(table);
  SetBf16Matmuls(table);
}

}  // namespace lemma::kernels
