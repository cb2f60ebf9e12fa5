// SPDX-License-Identifier: Apache-2.0
// The forward pass: token ids of several sequences to logits, for every supported architecture.
// Pre-norm decoder with grouped-query attention and a SwiGLU feed-forward (as in Llama and Qwen).
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "kernels/ops.h"
#include "model/batch.h"
#include "model/config.h"
#include "model/layered_pass.h"
#include "model/weights.h"

namespace lemma::model {

// Activations of one batch, [rows][width] each. Grows to the largest batch seen and is reused.
struct Scratch {
  std::vector<float> x;                       // [rows][d] the residual stream
  std::vector<float> normed;                  // [rows][d]
  std::vector<float> q;                       // [rows][heads * head_dim]
  std::vector<float> k;                       // [rows][kv_heads * head_dim]
  std::vector<float> v;                       // [rows][kv_heads * head_dim]
  std::vector<float> mixed;                   // [rows][heads * head_dim] attention's result
  std::vector<float> gate;                    // [rows][f]
  std::vector<float> up;                      // [rows][f]
  std::vector<int32_t> positions;             // [rows]
  std::vector<kernels::AttentionSpan> spans;  // one a slice
};

// InvalidArgument names the slice or token that breaks the contract of Model::Forward.
Status CheckBatch(const ModelConfig& config, const ForwardBatch& batch,
                  const kernels::KvStorage& kv);

// REQUIRES: CheckBatch passed. ResourceExhausted when the scratch cannot be allocated; DataLoss
// when a logit is not finite, which finite weights of a sound model do not give.
struct ForwardContext {
  const ModelConfig& config;
  const Weights& weights;
  kernels::Ops& ops;
  Scratch& scratch;
};
Status RunForward(const ForwardContext& context, const ForwardBatch& batch, kernels::KvStorage& kv,
                  std::vector<float>& output);

// The same pass, to be run a few layers at a time. The batch must be checked; it and its tables are
// copied. `context` and `kv` must outlive the pass, and its scratch is used by nobody else.
Result<std::unique_ptr<LayeredPass>> BeginForward(const ForwardContext& context,
                                                  const ForwardBatch& batch,
                                                  kernels::KvStorage& kv);

}  // namespace lemma::model
