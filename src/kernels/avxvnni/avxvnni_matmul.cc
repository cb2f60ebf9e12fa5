// SPDX-License-Identifier: Apache-2.0
// The AVX2 kernels with the matrix products compiled for one extension more.
#include "kernels/avx2/simd-inl.h"
// The generic kernels need Simd above.
#include "kernels/isa_tables.h"
#include "kernels/simd/matmul-inl.h"

namespace lemma::kernels {

void FillAvxVnniKernels(KernelTable* table) {
  FillAvx2Kernels(table);
  SetMatmuls(table);
  table->name = "avxvnni";
  table->description = "AVX2 with VNNI";
}

}  // namespace lemma::kernels
