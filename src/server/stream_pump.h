// SPDX-License-Identifier: Apache-2.0
// Carries the events of a request's service::TextStreams (one a prompt) to a sink on the exchange's
// thread, without a thread that waits. While the client reads slowly nothing is taken from the
// streams, and the engine pauses that request by itself; when the client leaves the request is
// cancelled within one step.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/api_error.h"
#include "server/http_types.h"
#include "service/generate.h"

namespace lemma::server {

struct StreamStart {
  std::string model;  // the name under which it is served
  uint64_t seed = 0;
  size_t samples = 1;                      // of all prompts together, numbered prompt by prompt
  size_t prompt_tokens = 0;                // of all prompts together
  size_t context = 0;                      // tokens that a sequence can have
  service::Truncation truncation;          // of the prompt, when the client asked for it
  double load_seconds = 0;                 // that the request waited for its model
  std::vector<std::string> warnings = {};  // beside those of reading the body
  // Good until OnEnd, and not at all in tests of sinks: for the texts of tokens.
  const service::LoadedModel* loaded = nullptr;
};

// A dialect's half of one request. All calls come on the exchange's thread, in this order:
// OnError, or OnStart, OnEvent and OnSilence..., OnEnd; nothing after the client has left. The sink
// answers on the exchange; it is destroyed when all is over.
class StreamSink {
 public:
  StreamSink() = default;
  virtual ~StreamSink() = default;
  StreamSink(const StreamSink&) = delete;
  StreamSink& operator=(const StreamSink&) = delete;

  // Under which the request can be controlled while it runs (Serving::EndThinking); empty: not.
  [[nodiscard]] virtual std::string id() const { return {}; }

  // The request could not be started.
  virtual void OnError(const ApiError& error) = 0;
  virtual void OnStart(const StreamStart& start) = 0;
  // Also of kind kFinish, once a sample; a failed sample says so there, and so does one that the
  // server cancelled (kError with kCancelled's status): the reason is never kCancelled.
  virtual void OnEvent(const service::StreamEvent& event) = 0;
  // The client got nothing for a while and more is to come: say so, where the framing of the answer
  // has a way to, for proxies cut connections that are silent.
  virtual void OnSilence() {}
  // After the last finish event.
  virtual void OnEnd() = 0;
};

// Sees all events of all streams, for figures. Called on server threads.
class StreamObserver {
 public:
  virtual ~StreamObserver() = default;
  // Seconds since the request came, and since the text before (of the same request; of the first
  // text, since the request).
  virtual void OnStreamEvent(const service::StreamEvent& event, double since_request,
                             double since_last) = 0;
  // A client left while so many samples of its request were running.
  virtual void OnClientGone(size_t samples) = 0;
};

class StreamPump : public std::enable_shared_from_this<StreamPump> {
 public:
  struct Parts {
    ExchangePtr exchange;
    std::vector<std::unique_ptr<service::TextStream>> streams;
    std::unique_ptr<StreamSink> sink;
    std::shared_ptr<void> held;          // until the streams are gone: the model, a ticket
    StreamObserver* observer = nullptr;  // outlives the pump; may be null
    double request_time = 0;             // MonotonicSeconds
    // After so much time without a write: OnSilence. Zero: never.
    std::chrono::milliseconds silence{0};
  };
  // Begins to pump; on the exchange's thread, after OnStart. The pump lives as long as the answer.
  static std::shared_ptr<StreamPump> Start(Parts parts);
  explicit StreamPump(Parts parts);
  ~StreamPump();
  StreamPump(const StreamPump&) = delete;
  StreamPump& operator=(const StreamPump&) = delete;

  // Any thread, as long as the pump is held.
  void EndThinking();
  void Cancel();

 private:
  struct Waker;
  void Run();
  void Drain();
  // Of any stream, in turns; its sample is numbered through all streams.
  std::optional<service::StreamEvent> NextEvent();
  [[nodiscard]] bool released() const { return parts_.streams.empty(); }
  void Release();
  void WatchSilence();

  Parts parts_;
  std::shared_ptr<Waker> waker_;
  size_t unfinished_ = 0;             // samples
  std::vector<size_t> first_sample_;  // [stream]
  size_t turn_ = 0;                   // the stream that is looked at next
  double last_text_ = 0;
  uint64_t writes_ = 0;  // of the exchange, at the last look
};

}  // namespace lemma::server
