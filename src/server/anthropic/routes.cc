// SPDX-License-Identifier: Apache-2.0
#include "server/anthropic/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>

#include "server/anthropic/reply.h"
#include "server/anthropic/request.h"
#include "server/anthropic/sink.h"

namespace lemma::server::anthropic {
namespace {

constexpr std::array<std::string_view, 2> kKnownVersions = {"2023-06-01", "2026-10-21"};

std::string NewId() {
  std::random_device device;
  return fmt::format("msg_{:08x}{:08x}{:08x}", device(), device(), device());
}

// What is used here has the same fields in both; another version is told, not refused.
void CheckVersion(const Request& request, BodyNotes& notes) {
  const auto version = request.Find("anthropic-version");
  if (!version) return;
  if (std::find(kKnownVersions.begin(), kKnownVersions.end(), *version) == kKnownVersions.end()) {
    notes.Warn(
        fmt::format("anthropic-version: this server knows {}", fmt::join(kKnownVersions, " and ")));
  }
}

void HandleMessages(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  CheckVersion(exchange->request(), notes);
  Result<MessagesBody> body = ParseMessages(exchange->request().body, notes);
  if (!body.ok()) return exchange->Send(FormatError(FromStatus(body.status())));
  if (!body->user.empty()) body->chat.settings.client = HashOf(body->user);
  SinkOptions options;
  options.id = NewId();
  options.stream = body->stream;
  options.warnings = notes.warnings();
  serving.Chat(exchange, std::move(body->model), std::move(body->chat),
               MakeSink(exchange, std::move(options)));
}

void HandleCountTokens(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  Result<MessagesBody> body = ParseCountTokens(exchange->request().body, notes);
  if (!body.ok()) return exchange->Send(FormatError(FromStatus(body.status())));
  serving.WithModel(exchange, std::move(body->model),
                    [conversation = std::move(body->chat.conversation)](
                        service::LoadedModel& model, const std::string& /*name*/) {
                      const auto tokens = service::PromptTokens(model, conversation);
                      if (!tokens.ok()) return FormatError(FromStatus(tokens.status()));
                      Response response;
                      response.body = fmt::format("{{\"input_tokens\":{}}}", tokens->size());
                      return response;
                    });
}

}  // namespace

void AddRoutes(Router& router, Serving& serving) {
  router.Add(Method::kPost, "/v1/messages",
             [&serving](const ExchangePtr& exchange) { HandleMessages(serving, exchange); });
  router.Add(Method::kPost, "/v1/messages/count_tokens",
             [&serving](const ExchangePtr& exchange) { HandleCountTokens(serving, exchange); });
  router.SetErrorFormat("/v1/messages", FormatError);
}

}  // namespace lemma::server::anthropic
