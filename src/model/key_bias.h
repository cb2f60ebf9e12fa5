// SPDX-License-Identifier: Apache-2.0
// The key biases of qwen2 models reach hundreds in some layers, where the part of a key that says
// something is a few units: a cache of 8 significant bits would keep little but the bias. So the
// large biases are taken out of the stored keys. A bias does not depend on the token; what its
// rotation adds to a score follows from the two positions, and attention computes it in f32
// (kernels::AttentionArgs::key_bias).
//
// The rule looks at the file alone. For a rotated pair of dimensions (a, b), the bias is large when
//   hypot(bias[a], bias[b]) > 4 sqrt(|g W[a]|^2 + |g W[b]|^2),
// g being the weights of the norm before the projection and W its rows: the right side without the
// 4 is what the pair measures on average, because normalised activations have a mean square of 1.
#pragma once

#include "base/status.h"
#include "model/config.h"
#include "model/weights.h"

namespace lemma::model {

// Fills LayerWeights::large_k_bias and rest_k_bias of the layers with a large bias. Models that
// normalise keys after the bias are left alone. ResourceExhausted without memory for one matrix.
Status SplitKeyBiases(const ModelConfig& config, kernels::Ops& ops, Weights& weights);

}  // namespace lemma::model
