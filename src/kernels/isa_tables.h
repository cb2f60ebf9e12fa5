// SPDX-License-Identifier: Apache-2.0
// The entry points of the instruction-set folders. The scalar one fills a table; each other one
// overwrites the kernels it has. REQUIRES: the processor has the instruction set.
#pragma once

#include "kernels/kernels.h"

namespace lemma::kernels {

void FillScalarKernels(KernelTable* table);
void FillAvx2Kernels(KernelTable* table);
void FillAvxVnniKernels(KernelTable* table);  // the AVX2 ones, products with VNNI
void FillAvx512Kernels(KernelTable* table);
void FillAmxKernels(KernelTable* table);  // the AVX-512 ones and the tile kernels
void FillNeonKernels(KernelTable* table);
void FillDotprodKernels(KernelTable* table);  // the NEON ones, products with sdot
void FillI8mmKernels(KernelTable* table);     // the NEON ones, products with smmla

// Parts of the above, in files of their own.
void FillAvx2Matmuls(KernelTable* table);
void FillAvx512Matmuls(KernelTable* table);
void FillAmxGemms(KernelTable* table);
void FillAmxBf16Gemms(KernelTable* table);
void FillAmxAttention(AttentionKernels* kernels);
void FillNeonMatmuls(KernelTable* table);

}  // namespace lemma::kernels
