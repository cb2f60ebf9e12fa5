// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <future>
#include <thread>

#include "base/clock.h"
#include "base/cpu_features.h"
#include "base/log.h"
#include "engine/generation.h"
#include "engine/step_loop.h"

namespace lemma::engine {
namespace {

constexpr size_t kMaxSamples = 128;

Status CheckTokens(std::string_view field, std::span<const int32_t> tokens, size_t vocab) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] < 0 || static_cast<size_t>(tokens[i]) >= vocab) {
      return InvalidArgument(fmt::format("{}[{}]: token {} is not in the vocabulary of {}", field,
                                         i, tokens[i], vocab));
    }
  }
  return OkStatus();
}

size_t DefaultPages(size_t context, size_t page_bytes) {
  const size_t wanted = 4 * ((context + kPageTokens - 1) / kPageTokens);
  const unsigned long long memory = PhysicalMemoryBytes();
  if (memory == 0) return wanted;
  return std::clamp<size_t>(memory / 4 / std::max<size_t>(page_bytes, 1), 1, wanted);
}

void FillIn(PageStoreOptions& store, const EngineOptions& options, size_t page_bytes) {
  const kernels::KvTypes types = options.kv_type;
  store.page_bytes = page_bytes;
  store.identity += fmt::format("|k {} v {}|{} products|{} tokens, {} bytes a page",
                                KvTypeName(types.k), KvTypeName(types.v),
                                MatmulTypeName(options.prefill_type), kPageTokens, page_bytes);
}

}  // namespace

class Engine::Impl {
 public:
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(std::unique_ptr<StepModel> model, std::unique_ptr<kernels::KvStorage> kv,
       const EngineOptions& options, std::shared_ptr<Waker> waker, std::unique_ptr<PageStore> store)
      : vocab_(model->vocab()),
        options_(options),
        embedder_(*model, options.kv_type, options.prefill_type),
        loop_(std::move(model), std::move(kv), options, std::move(store)),
        waker_(std::move(waker)),
        thread_([this] { Run(); }) {}

  ~Impl() {
    {
      const MutexLock lock(mutex_);
      stop_ = true;
    }
    waker_->Wake();
    thread_.join();
  }

  Status Check(const GenerateRequest& request) const {
    if (request.prompt.empty()) return InvalidArgument("prompt: expected at least one token");
    if (request.prompt.size() >= options_.context_tokens) {
      return InvalidArgument(fmt::format(
          "prompt: {} tokens do not fit the context of {} (one place is needed for the answer)",
          request.prompt.size(), options_.context_tokens));
    }
    if (request.samples < 1 || request.samples > kMaxSamples) {
      return InvalidArgument(fmt::format("samples: {} is out of range, expected 1 to {}",
                                         request.samples, kMaxSamples));
    }
    if (request.priority < -kMostPriority || request.priority > kMostPriority) {
      return InvalidArgument(fmt::format("priority: {} is out of range, expected {} to {}",
                                         request.priority, -kMostPriority, kMostPriority));
    }
    LEMMA_RETURN_IF_ERROR(CheckTokens("prompt", request.prompt, vocab_));
    LEMMA_RETURN_IF_ERROR(CheckTokens("stop_tokens", request.stop_tokens, vocab_));
    return ValidateSamplingParams(request.sampling, vocab_);
  }

  Result<std::shared_ptr<GenerationShared>> Submit(GenerateRequest request) {
    LEMMA_RETURN_IF_ERROR(Check(request));
    const size_t capacity = std::max(options_.event_capacity, 4 * request.samples);
    auto shared = std::make_shared<GenerationShared>(request.samples, capacity, waker_);
    shared->queue.OnRoom([waker = waker_] { waker->Wake(); });
    {
      const MutexLock lock(mutex_);
      if (waiting_ >= options_.max_queued) {
        ++refusals_;
        return ResourceExhausted(fmt::format(
            "{} requests are waiting already (the limit is {}) and {} sequences run; try again in "
            "{:.0f} s",
            waiting_, options_.max_queued, stats_.running, RetrySeconds()));
      }
      if (waiting_ == 0)
        last_departure_ = MonotonicSeconds();  // the pace of a queue, not of idleness
      ++waiting_;
      queue_.push_back({shared, std::move(request), MonotonicSeconds()});
    }
    waker_->Wake();
    return shared;
  }

