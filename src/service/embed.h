// SPDX-License-Identifier: Apache-2.0
// Texts to vectors: the mean over all tokens of the last hidden state (behind the output norm),
// scaled to length 1. The vector of a text depends on the text alone. A model that was not trained
// for embeddings gives usable but not strong ones.
// Threads: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "service/loaded_model.h"

namespace lemma::service {

enum class LongText : uint8_t {
  kRefuse,
  kCut,  // only the first tokens that fit are used
};

struct EmbedRequest {
  std::vector<std::string> texts;  // at least one, none without a token
  LongText long_text = LongText::kRefuse;
  // May be null. When its owner sets it, what is left to compute is given up (kCancelled).
  std::shared_ptr<std::atomic<bool>> cancel;
};

struct Embeddings {
  std::vector<std::vector<float>> vectors;  // [texts][embedding]
  std::vector<size_t> tokens;               // [texts] as used, with BOS if the model has one
  std::vector<bool> cut;                    // [texts]
};

inline constexpr size_t kMaxEmbedTexts = 2048;

// Runs between the steps of the engine, a chunk at a time: streams go on meanwhile. `done` is
// called once, from the engine thread or before this returns, and must be cheap.
// InvalidArgument names the text by index, ResourceExhausted when too many wait.
void StartEmbed(LoadedModel& model, const EmbedRequest& request,
                std::function<void(Result<Embeddings>)> done);
// The same, waiting for it.
Result<Embeddings> EmbedTexts(LoadedModel& model, const EmbedRequest& request);

}  // namespace lemma::service
