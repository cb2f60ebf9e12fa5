// SPDX-License-Identifier: Apache-2.0
#include "model/key_bias.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <numeric>
#include <vector>

namespace lemma::model {
namespace {

constexpr double kLarge = 4.0;
// A layer whose biases all stay below is not looked at any closer.
constexpr float kHarmless = 1.0F;

// Mean square of each output of the key projection, without its bias.
std::vector<double> MeanSquares(const LayerWeights& layer, kernels::Ops& ops) {
  const size_t outputs = layer.k->rows();
  const size_t inputs = layer.k->columns();
  std::vector<int32_t> rows(outputs);
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<float> matrix(outputs * inputs);
  ops.GatherRows(*layer.k, rows, matrix);
  std::vector<double> squares(outputs);
  for (size_t i = 0; i < outputs; ++i) {
    for (size_t j = 0; j < inputs; ++j) {
      const double product = double{matrix[i * inputs + j]} * double{layer.attention_norm[j]};
      squares[i] += product * product;
    }
  }
  return squares;
}

void SplitLayer(const ModelConfig& config, kernels::Ops& ops, LayerWeights& layer) {
  const auto harmless = [](float b) { return std::abs(b) < kHarmless; };
  if (std::all_of(layer.k_bias.begin(), layer.k_bias.end(), harmless)) return;
  const std::vector<double> squares = MeanSquares(layer, ops);
  const size_t half = config.rope_frequencies.size();
  const bool neox = config.rope_layout == kernels::RopeLayout::kNeox;
  std::vector<float> large(layer.k_bias.size());
  std::vector<float> rest = layer.k_bias;
  bool found = false;
  for (size_t head = 0; head < large.size(); head += config.head_dim) {
    for (size_t i = 0; i < half; ++i) {
      const size_t a = head + (neox ? i : 2 * i);
      const size_t b = a + (neox ? half : 1);
      const double size = std::hypot(layer.k_bias[a], layer.k_bias[b]);
      if (!(size > kLarge * std::sqrt(squares[a] + squares[b]))) continue;
      found = true;
      large[a] = layer.k_bias[a];
      large[b] = layer.k_bias[b];
      rest[a] = rest[b] = 0.0F;
    }
  }
  if (!found) return;
  layer.large_k_bias = std::move(large);
  layer.rest_k_bias = std::move(rest);
}

}  // namespace

Status SplitKeyBiases(const ModelConfig& config, kernels::Ops& ops, Weights& weights) {
  if (config.qk_norm) return OkStatus();
  try {
    for (LayerWeights& layer : weights.layers) {
      if (!layer.k_bias.empty()) SplitLayer(config, ops, layer);
    }
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("no memory to compare the key biases with the key weights");
  }
  return OkStatus();
}

}  // namespace lemma::model
