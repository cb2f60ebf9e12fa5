// SPDX-License-Identifier: Apache-2.0
// The scalar table: plain C++ for any processor, and the specification of every kernel's bits.
#pragma once

#include "kernels/kernels.h"

namespace lemma::kernels {

const KernelTable& ScalarKernels();

}  // namespace lemma::kernels
