// SPDX-License-Identifier: Apache-2.0
// Scalar matrix products, one per dtype.
#pragma once

#include "kernels/kernels.h"

namespace lemma::kernels {

void SetScalarMatmuls(KernelTable* table);
void SetScalarBf16Matmuls(KernelTable* table);

}  // namespace lemma::kernels
