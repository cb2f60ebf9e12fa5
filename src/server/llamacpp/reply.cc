// SPDX-License-Identifier: Apache-2.0
#include "server/llamacpp/reply.h"

#include <boost/json.hpp>
#include <utility>

#include "base/utf8.h"
#include "server/finish_notes.h"

namespace lemma::server::llamacpp {

namespace json = boost::json;

namespace {

json::array Ids(const ReplyText& text) {
  json::array out;
  for (const engine::SampledToken& token : text.tokens) out.emplace_back(token.token);
  return out;
}

json::object TokenRow(const ReplyShape& shape, int32_t token, double logprob) {
  const std::string_view text = shape.token_text ? shape.token_text(token) : std::string_view();
  json::array bytes;
  for (const char c : text) bytes.emplace_back(static_cast<int64_t>(static_cast<unsigned char>(c)));
  return {{"id", token},
          {"token", SanitizeUtf8(text)},
          {"bytes", std::move(bytes)},
          {"logprob", logprob}};
}

json::array Probabilities(const ReplyShape& shape, const ReplyText& text) {
  json::array out;
  for (const engine::SampledToken& token : text.tokens) {
    if (!token.logprob) continue;
    json::object row = TokenRow(shape, token.token, *token.logprob);
    json::array top;
    for (const engine::TokenLogprob& other : token.top_logprobs) {
      top.push_back(TokenRow(shape, other.token, other.logprob));
    }
    row["top_logprobs"] = std::move(top);
    out.push_back(std::move(row));
  }
  return out;
}

void AddText(const ReplyShape& shape, const ReplyText& text, json::object& out) {
  out["content"] = text.content;
  out["tokens"] = shape.tokens ? Ids(text) : json::array();
  if (shape.logprobs) out["completion_probabilities"] = Probabilities(shape, text);
}

double PerSecond(size_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

double MillisecondsEach(size_t count, double seconds) {
  return count > 0 ? seconds * 1000 / static_cast<double>(count) : 0;
}

json::object Timings(const service::StreamUsage& usage) {
  const size_t computed = usage.prompt_tokens - usage.cached_tokens;
  return {
      {"cache_n", usage.cached_tokens},
      {"prompt_n", computed},
      {"prompt_ms", usage.prefill_seconds * 1000},
      {"prompt_per_token_ms", MillisecondsEach(computed, usage.prefill_seconds)},
      {"prompt_per_second", PerSecond(computed, usage.prefill_seconds)},
      {"predicted_n", usage.generated_tokens},
      {"predicted_ms", usage.decode_seconds * 1000},
      {"predicted_per_token_ms", MillisecondsEach(usage.generated_tokens, usage.decode_seconds)},
      {"predicted_per_second", PerSecond(usage.generated_tokens, usage.decode_seconds)},
      {"draft_n", usage.drafted_tokens},
      {"draft_n_accepted", usage.accepted_tokens}};
}

}  // namespace

std::string_view StopType(service::FinishReason reason) {
  switch (reason) {
    case service::FinishReason::kStop:
    case service::FinishReason::kToolCalls:
      return "eos";
    case service::FinishReason::kStopString:
      return "word";
    case service::FinishReason::kLength:
    case service::FinishReason::kContextFull:
    case service::FinishReason::kDeadline:
    case service::FinishReason::kLoop:
      return "limit";
    default:
      return "none";
  }
}

std::string PieceJson(const ReplyShape& shape, const ReplyText& text, size_t prompt_tokens) {
  json::object out{{"index", 0}};
  AddText(shape, text, out);
  out["stop"] = false;
  out["id_slot"] = -1;
  out["tokens_predicted"] = text.tokens.size();
  out["tokens_evaluated"] = prompt_tokens;
  return json::serialize(out);
}

std::string FinalJson(const ReplyShape& shape, const ReplyText& text,
                      const service::StreamEvent& finish) {
  json::object out{{"index", 0}};
  AddText(shape, text, out);
  out["stop"] = true;
  out["id_slot"] = -1;
  out["model"] = shape.model;
  out["tokens_predicted"] = finish.usage.generated_tokens;
  out["tokens_evaluated"] = finish.usage.prompt_tokens;
  out["tokens_cached"] = finish.usage.cached_tokens;
  out["generation_settings"] = {{"seed", shape.seed}};
  out["prompt"] = shape.prompt;
  out["has_new_line"] = text.content.find('\n') != std::string::npos;
  // Of the prompt, or of the reply for want of context.
  out["truncated"] =
      shape.dropped_tokens > 0 || finish.finish == service::FinishReason::kContextFull;
  out["stop_type"] = StopType(finish.finish);
  out["stopping_word"] = finish.matched_stop;
  out["timings"] = Timings(finish.usage);
  std::vector<std::string> warnings = shape.warnings;
  for (std::string& note : FinishNotes(finish)) warnings.push_back(std::move(note));
  if (!warnings.empty()) out["warnings"] = json::array(warnings.begin(), warnings.end());
  return json::serialize(out);
}

std::string ErrorBody(const ApiError& error) {
  return json::serialize(json::object{
      {"error",
       {{"code", error.status()}, {"message", error.message}, {"type", ErrorCode(error.kind)}}}});
}

Response FormatError(const ApiError& error) {
  Response response = ErrorHead(error);
  response.body = ErrorBody(error);
  return response;
}

}  // namespace lemma::server::llamacpp
