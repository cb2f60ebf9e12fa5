// SPDX-License-Identifier: Apache-2.0
#include "server/app/health.h"

#include <boost/json.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace lemma::server {

namespace json = boost::json;

namespace {

Response JsonResponse(int status, const json::object& body) {
  Response response;
  response.status = status;
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = json::serialize(body);
  return response;
}

Response Unready(std::string_view status, std::string_view message) {
  return JsonResponse(
      503, {{"status", status},
            {"error", {{"code", 503}, {"message", message}, {"type", "unavailable_error"}}}});
}

Response Ready(const HealthParts& parts, EngineWatch& watch) {
  if (parts.http.draining()) return Unready("stopping", "The server is shutting down");
  const auto info = parts.models.Info("");
  if (!info.ok()) return Unready("no model", info.status().message());
  if (info->state == service::ModelState::kFailed) {
    return Unready("error", info->error.message());
  }
  if (info->engine && watch.Stalled(info->name, *info->engine, MonotonicSeconds())) {
    return Unready("stalled", "The engine does not answer");
  }
  if (info->state == service::ModelState::kLoading) {
    Response response = Unready("loading model", "Loading model");
    json::object body = json::parse(response.body).as_object();
    body["progress"] = info->progress;
    response.body = json::serialize(body);
    response.headers.push_back({"Retry-After", "1"});
    return response;
  }
  return JsonResponse(200, {{"status", "ok"}, {"model", info->name}});
}

Response MetricsResponse(const HealthParts& parts) {
  std::vector<Metrics::ModelStats> models;
  for (const service::ModelInfo& info : parts.models.List()) {
    models.push_back({info.name, info.state, info.memory_bytes, info.engine});
  }
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = parts.metrics.Text(parts.http.Counts(), parts.serving.Counts(), models);
  return response;
}

}  // namespace

bool EngineWatch::Stalled(const std::string& model, const engine::EngineStats& stats, double now) {
  MutexLock lock(mutex_);
  const auto [entry, fresh] = seen_.try_emplace(model, Seen{stats.steps, now});
  Seen& seen = entry->second;
  if (fresh || stats.running == 0 || stats.steps != seen.steps) {
    seen = {stats.steps, now};
    return false;
  }
  return now - seen.since >= kStallSeconds;
}

void AddHealthRoutes(Router& router, HealthParts parts) {
  const auto watch = std::make_shared<EngineWatch>();
  const auto ready = [parts, watch](const ExchangePtr& exchange) {
    exchange->Send(Ready(parts, *watch));
  };
  for (const char* path : {"/health", "/v1/health", "/health/ready", "/readyz"}) {
    router.Add(Method::kGet, path, ready, Access::kOpen);
  }
  const auto live = [](const ExchangePtr& exchange) {
    exchange->Send(JsonResponse(200, {{"status", "ok"}}));
  };
  for (const char* path : {"/health/live", "/livez"}) {
    router.Add(Method::kGet, path, live, Access::kOpen);
  }
  router.Add(Method::kGet, "/metrics",
             [parts](const ExchangePtr& exchange) { exchange->Send(MetricsResponse(parts)); });
}

}  // namespace lemma::server
