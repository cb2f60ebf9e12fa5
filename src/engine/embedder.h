// SPDX-License-Identifier: Apache-2.0
// Token sequences to vectors: the mean of the last hidden state over all tokens, scaled to length
// 1. Works in passes between the steps of the engine, with keys and values of its own, so that it
// neither takes pages from running sequences nor holds them up for long. A vector depends on its
// sequence alone, not on how passes are cut. Engine thread only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "engine/step_model.h"

namespace lemma::engine {

using EmbedVectors = std::vector<std::vector<float>>;

struct EmbedJob {
  std::vector<std::vector<int32_t>> texts;    // none empty
  std::shared_ptr<std::atomic<bool>> cancel;  // may be null; true: ends with kCancelled
  std::function<void(Result<EmbedVectors>)> done;
};

class Embedder {
 public:
  // `matmul`: of all tokens, as for prompts.
  Embedder(StepModel& model, kernels::KvTypes types,
           kernels::MatmulType matmul = kernels::MatmulType::kInt8)
      : model_(model), types_(types), matmul_(matmul) {}

  void Add(EmbedJob job) { jobs_.push_back(std::move(job)); }
  // One pass of at most `tokens` tokens. False when there was nothing to do.
  bool Step(size_t tokens);
  // Ends all jobs with kCancelled.
  void CancelAll();

 private:
  // A part of a text, or all of it.
  struct Piece {
    size_t text = 0;
    size_t begin = 0;
    size_t count = 0;
    size_t first_page = 0;
  };
  [[nodiscard]] std::vector<Piece> NextPieces(size_t tokens) const;
  Status Reserve(size_t pages);
  Status RunPass(const std::vector<Piece>& pieces);
  void FinishText(size_t text);
  void EndJob(Result<EmbedVectors> result);

  StepModel& model_;
  const kernels::KvTypes types_;
  const kernels::MatmulType matmul_;
  std::deque<EmbedJob> jobs_;
  // Of the first job:
  EmbedVectors vectors_;
  size_t text_ = 0;          // the first one that is not done
  size_t position_ = 0;      // its tokens that are
  std::vector<double> sum_;  // of the hidden states of these
  std::vector<float> hidden_;
  std::unique_ptr<kernels::KvStorage> kv_;  // null when idle
};

}  // namespace lemma::engine
