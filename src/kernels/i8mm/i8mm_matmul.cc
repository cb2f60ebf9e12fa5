// SPDX-License-Identifier: Apache-2.0
// The NEON kernels with the matrix products compiled for one extension more.
#include "kernels/neon/simd-inl.h"
// The generic kernels need Simd above.
#include "kernels/isa_tables.h"
#include "kernels/simd/matmul-inl.h"

namespace lemma::kernels {

void FillI8mmKernels(KernelTable* table) {
  FillNeonKernels(table);
  SetMatmuls(table);
  table->name = "i8mm";
  table->description = "NEON with 8-bit matrix products";
}

}  // namespace lemma::kernels