  Status Embed(EmbedJob job) {
    if (job.texts.empty()) return InvalidArgument("texts: expected at least one");
    for (size_t i = 0; i < job.texts.size(); ++i) {
      const size_t size = job.texts[i].size();
      if (size == 0 || size > max_embed_tokens()) {
        return InvalidArgument(
            fmt::format("texts[{}]: {} tokens are out of range, expected 1 to {}", i, size,
                        max_embed_tokens()));
      }
      LEMMA_RETURN_IF_ERROR(CheckTokens(fmt::format("texts[{}]", i), job.texts[i], vocab_));
    }
    {
      const MutexLock lock(mutex_);
      if (embeds_waiting_ >= options_.max_queued) {
        ++refusals_;
        return ResourceExhausted(fmt::format(
            "{} requests for embeddings are waiting already, the limit", embeds_waiting_));
      }
      ++embeds_waiting_;
      job.done = [this, done = std::move(job.done)](Result<EmbedVectors> result) {
        {
          const MutexLock done_lock(mutex_);
          --embeds_waiting_;
        }
        done(std::move(result));
      };
      embeds_.push_back(std::move(job));
    }
    waker_->Wake();
    return OkStatus();
  }

  [[nodiscard]] size_t max_embed_tokens() const {
    return std::min(kMaxEmbedTokens, options_.context_tokens);
  }

  EngineStats Stats() {
    const MutexLock lock(mutex_);
    EngineStats out = stats_;
    out.waiting = waiting_;
    out.refusals = refusals_;
    out.retry_seconds = RetrySeconds();
    return out;
  }

  Status CheckIntegrity() {
    auto promise = std::make_shared<std::promise<Status>>();
    std::future<Status> result = promise->get_future();
    {
      const MutexLock lock(mutex_);
      checks_.push_back(std::move(promise));
    }
    waker_->Wake();
    return result.get();
  }

  const size_t vocab_;
  const EngineOptions options_;

 private:
  struct Queued {
    std::shared_ptr<GenerationShared> shared;
    GenerateRequest request;
    double submit_time;
  };

  // False when the engine is to stop.
  bool TakeWork() {
    std::deque<Queued> queued;
    std::vector<EmbedJob> embeds;
    std::vector<std::shared_ptr<std::promise<Status>>> checks;
    bool stop = false;
    {
      const MutexLock lock(mutex_);
      queued.swap(queue_);
      embeds.swap(embeds_);
      checks.swap(checks_);
      stop = stop_;
    }
    for (Queued& q : queued) loop_.Admit(std::move(q.shared), std::move(q.request), q.submit_time);
    for (EmbedJob& job : embeds) embedder_.Add(std::move(job));
    for (auto& check : checks) check->set_value(loop_.pages().CheckIntegrity());
    return !stop;
  }

  void CountDepartures(size_t count) LEMMA_REQUIRES(mutex_) {
    if (count == 0) return;
    waiting_ -= count;
    const double now = MonotonicSeconds();
    const double interval = (now - last_departure_) / static_cast<double>(count);
    constexpr double kNewest = 0.2;  // weight of the latest interval
    departure_interval_ += kNewest * (interval - departure_interval_);
    last_departure_ = now;
  }

  // Until a waiting request leaves the queue, by the pace of late.
  double RetrySeconds() const LEMMA_REQUIRES(mutex_) {
    const double since = waiting_ > 0 ? MonotonicSeconds() - last_departure_ : 0;
    return std::clamp(std::max(departure_interval_, since), 1.0, 60.0);
  }

