// SPDX-License-Identifier: Apache-2.0
// Ops on the processor: a KernelTable, a thread pool and packed weights. Work is split by output
// rows (matrices), by rows, or by query row and KV head (attention), never along K, so that the
// number of threads cannot change a bit. Made by MakeCpuOps (kernels/ops.h). One thread at a time.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/function_ref.h"
#include "base/thread_pool.h"
#include "kernels/aligned_buffer.h"
#include "kernels/cpu_matrix.h"
#include "kernels/kernels.h"
#include "kernels/ops.h"
#include "kernels/rope_table.h"

namespace lemma::kernels {

class CpuOps final : public Ops {
 public:
  CpuOps(const KernelTable& table, int threads);

  [[nodiscard]] std::string name() const override;
  Result<std::unique_ptr<PackedMatrix>> Pack(const tensor::TensorView& weight) override;
  Result<std::unique_ptr<KvStorage>> MakeKv(const KvShape& shape) override;
  void Matmul(const PackedMatrix& w, std::span<const float> x, std::span<float> y,
              Accumulate accumulate, MatmulType type) override;
  void MatmulMany(std::span<const Product> products, std::span<const float> x,
                  Accumulate accumulate, MatmulType type) override;
  void FeedForward(const GatedWeights& w, std::span<const float> x, std::span<float> y,
                   const GatedWork& work, MatmulType type) override;
  void GatherRows(const PackedMatrix& table, std::span<const int32_t> tokens,
                  std::span<float> out) override;
  void RmsNorm(std::span<const float> x, std::span<const float> weight, float eps,
               std::span<float> out) override;
  void AddBias(std::span<float> x, std::span<const float> bias) override;
  void Rope(std::span<float> x, size_t head_dim, std::span<const int32_t> positions,
            const RopeParams& params) override;
  void StoreKv(KvStorage& kv, const AttentionArgs& args, std::span<const float> k,
               std::span<const float> v) override;
  void Attention(const KvStorage& kv, const AttentionArgs& args, std::span<const float> q,
                 std::span<float> out) override;
  void SiluMul(std::span<float> gate, std::span<const float> up) override;
  void Add(std::span<float> x, std::span<const float> y) override;

 private:
  struct Batch;  // input rows of one pass
  // The kernels that multiply a matrix by a batch.
  enum class Way : uint8_t { kRows, kGemm, kBf16 };

  Status Reserve(const CpuMatrix& w);
  [[nodiscard]] Way WayOf(const CpuMatrix& w, const Batch& batch) const;
  [[nodiscard]] GemmInput InputOf(const Batch& batch) const;
  void QuantizeBatch(const Batch& batch);
  void QuantizeGemm(const Batch& batch);
  void RoundBatch(const Batch& batch);
  // The feed-forward block of one batch, in the bf16 class.
  void FeedForwardBatch(const GatedWeights& w, const Batch& batch, std::span<float> y);
  void MatmulBatch(std::span<const Product> products, const Batch& batch);
  void ShareShrinking(size_t count, FunctionRef<void(size_t, size_t, int)> body);
  // Groups [group_begin, group_end) of one product, in each of the ways.
  void MultiplyGroups(const Product& product, const Batch& batch, size_t group_begin,
                      size_t group_end);
  void MultiplyMany(const Product& product, const Batch& batch, size_t group_begin,
                    size_t group_end, size_t worker);
  [[nodiscard]] const uint16_t* Bf16Input() const;
  Bf16GemmTask TaskOf(const CpuMatrix& w, const Batch& batch, size_t worker);
  void MultiplyBf16(const Product& product, const Batch& batch, size_t group_begin,
                    size_t group_end, size_t worker);

  const KernelTable& table_;
  ThreadPool pool_;
  SlabAllocator weight_memory_;
  AlignedBuffer quantized_;     // enough for kBatchRows rows of the widest matrix packed so far
  AlignedBuffer gemm_input_;    // the same in the layout of the kernels for many rows
  AlignedBuffer bf16_input_;    // the same for products of the bf16 class, ...
  AlignedBuffer bf16_gated_;    // ... and for those of gated inputs
  AlignedBuffer gemm_scratch_;  // kGemmScratch floats a thread
  RopeTable rope_;
  KeyAngles key_angles_;
  std::vector<float> attention_scratch_;
};

}  // namespace lemma::kernels
