// SPDX-License-Identifier: Apache-2.0
#include "model/model.h"

#include <utility>

#include "model/forward.h"
#include "model/key_bias.h"
#include "model/weights.h"

namespace lemma::model {

class Model::Impl {
 public:
  Impl(ModelConfig config, Weights weights, kernels::Ops& ops)
      : config_(std::move(config)), weights_(std::move(weights)), ops_(ops) {}

  ModelConfig config_;
  Weights weights_;
  kernels::Ops& ops_;
  Scratch scratch_;
  Scratch layered_scratch_;
};

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;

Result<std::unique_ptr<Model>> Model::Load(const gguf::File& file, kernels::Ops& ops,
                                           const LoadProgress& progress) {
  LEMMA_ASSIGN_OR_RETURN(ModelConfig config, ReadConfig(file));
  LEMMA_ASSIGN_OR_RETURN(Weights weights, LoadWeights(file, config, ops, progress));
  LEMMA_RETURN_IF_ERROR(SplitKeyBiases(config, ops, weights));
  auto impl = std::make_unique<Impl>(std::move(config), std::move(weights), ops);
  return std::unique_ptr<Model>(new Model(std::move(impl)));
}

const ModelConfig& Model::config() const { return impl_->config_; }

uint64_t Model::bytes_per_token() const { return impl_->weights_.bytes_per_token(); }

Result<std::unique_ptr<kernels::KvStorage>> Model::MakeKv(size_t pages, kernels::KvTypes types) {
  const ModelConfig& config = impl_->config_;
  return impl_->ops_.MakeKv({config.layers, config.kv_heads, config.head_dim, pages, types});
}

Status Model::Forward(const ForwardBatch& batch, kernels::KvStorage& kv,
                      std::vector<float>& logits) {
  LEMMA_RETURN_IF_ERROR(CheckBatch(impl_->config_, batch, kv));
  return RunForward({impl_->config_, impl_->weights_, impl_->ops_, impl_->scratch_}, batch, kv,
                    logits);
}

Result<std::unique_ptr<LayeredPass>> Model::Begin(const ForwardBatch& batch,
                                                  kernels::KvStorage& kv) {
  LEMMA_RETURN_IF_ERROR(CheckBatch(impl_->config_, batch, kv));
  return BeginForward({impl_->config_, impl_->weights_, impl_->ops_, impl_->layered_scratch_},
                      batch, kv);
}

}  // namespace lemma::model
