// SPDX-License-Identifier: Apache-2.0
#include "model/forward.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

namespace lemma::model {
namespace {

using kernels::Accumulate;
using kernels::MatmulType;

// The part of a grow-only buffer that this batch uses.
std::span<float> Take(std::vector<float>& buffer, size_t values) {
  if (buffer.size() < values) buffer.resize(values);
  return std::span<float>(buffer).first(values);
}

// One forward pass over one batch. rows = tokens of all slices together.
class Pass {
 public:
  Pass(const ModelConfig& config, kernels::Ops& ops, kernels::KvStorage& kv,
       const ForwardBatch& batch, Scratch& scratch)
      : config_(config), ops_(ops), kv_(kv) {
    const size_t rows = batch.tokens.size();
    x_ = Take(scratch.x, rows * config.embedding);
    normed_ = Take(scratch.normed, rows * config.embedding);
    q_ = Take(scratch.q, rows * config.heads * config.head_dim);
    k_ = Take(scratch.k, rows * config.kv_heads * config.head_dim);
    v_ = Take(scratch.v, rows * config.kv_heads * config.head_dim);
    mixed_ = Take(scratch.mixed, rows * config.heads * config.head_dim);
    gate_ = Take(scratch.gate, rows * config.feed_forward);
    up_ = Take(scratch.up, rows * config.feed_forward);
    PlaceRows(batch, scratch);
    int8_rows_ = CountInt8Rows(batch);
    rope_ = {config.rope_layout, config.rope_frequencies, config.rope_magnitude};
    attention_.heads = config.heads;
    attention_.kv_heads = config.kv_heads;
    attention_.head_dim = config.head_dim;
    attention_.scale = 1.0F / std::sqrt(static_cast<float>(config.head_dim));
    attention_.spans = scratch.spans;
    attention_.rope = rope_;
  }

  void Run(const Weights& weights, const ForwardBatch& batch, std::span<float> output) {
    Embed(weights, batch);
    for (size_t i = 0; i < config_.layers; ++i) RunLayer(weights, batch, i);
    Head(weights, batch, output);
  }

  void Embed(const Weights& weights, const ForwardBatch& batch) {
    ops_.GatherRows(*weights.token_embedding, batch.tokens, x_);  // x = E[tokens]
  }

  void RunLayer(const Weights& weights, const ForwardBatch& batch, size_t i) {
    attention_.layer = i;
    Attend(weights.layers[i]);  // x += Wo attention(norm(x))
    // Behind the last attention no row needs another: go on with the wanted ones.
    if (i + 1 == config_.layers) KeepWantedRows(batch);
    if (x_.empty()) return;
    FeedForward(weights.layers[i]);  // x += Wdown (silu(Wgate norm(x)) * Wup norm(x))
  }

  void Head(const Weights& weights, const ForwardBatch& batch, std::span<float> output) {
    if (x_.empty()) return;
    if (batch.output == OutputKind::kHidden) {
      ops_.RmsNorm(x_, weights.output_norm, config_.norm_epsilon, output);
      return;
    }
    ops_.RmsNorm(x_, weights.output_norm, config_.norm_epsilon, normed_);
    ops_.Matmul(weights.output_head(), normed_, output, Accumulate::kNo, MatmulType::kInt8);
  }

 private:
  void PlaceRows(const ForwardBatch& batch, Scratch& scratch) {
    scratch.positions.clear();
    scratch.spans.clear();
    for (const SequenceSlice& slice : batch.slices) {
      scratch.spans.push_back({slice.token_begin, slice.count, slice.position, slice.pages});
      for (size_t i = 0; i < slice.count; ++i) {
        scratch.positions.push_back(static_cast<int32_t>(slice.position + i));
      }
    }
    positions_ = scratch.positions;
  }

  static size_t CountInt8Rows(const ForwardBatch& batch) {
    size_t rows = 0;
    for (const SequenceSlice& slice : batch.slices) {
      if (slice.matmul == MatmulType::kInt8) rows += slice.count;
    }
    return rows;
  }

  // The rows of each type: the int8 ones come first.
  template <size_t kCount>
  void Multiply(std::array<kernels::Ops::Product, kCount> products, std::span<const float> x,
                Accumulate accumulate) {
    const size_t inputs = products[0].w->columns();
    const size_t int8 = int8_rows_ * inputs;
    if (int8 == x.size()) return ops_.MatmulMany(products, x, accumulate, MatmulType::kInt8);
    if (int8 > 0) {
      auto first = products;
      for (auto& p : first) p.y = p.y.first(int8_rows_ * p.w->rows());
      ops_.MatmulMany(first, x.first(int8), accumulate, MatmulType::kInt8);
    }
    for (auto& p : products) p.y = p.y.subspan(int8_rows_ * p.w->rows());
    ops_.MatmulMany(products, x.subspan(int8), accumulate, MatmulType::kBf16);
  }

