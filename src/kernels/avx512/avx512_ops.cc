// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx512/simd-inl.h"
// The generic kernels need Simd above.
#include "kernels/isa_tables.h"
#include "kernels/simd/attention-inl.h"
#include "kernels/simd/ops-inl.h"

namespace lemma::kernels {

void FillAvx512Kernels(KernelTable* table) {
  table->name = "avx512";
  table->description = "AVX-512 VNNI";
  FillAvx512Matmuls(table);
  SetOps(table);
  SetAttention(&table->attention);
}

}  // namespace lemma::kernels
