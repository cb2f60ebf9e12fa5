// SPDX-License-Identifier: Apache-2.0
#include "server/serving.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "server/admission.h"
#include "server/dialect/lemma_field.h"
#include "server/object_reader.h"
#include "server/router.h"
#include "server/worker_pool.h"

namespace lemma::server {
namespace {

// One request on its way from the exchange to a model. Passed from thread to thread, used by one at
// a time.
struct Job {
  ExchangePtr exchange;
  ModelRef model;
  std::shared_ptr<Admission::Ticket> ticket;
  double start = MonotonicSeconds();
  double load_seconds = 0;
  std::shared_ptr<service::ModelLease> lease;  // once loaded
  // On a worker thread, with the lease.
  std::function<void(const std::shared_ptr<Job>&)> work;
  // On the exchange's thread.
  std::function<void(const ApiError&)> fail;
  std::shared_ptr<std::atomic<bool>> cancel;  // of an embedding; may be null
  std::atomic<bool> loaded{false};
  // Whoever sets it first answers: the work, or the limit of the wait.
  std::atomic<bool> answered{false};

  bool Claim() { return !answered.exchange(true); }
  void Fail(const std::shared_ptr<Job>& self, ApiError error) {
    exchange->Post([self, error = std::move(error)] {
      if (self->Claim()) self->fail(error);
    });
  }
};

class ServingImpl : public ModelServing {
 public:
  ServingImpl(ServingOptions options, service::ModelRegistry& registry, const Router& router)
      : options_(options),
        registry_(registry),
        router_(router),
        admission_(options.max_requests, options.max_requests_per_client),
        workers_(options.workers, options.max_waiting_work) {}
  ~ServingImpl() override { ServingImpl::Stop(); }
  ServingImpl(const ServingImpl&) = delete;
  ServingImpl& operator=(const ServingImpl&) = delete;

  void SetVerified(ChatHandler handler) override { verified_ = std::move(handler); }

  void Chat(ExchangePtr exchange, ModelRef model, service::ChatRequest request,
            std::unique_ptr<StreamSink> sink) override {
    SetTenant(exchange->request(), request.settings);
    const bool verified = model.lemma ? model.lemma->on : model.name.ends_with(kVerifiedSuffix);
    if (verified && verified_) {
      return verified_(std::move(exchange), std::move(model), std::move(request), std::move(sink));
    }
    model.name = PlainModelName(std::move(model.name));
    StartStream(std::move(exchange), std::move(model), std::move(sink),
                [request = std::move(request)](service::LoadedModel& loaded) {
                  return Single(service::StartChat(loaded, request));
                });
  }

  void Complete(ExchangePtr exchange, ModelRef model,
                std::vector<service::CompletionRequest> prompts,
                std::unique_ptr<StreamSink> sink) override {
    for (service::CompletionRequest& prompt : prompts) {
      SetTenant(exchange->request(), prompt.settings);
    }
    StartStream(std::move(exchange), std::move(model), std::move(sink),
                [prompts = std::move(prompts)](service::LoadedModel& loaded) {
                  return StartAll(loaded, prompts);
                });
  }

  void WithModel(ExchangePtr exchange, ModelRef model, ModelWork work) override {
    model.name = PlainModelName(std::move(model.name));
    Submit(MakeJob(std::move(exchange), std::move(model)),
           [work = std::move(work)](const std::shared_ptr<Job>& job) {
             Answer(job, work(**job->lease, job->lease->name()));
           });
  }

  void Embed(ExchangePtr exchange, ModelRef model, service::EmbedRequest request,
             EmbedFormat format) override {
    request.cancel = std::make_shared<std::atomic<bool>>(false);
    const auto made = MakeJob(std::move(exchange), std::move(model));
    made->cancel = request.cancel;
    Submit(made, [this, request = std::move(request),
                  format = std::move(format)](const std::shared_ptr<Job>& job) {
      // Moved out when called: the engine thread must not be the last to hold the model.
      auto box = std::make_shared<std::shared_ptr<Job>>(job);
      service::StartEmbed(**job->lease, request,
                          [this, box, format](Result<service::Embeddings> vectors) {
                            FinishEmbed(std::move(*box), format, std::move(vectors));
                          });
    });
  }

  std::shared_ptr<void> Admit(const ExchangePtr& exchange, ApiError& error) override {
    return admission_.Enter(exchange->request().client, error);
  }

  void SendError(const ExchangePtr& exchange, const ApiError& error) override {
    exchange->Send(router_.FormatError(exchange->request().path, error));
  }

  bool EndThinking(std::string_view id) override {
    std::shared_ptr<StreamPump> pump;
    {
      MutexLock lock(mutex_);
      const auto found = by_id_.find(std::string(id));
      if (found != by_id_.end()) pump = found->second.lock();
    }
    if (pump) pump->EndThinking();
    return pump != nullptr;
  }

  service::ModelRegistry& models() override { return registry_; }
  ModelReports& reports() override { return reports_; }

