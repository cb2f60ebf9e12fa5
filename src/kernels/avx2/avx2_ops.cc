// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx2/simd-inl.h"
// The generic kernels need Simd above.
#include "kernels/isa_tables.h"
#include "kernels/simd/attention-inl.h"
#include "kernels/simd/ops-inl.h"

namespace lemma::kernels {

void FillAvx2Kernels(KernelTable* table) {
  table->name = "avx2";
  table->description = "AVX2, FMA, F16C";
  FillAvx2Matmuls(table);
  SetOps(table);
  SetAttention(&table->attention);
}

}  // namespace lemma::kernels
