// SPDX-License-Identifier: Apache-2.0
// What an error in each element costs, for the encoders' searches.
#pragma once

#include <cstddef>

namespace lemma::tensor {

// Fills weights[i], relative to the largest so that nothing under- or overflows:
//   without importance   2 mean(x^2) + x[i]^2
//   with importance      importance[i] * sqrt(1.5 mean(x^2) + x[i]^2)
// Errors in large weights cost more than chance has it; the means keep that within bounds, so that
// the plain error suffers by at most 1 or 2 %. All-zero importance counts as none.
void ErrorWeights(const float* x, const float* importance, size_t n, float* weights);

}  // namespace lemma::tensor
