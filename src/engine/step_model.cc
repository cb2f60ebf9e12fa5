// SPDX-License-Identifier: Apache-2.0
#include "engine/step_model.h"

#include "model/model.h"

namespace lemma::engine {
namespace {

class ModelStep final : public StepModel {
 public:
  explicit ModelStep(model::Model& model) : model_(model) {}
  [[nodiscard]] size_t vocab() const override { return model_.config().vocab; }
  [[nodiscard]] size_t context_length() const override { return model_.config().context_length; }
  Result<std::unique_ptr<kernels::KvStorage>> MakeKv(size_t pages,
                                                     kernels::KvTypes types) override {
    return model_.MakeKv(pages, types);
  }
  Status Forward(const model::ForwardBatch& batch, kernels::KvStorage& kv,
                 std::vector<float>& logits) override {
    return model_.Forward(batch, kv, logits);
  }
  Result<std::unique_ptr<model::LayeredPass>> Begin(const model::ForwardBatch& batch,
                                                    kernels::KvStorage& kv) override {
    return model_.Begin(batch, kv);
  }
  [[nodiscard]] size_t layers() const override { return model_.config().layers; }

 private:
  model::Model& model_;
};

}  // namespace

std::unique_ptr<StepModel> WrapModel(model::Model& model) {
  return std::make_unique<ModelStep>(model);
}

}  // namespace lemma::engine
