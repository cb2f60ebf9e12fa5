// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "model/rope.h"

namespace lemma::model {
namespace {

struct Architecture {
  std::string_view name;
  kernels::RopeLayout rope_layout;
  bool qkv_bias;  // q, k and v biases are required
  bool qk_norm;   // RMS norm of each head of q and k before the rotation
};

// A new decoder of this family is a row here. GGUF stores the q and k rows of llama permuted so
// that rotated pairs are neighbours; qwen keeps the halves of the original checkpoints.
constexpr std::array kArchitectures = {
    Architecture{"qwen2", kernels::RopeLayout::kNeox, true, false},
    Architecture{"llama", kernels::RopeLayout::kAdjacent, false, false},
    Architecture{"qwen3", kernels::RopeLayout::kNeox, false, true},
};

// Bounds on untrusted values: far above every published model, low enough that no size computed
// from them overflows 64 bits.
constexpr uint64_t kMaxLayers = 512;
constexpr uint64_t kMaxEmbedding = 1 << 16;
constexpr uint64_t kMaxFeedForward = 1 << 19;
constexpr uint64_t kMaxHeads = 1024;
constexpr uint64_t kMaxHeadDim = 1024;
constexpr uint64_t kMaxVocab = 1 << 22;
constexpr uint64_t kMaxContext = 1 << 26;

// Reads "<architecture>.<name>" keys; errors name the whole key.
class KeyReader {
 public:
  KeyReader(const gguf::File& file, std::string_view architecture)
      : file_(file), architecture_(architecture) {}

  [[nodiscard]] std::string Key(std::string_view name) const {
    return fmt::format("{}.{}", architecture_, name);
  }

  // Absent: nullopt. Present: within [low, high].
  [[nodiscard]] Result<std::optional<uint64_t>> Uint(std::string_view name, uint64_t low,
                                                     uint64_t high) const {
    const std::string key = Key(name);
    LEMMA_ASSIGN_OR_RETURN(std::optional<uint64_t> value, file_.GetUint(key));
    if (value && (*value < low || *value > high)) {
      return DataLoss(fmt::format("key {} is {}, expected {} to {}", key, *value, low, high));
    }
    return value;
  }
  [[nodiscard]] Result<size_t> RequiredUint(std::string_view name, uint64_t low,
                                            uint64_t high) const {
    LEMMA_ASSIGN_OR_RETURN(std::optional<uint64_t> value, Uint(name, low, high));
    if (!value) {
      return DataLoss(
          fmt::format("key {} is missing, expected a number {} to {}", Key(name), low, high));
    }
    return static_cast<size_t>(*value);
  }
  [[nodiscard]] Result<size_t> UintOr(std::string_view name, uint64_t low, uint64_t high,
                                      uint64_t fallback) const {
    LEMMA_ASSIGN_OR_RETURN(std::optional<uint64_t> value, Uint(name, low, high));
    return static_cast<size_t>(value.value_or(fallback));
  }
  [[nodiscard]] Result<std::optional<double>> Double(std::string_view name, double low,
                                                     double high) const {
    const std::string key = Key(name);
    LEMMA_ASSIGN_OR_RETURN(std::optional<double> value, file_.GetDouble(key));
    // Written so that NaN fails.
    if (value && !(*value >= low && *value <= high)) {
      return DataLoss(fmt::format("key {} is {}, expected {} to {}", key, *value, low, high));
    }
    return value;
  }
  [[nodiscard]] Result<double> RequiredDouble(std::string_view name, double low,
                                              double high) const {
    LEMMA_ASSIGN_OR_RETURN(std::optional<double> value, Double(name, low, high));
    if (!value) {
      return DataLoss(
          fmt::format("key {} is missing, expected a number {} to {}", Key(name), low, high));
    }
    return *value;
  }
  [[nodiscard]] Result<double> DoubleOr(std::string_view name, double low, double high,
                                        double fallback) const {
    LEMMA_ASSIGN_OR_RETURN(std::optional<double> value, Double(name, low, high));
    return value.value_or(fallback);
  }
  [[nodiscard]] Result<std::string> StringOr(std::string_view name,
                                             std::string_view fallback) const {
    LEMMA_ASSIGN_OR_RETURN(std::optional<std::string_view> value, file_.GetString(Key(name)));
    return std::string(value.value_or(fallback));
  }

