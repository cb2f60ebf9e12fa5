// SPDX-License-Identifier: Apache-2.0
// GET /health, /health/live, /health/ready (as llama.cpp's server and Kubernetes ask), and
// /metrics.
#pragma once

#include "server/http/http_server.h"
#include "server/metrics.h"
#include "server/router.h"
#include "server/serving.h"
#include "service/model_registry.h"

namespace lemma::server {

// All of them outlive the router's use.
struct HealthParts {
  service::ModelRegistry& models;
  ModelServing& serving;
  HttpServer& http;
  Metrics& metrics;
};

// Live: the server answers. Ready: it is not draining, and the default model is loaded or can be
// (503 while it is loading, with the progress, and when loading it has failed). No key is asked for
// health; for metrics it is.
void AddHealthRoutes(Router& router, HealthParts parts);

}  // namespace lemma::server
