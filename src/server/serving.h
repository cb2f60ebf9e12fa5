// SPDX-License-Identifier: Apache-2.0
// What the dialects stand on: models by name, streams of generation, and work that may take long,
// none of which blocks a server thread. A dialect turns JSON into a service request, calls one of
// these, and formats what comes back.
// Threads: call on the exchange's thread; callbacks come back on it, unless said otherwise.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/api_error.h"
#include "server/http_types.h"
#include "server/stream_pump.h"
#include "service/generate.h"

namespace lemma::server {

// Which model a request asks for, and how.
struct ModelRef {
  std::string name;  // "" and "default": the first one given
  // After the request: 0 unloads at once, negative keeps it; absent: the server's default.
  std::optional<double> keep_alive_seconds;
};

class Serving {
 public:
  virtual ~Serving() = default;

  // Loads the model if need be, starts the request and pumps its events into `sink`.
  virtual void Chat(ExchangePtr exchange, ModelRef model, service::ChatRequest request,
                    std::unique_ptr<StreamSink> sink) = 0;
  virtual void Complete(ExchangePtr exchange, ModelRef model, service::CompletionRequest request,
                        std::unique_ptr<StreamSink> sink) = 0;

  // Runs `work` with the model on a worker thread (tokenise, embed, describe), and sends the
  // response it gives. Failures before it (unknown model, still loading, no worker free) are sent
  // in the shape that the router has for this path.
  using ModelWork = std::function<Response(service::LoadedModel& model, const std::string& name)>;
  virtual void WithModel(ExchangePtr exchange, ModelRef model, ModelWork work) = 0;

  // Sends `error` in the shape that the router has for this exchange's path.
  virtual void SendError(const ExchangePtr& exchange, const ApiError& error) = 0;
};

}  // namespace lemma::server
