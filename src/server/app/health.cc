// SPDX-License-Identifier: Apache-2.0
#include "server/app/health.h"

#include <boost/json.hpp>
#include <utility>
#include <vector>

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

Response Ready(const HealthParts& parts) {
  if (parts.http.draining()) return Unready("stopping", "The server is shutting down");
  const auto info = parts.models.Info("");
  if (!info.ok()) return Unready("no model", info.status().message());
  if (info->state == service::ModelState::kFailed) {
    return Unready("error", info->error.message());
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

void AddHealthRoutes(Router& router, HealthParts parts) {
  const auto ready = [parts](const ExchangePtr& exchange) { exchange->Send(Ready(parts)); };
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
