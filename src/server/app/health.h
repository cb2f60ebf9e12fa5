// SPDX-License-Identifier: Apache-2.0
// GET /health, /health/live, /health/ready (as llama.cpp's server and Kubernetes ask), and
// /metrics.
#pragma once

#include <map>
#include <string>

#include "base/mutex.h"
#include "engine/engine.h"
#include "server/http/http_server.h"
#include "server/metrics.h"
#include "server/router.h"
#include "server/serving.h"
#include "service/model_registry.h"

namespace lemma::server {

// Tells an engine that has sequences and does not step from one that works. Thread-safe.
class EngineWatch {
 public:
  // Longer than any step: a long prompt of a large model is one.
  static constexpr double kStallSeconds = 300;
  // `now` in seconds, monotonic. True when the engine had work at every look of the last
  // kStallSeconds and has not finished a step in them.
  bool Stalled(const std::string& model, const engine::EngineStats& stats, double now)
      LEMMA_EXCLUDES(mutex_);

 private:
  struct Seen {
    uint64_t steps = 0;
    double since = 0;
  };
  Mutex mutex_;
  std::map<std::string, Seen> seen_ LEMMA_GUARDED_BY(mutex_);
};

// All of them outlive the router's use.
struct HealthParts {
  service::ModelRegistry& models;
  ModelServing& serving;
  HttpServer& http;
  Metrics& metrics;
};

// Live: the server answers. Ready: it is not draining, the default model is loaded or can be (503
// while it is loading, with the progress, and when loading it has failed), and its engine steps. No
// key is asked for health; for metrics it is.
void AddHealthRoutes(Router& router, HealthParts parts);

}  // namespace lemma::server
