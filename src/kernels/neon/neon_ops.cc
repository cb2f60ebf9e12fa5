// SPDX-License-Identifier: Apache-2.0
#include "kernels/neon/simd-inl.h"
// The generic kernels need Simd above.
#include "kernels/isa_tables.h"
#include "kernels/simd/attention-inl.h"
#include "kernels/simd/ops-inl.h"

namespace lemma::kernels {

void FillNeonKernels(KernelTable* table) {
  table->name = "neon";
  table->description = "ARM NEON";
  FillNeonMatmuls(table);
  SetOps(table);
  SetAttention(&table->attention);
}

}  // namespace lemma::kernels
