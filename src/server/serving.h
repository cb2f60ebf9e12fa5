// SPDX-License-Identifier: Apache-2.0
// What the dialects stand on: models by name, streams of generation, and work that may take long,
// none of which blocks a server thread. A dialect turns JSON into a service request, calls one of
// these, and formats what comes back.
// Threads: call on the exchange's thread; callbacks come back on it, unless said otherwise.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/api_error.h"
#include "server/dialect/model_reports.h"
#include "server/http_types.h"
#include "server/stream_pump.h"
#include "service/embed.h"
#include "service/generate.h"
#include "service/model_registry.h"

namespace lemma::server {

class Router;
struct LemmaField;  // dialect/lemma_field.h

// Behind the name of a model: its chats are answered by verified reasoning.
inline constexpr std::string_view kVerifiedSuffix = ":verified";
// The name without it.
std::string PlainModelName(std::string name);

// Which model a request asks for, and how.
struct ModelRef {
  std::string name;  // "" and "default": the first one given
  // After the request: 0 unloads at once, negative keeps it; absent: the server's default.
  std::optional<double> keep_alive_seconds;
  // What the chat's "lemma" says; null: nothing, and the name decides (kVerifiedSuffix).
  std::shared_ptr<const LemmaField> lemma = {};
};

class Serving {
 public:
  virtual ~Serving() = default;

  // Loads the model if need be, starts the request and pumps its events into `sink`. The settings'
  // client and the tenant's part of the cache salt are filled in here.
  virtual void Chat(ExchangePtr exchange, ModelRef model, service::ChatRequest request,
                    std::unique_ptr<StreamSink> sink) = 0;
  // Verified chats go to `handler`: those whose "lemma" is there and not false; without one, those
  // whose model's name ends in kVerifiedSuffix. Before the server starts.
  using ChatHandler =
      std::function<void(ExchangePtr exchange, ModelRef model, service::ChatRequest request,
                         std::unique_ptr<StreamSink> sink)>;
  virtual void SetVerified(ChatHandler handler) = 0;
  // At least one prompt; all are started, or none. The samples are numbered prompt by prompt.
  virtual void Complete(ExchangePtr exchange, ModelRef model,
                        std::vector<service::CompletionRequest> prompts,
                        std::unique_ptr<StreamSink> sink) = 0;

  // Runs `work` with the model on a worker thread (tokenise, describe), and sends the response it
  // gives; kVerifiedSuffix does not count here. Failures before it (unknown model, still loading,
  // no worker free) are sent in the shape that the router has for this path.
  using ModelWork = std::function<Response(service::LoadedModel& model, const std::string& name)>;
  virtual void WithModel(ExchangePtr exchange, ModelRef model, ModelWork work) = 0;

  // `format` makes the response of the vectors; failures are sent as above. It runs on a worker.
  using EmbedFormat =
      std::function<Response(const service::Embeddings& vectors, const std::string& name)>;
  virtual void Embed(ExchangePtr exchange, ModelRef model, service::EmbedRequest request,
                     EmbedFormat format) = 0;

  // A place among the requests that are served (ServingOptions::max_requests), for work that goes
  // none of the ways above; given back when the last copy goes. Null: `error` says why.
  virtual std::shared_ptr<void> Admit(const ExchangePtr& exchange, ApiError& error) = 0;

  // Sends `error` in the shape that the router has for this exchange's path.
  virtual void SendError(const ExchangePtr& exchange, const ApiError& error) = 0;

  // A running request closes its thinking. False: no such id is running.
  virtual bool EndThinking(std::string_view id) = 0;

  // For what is listed: names, states, sizes; and what the files say.
  virtual service::ModelRegistry& models() = 0;
  virtual ModelReports& reports() = 0;
};

struct ServingOptions {
  int workers = 2;
  size_t max_waiting_work = 1024;
  // Requests being served at a time, those that wait for the engine included; more get 503 at once.
  size_t max_requests = 1024;
  // Of one client (a key, or an address); more get 429. 0: no limit.
  size_t max_requests_per_client = 0;
  // How long a request waits for its model to load before it gets 503 with the progress.
  double load_wait_seconds = 30;
  // Clients do not share prefixes in the cache (whether one asked the same before would show in
  // the time to the first token).
  bool isolate_clients = false;
  // After so much silence a stream of events gets a comment (Anthropic's: a ping); zero: never.
  std::chrono::milliseconds ping{15'000};
  StreamObserver* observer = nullptr;  // outlives the serving
};

// What is going on, for health and metrics.
struct ServingCounts {
  size_t requests = 0;      // being served
  size_t streams = 0;       // of these, started
  uint64_t overloaded = 0;  // refused so far
};

class ModelServing : public Serving {
 public:
  // Both must outlive it.
  static std::unique_ptr<ModelServing> Create(ServingOptions options,
                                              service::ModelRegistry& registry,
                                              const Router& router);
  // Any thread.
  [[nodiscard]] virtual ServingCounts Counts() const = 0;
  // All running requests are cancelled; their clients are told, by an error as the last event.
  virtual void CancelAll() = 0;
  // No more work is taken or under way after it. Before the server is destroyed.
  virtual void Stop() = 0;
};

// A salt or a client as the engine takes it: FNV-1a, 64 bits; 0 for an empty text.
uint64_t HashOf(std::string_view text);

}  // namespace lemma::server
