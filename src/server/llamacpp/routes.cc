// SPDX-License-Identifier: Apache-2.0
#include "server/llamacpp/routes.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "server/llamacpp/reply.h"
#include "server/llamacpp/request.h"
#include "server/llamacpp/sink.h"
#include "service/text_tools.h"

namespace lemma::server::llamacpp {

namespace json = boost::json;

namespace {

Response JsonResponse(const json::value& body) {
  Response response;
  response.body = json::serialize(body);
  return response;
}

void SendStatus(const ExchangePtr& exchange, const Status& status) {
  exchange->Send(FormatError(FromStatus(status)));
}

void AddWarnings(const BodyNotes& notes, json::object& out) {
  const auto& warnings = notes.warnings();
  if (!warnings.empty()) out["warnings"] = json::array(warnings.begin(), warnings.end());
}

void HandleCompletion(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  Result<CompletionBody> body = ParseCompletion(exchange->request().body, notes);
  if (!body.ok()) return SendStatus(exchange, body.status());
  ReplyShape shape;
  shape.tokens = body->return_tokens;
  shape.logprobs = body->show_logprobs;
  shape.prompt = body->completion.prompt;
  shape.warnings = notes.warnings();
  auto sink = MakeSink(exchange, std::move(shape), AnswerFor(body->stream));
  serving.Complete(exchange, std::move(body->model), {std::move(body->completion)},
                   std::move(sink));
}

// A piece is a string, or its bytes where it is a part of a character.
json::value Piece(std::string_view bytes) {
  if (IsValidUtf8(bytes)) return json::string(bytes);
  json::array out;
  for (const char c : bytes) out.emplace_back(static_cast<int64_t>(static_cast<unsigned char>(c)));
  return out;
}

json::array Tokens(const service::LoadedModel& model, const TokenizeBody& body) {
  json::array out;
  const service::TokenizeOptions options{body.add_special, body.parse_special};
  for (const int32_t token : service::TokenizeText(model, body.content, options)) {
    if (body.with_pieces) {
      out.push_back({{"id", token}, {"piece", Piece(service::TokenBytes(model, token))}});
    } else {
      out.emplace_back(token);
    }
  }
  return out;
}

void HandleTokenize(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  Result<TokenizeBody> body = ParseTokenize(exchange->request().body, notes);
  if (!body.ok()) return SendStatus(exchange, body.status());
  const ModelRef model = body->model;
  serving.WithModel(exchange, model,
                    [body = std::move(body).value(), notes](service::LoadedModel& loaded,
                                                            const std::string& /*name*/) {
                      json::object out{{"tokens", Tokens(loaded, body)}};
                      AddWarnings(notes, out);
                      return JsonResponse(out);
                    });
}

void HandleDetokenize(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  Result<DetokenizeBody> body = ParseDetokenize(exchange->request().body, notes);
  if (!body.ok()) return SendStatus(exchange, body.status());
  const ModelRef model = body->model;
  serving.WithModel(exchange, model,
                    [body = std::move(body).value(), notes](service::LoadedModel& loaded,
                                                            const std::string& /*name*/) {
                      const auto text = service::DetokenizeTokens(loaded, body.tokens);
                      if (!text.ok()) return FormatError(FromStatus(text.status()));
                      json::object out{{"content", *text}};
                      AddWarnings(notes, out);
                      return JsonResponse(out);
                    });
}

void HandleApplyTemplate(Serving& serving, const ExchangePtr& exchange) {
  BodyNotes notes;
  Result<ApplyTemplateBody> body = ParseApplyTemplate(exchange->request().body, notes);
  if (!body.ok()) return SendStatus(exchange, body.status());
  const ModelRef model = body->model;
  serving.WithModel(exchange, model,
                    [body = std::move(body).value(), notes](service::LoadedModel& loaded,
                                                            const std::string& /*name*/) {
                      const auto text = service::RenderPrompt(loaded, body.conversation);
                      if (!text.ok()) return FormatError(FromStatus(text.status()));
                      json::object out{{"prompt", *text}};
                      AddWarnings(notes, out);
                      return JsonResponse(out);
                    });
}

// What a request has that sets none of it.
json::object DefaultParams(const engine::SamplingParams& params) {
  return {{"temperature", params.temperature},
          {"top_k", params.top_k},
          {"top_p", params.top_p},
          {"min_p", params.min_p},
          {"typical_p", params.typical_p},
          {"repeat_penalty", params.repeat_penalty},
          {"repeat_last_n", params.repeat_last_n},
          {"presence_penalty", params.presence_penalty},
          {"frequency_penalty", params.frequency_penalty},
          {"dry_multiplier", params.dry.multiplier},
          {"dry_base", params.dry.base},
          {"dry_allowed_length", params.dry.allowed_length},
          {"n_predict", -1},
          {"max_tokens", -1},
          {"min_tokens", 0},
          {"seed", -1},
          {"stop", json::array()},
          {"logit_bias", json::array()},
          {"n_probs", 0},
          {"ignore_eos", false},
          {"stream", false}};
}

std::string Spelling(const service::LoadedModel& model, const std::optional<int32_t>& token) {
  return token ? SanitizeUtf8(service::TokenBytes(model, *token)) : std::string();
}

// The template of the file, which is the prompt's where "chat_template_used" says so.
std::string ChatTemplate(Serving& serving, const std::string& name) {
  const auto info = serving.models().Info(name);
  const auto report = info.ok() ? serving.reports().Of(*info) : nullptr;
  return report ? MetadataText(*report, "tokenizer.chat_template") : std::string();
}

// Of the model's file clients are told the name, not where it lies.
Response Props(Serving& serving, service::LoadedModel& model, const std::string& name) {
  const tokenizer::Tokenizer& tokens = model.tokens();
  return JsonResponse(
      json::object{{"default_generation_settings",
                    {{"n_ctx", model.engine().context_tokens()},
                     {"params", DefaultParams(model.DefaultSampling(chat::Thinking::kDefault))}}},
                   {"model_alias", name},
                   {"model_path", model.path().filename().string()},
                   {"total_slots", model.sequences_at_once()},
                   {"chat_template", ChatTemplate(serving, name)},
                   {"chat_template_used", model.prompts().uses_template()},
                   {"chat_format", model.prompts().family().name},
                   {"bos_token", Spelling(model, tokens.bos())},
                   {"eos_token", Spelling(model, tokens.eos())},
                   {"n_vocab", tokens.size()},
                   {"modalities", {{"vision", false}, {"audio", false}}},
                   {"build_info", "lemma " LEMMA_VERSION},
                   {"kernels", model.kernels_name()}});
}

// There are no fixed slots: as many rows as sequences are computed at once, or more when more run
// in turns, so that who counts the rows that are free or processing counts right.
Response Slots(Serving& /*serving*/, service::LoadedModel& model, const std::string& /*name*/) {
  const engine::EngineStats stats = model.engine().Stats();
  json::array rows;
  for (size_t id = 0; id < std::max(stats.running, model.sequences_at_once()); ++id) {
    rows.push_back({{"id", id},
                    {"n_ctx", model.engine().context_tokens()},
                    {"is_processing", id < stats.running}});
  }
  return JsonResponse(rows);
}

ModelRef FromQuery(const ExchangePtr& exchange) {
  ModelRef model;
  model.name = exchange->request().QueryValue("model").value_or("");
  return model;
}

}  // namespace

void AddRoutes(Router& router, Serving& serving) {
  const auto post = [&](std::string_view path, void (*handle)(Serving&, const ExchangePtr&)) {
    router.Add(Method::kPost, std::string(path),
               [&serving, handle](const ExchangePtr& exchange) { handle(serving, exchange); });
    router.SetErrorFormat(std::string(path), FormatError);
  };
  post("/completion", HandleCompletion);
  post("/completions", HandleCompletion);
  post("/tokenize", HandleTokenize);
  post("/detokenize", HandleDetokenize);
  post("/apply-template", HandleApplyTemplate);
  using Show = Response (*)(Serving&, service::LoadedModel&, const std::string&);
  const auto get = [&](std::string_view path, Show show) {
    router.Add(Method::kGet, std::string(path), [&serving, show](const ExchangePtr& exchange) {
      serving.WithModel(exchange, FromQuery(exchange),
                        [&serving, show](service::LoadedModel& model, const std::string& name) {
                          return show(serving, model, name);
                        });
    });
    router.SetErrorFormat(std::string(path), FormatError);
  };
  get("/props", Props);
  get("/slots", Slots);
}

}  // namespace lemma::server::llamacpp
