// SPDX-License-Identifier: Apache-2.0
// A model file made ready to answer: GGUF, tokenizer, chat format, kernels, weights and engine,
// put together and checked. Memory is estimated and compared with the machine before work starts.
// Threads: immutable after Load apart from the engine and the speed, which are thread-safe: share
// it freely.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "chat/family.h"
#include "engine/engine.h"
#include "model/config.h"
#include "service/model_speed.h"
#include "tokenizer/tokenizer.h"

namespace lemma::service {

// Computed prompts are kept there and found again after a restart (engine/page_store.h).
struct PrefixStoreOptions {
  std::filesystem::path directory;
  uint64_t max_bytes = 8ULL << 30;
};

struct LoadOptions {
  int threads = 0;                          // 0: one a usable processor
  std::optional<std::string> isa;           // absent: LEMMA_ISA or the best
  std::optional<size_t> context;            // tokens; absent: the model's, bounded by memory
  std::optional<kernels::KvTypes> kv_type;  // absent: what suits the kernels
  std::optional<kernels::MatmulType> prefill_type;  // absent: what is fastest for the kernels
  engine::SpeculationOptions speculation;
  std::optional<PrefixStoreOptions> prefix_store;
  std::optional<size_t> max_queued;            // requests that wait; absent: the engine's default
  std::optional<uint64_t> memory_bytes;        // to be used at most; absent: what is available
  std::function<bool(double share)> progress;  // false cancels (kCancelled); may be empty
};

class LoadedModel {
 public:
  // Errors say what is wrong with the file, or how much memory is needed and how much there is.
  static Result<std::unique_ptr<LoadedModel>> Load(const std::filesystem::path& path,
                                                   const LoadOptions& options);
  // What Load would say, as far as it shows without reading the weights. Quick.
  static Status Check(const std::filesystem::path& path, const LoadOptions& options);
  ~LoadedModel();
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  [[nodiscard]] const std::string& name() const;  // general.name, else the file's stem
  [[nodiscard]] const std::filesystem::path& path() const;
  [[nodiscard]] const model::ModelConfig& config() const;
  [[nodiscard]] const tokenizer::Tokenizer& tokens() const;
  [[nodiscard]] const chat::PromptBuilder& prompts() const;
  [[nodiscard]] engine::Engine& engine();
  [[nodiscard]] std::string kernels_name() const;
  [[nodiscard]] uint64_t bytes_per_token() const;
  [[nodiscard]] double load_seconds() const;
  // Measured once, on first use (model_speed.h): that call takes a second or a few, and others wait
  // for it. Nothing is known (zeros) where it cannot be measured now; the next call tries again.
  [[nodiscard]] ModelSpeed MeasuredSpeed();
  // Sequences that are computed together in one step; more take turns.
  [[nodiscard]] size_t sequences_at_once() const;
  // Weights, KV cache and work space, by estimate.
  [[nodiscard]] uint64_t memory_bytes() const;
  // Oddities of the file, one sentence each, for the caller to show.
  [[nodiscard]] std::span<const std::string> warnings() const;

  // The sampling a request starts from: the file's metadata (general.sampling.*), else the
  // family's published values for this thinking mode, else the neutral ones.
  [[nodiscard]] engine::SamplingParams DefaultSampling(chat::Thinking thinking) const;
  // The tokens of a built prompt, with BOS if the file wants one and the prompt has none.
  [[nodiscard]] std::vector<int32_t> EncodePrompt(const chat::Prompt& prompt) const;
  // The same for a piece from the middle of a prompt: no BOS is added.
  [[nodiscard]] std::vector<int32_t> EncodeParts(const std::vector<chat::PromptPart>& parts) const;

 private:
  struct Impl;
  explicit LoadedModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma::service