 private:
  const gguf::File& file_;
  std::string_view architecture_;
};

Result<const Architecture*> FindArchitecture(const gguf::File& file) {
  LEMMA_ASSIGN_OR_RETURN(const std::optional<std::string_view> name,
                         file.GetString("general.architecture"));
  if (!name) return DataLoss("key general.architecture is missing, expected a string");
  std::string supported;
  for (const Architecture& row : kArchitectures) {
    if (row.name == *name) return &row;
    supported += (supported.empty() ? "" : ", ") + std::string(row.name);
  }
  return Unsupported(fmt::format("architecture \"{}\" (key general.architecture); supported: {}",
                                 *name, supported));
}

// Keys that change the computation in a way that this forward pass does not know. Ignoring them
// would give wrong text without a word.
Status RefuseUnknownVariants(const KeyReader& keys) {
  LEMMA_ASSIGN_OR_RETURN(const size_t experts, keys.UintOr("expert_count", 0, UINT64_MAX, 0));
  if (experts > 0) {
    return Unsupported(fmt::format("key {} is {}: mixtures of experts are not supported",
                                   keys.Key("expert_count"), experts));
  }
  LEMMA_ASSIGN_OR_RETURN(const double log_multiplier,
                         keys.DoubleOr("rope.scaling.yarn_log_multiplier", -1e6, 1e6, 0.0));
  if (log_multiplier != 0.0) {
    return Unsupported(fmt::format("key {} is {}: this variant of YaRN is not supported",
                                   keys.Key("rope.scaling.yarn_log_multiplier"), log_multiplier));
  }
  return OkStatus();
}

Result<size_t> ReadVocab(const gguf::File& file, const KeyReader& keys) {
  LEMMA_ASSIGN_OR_RETURN(const std::optional<uint64_t> key, keys.Uint("vocab_size", 1, kMaxVocab));
  if (key) return static_cast<size_t>(*key);
  if (const gguf::Tensor* embedding = file.FindTensor("token_embd.weight")) {
    const uint64_t rows = embedding->view.shape.rows();
    if (rows <= kMaxVocab) return static_cast<size_t>(rows);
    return DataLoss(
        fmt::format("tensor token_embd.weight has {} rows, expected 1 to {}", rows, kMaxVocab));
  }
  const gguf::Value* tokens = file.Find("tokenizer.ggml.tokens");
  if (tokens != nullptr && tokens->count() >= 1 && tokens->count() <= kMaxVocab) {
    return static_cast<size_t>(tokens->count());
  }
  return DataLoss(
      fmt::format("no vocabulary size: expected key {}, tensor token_embd.weight or "
                  "key tokenizer.ggml.tokens",
                  keys.Key("vocab_size")));
}

Status ReadHeads(const KeyReader& keys, ModelConfig& config) {
  LEMMA_ASSIGN_OR_RETURN(config.heads, keys.RequiredUint("attention.head_count", 1, kMaxHeads));
  LEMMA_ASSIGN_OR_RETURN(config.kv_heads,
                         keys.UintOr("attention.head_count_kv", 1, kMaxHeads, config.heads));
  if (config.heads % config.kv_heads != 0) {
    return DataLoss(fmt::format("key {} is {}, expected a divisor of {} = {}",
                                keys.Key("attention.head_count_kv"), config.kv_heads,
                                keys.Key("attention.head_count"), config.heads));
  }
  LEMMA_ASSIGN_OR_RETURN(const std::optional<uint64_t> key_length,
                         keys.Uint("attention.key_length", 2, kMaxHeadDim));
  if (!key_length && config.embedding % config.heads != 0) {
    return DataLoss(fmt::format("key {} is {}, expected a divisor of {} = {} (or key {})",
                                keys.Key("attention.head_count"), config.heads,
                                keys.Key("embedding_length"), config.embedding,
                                keys.Key("attention.key_length")));
  }
  config.head_dim = static_cast<size_t>(key_length.value_or(config.embedding / config.heads));
  if (config.head_dim < 2 || config.head_dim > kMaxHeadDim) {
    return DataLoss(fmt::format("{} / {} is {}, expected a head of 2 to {} values",
                                keys.Key("embedding_length"), keys.Key("attention.head_count"),
                                config.head_dim, kMaxHeadDim));
  }
  LEMMA_ASSIGN_OR_RETURN(const size_t value_length,
                         keys.UintOr("attention.value_length", 1, kMaxHeadDim, config.head_dim));
  if (value_length != config.head_dim) {
    return Unsupported(fmt::format("key {} is {}, expected the length of keys, {}",
                                   keys.Key("attention.value_length"), value_length,
                                   config.head_dim));
  }
  return OkStatus();
}

Result<RopeScaling> ReadRopeScaling(const KeyReader& keys, size_t context_length) {
  RopeScaling scaling;
  // A factor without a type means linear: older files have the factor alone, or scale_linear.
  LEMMA_ASSIGN_OR_RETURN(const std::string type, keys.StringOr("rope.scaling.type", "linear"));
  LEMMA_ASSIGN_OR_RETURN(const double old_factor, keys.DoubleOr("rope.scale_linear", 0, 1e6, 1.0));
  LEMMA_ASSIGN_OR_RETURN(scaling.factor, keys.DoubleOr("rope.scaling.factor", 0, 1e6, old_factor));
  if (scaling.factor == 0.0) scaling.factor = 1.0;  // written by some tools for "none"
  LEMMA_ASSIGN_OR_RETURN(scaling.attention_factor,
                         keys.DoubleOr("rope.scaling.attn_factor", 1e-6, 1e6, 1.0));
  if (type == "none") return scaling;
  if (type == "linear") {
    scaling.kind = RopeScalingKind::kLinear;
    return scaling;
  }
  if (type != "yarn") {
    return Unsupported(fmt::format("key {} is \"{}\"; supported: none, linear, yarn",
                                   keys.Key("rope.scaling.type"), type));
  }
  scaling.kind = RopeScalingKind::kYarn;
  LEMMA_ASSIGN_OR_RETURN(const size_t original, keys.UintOr("rope.scaling.original_context_length",
                                                            1, kMaxContext, context_length));
  scaling.original_context = static_cast<double>(original);
  LEMMA_ASSIGN_OR_RETURN(scaling.beta_fast,
                         keys.DoubleOr("rope.scaling.yarn_beta_fast", 1e-3, 1e6, 32.0));
  LEMMA_ASSIGN_OR_RETURN(scaling.beta_slow,
                         keys.DoubleOr("rope.scaling.yarn_beta_slow", 1e-3, 1e6, 1.0));
  // Negative means "by the type", which is 1 for YaRN.
  LEMMA_ASSIGN_OR_RETURN(const double mix,
                         keys.DoubleOr("rope.scaling.yarn_ext_factor", -1.0, 1.0, 1.0));
  scaling.extrapolation_mix = mix < 0.0 ? 1.0 : mix;
  return scaling;
}

// Llama 3: one divisor for each rotated pair, F32. Empty when the file has none.
Result<std::vector<float>> ReadRopeDivisors(const gguf::File& file, size_t pairs) {
  const gguf::Tensor* tensor = file.FindTensor("rope_freqs.weight");
  if (tensor == nullptr) return std::vector<float>{};
  const tensor::TensorView& view = tensor->view;
  if (view.dtype != tensor::DType::kF32 || view.shape.elements() != pairs) {
    return DataLoss(fmt::format("tensor rope_freqs.weight is {} {}, expected F32 [{}]",
                                tensor::Info(view.dtype).name, tensor::ShapeToString(view.shape),
                                pairs));
  }
  std::vector<float> divisors(pairs);
  std::memcpy(divisors.data(), view.bytes.data(), pairs * sizeof(float));
  for (size_t i = 0; i < pairs; ++i) {
    if (!(divisors[i] > 0.0F) || !std::isfinite(divisors[i])) {
      return DataLoss(
          fmt::format("tensor rope_freqs.weight holds {} at {}, expected a positive "
                      "number",
                      divisors[i], i));
    }
  }
  return divisors;
}

Status ReadRope(const gguf::File& file, const KeyReader& keys, ModelConfig& config) {
  LEMMA_ASSIGN_OR_RETURN(const size_t dimensions,
                         keys.UintOr("rope.dimension_count", 2, config.head_dim, config.head_dim));
  if (dimensions % 2 != 0) {
    return DataLoss(fmt::format("key {} (or the head length) is {}, expected an even number",
                                keys.Key("rope.dimension_count"), dimensions));
  }
  LEMMA_ASSIGN_OR_RETURN(const double base, keys.DoubleOr("rope.freq_base", 1.001, 1e15, 10000.0));
  LEMMA_ASSIGN_OR_RETURN(const RopeScaling scaling, ReadRopeScaling(keys, config.context_length));
  LEMMA_ASSIGN_OR_RETURN(const std::vector<float> divisors, ReadRopeDivisors(file, dimensions / 2));
  Rope rope = MakeRope(dimensions, base, scaling, divisors);
  config.rope_frequencies = std::move(rope.frequencies);
  config.rope_magnitude = rope.magnitude;
  return OkStatus();
}

}  // namespace

uint64_t ModelConfig::kv_bytes_per_token(kernels::KvTypes types) const {
  return layers * kv_heads * kernels::KvBytesPerToken(types, head_dim);
}

Result<ModelConfig> ReadConfig(const gguf::File& file) {
  LEMMA_ASSIGN_OR_RETURN(const Architecture* architecture, FindArchitecture(file));
  const KeyReader keys(file, architecture->name);
  LEMMA_RETURN_IF_ERROR(RefuseUnknownVariants(keys));

  ModelConfig config;
  config.architecture = architecture->name;
  config.rope_layout = architecture->rope_layout;
  config.qkv_bias = architecture->qkv_bias;
  config.qk_norm = architecture->qk_norm;
  LEMMA_ASSIGN_OR_RETURN(const std::optional<std::string_view> name,
                         file.GetString("general.name"));
  config.name = name.value_or("");
  LEMMA_ASSIGN_OR_RETURN(config.layers, keys.RequiredUint("block_count", 1, kMaxLayers));
  LEMMA_ASSIGN_OR_RETURN(config.embedding, keys.RequiredUint("embedding_length", 1, kMaxEmbedding));
  LEMMA_ASSIGN_OR_RETURN(config.feed_forward,
                         keys.RequiredUint("feed_forward_length", 1, kMaxFeedForward));
  LEMMA_ASSIGN_OR_RETURN(config.context_length,
                         keys.RequiredUint("context_length", 1, kMaxContext));
  LEMMA_ASSIGN_OR_RETURN(const double epsilon,
                         keys.RequiredDouble("attention.layer_norm_rms_epsilon", 1e-12, 0.1));
  config.norm_epsilon = static_cast<float>(epsilon);
  LEMMA_ASSIGN_OR_RETURN(config.vocab, ReadVocab(file, keys));
  LEMMA_RETURN_IF_ERROR(ReadHeads(keys, config));
  LEMMA_RETURN_IF_ERROR(ReadRope(file, keys, config));
  config.tied_output = file.FindTensor("output.weight") == nullptr;
  return config;
}

}  // namespace lemma::model
