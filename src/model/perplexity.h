// SPDX-License-Identifier: Apache-2.0
// Perplexity of a token stream, windowed as in llama.cpp's perplexity tool so that the figures
// compare: floor(tokens / window) windows one after the other, no overlap, the rest unused; each
// starts from an empty context; the first half only gives context. Scored are the tokens at window
// positions window/2 + 1 .. window - 1: window - window/2 - 1 tokens a window.
// Threads: uses the model, so one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "base/status.h"
#include "model/model.h"

namespace lemma::model {

struct PerplexityOptions {
  size_t window = 512;         // tokens, >= 4
  size_t batch = 512;          // tokens a forward pass, >= 1
  std::optional<int32_t> bos;  // set: takes the place of each window's first token
  kernels::KvTypes kv_type = kernels::KvType::kF16;
  // Of the products; those of the reference are int8.
  kernels::MatmulType prefill_type = kernels::MatmulType::kInt8;
  // Set: each window runs a second time with these types, and the result says how far the
  // distributions of the scored positions are apart.
  std::optional<kernels::KvTypes> kl_reference;
  Model* kl_model = nullptr;  // runs the reference, of the same vocabulary; null: the model itself
  std::optional<size_t> max_windows;
};

struct PerplexityResult {
  uint64_t tokens = 0;  // scored
  uint64_t windows = 0;
  double nll = 0.0;        // mean negative natural log of the probability of a scored token
  double ppl = 0.0;        // exp(nll)
  double ppl_error = 0.0;  // standard error of ppl (delta method), 0 with fewer than 2 tokens
  double kl = 0.0;         // mean KL(reference || this), nats a token; 0 without a reference
  double kl_largest = 0.0;
  double same_top = 1.0;  // share of positions with the same most probable token
};

// Called after each window with the windows done, their number, and the result so far; false
// cancels (kCancelled).
using PerplexityProgress =
    std::function<bool(uint64_t done, uint64_t total, const PerplexityResult& so_far)>;

// InvalidArgument when the options are out of range, when there are fewer than two windows' worth
// of tokens, or a token is not in the vocabulary.
Result<PerplexityResult> Perplexity(Model& model, std::span<const int32_t> tokens,
                                    const PerplexityOptions& options,
                                    const PerplexityProgress& progress);

// KL(softmax(reference) || softmax(logits)) in nats, summed in double. REQUIRES: the same size.
double KlDivergence(std::span<const float> reference, std::span<const float> logits);

// -ln softmax(logits)[token], summed in double.
double NegativeLogProbability(std::span<const float> logits, size_t token);

}  // namespace lemma::model
