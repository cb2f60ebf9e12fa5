// SPDX-License-Identifier: Apache-2.0
#include "cli/timed_ops.h"

#include <utility>

namespace lemma::cli {
namespace {

struct NamePart {
  std::string_view part;  // of a tensor's name
  Phase phase;
};
constexpr NamePart kNames[] = {
    {".attn_q.", Phase::kQkv},       {".attn_k.", Phase::kQkv},
    {".attn_v.", Phase::kQkv},       {".attn_output.", Phase::kOutput},
    {".ffn_gate.", Phase::kGateUp},  {".ffn_up.", Phase::kGateUp},
    {".ffn_down.", Phase::kDown},    {"token_embd.", Phase::kHead},
    {"output.weight", Phase::kHead},
};

Phase PhaseOfName(std::string_view name) {
  for (const NamePart& entry : kNames) {
    if (name.find(entry.part) != std::string_view::npos) return entry.phase;
  }
  return Phase::kOther;
}

}  // namespace

std::string_view PhaseName(Phase phase) {
  constexpr std::string_view kPhaseNames[kNumPhases] = {
      "embedding", "norm",    "q k v", "bias", "rope",         "store k v", "attention",
      "output",    "gate up", "silu",  "down", "gate to down", "head",      "other",
  };
  return kPhaseNames[static_cast<size_t>(phase)];
}

TimedOps::TimedOps(kernels::Ops& real, const gguf::File& file) : real_(real) {
  for (const gguf::Tensor& tensor : file.tensors()) {
    by_data_[tensor.view.bytes.data()] = PhaseOfName(tensor.name);
  }
}

Phase TimedOps::PhaseOf(const kernels::PackedMatrix& w) const {
  const auto found = by_matrix_.find(&w);
  return found == by_matrix_.end() ? Phase::kOther : found->second;
}

Result<std::unique_ptr<kernels::PackedMatrix>> TimedOps::Pack(const tensor::TensorView& weight) {
  const auto found = by_data_.find(weight.bytes.data());
  const Phase phase = found == by_data_.end() ? Phase::kOther : found->second;
  auto packed = real_.Pack(weight);
  if (packed.ok()) by_matrix_[packed->get()] = phase;
  return packed;
}

Result<std::unique_ptr<kernels::KvStorage>> TimedOps::MakeKv(const kernels::KvShape& shape) {
  return real_.MakeKv(shape);
}

void TimedOps::Matmul(const kernels::PackedMatrix& w, std::span<const float> x, std::span<float> y,
                      kernels::Accumulate accumulate, kernels::MatmulType type) {
  const Timer timer(*this, PhaseOf(w));
  real_.Matmul(w, x, y, accumulate, type);
}

void TimedOps::MatmulMany(std::span<const Product> products, std::span<const float> x,
                          kernels::Accumulate accumulate, kernels::MatmulType type) {
  const Timer timer(*this, products.empty() ? Phase::kOther : PhaseOf(*products.front().w));
  real_.MatmulMany(products, x, accumulate, type);
}

// Products that may be fused are one part; the others are timed one by one.
void TimedOps::FeedForward(const GatedWeights& w, std::span<const float> x, std::span<float> y,
                           const GatedWork& work, kernels::MatmulType type) {
  if (type == kernels::MatmulType::kInt8) {
    const Product products[] = {{w.gate, work.gate}, {w.up, work.up}};
    MatmulMany(products, x, kernels::Accumulate::kNo, type);
    SiluMul(work.gate, work.up);
    return Matmul(*w.down, work.gate, y, kernels::Accumulate::kYes, type);
  }
  const Timer timer(*this, Phase::kFeedForward);
  real_.FeedForward(w, x, y, work, type);
}

void TimedOps::GatherRows(const kernels::PackedMatrix& table, std::span<const int32_t> tokens,
                          std::span<float> out) {
  const Timer timer(*this, Phase::kEmbedding);
  real_.GatherRows(table, tokens, out);
}

void TimedOps::RmsNorm(std::span<const float> x, std::span<const float> weight, float eps,
                       std::span<float> out) {
  const Timer timer(*this, Phase::kNorm);
  real_.RmsNorm(x, weight, eps, out);
}

void TimedOps::AddBias(std::span<float> x, std::span<const float> bias) {
  const Timer timer(*this, Phase::kBias);
  real_.AddBias(x, bias);
}

void TimedOps::Rope(std::span<float> x, size_t head_dim, std::span<const int32_t> positions,
                    const kernels::RopeParams& params) {
  const Timer timer(*this, Phase::kRope);
  real_.Rope(x, head_dim, positions, params);
}

void TimedOps::StoreKv(kernels::KvStorage& kv, const kernels::AttentionArgs& args,
                       std::span<const float> k, std::span<const float> v) {
  const Timer timer(*this, Phase::kStoreKv);
  real_.StoreKv(kv, args, k, v);
}

void TimedOps::Attention(const kernels::KvStorage& kv, const kernels::AttentionArgs& args,
                         std::span<const float> q, std::span<float> out) {
  const Timer timer(*this, Phase::kAttention);
  real_.Attention(kv, args, q, out);
}

void TimedOps::SiluMul(std::span<float> gate, std::span<const float> up) {
  const Timer timer(*this, Phase::kSilu);
  real_.SiluMul(gate, up);
}

void TimedOps::Add(std::span<float> x, std::span<const float> y) {
  const Timer timer(*this, Phase::kOther);
  real_.Add(x, y);
}

}  // namespace lemma::cli
