// SPDX-License-Identifier: Apache-2.0
#include "server/llamacpp/request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "server/dialect/refusals.h"
#include "server/openai/completion_request.h"
#include "server/openai/messages.h"
#include "server/openai/settings.h"

namespace lemma::server::llamacpp {

namespace json = boost::json;

namespace {

template <typename Body>
Result<Body> Finished(ObjectReader& in, Body body) {
  in.Finish();
  if (!in.notes().status().ok()) return in.notes().status();
  return body;
}

void ReadPrompt(ObjectReader& in, service::CompletionRequest& completion) {
  const json::value* prompt = in.Any("prompt");
  if (prompt == nullptr) return in.Fail("prompt", "is missing");
  const json::array* list = prompt->if_array();
  if (list != nullptr && (list->empty() || !list->front().is_number())) {
    return in.Fail("prompt", "expected a text or token ids; /v1/completions takes several prompts");
  }
  completion = openai::ReadPrompt(*prompt, "prompt", in.notes());
  completion.parse_special = true;  // as in llama.cpp: a finished prompt spells its control tokens
}

void ReadTime(ObjectReader& in, service::GenerateSettings& settings) {
  std::optional<double> milliseconds;
  in.Read("t_max_predict_ms", milliseconds);
  if (milliseconds && *milliseconds > 0) settings.timeout_seconds = *milliseconds / 1000;
}

void ReadProbabilities(ObjectReader& in, CompletionBody& body) {
  std::optional<size_t> probabilities;
  in.Read("n_probs", probabilities);
  if (!probabilities || *probabilities == 0) return;
  if (*probabilities > engine::kMaxTopLogprobs) {
    in.Fail("n_probs", fmt::format("{} is out of range, expected 0 to {}", *probabilities,
                                   engine::kMaxTopLogprobs));
  }
  body.show_logprobs = true;
  body.completion.settings.sampling.top_logprobs = probabilities;
}

void RefuseOrWarn(ObjectReader& in) {
  const json::value* grammar = in.Any("grammar");
  if (grammar != nullptr && !(grammar->is_string() && grammar->get_string().empty())) {
    in.Fail("grammar", kNoForms);
  }
  in.Refuse("json_schema", kNoForms);
  in.Refuse("lora", "adapters are not supported");
  in.Refuse("post_sampling_probs", "is not supported: n_probs gives the model's own");
  for (const std::string_view name :
       {"mirostat", "mirostat_tau", "mirostat_eta", "xtc_probability", "xtc_threshold",
        "dynatemp_range", "dynatemp_exponent", "top_n_sigma", "samplers", "min_keep",
        "dry_penalty_last_n", "dry_sequence_breakers"}) {
    in.NoEffect(name, "this sampler does not exist here");
  }
  in.NoEffect("n_keep", "a prompt is never shortened silently");
  in.NoEffect("n_indent");
  in.NoEffect("return_progress");
  in.NoEffect("response_fields");
  std::optional<int64_t> slot;
  in.Read("id_slot", slot);
  if (slot && *slot >= 0) in.Warn("id_slot", "has no effect: there are no fixed slots");
}

}  // namespace

Result<CompletionBody> ParseCompletion(std::string_view text, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(text));
  ObjectReader in(value.get_object(), "", notes);
  CompletionBody body;
  service::GenerateSettings& settings = body.completion.settings;
  in.Read("model", body.model.name);
  in.Read("stream", body.stream);
  in.Read("return_tokens", body.return_tokens);
  in.Read("timings_per_token", body.timings_per_token);
  ReadPrompt(in, body.completion);
  openai::ReadSampling(in, settings.sampling);
  openai::ReadLimits(in, settings);
  openai::ReadMaxTokens(in, {"n_predict", "max_tokens"}, settings);
  if (settings.samples != 1) in.Fail("n", "expected 1; use /v1/completions for more");
  in.Refuse("n_cmpl", "is not supported; use \"n\" of /v1/completions");
  ReadTime(in, settings);
  ReadProbabilities(in, body);
  // The ids come with the logprobs.
  if (body.return_tokens && !settings.sampling.top_logprobs) settings.sampling.top_logprobs = 0;
  RefuseOrWarn(in);
  return Finished(in, std::move(body));
}

Result<TokenizeBody> ParseTokenize(std::string_view text, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(text));
  ObjectReader in(value.get_object(), "", notes);
  TokenizeBody body;
  std::optional<std::string> content;
  in.Read("model", body.model.name);
  in.Read("content", content);
  if (!content) in.Fail("content", "is missing");
  body.content = std::move(content).value_or("");
  in.Read("add_special", body.add_special);
  in.Read("parse_special", body.parse_special);
  in.Read("with_pieces", body.with_pieces);
  return Finished(in, std::move(body));
}

Result<DetokenizeBody> ParseDetokenize(std::string_view text, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(text));
  ObjectReader in(value.get_object(), "", notes);
  DetokenizeBody body;
  in.Read("model", body.model.name);
  const json::array* tokens = in.Array("tokens");
  if (tokens == nullptr) in.Fail("tokens", "is missing");
  for (const json::value& token : tokens == nullptr ? json::array() : *tokens) {
    if (!token.is_int64() || token.get_int64() < 0 ||
        token.get_int64() > std::numeric_limits<int32_t>::max()) {
      in.Fail(IndexPath("tokens", body.tokens.size()), "expected a token id");
      break;
    }
    body.tokens.push_back(static_cast<int32_t>(token.get_int64()));
  }
  return Finished(in, std::move(body));
}

Result<ApplyTemplateBody> ParseApplyTemplate(std::string_view text, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(text));
  ObjectReader in(value.get_object(), "", notes);
  ApplyTemplateBody body;
  in.Read("model", body.model.name);
  const json::array* messages = in.Array("messages");
  if (messages == nullptr) {
    in.Fail("messages", "is missing");
  } else {
    openai::ReadMessages(*messages, notes, body.conversation);
  }
  openai::ReadTools(in, body.conversation);
  bool add_prompt = true;
  in.Read("add_generation_prompt", add_prompt);
  if (!add_prompt) body.conversation.end = chat::PromptEnd::kClosed;
  service::ChatRequest thinking;
  openai::ReadThinking(in, thinking);
  body.conversation.thinking = thinking.conversation.thinking;
  return Finished(in, std::move(body));
}

}  // namespace lemma::server::llamacpp