  void AddBias(std::span<float> values, const std::vector<float>& bias) {
    if (!bias.empty()) ops_.AddBias(values, bias);
  }

  void Attend(const LayerWeights& layer) {
    ops_.RmsNorm(x_, layer.attention_norm, config_.norm_epsilon, normed_);
    Multiply<3>({{{layer.q.get(), q_}, {layer.k.get(), k_}, {layer.v.get(), v_}}}, normed_,
                Accumulate::kNo);
    AddBias(q_, layer.q_bias);
    // Large biases are not stored, attention adds them (model/key_bias.h).
    AddBias(k_, layer.large_k_bias.empty() ? layer.k_bias : layer.rest_k_bias);
    attention_.key_bias = layer.large_k_bias;
    AddBias(v_, layer.v_bias);
    if (config_.qk_norm) {  // of each head: rows * heads rows of head_dim
      ops_.RmsNorm(q_, layer.q_norm, config_.norm_epsilon, q_);
      ops_.RmsNorm(k_, layer.k_norm, config_.norm_epsilon, k_);
    }
    ops_.Rope(q_, config_.head_dim, positions_, rope_);
    ops_.Rope(k_, config_.head_dim, positions_, rope_);
    ops_.StoreKv(kv_, attention_, k_, v_);
    ops_.Attention(kv_, attention_, q_, mixed_);
    Multiply<1>({{{layer.o.get(), x_}}}, mixed_, Accumulate::kYes);
    AddBias(x_, layer.o_bias);
  }

  void FeedForward(const LayerWeights& layer) {
    ops_.RmsNorm(x_, layer.feed_forward_norm, config_.norm_epsilon, normed_);
    const kernels::Ops::GatedWeights w{layer.gate.get(), layer.up.get(), layer.down.get()};
    const size_t d = config_.embedding;
    const size_t f = config_.feed_forward;
    if (const size_t rows = int8_rows_; rows > 0) {
      ops_.FeedForward(w, normed_.first(rows * d), x_.first(rows * d),
                       {gate_.first(rows * f), up_.first(rows * f)}, MatmulType::kInt8);
    }
    if (int8_rows_ * d == x_.size()) return;
    ops_.FeedForward(w, normed_.subspan(int8_rows_ * d), x_.subspan(int8_rows_ * d),
                     {gate_.subspan(int8_rows_ * f), up_.subspan(int8_rows_ * f)},
                     MatmulType::kBf16);
  }

  // Moves the rows whose logits are wanted to the front, in order, and forgets the others.
  void KeepWantedRows(const ForwardBatch& batch) {
    const size_t d = config_.embedding;
    size_t kept = 0;
    int8_rows_ = 0;
    for (const SequenceSlice& slice : batch.slices) {
      if (slice.logits == LogitsWanted::kNone) continue;
      const size_t skipped = slice.logits == LogitsWanted::kLast ? slice.count - 1 : 0;
      const size_t count = slice.count - skipped;
      const auto from = x_.subspan((slice.token_begin + skipped) * d, count * d);
      std::copy(from.begin(), from.end(), x_.begin() + static_cast<ptrdiff_t>(kept * d));
      kept += count;
      if (slice.matmul == MatmulType::kInt8) int8_rows_ += count;
    }
    x_ = x_.first(kept * d);
    normed_ = normed_.first(kept * d);
    gate_ = gate_.first(kept * config_.feed_forward);
    up_ = up_.first(kept * config_.feed_forward);
  }

