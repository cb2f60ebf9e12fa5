// SPDX-License-Identifier: Apache-2.0
// Carries the events of one service::TextStream to a sink on the exchange's thread, without a
// thread that waits. While the client reads slowly nothing is taken from the stream, and the engine
// pauses that request by itself; when the client leaves the request is cancelled within one step.
#pragma once

#include <memory>
#include <optional>

#include "server/api_error.h"
#include "server/http_types.h"
#include "service/generate.h"

namespace lemma::server {

struct StreamStart {
  std::string model;  // the name under which it is served
  uint64_t seed = 0;
  size_t samples = 1;
  size_t prompt_tokens = 0;
};

// A dialect's half of one request. All calls come on the exchange's thread, in this order:
// OnError, or OnStart, OnEvent..., OnEnd; nothing after the client has left. The sink answers on
// the exchange; it is destroyed when all is over.
class StreamSink {
 public:
  StreamSink() = default;
  virtual ~StreamSink() = default;
  StreamSink(const StreamSink&) = delete;
  StreamSink& operator=(const StreamSink&) = delete;

  // The request could not be started.
  virtual void OnError(const ApiError& error) = 0;
  virtual void OnStart(const StreamStart& start) = 0;
  // Also of kind kFinish, once a sample; a failed sample says so there.
  virtual void OnEvent(const service::StreamEvent& event) = 0;
  // After the last finish event.
  virtual void OnEnd() = 0;
};

// Starts to pump; returns at once. Call on the exchange's thread. The stream and the sink belong to
// the pump from here on. `keep_alive` is held until the stream is gone (the model).
void PumpStream(ExchangePtr exchange, std::unique_ptr<service::TextStream> stream,
                std::unique_ptr<StreamSink> sink, std::shared_ptr<void> keep_alive,
                std::optional<double> timeout_seconds);

}  // namespace lemma::server
