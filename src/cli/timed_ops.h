// SPDX-License-Identifier: Apache-2.0
// Ops that pass every call on to other Ops and add up the time by part of the forward pass. The
// matrix of a product tells the part, by the tensor name it was packed from. Only `lemma bench
// --timeline` uses them, so that measuring costs nothing elsewhere. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "gguf/reader.h"
#include "kernels/ops.h"

namespace lemma::cli {

enum class Phase : uint8_t {
  kEmbedding,
  kNorm,
  kQkv,  // products with the quantisation of their input, here and below
  kBias,
  kRope,
  kStoreKv,
  kAttention,
  kOutput,  // of the attention block
  kGateUp,
  kSilu,
  kDown,
  kFeedForward,  // gate, up, silu and down in one
  kHead,
  kOther,  // products of a matrix with an unknown name, and additions
};
inline constexpr size_t kNumPhases = 14;
std::string_view PhaseName(Phase phase);

using PhaseSeconds = std::array<double, kNumPhases>;

class TimedOps final : public kernels::Ops {
 public:
  // Both must outlive these Ops; the file's tensors name the matrices.
  TimedOps(kernels::Ops& real, const gguf::File& file);

  void Reset() { seconds_ = {}; }
  [[nodiscard]] const PhaseSeconds& seconds() const { return seconds_; }

  [[nodiscard]] std::string name() const override { return real_.name(); }
  Result<std::unique_ptr<kernels::PackedMatrix>> Pack(const tensor::TensorView& weight) override;
  Result<std::unique_ptr<kernels::KvStorage>> MakeKv(const kernels::KvShape& shape) override;
  void Matmul(const kernels::PackedMatrix& w, std::span<const float> x, std::span<float> y,
              kernels::Accumulate accumulate, kernels::MatmulType type) override;
  void MatmulMany(std::span<const Product> products, std::span<const float> x,
                  kernels::Accumulate accumulate, kernels::MatmulType type) override;
  void FeedForward(const GatedWeights& w, std::span<const float> x, std::span<float> y,
                   const GatedWork& work, kernels::MatmulType type) override;
  void GatherRows(const kernels::PackedMatrix& table, std::span<const int32_t> tokens,
                  std::span<float> out) override;
  void RmsNorm(std::span<const float> x, std::span<const float> weight, float eps,
               std::span<float> out) override;
  void AddBias(std::span<float> x, std::span<const float> bias) override;
  void Rope(std::span<float> x, size_t head_dim, std::span<const int32_t> positions,
            const kernels::RopeParams& params) override;
  void StoreKv(kernels::KvStorage& kv, const kernels::AttentionArgs& args, std::span<const float> k,
               std::span<const float> v) override;
  void Attention(const kernels::KvStorage& kv, const kernels::AttentionArgs& args,
                 std::span<const float> q, std::span<float> out) override;
  void SiluMul(std::span<float> gate, std::span<const float> up) override;
  void Add(std::span<float> x, std::span<const float> y) override;

 private:
  // Adds the time since its construction to a phase.
  class Timer {
   public:
    Timer(TimedOps& ops, Phase phase) : slot_(ops.seconds_[static_cast<size_t>(phase)]) {}
    ~Timer() { slot_ += watch_.Seconds(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    double& slot_;
    Stopwatch watch_;
  };
  [[nodiscard]] Phase PhaseOf(const kernels::PackedMatrix& w) const;

  kernels::Ops& real_;
  std::map<const std::byte*, Phase> by_data_;  // of the file's tensors
  std::map<const kernels::PackedMatrix*, Phase> by_matrix_;
  PhaseSeconds seconds_{};
};

}  // namespace lemma::cli
