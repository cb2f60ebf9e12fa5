// SPDX-License-Identifier: Apache-2.0
// Scalar attention over one segment (AttendTask), for f32 and f16 pages.
#pragma once

#include "kernels/kernels.h"

namespace lemma::kernels {

void SetScalarAttention(KernelTable* table);

}  // namespace lemma::kernels