  void Run() {
    while (TakeWork()) {
      const bool ran = loop_.Step();
      {
        const MutexLock lock(mutex_);
        stats_ = loop_.stats();
        CountDepartures(loop_.TakeDepartures());
      }
      const bool embedded = embedder_.Step(loop_.SideTokens());
      if (!ran && !embedded) waker_->Wait(loop_.WakeTime());
    }
    loop_.CancelAll();
    embedder_.CancelAll();
  }

  Embedder embedder_;  // the engine thread's own, like the loop
  StepLoop loop_;
  const std::shared_ptr<Waker> waker_;
  Mutex mutex_;
  std::deque<Queued> queue_ LEMMA_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<std::promise<Status>>> checks_ LEMMA_GUARDED_BY(mutex_);
  std::vector<EmbedJob> embeds_ LEMMA_GUARDED_BY(mutex_);
  size_t embeds_waiting_ LEMMA_GUARDED_BY(mutex_) = 0;  // that are not done
  EngineStats stats_ LEMMA_GUARDED_BY(mutex_);
  size_t waiting_ LEMMA_GUARDED_BY(mutex_) = 0;  // requests that have not started
  uint64_t refusals_ LEMMA_GUARDED_BY(mutex_) = 0;
  double last_departure_ LEMMA_GUARDED_BY(mutex_) = 0;
  double departure_interval_ LEMMA_GUARDED_BY(mutex_) = 0;  // seconds
  bool stop_ LEMMA_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: starts when the rest is there
};

Result<std::unique_ptr<Engine>> Engine::Create(std::unique_ptr<StepModel> model,
                                               const EngineOptions& options) {
  EngineOptions effective = options;
  const size_t trained = model->context_length();
  if (effective.context_tokens == 0) effective.context_tokens = std::min(trained, kDefaultContext);
  if (effective.context_tokens > trained) {
    return InvalidArgument(fmt::format("context: {} tokens asked, the model was made for {}",
                                       effective.context_tokens, trained));
  }
  if (effective.kv_pages == 0) {
    LEMMA_ASSIGN_OR_RETURN(const auto probe, model->MakeKv(1, options.kv_type));
    effective.kv_pages = DefaultPages(effective.context_tokens, probe->page_bytes());
  }
  if (effective.kv_pages * kPageTokens < effective.context_tokens) {
    Log(LogLevel::kWarning,
        fmt::format("context reduced from {} to {} tokens: that is what the KV cache holds",
                    effective.context_tokens, effective.kv_pages * kPageTokens));
    effective.context_tokens = effective.kv_pages * kPageTokens;
  }
  effective.scheduler.page_tokens = kPageTokens;
  LEMMA_ASSIGN_OR_RETURN(auto kv, model->MakeKv(effective.kv_pages, effective.kv_type));
  auto waker = std::make_shared<Waker>();
  std::unique_ptr<PageStore> store;
  if (effective.store) {
    FillIn(*effective.store, effective, kv->page_bytes());
    LEMMA_ASSIGN_OR_RETURN(store, PageStore::Open(*effective.store, [waker] { waker->Wake(); }));
  }
  auto impl = std::make_unique<Impl>(std::move(model), std::move(kv), effective, std::move(waker),
                                     std::move(store));
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Generation>> Engine::Submit(GenerateRequest request) {
  LEMMA_ASSIGN_OR_RETURN(auto shared, impl_->Submit(std::move(request)));
  return std::unique_ptr<Generation>(new Generation(std::move(shared)));
}

Status Engine::Embed(EmbedJob job) { return impl_->Embed(std::move(job)); }
size_t Engine::max_embed_tokens() const { return impl_->max_embed_tokens(); }
size_t Engine::context_tokens() const { return impl_->options_.context_tokens; }
size_t Engine::vocab() const { return impl_->vocab_; }
EngineStats Engine::Stats() const { return impl_->Stats(); }
Status Engine::CheckIntegrity() { return impl_->CheckIntegrity(); }

}  // namespace lemma::engine
