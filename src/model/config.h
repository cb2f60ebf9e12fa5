// SPDX-License-Identifier: Apache-2.0
// The hyperparameters of a model, read from GGUF keys "<architecture>.*" (GGUF specification and
// the writers in circulation). One table row an architecture; everything else is data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "gguf/reader.h"
#include "kernels/ops.h"

namespace lemma::model {

struct ModelConfig {
  std::string architecture;  // "qwen2", "llama", "qwen3"
  std::string name;          // general.name, may be empty
  size_t layers = 0;
  size_t embedding = 0;  // model width
  size_t heads = 0;
  size_t kv_heads = 0;
  size_t head_dim = 0;
  size_t feed_forward = 0;
  size_t vocab = 0;
  size_t context_length = 0;  // trained length, tokens
  float norm_epsilon = 1e-6F;
  bool qkv_bias = false;     // qwen2
  bool qk_norm = false;      // qwen3
  bool tied_output = false;  // no output.weight: the embedding serves
  kernels::RopeLayout rope_layout = kernels::RopeLayout::kNeox;
  // Length rotated dims / 2: base^(-2i/dim), with linear scaling, YaRN and rope_freqs.weight
  // (Llama 3) folded in.
  std::vector<float> rope_frequencies;
  float rope_magnitude = 1.0F;

  // Bytes of K and V one token takes.
  [[nodiscard]] uint64_t kv_bytes_per_token(kernels::KvTypes types) const;
};

// Every key is range-checked; the error names the key, the value and what was expected.
Result<ModelConfig> ReadConfig(const gguf::File& file);

}  // namespace lemma::model
