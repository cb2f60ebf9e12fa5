// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/routes.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "server/ollama/catalog.h"
#include "server/ollama/reply.h"
#include "server/ollama/request.h"
#include "server/ollama/sink.h"

namespace lemma::server::ollama {

namespace json = boost::json;

namespace {

using Clock = std::chrono::steady_clock;

void SendJson(const ExchangePtr& exchange, std::string body) {
  Response response;
  response.body = std::move(body);
  exchange->Send(std::move(response));
}

void SendStatus(const ExchangePtr& exchange, const Status& status) {
  exchange->Send(FormatError(FromStatus(status)));
}

std::string LoadReply(Api api, const std::string& name, std::string_view reason,
                      const std::vector<std::string>& warnings) {
  ReplyEnd end;
  end.done_reason = reason;
  end.has_figures = false;
  end.warnings = warnings;
  return ReplyLine({api, name, Timestamp(std::chrono::system_clock::now())}, {}, &end, {});
}

// A request without a prompt loads its model; with keep_alive 0 it unloads it.
void LoadOrUnload(Serving& serving, const ExchangePtr& exchange, Api api, const ModelRef& model,
                  const std::vector<std::string>& warnings) {
  if (model.keep_alive_seconds == 0.0) {
    const auto info = serving.models().Info(model.name);
    if (!info.ok()) return SendStatus(exchange, info.status());
    if (info->state == service::ModelState::kReady) {
      const Status status = serving.models().Unload(model.name);
      if (!status.ok()) return SendStatus(exchange, status);
    }
    return SendJson(exchange, LoadReply(api, info->name, "unload", warnings));
  }
  serving.WithModel(exchange, model,
                    [api, warnings](service::LoadedModel& /*model*/, const std::string& name) {
                      Response response;
                      response.body = LoadReply(api, name, "load", warnings);
                      return response;
                    });
}

void Generate(Serving& serving, const ExchangePtr& exchange, Api api) {
  BodyNotes notes;
  const std::string& text = exchange->request().body;
  Result<GenerateBody> body =
      api == Api::kChat ? ParseChat(text, notes) : ParseGenerate(text, notes);
  if (!body.ok()) return SendStatus(exchange, body.status());
  if (body->nothing_asked) {
    body->model.name = PlainModelName(std::move(body->model.name));
    return LoadOrUnload(serving, exchange, api, body->model, notes.warnings());
  }
  SinkOptions options;
  options.api = api;
  options.stream = body->stream;
  options.show_thinking = body->show_thinking;
  options.warnings = notes.warnings();
  options.num_ctx = body->num_ctx;
  auto sink = MakeSink(exchange, std::move(options));
  if (body->raw) {
    serving.Complete(exchange, std::move(body->model), {std::move(body->completion)},
                     std::move(sink));
  } else {
    serving.Chat(exchange, std::move(body->model), std::move(body->chat), std::move(sink));
  }
}

// The first `dimensions` of a vector, scaled to length 1 again.
json::array Vector(const std::vector<float>& values, std::optional<size_t> dimensions) {
  const size_t count = std::min(dimensions.value_or(values.size()), values.size());
  double squares = 0;
  for (size_t i = 0; i < count; ++i) squares += static_cast<double>(values[i]) * values[i];
  const double scale = count == values.size() || squares == 0 ? 1.0 : 1.0 / std::sqrt(squares);
  json::array out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) out.emplace_back(values[i] * scale);
  return out;
}

struct EmbedReply {
  std::optional<size_t> dimensions;
  std::vector<std::string> warnings;
  Clock::time_point begin = Clock::now();
};

Response FormatVectors(const service::Embeddings& vectors, const std::string& name,
                       const EmbedReply& reply) {
  json::array rows;
  size_t tokens = 0;
  std::vector<std::string> warnings = reply.warnings;
  for (size_t i = 0; i < vectors.vectors.size(); ++i) {
    rows.push_back(Vector(vectors.vectors[i], reply.dimensions));
    tokens += vectors.tokens[i];
    if (vectors.cut[i]) warnings.push_back(fmt::format("input[{}]: too long, its end was cut", i));
  }
  json::object out{{"model", name},
                   {"embeddings", std::move(rows)},
                   {"total_duration", std::chrono::nanoseconds(Clock::now() - reply.begin).count()},
                   {"load_duration", 0},
                   {"prompt_eval_count", tokens}};
  if (!warnings.empty()) out["warnings"] = json::array(warnings.begin(), warnings.end());
  Response response;
  response.body = json::serialize(out);
  return response;
}

void HandleEmbed(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  Result<EmbedBody> body = ParseEmbed(exchange->request().body, notes);
  if (!body.ok()) return SendStatus(exchange, body.status());
  const EmbedReply reply{body->dimensions, notes.warnings()};
  if (body->inputs.empty()) {  // loads the model
    return serving.WithModel(exchange, std::move(body->model),
                             [reply](service::LoadedModel& /*model*/, const std::string& name) {
                               return FormatVectors({}, name, reply);
                             });
  }
  service::EmbedRequest request;
  request.texts = std::move(body->inputs);
  request.long_text = body->truncate ? service::LongText::kCut : service::LongText::kRefuse;
  serving.Embed(exchange, std::move(body->model), std::move(request),
                [reply](const service::Embeddings& vectors, const std::string& name) {
                  return FormatVectors(vectors, name, reply);
                });
}

// The older route: one text, one vector.
void HandleEmbeddings(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  Result<EmbedBody> body = ParseEmbeddings(exchange->request().body, notes);
  if (!body.ok()) return SendStatus(exchange, body.status());
  if (body->inputs.empty() || body->inputs.front().empty()) {
    return serving.WithModel(exchange, std::move(body->model),
                             [](service::LoadedModel& /*model*/, const std::string& /*name*/) {
                               Response response;
                               response.body = "{\"embedding\":[]}";
                               return response;
                             });
  }
  service::EmbedRequest request;
  request.texts = std::move(body->inputs);
  request.long_text = service::LongText::kCut;
  serving.Embed(exchange, std::move(body->model), std::move(request),
                [warnings = notes.warnings()](const service::Embeddings& vectors,
                                              const std::string& /*name*/) {
                  json::object out{{"embedding", Vector(vectors.vectors.front(), {})}};
                  if (!warnings.empty()) {
                    out["warnings"] = json::array(warnings.begin(), warnings.end());
                  }
                  Response response;
                  response.body = json::serialize(out);
                  return response;
                });
}

void HandleShow(Catalog& catalog, const ExchangePtr& exchange) {
  BodyNotes notes;
  const Result<ShowBody> body = ParseShow(exchange->request().body, notes);
  if (!body.ok()) return SendStatus(exchange, body.status());
  Result<std::string> shown = catalog.Show(
      body->model, body->verbose ? Catalog::Detail::kVerbose : Catalog::Detail::kUsual);
  if (!shown.ok()) return SendStatus(exchange, shown.status());
  SendJson(exchange, std::move(shown).value());
}

double UnixNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

void RefuseChanges(Router& router) {
  const Handler refuse = [](const ExchangePtr& exchange) {
    SendStatus(exchange, Unsupported("this server does not change its models: put GGUF files into "
                                     "its models folder instead"));
  };
  for (const std::string_view path :
       {"/api/pull", "/api/push", "/api/create", "/api/copy", "/api/blobs/*"}) {
    router.Add(Method::kPost, std::string(path), refuse);
  }
  router.Add(Method::kDelete, "/api/delete", refuse);
}

}  // namespace

