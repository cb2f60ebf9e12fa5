// SPDX-License-Identifier: Apache-2.0
#include "tensor/quant/weights.h"

#include <algorithm>
#include <cmath>

namespace lemma::tensor {

void ErrorWeights(const float* x, const float* importance, size_t n, float* weights) {
  float peak = 0.0F;
  float top = 0.0F;
  for (size_t i = 0; i < n; ++i) peak = std::max(peak, std::abs(x[i]));
  if (importance != nullptr) {
    for (size_t i = 0; i < n; ++i) top = std::max(top, importance[i]);
  }
  const float inverse_peak = peak > 1e-30F ? 1.0F / peak : 0.0F;
  const float inverse_top = top > 1e-30F ? 1.0F / top : 0.0F;
  float mean_square = 0.0F;
  for (size_t i = 0; i < n; ++i) {
    const float u = x[i] * inverse_peak;
    weights[i] = u * u;
    mean_square += weights[i];
  }
  mean_square /= static_cast<float>(n);
  if (inverse_top > 0.0F) {
    for (size_t i = 0; i < n; ++i) {
      weights[i] = importance[i] * inverse_top * std::sqrt(weights[i] + 1.5F * mean_square);
    }
  } else {
    for (size_t i = 0; i < n; ++i) weights[i] += 2.0F * mean_square;
  }
}

}  // namespace lemma::tensor
