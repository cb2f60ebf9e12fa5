// SPDX-License-Identifier: Apache-2.0
// A loaded model: config, tokenizer metadata left to others, weights, and ONE forward pass that
// serves qwen2, llama and qwen3 by flags of the config.
// Threads: one Forward at a time (the engine thread); config() may be read from anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "gguf/reader.h"
#include "kernels/ops.h"
#include "model/batch.h"
#include "model/config.h"
#include "model/layered_pass.h"

namespace lemma::model {

// Called while loading with the share done, 0..1; returning false cancels the load.
using LoadProgress = std::function<bool(double)>;

class Model {
 public:
  // Checks every tensor (presence, shape, type) against the config before any work. The Ops and
  // the file must outlive the model.
  static Result<std::unique_ptr<Model>> Load(const gguf::File& file, kernels::Ops& ops,
                                             const LoadProgress& progress);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  [[nodiscard]] const ModelConfig& config() const;
  // Bytes of weights read for one decoded token (output head included, one embedding row).
  [[nodiscard]] uint64_t bytes_per_token() const;
  Result<std::unique_ptr<kernels::KvStorage>> MakeKv(size_t pages, kernels::KvTypes types);

  // Runs the batch, stores its K and V, and writes the wanted rows of ForwardBatch::output, f32.
  // REQUIRES: tokens within the vocabulary, positions below the context length, tables long enough
  // (checked: InvalidArgument names the slice).
  Status Forward(const ForwardBatch& batch, kernels::KvStorage& kv, std::vector<float>& logits);
  // The same, to be run a few layers at a time; Forward may be called between them. At most one
  // such pass at a time. The model and `kv` must outlive it.
  Result<std::unique_ptr<LayeredPass>> Begin(const ForwardBatch& batch, kernels::KvStorage& kv);

 private:
  class Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma::model
