// SPDX-License-Identifier: Apache-2.0
// The engine's view of a model: enough to drive it step by step, small enough to fake in a test.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/status.h"
#include "kernels/ops.h"
#include "model/batch.h"
#include "model/layered_pass.h"

namespace lemma::model {
class Model;
}

namespace lemma::engine {

// Used by one thread (the engine's).
class StepModel {
 public:
  virtual ~StepModel() = default;
  StepModel() = default;
  StepModel(const StepModel&) = delete;
  StepModel& operator=(const StepModel&) = delete;

  [[nodiscard]] virtual size_t vocab() const = 0;
  [[nodiscard]] virtual size_t context_length() const = 0;
  virtual Result<std::unique_ptr<kernels::KvStorage>> MakeKv(size_t pages,
                                                             kernels::KvTypes types) = 0;
  // As model::Model::Forward.
  virtual Status Forward(const model::ForwardBatch& batch, kernels::KvStorage& kv,
                         std::vector<float>& logits) = 0;
  // As model::Model::Begin; one pass at a time, with calls of Forward between its layers. By
  // default the pass has one layer, which is all of it.
  virtual Result<std::unique_ptr<model::LayeredPass>> Begin(const model::ForwardBatch& batch,
                                                            kernels::KvStorage& kv);
  [[nodiscard]] virtual size_t layers() const { return 1; }
};

// The model must outlive the wrapper.
std::unique_ptr<StepModel> WrapModel(model::Model& model);

}  // namespace lemma::engine
