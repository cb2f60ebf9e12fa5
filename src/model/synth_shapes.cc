// SPDX-License-Identifier: Apache-2.0
#include "model/synth_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace lemma::model {
namespace {

constexpr std::array kShapes = {
    SynthShape{.name = "deepseek-r1-distill-qwen-1.5b",
               .architecture = "qwen2",
               .size_label = "1.5B",
               .pre = "deepseek-r1-qwen",
               .layers = 28,
               .embedding = 1536,
               .heads = 12,
               .kv_heads = 2,
               .head_dim = 128,
               .feed_forward = 8960,
               .vocab = 151936,
               .context = 131072},
    SynthShape{.name = "deepseek-r1-distill-qwen-7b",
               .architecture = "qwen2",
               .size_label = "7B",
               .pre = "deepseek-r1-qwen",
               .layers = 28,
               .embedding = 3584,
               .heads = 28,
               .kv_heads = 4,
               .head_dim = 128,
               .feed_forward = 18944,
               .vocab = 152064,
               .context = 131072},
    SynthShape{.name = "deepseek-r1-distill-llama-8b",
               .architecture = "llama",
               .size_label = "8B",
               .pre = "llama-bpe",
               .layers = 32,
               .embedding = 4096,
               .heads = 32,
               .kv_heads = 8,
               .head_dim = 128,
               .feed_forward = 14336,
               .vocab = 128256,
               .context = 131072,
               .rope_base = 500000.0F,
               .norm_epsilon = 1e-5F,
               .rope_factors = RopeFactors::kLlama3},
    SynthShape{.name = "qwen3-0.6b",
               .architecture = "qwen3",
               .size_label = "0.6B",
               .pre = "qwen2",
               .prompt = SynthPrompt::kChatMl,
               .layers = 28,
               .embedding = 1024,
               .heads = 16,
               .kv_heads = 8,
               .head_dim = 128,
               .feed_forward = 3072,
               .vocab = 151936,
               .context = 40960,
               .rope_base = 1000000.0F,
               .tying = Tying::kTied},
    SynthShape{.name = "tiny-qwen2",
               .architecture = "qwen2",
               .size_label = "1M",
               .pre = "deepseek-r1-qwen",
               .layers = 2,
               .embedding = 256,
               .heads = 4,
               .kv_heads = 2,
               .head_dim = 64,
               .feed_forward = 512,
               .vocab = 512,
               .context = 2048},
    SynthShape{.name = "tiny-llama",
               .architecture = "llama",
               .size_label = "1M",
               .pre = "llama-bpe",
               .layers = 2,
               .embedding = 256,
               .heads = 4,
               .kv_heads = 1,
               .head_dim = 64,
               .feed_forward = 512,
               .vocab = 512,
               .context = 2048,
               .rope_base = 500000.0F,
               .norm_epsilon = 1e-5F,
               .rope_factors = RopeFactors::kLlama3},
    SynthShape{.name = "tiny-qwen3",
               .architecture = "qwen3",
               .size_label = "1M",
               .pre = "qwen2",
               .prompt = SynthPrompt::kChatMl,
               .layers = 2,
               .embedding = 256,
               .heads = 4,
               .kv_heads = 2,
               .head_dim = 128,
               .feed_forward = 512,
               .vocab = 512,
               .context = 2048,
               .rope_base = 1000000.0F,
               .tying = Tying::kTied},
};

// Logits of this deviation are neither flat nor all one token.
constexpr float kLogitDeviation = 2.5F;
// A tied head sees the last token's own embedding in the residual stream. Small embeddings, made
// up for in the output norm, keep a token from predicting itself.
constexpr float kTiedEmbeddingGain = 0.5F;

class TensorList {
 public:
  void Matrix(std::string name, uint64_t columns, uint64_t rows, float gain) {
    const float deviation = gain / std::sqrt(static_cast<float>(columns));
    Add(std::move(name), {columns, rows}, SynthRole::kMatrix, deviation);
  }
  void Vector(std::string name, uint64_t length, SynthRole role, float center) {
    Add(std::move(name), {length}, role, 0.0F);
    tensors_.back().center = center;
  }
  void Norm(std::string name, uint64_t length, float center = 1.0F) {
    Vector(std::move(name), length, SynthRole::kVector, center);
  }
  void Bias(std::string name, uint64_t length) {
    Vector(std::move(name), length, SynthRole::kVector, 0.0F);
  }
  std::vector<SynthTensor> Take() { return std::move(tensors_); }

 private:
  void Add(std::string name, const std::vector<uint64_t>& dims, SynthRole role, float deviation) {
    tensor::Shape shape;
    shape.rank = static_cast<uint32_t>(dims.size());
    std::copy(dims.begin(), dims.end(), shape.dims.begin());
    tensors_.push_back({std::move(name), shape, role, deviation});
  }

