// SPDX-License-Identifier: Apache-2.0
// What an error in each element costs, for the encoders' searches.
#pragma once

#include <cstddef>

namespace lemma::tensor {

// Fills weights[i] = importance[i] * sqrt(mean(x^2) + x[i]^2), both factors relative to their mean
// over the n elements so that nothing under- or overflows. Large weights of a row meet large
// activations more often than chance has it, hence the second factor. Without importance the first
// factor is 1; so it is where all of it is 0.
void ErrorWeights(const float* x, const float* importance, size_t n, float* weights);

}  // namespace lemma::tensor
