// SPDX-License-Identifier: Apache-2.0
// The engine: one thread that owns pages, scheduler and samplers, and steps all running sequences
// together. Requests come in through a bounded queue; events go out through one bounded queue a
// request. A request's tokens depend on the request alone, not on what runs beside it.
//
// Threads: Submit, Stats and the handles may be used from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/status.h"
#include "engine/embedder.h"
#include "engine/kv_pages.h"
#include "engine/page_store.h"
#include "engine/request.h"
#include "engine/scheduler.h"
#include "engine/speculation.h"
#include "engine/step_model.h"

namespace lemma::engine {

struct EngineOptions {
  size_t context_tokens = 0;  // longest sequence; 0: the model's, at most kDefaultContext
  size_t kv_pages = 0;        // 0: as many as four sequences of full length need, within memory
  kernels::KvTypes kv_type = kernels::KvType::kF16;
  // Of prompt tokens; generated ones are always int8. A page of the prefix cache is shared only
  // between tokens computed alike, so a hit and a miss give the same bits.
  kernels::MatmulType prefill_type = kernels::MatmulType::kInt8;
  SchedulerLimits scheduler;
  SpeculationOptions speculation;
  size_t max_queued = 256;       // requests that have not started; Submit refuses more
  size_t event_capacity = 1024;  // events a request may have unread
  // Pages of prompts are kept in a directory and found again after a restart. Type and size of the
  // pages are added to its identity, and page_bytes is filled in.
  std::optional<PageStoreOptions> store = std::nullopt;
};

inline constexpr size_t kDefaultContext = 32768;
inline constexpr size_t kMaxEmbedTokens = 8192;  // of one text, and not beyond the context

struct EngineStats {
  size_t running = 0;  // sequences
  size_t waiting = 0;  // requests not started
  PageCounts pages;
  uint64_t steps = 0;
  uint64_t prefill_tokens = 0;
  uint64_t decode_tokens = 0;
  uint64_t drafted_tokens = 0;   // computed ahead by speculation
  uint64_t accepted_tokens = 0;  // of these, counted in decode_tokens too
  uint64_t preemptions = 0;
  // The prefix cache, counted once a request, when it starts.
  uint64_t prefix_lookups = 0;
  uint64_t prefix_hits = 0;           // requests that found something
  uint64_t prefix_lookup_tokens = 0;  // of their prompts
  uint64_t prefix_hit_tokens = 0;     // of these, not computed again
  uint64_t evictions = 0;             // cached pages given away for other tokens
  // Samples that ended so.
  uint64_t cancels = 0;
  uint64_t deadline_hits = 0;
  uint64_t store_tokens = 0;  // of prompts, read back from the store
  PageStoreStats store;
  uint64_t refusals = 0;  // requests, by a full queue
  // After how many seconds a refused request has a chance; at least 1.
  double retry_seconds = 1;
};

struct GenerationShared;  // engine/generation.h

// The consumer's end of one request. Destroying it cancels what still runs.
class Generation {
 public:
  ~Generation();
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  // The next event; nullopt when none came in time. Every sample ends with one kFinish event.
  std::optional<TokenEvent> Next(std::chrono::nanoseconds timeout);
  // Calls `callback` (engine thread) when Next has something after it had nothing, and at once
  // when it has something now: read with Next(0) until nullopt. It must be cheap (post to an
  // executor), not throw, not call OnEvent, not destroy this handle. After OnEvent({}) returns,
  // and after the destructor, it is not called any more.
  void OnEvent(std::function<void()> callback);
  // All samples, or one of them, end with kCancelled within one step.
  void Cancel();
  void CancelSample(size_t sample);

 private:
  friend class Engine;
  explicit Generation(std::shared_ptr<GenerationShared> shared);
  std::shared_ptr<GenerationShared> shared_;
};

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> Create(std::unique_ptr<StepModel> model,
                                                const EngineOptions& options);
  // Ends all requests with kCancelled and joins the thread.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Checks the request (InvalidArgument names the field; a prompt that does not fit the context
  // gives the counts) and queues it. ResourceExhausted, at once and with the counts, when
  // EngineOptions::max_queued requests wait already.
  Result<std::unique_ptr<Generation>> Submit(GenerateRequest request);
  // Computes a vector a text (engine/embedder.h) between the steps; `done` gets them, or the error,
  // on the engine thread. Checks first: InvalidArgument names the text by index (none may be empty
  // or longer than max_embed_tokens), ResourceExhausted when max_queued jobs wait.
  Status Embed(EmbedJob job);
  [[nodiscard]] size_t max_embed_tokens() const;

  [[nodiscard]] size_t context_tokens() const;
  [[nodiscard]] size_t vocab() const;
  [[nodiscard]] EngineStats Stats() const;
  // Runs KvPages::CheckIntegrity on the engine thread, between two steps.
  Status CheckIntegrity();

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma::engine