  [[nodiscard]] ServingCounts Counts() const override {
    return {admission_.total(), streams_, admission_.refused()};
  }

  void CancelAll() override {
    std::vector<std::shared_ptr<StreamPump>> all;
    {
      MutexLock lock(mutex_);
      for (const auto& [key, weak] : pumps_) {
        if (auto pump = weak.lock()) all.push_back(std::move(pump));
      }
    }
    for (const auto& pump : all) pump->Cancel();
  }

  void Stop() override { workers_.Stop(); }

 private:
  using Streams = std::vector<std::unique_ptr<service::TextStream>>;
  using StreamMaker = std::function<Result<Streams>(service::LoadedModel&)>;

  static Result<Streams> Single(Result<std::unique_ptr<service::TextStream>> stream) {
    if (!stream.ok()) return stream.status();
    Streams streams;
    streams.push_back(std::move(stream).value());
    return streams;
  }

  // All or none. Without a seed of the client's they share the first one's: it is the one told.
  static Result<Streams> StartAll(service::LoadedModel& model,
                                  const std::vector<service::CompletionRequest>& prompts) {
    Streams streams;
    for (size_t i = 0; i < prompts.size(); ++i) {
      service::CompletionRequest prompt = prompts[i];
      if (i > 0) prompt.settings.sampling.seed = streams.front()->seed();
      auto stream = service::StartCompletion(model, prompt);
      if (!stream.ok()) return OfPrompt(stream.status(), i, prompts.size());
      streams.push_back(std::move(stream).value());
    }
    return streams;
  }

  // "prompt: ..." of one among several.
  static Status OfPrompt(const Status& status, size_t index, size_t prompts) {
    constexpr std::string_view kField = "prompt";
    if (prompts == 1 || !status.message().starts_with(kField)) return status;
    return {status.code(), IndexPath(kField, index) + status.message().substr(kField.size())};
  }

  // Where clients have keys, the key counts. Where they have none, they often share an address (an
  // application that asks for many): then a user that the request names counts for himself.
  void SetTenant(const Request& request, service::GenerateSettings& settings) const {
    const uint64_t client = HashOf(request.client);
    settings.client = options_.isolate_clients ? client : client ^ settings.client;
    if (options_.isolate_clients) settings.cache_salt ^= client;
  }

  std::shared_ptr<Job> MakeJob(ExchangePtr exchange, ModelRef model) {
    auto job = std::make_shared<Job>();
    job->exchange = std::move(exchange);
    job->model = std::move(model);
    job->fail = [this, exchange = job->exchange](const ApiError& error) {
      SendError(exchange, error);
    };
    return job;
  }

  static void Answer(const std::shared_ptr<Job>& job, Response response) {
    job->exchange->Post([job, response = std::move(response)]() mutable {
      if (job->Claim()) job->exchange->Send(std::move(response));
    });
  }

  // Admission, the model, a worker; then `work`.
  void Submit(const std::shared_ptr<Job>& job,
              std::function<void(const std::shared_ptr<Job>&)> work) {
    ApiError error;
    job->ticket = admission_.Enter(job->exchange->request().client, error);
    if (!job->ticket) {
      job->answered = true;
      return job->fail(error);
    }
    job->work = std::move(work);
    job->exchange->OnGone([job] {
      job->answered = true;
      if (job->cancel) *job->cancel = true;
    });
    registry_.AcquireWhenReady(
        job->model.name, job->model.keep_alive_seconds,
        [this, job](Result<service::ModelLease> lease) { OnModel(job, std::move(lease)); });
    if (!job->loaded && !job->answered) WatchLoading(job);
  }

  // On the registry's thread, or on the exchange's.
  void OnModel(const std::shared_ptr<Job>& job, Result<service::ModelLease> lease) {
    if (!lease.ok()) return job->Fail(job, FromStatus(lease.status()));
    job->load_seconds = MonotonicSeconds() - job->start;
    job->lease = std::make_shared<service::ModelLease>(std::move(lease).value());
    job->loaded = true;
    if (workers_.Post([job] {
          if (!job->answered) job->work(job);
        })) {
      return;
    }
    admission_.CountRefusal();
    job->Fail(job, Overloaded("too many requests wait for a worker"));
  }

  void WatchLoading(const std::shared_ptr<Job>& job) {
    const auto wait = std::chrono::milliseconds(
        static_cast<int64_t>(std::max(options_.load_wait_seconds, 0.0) * 1000));
    job->exchange->After(wait, [this, weak = std::weak_ptr<Job>(job)] {
      const auto waiting = weak.lock();
      if (!waiting || waiting->loaded || !waiting->Claim()) return;
      ApiError error = Overloaded("the model is loading", ErrorKind::kModelLoading);
      if (const auto info = registry_.Info(waiting->model.name); info.ok()) {
        error.message =
            fmt::format("model '{}' is loading: {:.0f} %", info->name, 100 * info->progress);
      }
      waiting->fail(error);
    });
  }

