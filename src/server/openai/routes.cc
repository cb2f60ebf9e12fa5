// SPDX-License-Identifier: Apache-2.0
#include "server/openai/routes.h"

#include <boost/json.hpp>
#include <utility>

#include "server/openai/chat_reply.h"
#include "server/openai/chat_request.h"
#include "server/openai/completion_reply.h"
#include "server/openai/completion_request.h"
#include "server/openai/models_reply.h"
#include "server/openai/reply.h"
#include "server/openai/responses_reply.h"
#include "server/openai/responses_request.h"
#include "server/router.h"
#include "server/serving.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

void Chat(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  auto body = ParseChat(exchange->request().body, notes);
  if (!body.ok()) return exchange->Send(FormatError(FromStatus(body.status())));
  auto sink = MakeChatSink(exchange, *body, notes.warnings());
  serving.Chat(exchange, std::move(body->model), std::move(body->chat), std::move(sink));
}

void Complete(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  auto body = ParseCompletion(exchange->request().body, notes);
  if (!body.ok()) return exchange->Send(FormatError(FromStatus(body.status())));
  auto sink = MakeCompletionSink(exchange, *body, notes.warnings());
  serving.Complete(exchange, std::move(body->model), std::move(body->prompts), std::move(sink));
}

void Respond(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  auto body = ParseResponses(exchange->request().body, notes);
  if (!body.ok()) return exchange->Send(FormatError(FromStatus(body.status())));
  ModelRef model = body->model;
  service::ChatRequest request = body->chat;
  auto sink = MakeResponseSink(exchange, std::move(*body), notes.warnings());
  serving.Chat(exchange, std::move(model), std::move(request), std::move(sink));
}

void Embed(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  auto body = ParseEmbeddings(exchange->request().body, notes);
  if (!body.ok()) return exchange->Send(FormatError(FromStatus(body.status())));
  service::EmbedRequest request;
  request.texts = std::move(body->inputs);
  serving.Embed(exchange, body->model, std::move(request),
                [body = *body, warnings = notes.warnings()](const service::Embeddings& vectors,
                                                            const std::string& model) {
                  return EmbeddingsReply(body, vectors, model, warnings);
                });
}

// POST /v1/chat/completions/control {"id": ..., "action": "reasoning_end"}, as llama.cpp has it.
void Control(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  std::string id;
  std::string action;
  auto body = ParseBody(exchange->request().body);
  if (!body.ok()) return exchange->Send(FormatError(FromStatus(body.status())));
  ObjectReader in(body->get_object(), "", notes);
  in.Read("id", id);
  in.Read("action", action);
  if (action != "reasoning_end") in.Fail("action", "expected \"reasoning_end\"");
  in.Finish();
  if (!notes.status().ok()) return exchange->Send(FormatError(FromStatus(notes.status())));
  if (!serving.EndThinking(id)) {
    ApiError error;
    error.kind = ErrorKind::kNotFound;
    error.param = "id";
    error.message = "id: no such request is running";
    return exchange->Send(FormatError(error));
  }
  Response response;
  response.body = R"({"success":true})";
  exchange->Send(std::move(response));
}

void ListModels(Serving& serving, const ExchangePtr& exchange) {
  Response response;
  response.body = ModelList(serving.models().List(), serving.reports());
  exchange->Send(std::move(response));
}

void OneModel(Serving& serving, const ExchangePtr& exchange) {
  const auto info = serving.models().Info(PlainModelName(exchange->request().parameter));
  if (!info.ok()) return exchange->Send(FormatError(FromStatus(info.status())));
  Response response;
  response.body = json::serialize(ModelObject(*info, serving.reports().Of(*info).get()));
  exchange->Send(std::move(response));
}

}  // namespace

void AddRoutes(Router& router, Serving& serving) {
  router.SetErrorFormat("", FormatError);
  const auto bind = [&serving](void (*handler)(Serving&, const ExchangePtr&)) {
    return [&serving, handler](const ExchangePtr& exchange) { handler(serving, exchange); };
  };
  // Without "/v1", as llama.cpp's server has them too.
  router.Add(Method::kPost, "/chat/completions", bind(Chat));
  router.Add(Method::kGet, "/models", bind(ListModels));
  router.Add(Method::kPost, "/v1/chat/completions", bind(Chat));
  router.Add(Method::kPost, "/v1/chat/completions/control", bind(Control));
  router.Add(Method::kPost, "/v1/completions", bind(Complete));
  router.Add(Method::kPost, "/v1/embeddings", bind(Embed));
  router.Add(Method::kPost, "/v1/responses", bind(Respond));
  router.Add(Method::kGet, "/v1/models", bind(ListModels));
  router.Add(Method::kGet, "/v1/models/*", bind(OneModel));
}

}  // namespace lemma::server::openai