  std::vector<SynthTensor> tensors_;
};

// Unit variance goes in and comes out; what is added to the residual stream is scaled so that all
// layers together double its variance.
void AddLayer(const SynthShape& s, uint32_t layer, TensorList& list) {
  const auto name = [&](std::string_view part) { return fmt::format("blk.{}.{}", layer, part); };
  const uint64_t q = uint64_t{s.heads} * s.head_dim;
  const uint64_t kv = uint64_t{s.kv_heads} * s.head_dim;
  const float residual_gain = 1.0F / std::sqrt(2.0F * static_cast<float>(s.layers));
  list.Norm(name("attn_norm.weight"), s.embedding);
  list.Matrix(name("attn_q.weight"), s.embedding, q, 1.0F);
  list.Matrix(name("attn_k.weight"), s.embedding, kv, 1.0F);
  list.Matrix(name("attn_v.weight"), s.embedding, kv, 1.0F);
  if (s.architecture == "qwen2") {
    list.Bias(name("attn_q.bias"), q);
    list.Bias(name("attn_k.bias"), kv);
    list.Bias(name("attn_v.bias"), kv);
  }
  if (s.architecture == "qwen3") {
    list.Norm(name("attn_q_norm.weight"), s.head_dim);
    list.Norm(name("attn_k_norm.weight"), s.head_dim);
  }
  list.Matrix(name("attn_output.weight"), q, s.embedding, residual_gain);
  list.Norm(name("ffn_norm.weight"), s.embedding);
  list.Matrix(name("ffn_gate.weight"), s.embedding, s.feed_forward, 1.0F);
  list.Matrix(name("ffn_up.weight"), s.embedding, s.feed_forward, 1.0F);
  list.Matrix(name("ffn_down.weight"), s.feed_forward, s.embedding, residual_gain);
}

}  // namespace

std::span<const SynthShape> SynthShapes() { return kShapes; }

const SynthShape* FindSynthShape(std::string_view name) {
  if (name == "tiny") name = "tiny-qwen2";
  const auto at = std::find_if(kShapes.begin(), kShapes.end(),
                               [&](const SynthShape& shape) { return shape.name == name; });
  return at == kShapes.end() ? nullptr : &*at;
}

std::vector<SynthTensor> SynthTensors(const SynthShape& shape, uint64_t vocab) {
  TensorList list;
  if (shape.rope_factors == RopeFactors::kLlama3) {
    list.Vector("rope_freqs.weight", shape.head_dim / 2, SynthRole::kRopeFactors, 0.0F);
  }
  if (shape.tying == Tying::kUntied) {
    list.Matrix("output.weight", shape.embedding, vocab, kLogitDeviation);
  }
  const float embedding_gain = shape.tying == Tying::kTied ? kTiedEmbeddingGain : kLogitDeviation;
  list.Norm("output_norm.weight", shape.embedding, kLogitDeviation / embedding_gain);
  list.Matrix("token_embd.weight", shape.embedding, vocab, embedding_gain);
  for (uint32_t layer = 0; layer < shape.layers; ++layer) AddLayer(shape, layer, list);
  return list.Take();
}

std::vector<float> Llama3RopeFactors(const SynthShape& shape) {
  constexpr double kFactor = 8.0;
  constexpr double kLow = 1.0;
  constexpr double kHigh = 4.0;
  constexpr double kOriginal = 8192.0;
  std::vector<float> out;
  for (uint32_t i = 0; i < shape.head_dim / 2; ++i) {
    const double exponent = 2.0 * i / shape.head_dim;
    const double wavelength =
        2.0 * std::numbers::pi * std::pow(static_cast<double>(shape.rope_base), exponent);
    double divisor = 1.0;
    if (wavelength > kOriginal / kLow) {
      divisor = kFactor;
    } else if (wavelength > kOriginal / kHigh) {
      const double smooth = (kOriginal / wavelength - kLow) / (kHigh - kLow);
      divisor = 1.0 / ((1.0 - smooth) / kFactor + smooth);
    }
    out.push_back(static_cast<float>(divisor));
  }
  return out;
}

void WriteSynthMetadata(const SynthShape& shape, gguf::Writer& writer) {
  const auto key = [&](std::string_view name) {
    return fmt::format("{}.{}", shape.architecture, name);
  };
  writer.SetString("general.architecture", shape.architecture);
  writer.SetString("general.type", "model");
  writer.SetString("general.name", fmt::format("synthetic {}", shape.name));
  writer.SetString("general.description", "random weights in the shape of a published model");
  writer.SetString("general.size_label", shape.size_label);
  writer.SetUint32(key("block_count"), shape.layers);
  writer.SetUint32(key("context_length"), shape.context);
  writer.SetUint32(key("embedding_length"), shape.embedding);
  writer.SetUint32(key("feed_forward_length"), shape.feed_forward);
  writer.SetUint32(key("attention.head_count"), shape.heads);
  writer.SetUint32(key("attention.head_count_kv"), shape.kv_heads);
  writer.SetFloat32(key("rope.freq_base"), shape.rope_base);
  writer.SetFloat32(key("attention.layer_norm_rms_epsilon"), shape.norm_epsilon);
  if (shape.architecture != "qwen2") {
    writer.SetUint32(key("attention.key_length"), shape.head_dim);
    writer.SetUint32(key("attention.value_length"), shape.head_dim);
  }
  if (shape.architecture == "llama") {
    writer.SetUint32(key("vocab_size"), shape.vocab);
    writer.SetUint32(key("rope.dimension_count"), shape.head_dim);
  }
}

}  // namespace lemma::model