  const ModelConfig& config_;
  kernels::Ops& ops_;
  kernels::KvStorage& kv_;
  std::span<float> x_, normed_, q_, k_, v_, mixed_, gate_, up_;
  std::span<const int32_t> positions_;
  size_t int8_rows_ = 0;  // at the front; the others are bf16
  kernels::RopeParams rope_;
  kernels::AttentionArgs attention_;
};

Status CheckSlice(const ModelConfig& config, const SequenceSlice& slice, size_t index,
                  size_t kv_pages) {
  if (slice.count == 0) return InvalidArgument(fmt::format("slice {} has no tokens", index));
  if (slice.position >= config.context_length ||
      slice.count > config.context_length - slice.position) {
    return InvalidArgument(
        fmt::format("slice {} has {} tokens from position {}, expected to end "
                    "within the context of {}",
                    index, slice.count, slice.position, config.context_length));
  }
  const size_t needed =
      (slice.position + slice.count + kernels::kPageTokens - 1) / kernels::kPageTokens;
  if (slice.pages.size() < needed) {
    return InvalidArgument(fmt::format("slice {} has {} pages, expected {} for {} tokens", index,
                                       slice.pages.size(), needed, slice.position + slice.count));
  }
  for (const kernels::PageId page : slice.pages.first(needed)) {
    if (page >= kv_pages) {
      return InvalidArgument(
          fmt::format("slice {} names page {}, expected less than {}", index, page, kv_pages));
    }
  }
  return OkStatus();
}

// All exponent bits set: an infinity or a NaN. On bits, so that the compiler vectorises the loop.
bool AllFinite(std::span<const float> values) {
  constexpr uint32_t kExponent = 0x7F800000;
  uint32_t bad = 0;
  for (const float value : values) {
    bad |= static_cast<uint32_t>((std::bit_cast<uint32_t>(value) & kExponent) == kExponent);
  }
  return bad == 0;
}

Status CheckFinite(std::span<const float> rows, size_t width) {
  for (size_t row = 0; row * width < rows.size(); ++row) {
    if (!AllFinite(rows.subspan(row * width, width))) {
      return DataLoss(
          fmt::format("row {} of the output holds a value that is not finite: the "
                      "file's weights are damaged, or overflow",
                      row));
    }
  }
  return OkStatus();
}

}  // namespace

Status CheckBatch(const ModelConfig& config, const ForwardBatch& batch,
                  const kernels::KvStorage& kv) {
  if (batch.slices.empty()) return InvalidArgument("the batch has no slices");
  size_t begin = 0;
  for (size_t i = 0; i < batch.slices.size(); ++i) {
    const SequenceSlice& slice = batch.slices[i];
    if (slice.token_begin != begin) {
      return InvalidArgument(
          fmt::format("slice {} begins at token {}, expected {}", i, slice.token_begin, begin));
    }
    LEMMA_RETURN_IF_ERROR(CheckSlice(config, slice, i, kv.num_pages()));
    if (i > 0 && slice.matmul == MatmulType::kInt8 &&
        batch.slices[i - 1].matmul != MatmulType::kInt8) {
      return InvalidArgument(fmt::format("slice {} is int8, expected none after a bf16 one", i));
    }
    begin += slice.count;
  }
  if (begin != batch.tokens.size()) {
    return InvalidArgument(
        fmt::format("the slices cover {} tokens, the batch has {}", begin, batch.tokens.size()));
  }
  for (size_t i = 0; i < batch.tokens.size(); ++i) {
    const int32_t token = batch.tokens[i];
    if (token < 0 || static_cast<size_t>(token) >= config.vocab) {
      return InvalidArgument(
          fmt::format("token {} of the batch is {}, expected 0 to {}", i, token, config.vocab - 1));
    }
  }
  return OkStatus();
}

namespace {

size_t OutputWidth(const ModelConfig& config, const ForwardBatch& batch) {
  return batch.output == OutputKind::kHidden ? config.embedding : config.vocab;
}

Status NoMemory(const ForwardBatch& batch) {
  return ResourceExhausted(
      fmt::format("no memory for the activations of {} tokens", batch.tokens.size()));
}

class PassByLayers final : public LayeredPass {
 public:
  PassByLayers(const ForwardContext& context, const ForwardBatch& batch, kernels::KvStorage& kv)
      : context_(context),
        batch_(batch),
        pass_(context.config, context.ops, kv, batch_.get(), context.scratch) {
    pass_.Embed(context.weights, batch_.get());
  }

  [[nodiscard]] size_t layers_left() const override { return context_.config.layers - next_; }

  Status RunLayer(std::vector<float>& output) override {
    try {
      pass_.RunLayer(context_.weights, batch_.get(), next_);
      if (++next_ < context_.config.layers) return OkStatus();
      const size_t width = OutputWidth(context_.config, batch_.get());
      output.resize(batch_.get().logit_rows() * width);
      pass_.Head(context_.weights, batch_.get(), output);
      return CheckFinite(output, width);
    } catch (const std::bad_alloc&) {
      return NoMemory(batch_.get());
    }
  }

 private:
  const ForwardContext context_;
  const KeptBatch batch_;
  Pass pass_;
  size_t next_ = 0;
};

}  // namespace

Result<std::unique_ptr<LayeredPass>> BeginForward(const ForwardContext& context,
                                                  const ForwardBatch& batch,
                                                  kernels::KvStorage& kv) {
  try {
    return std::unique_ptr<LayeredPass>(std::make_unique<PassByLayers>(context, batch, kv));
  } catch (const std::bad_alloc&) {
    return NoMemory(batch);
  }
}

Status RunForward(const ForwardContext& context, const ForwardBatch& batch, kernels::KvStorage& kv,
                  std::vector<float>& output) {
  const size_t width = OutputWidth(context.config, batch);
  try {
    output.resize(batch.logit_rows() * width);
    Pass pass(context.config, context.ops, kv, batch, context.scratch);
    pass.Run(context.weights, batch, output);
  } catch (const std::bad_alloc&) {
    return NoMemory(batch);
  }
  return CheckFinite(output, width);
}

}  // namespace lemma::model
