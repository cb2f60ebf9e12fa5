// SPDX-License-Identifier: Apache-2.0
// The tensors of a model, packed for the device. Names and shapes are those of the GGUF files in
// circulation ("blk.0.attn_q.weight"; dims[0] = inputs, dims[1] = outputs). Everything is checked
// before the first byte is packed: presence, shape and type of each tensor, and that the file has
// no tensor which this forward pass would ignore. After loading, read-only: no thread rule.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "gguf/reader.h"
#include "kernels/ops.h"
#include "model/config.h"

namespace lemma::model {

using Matrix = std::unique_ptr<kernels::PackedMatrix>;

// d = embedding, h = heads * head_dim, g = kv_heads * head_dim, f = feed_forward. Matrices are
// named by rows x columns = outputs x inputs. Empty vectors: the model has no such tensor.
struct LayerWeights {
  std::vector<float> attention_norm;  // [d]
  Matrix q;                           // h x d
  Matrix k;                           // g x d
  Matrix v;                           // g x d
  std::vector<float> q_bias;          // [h]
  std::vector<float> k_bias;          // [g]
  std::vector<float> large_k_bias;    // [g] what SplitKeyBiases took out of it; empty: nothing
  std::vector<float> rest_k_bias;     // [g] and what it left
  std::vector<float> v_bias;          // [g]
  std::vector<float> q_norm;          // [head_dim], of each head
  std::vector<float> k_norm;          // [head_dim]
  Matrix o;                           // d x h
  std::vector<float> o_bias;          // [d]

  std::vector<float> feed_forward_norm;  // [d]
  Matrix gate;                           // f x d
  Matrix up;                             // f x d
  Matrix down;                           // d x f
};

struct Weights {
  Matrix token_embedding;  // vocab x d
  std::vector<LayerWeights> layers;
  std::vector<float> output_norm;  // [d]
  Matrix output;                   // vocab x d; null when tied: token_embedding serves

  [[nodiscard]] const kernels::PackedMatrix& output_head() const {
    return output ? *output : *token_embedding;
  }
  // Bytes read for one token: every matrix and vector once, and one row of the embedding.
  [[nodiscard]] uint64_t bytes_per_token() const;
};

// Everything that keeps the tensors of the file from being this model, without reading their data:
// a status each, in the order of the model; the first one is what LoadWeights says. Empty: nothing.
std::vector<Status> CheckTensors(const gguf::File& file, const ModelConfig& config);

// `progress` gets the share of weight bytes packed, 0..1; false cancels (kCancelled). Empty: none.
// DataLoss names the tensor, what was found and what was expected; Unsupported names a tensor that
// no part of the model uses.
Result<Weights> LoadWeights(const gguf::File& file, const ModelConfig& config, kernels::Ops& ops,
                            const std::function<bool(double)>& progress);

}  // namespace lemma::model