  void StartStream(ExchangePtr exchange, ModelRef model, std::unique_ptr<StreamSink> sink,
                   StreamMaker make) {
    auto job = MakeJob(std::move(exchange), std::move(model));
    // Shared, because callbacks are copied; used on the exchange's thread only.
    auto held = std::make_shared<std::unique_ptr<StreamSink>>(std::move(sink));
    job->fail = [held](const ApiError& error) { (*held)->OnError(error); };
    Submit(job, [this, held, make = std::move(make)](const std::shared_ptr<Job>& started) {
      auto streams = make(**started->lease);
      if (!streams.ok()) {
        ApiError error = FromStatus(streams.status());
        if (error.kind == ErrorKind::kOverloaded) {
          const double wait = (*started->lease)->engine().Stats().retry_seconds;
          error.retry_after_seconds = static_cast<int>(std::ceil(std::clamp(wait, 1.0, 600.0)));
          admission_.CountRefusal();
        }
        return started->Fail(started, std::move(error));
      }
      auto shared = std::make_shared<Streams>(std::move(streams).value());
      started->exchange->Post([this, started, held, shared] {
        if (!started->Claim() || started->exchange->gone()) return;
        BeginPump(started, std::move(*held), std::move(*shared));
      });
    });
  }

  // What a running stream holds, given back when the stream is gone.
  struct Held {
    Held(ServingImpl& owner, std::string stream_id, Job& job)
        : serving(owner),
          id(std::move(stream_id)),
          lease(std::move(job.lease)),
          ticket(std::move(job.ticket)) {}
    ~Held() { serving.Forget(*this); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    ServingImpl& serving;
    const std::string id;
    uint64_t key = 0;
    std::shared_ptr<service::ModelLease> lease;
    std::shared_ptr<Admission::Ticket> ticket;
  };

  void BeginPump(const std::shared_ptr<Job>& job, std::unique_ptr<StreamSink> sink,
                 Streams streams) {
    StreamStart start;
    start.model = job->lease->name();
    start.seed = streams.front()->seed();
    start.samples = 0;
    for (const auto& stream : streams) {
      start.samples += stream->samples();
      start.prompt_tokens += stream->prompt_tokens().size();
    }
    start.context = (*job->lease)->engine().context_tokens();
    start.truncation = streams.front()->truncation();
    start.load_seconds = job->load_seconds;
    start.loaded = &**job->lease;
    sink->OnStart(start);
    const auto held = std::make_shared<Held>(*this, sink->id(), *job);
    StreamPump::Parts parts;
    parts.exchange = job->exchange;
    parts.streams = std::move(streams);
    parts.sink = std::move(sink);
    parts.held = held;
    parts.observer = options_.observer;
    parts.request_time = job->start;
    parts.silence = options_.ping;
    ++streams_;
    const auto pump = StreamPump::Start(std::move(parts));
    MutexLock lock(mutex_);
    held->key = ++next_key_;
    pumps_.emplace(held->key, pump);
    if (!held->id.empty()) by_id_.emplace(held->id, pump);
  }

  void Forget(const Held& held) LEMMA_EXCLUDES(mutex_) {
    --streams_;
    MutexLock lock(mutex_);
    pumps_.erase(held.key);
    if (!held.id.empty()) by_id_.erase(held.id);
  }

  // On the engine thread, or a worker's; the formatting goes to a worker.
  void FinishEmbed(std::shared_ptr<Job> job, EmbedFormat format,
                   Result<service::Embeddings> vectors) {
    const Exchange::Poster post = job->exchange->poster();
    post([this, job = std::move(job), format = std::move(format),
          shared = std::make_shared<Result<service::Embeddings>>(std::move(vectors))]() mutable {
      if (job->answered) return;
      if (!shared->ok()) {
        if (job->Claim()) job->fail(FromStatus(shared->status()));
        return;
      }
      const auto work = [job, format, shared] {
        Answer(job, format(**shared, job->lease->name()));
      };
      if (!workers_.Post(work) && job->Claim()) {
        job->fail(Overloaded("too many requests wait for a worker"));
      }
    });
  }

  ChatHandler verified_;  // set before the server starts
  const ServingOptions options_;
  service::ModelRegistry& registry_;
  const Router& router_;
  ModelReports reports_;
  Admission admission_;
  std::atomic<size_t> streams_{0};
  mutable Mutex mutex_;
  uint64_t next_key_ LEMMA_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::weak_ptr<StreamPump>> pumps_ LEMMA_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::weak_ptr<StreamPump>> by_id_ LEMMA_GUARDED_BY(mutex_);
  WorkerPool workers_;
};

}  // namespace

std::unique_ptr<ModelServing> ModelServing::Create(ServingOptions options,
                                                   service::ModelRegistry& registry,
                                                   const Router& router) {
  return std::make_unique<ServingImpl>(options, registry, router);
}

std::string PlainModelName(std::string name) {
  if (name.ends_with(kVerifiedSuffix)) name.resize(name.size() - kVerifiedSuffix.size());
  return name;
}

uint64_t HashOf(std::string_view text) {
  if (text.empty()) return 0;
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return hash;
}

}  // namespace lemma::server
