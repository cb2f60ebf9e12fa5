// SPDX-License-Identifier: Apache-2.0
// A model loaded for measuring, with a KV cache of its own and random tokens: what `lemma bench`
// runs. Sequences share nothing; the pages of sequence s follow those of s - 1. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/status.h"
#include "cli/bench.h"
#include "gguf/reader.h"
#include "kernels/ops.h"
#include "model/model.h"

namespace lemma::cli {

class BenchModel {
 public:
  // `wrap` may put other Ops around the real ones (kept alive here); empty: none.
  using WrapOps = std::function<std::unique_ptr<kernels::Ops>(kernels::Ops&, const gguf::File&)>;
  static Result<std::unique_ptr<BenchModel>> Load(const BenchCommand& command,
                                                  const WrapOps& wrap = {});

  // Runs `tokens` random tokens from position 0 of the first sequence, a chunk at a time.
  Status Prefill(size_t tokens);
  // Fills `sequences` up to `tokens`; the first one is computed, the others get copies of its
  // pages.
  Status Fill(size_t tokens, size_t sequences);
  // One new token for each of `sequences`, all at `position`.
  Status Step(size_t position, size_t sequences);

  [[nodiscard]] const model::Model& model() const { return *model_; }
  [[nodiscard]] std::string kernels() const { return real_ops_->name(); }
  [[nodiscard]] int threads() const { return threads_; }
  [[nodiscard]] double load_seconds() const { return load_seconds_; }
  [[nodiscard]] const std::vector<float>& logits() const { return logits_; }
  // Bytes that a decode step reads: the weights once, and the K and V of each sequence.
  [[nodiscard]] double StepBytes(size_t depth, size_t sequences) const;
  // Multiply-adds of one token in prefill, attention and output head not counted.
  [[nodiscard]] uint64_t MacsPerToken() const;

 private:
  explicit BenchModel(const BenchCommand& command) : command_(command) {}
  Status MakeCache();
  int32_t Token();

  const BenchCommand& command_;
  int threads_ = 1;
  double load_seconds_ = 0;
  std::unique_ptr<gguf::File> file_;
  std::unique_ptr<kernels::Ops> real_ops_;
  std::unique_ptr<kernels::Ops> wrapped_ops_;
  std::unique_ptr<model::Model> model_;
  std::unique_ptr<kernels::KvStorage> kv_;
  size_t pages_each_ = 0;
  std::vector<std::vector<kernels::PageId>> tables_;
  std::vector<float> logits_;
  Rng rng_{1};
};

}  // namespace lemma::cli
