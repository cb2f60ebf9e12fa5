// SPDX-License-Identifier: Apache-2.0
// Scalar attention over one segment, for every type of K and V.
#pragma once

#include "kernels/attend.h"

namespace lemma::kernels {

void SetScalarAttention(AttentionKernels* kernels);

}  // namespace lemma::kernels
