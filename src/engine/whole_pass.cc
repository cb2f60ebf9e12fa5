// SPDX-License-Identifier: Apache-2.0
// The pass of a model that cannot stop between layers.
#include "engine/step_model.h"

namespace lemma::engine {
namespace {

class WholePass final : public model::LayeredPass {
 public:
  WholePass(StepModel& model, const model::ForwardBatch& batch, kernels::KvStorage& kv)
      : model_(model), batch_(batch), kv_(kv) {}
  [[nodiscard]] size_t layers_left() const override { return left_; }
  Status RunLayer(std::vector<float>& output) override {
    left_ = 0;
    return model_.Forward(batch_.get(), kv_, output);
  }

 private:
  StepModel& model_;
  const model::KeptBatch batch_;
  kernels::KvStorage& kv_;
  size_t left_ = 1;
};

}  // namespace

Result<std::unique_ptr<model::LayeredPass>> StepModel::Begin(const model::ForwardBatch& batch,
                                                             kernels::KvStorage& kv) {
  return std::unique_ptr<model::LayeredPass>(std::make_unique<WholePass>(*this, batch, kv));
}

}  // namespace lemma::engine