void AddRoutes(Router& router, Serving& serving) {
  const auto catalog = std::make_shared<Catalog>(serving.models(), serving.reports());
  router.SetErrorFormat("/api/", FormatError);
  router.Add(Method::kGet, "/", [](const ExchangePtr& exchange) {
    Response response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = "Ollama is running";  // what clients look for
    exchange->Send(std::move(response));
  });
  router.Add(Method::kGet, "/api/version", [](const ExchangePtr& exchange) {
    SendJson(exchange, fmt::format("{{\"version\":\"{}\"}}", kApiVersion));
  });
  router.Add(Method::kPost, "/api/generate", [&serving](const ExchangePtr& exchange) {
    Generate(serving, exchange, Api::kGenerate);
  });
  router.Add(Method::kPost, "/api/chat",
             [&serving](const ExchangePtr& exchange) { Generate(serving, exchange, Api::kChat); });
  router.Add(Method::kPost, "/api/embed",
             [&serving](const ExchangePtr& exchange) { HandleEmbed(serving, exchange); });
  router.Add(Method::kPost, "/api/embeddings",
             [&serving](const ExchangePtr& exchange) { HandleEmbeddings(serving, exchange); });
  router.Add(Method::kGet, "/api/tags",
             [catalog](const ExchangePtr& exchange) { SendJson(exchange, catalog->Tags()); });
  router.Add(Method::kGet, "/api/ps", [catalog](const ExchangePtr& exchange) {
    SendJson(exchange, catalog->Running(UnixNow()));
  });
  router.Add(Method::kPost, "/api/show",
             [catalog](const ExchangePtr& exchange) { HandleShow(*catalog, exchange); });
  RefuseChanges(router);
}

}  // namespace lemma::server::ollama
