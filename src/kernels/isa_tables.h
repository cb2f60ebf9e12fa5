// SPDX-License-Identifier: Apache-2.0
// The entry points of the instruction-set folders. Each overwrites, in a table that starts as a
// copy of the scalar one, the kernels it has. REQUIRES: the processor has the instruction set.
#pragma once

#include "kernels/kernels.h"

namespace lemma::kernels {

void FillAvx2Kernels(KernelTable* table);
void FillAvx512Kernels(KernelTable* table);
void FillNeonKernels(KernelTable* table);

}  // namespace lemma::kernels
