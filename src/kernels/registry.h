// SPDX-License-Identifier: Apache-2.0
// Which kernel table runs: chosen once, the best that this processor has, or the one that is asked
// for. Asking for one that the processor lacks is an error, never a fallback. Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "kernels/kernels.h"

namespace lemma::kernels {

// `isa`: "scalar", "avx2", "avx512", "amx", "neon"; absent or empty: the environment's LEMMA_ISA,
// else the best. InvalidArgument for an unknown name (lists the choices), Unsupported for one that
// this processor or build lacks. The table lives for the whole run.
Result<const KernelTable*> ChooseKernels(const std::optional<std::string>& isa);

}  // namespace lemma::kernels
