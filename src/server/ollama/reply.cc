// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/reply.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <ctime>

#include "base/utf8.h"

namespace lemma::server::ollama {

namespace json = boost::json;

namespace {

int64_t Nanoseconds(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

json::object LogprobOf(std::string_view text, double logprob) {
  json::array bytes;
  for (const char c : text) bytes.emplace_back(static_cast<int64_t>(static_cast<unsigned char>(c)));
  return {{"token", SanitizeUtf8(text)}, {"logprob", logprob}, {"bytes", std::move(bytes)}};
}

json::array Logprobs(const std::vector<engine::SampledToken>& tokens, const TokenText& token_text) {
  json::array out;
  for (const engine::SampledToken& token : tokens) {
    if (!token.logprob) continue;
    json::object row = LogprobOf(token_text(token.token), *token.logprob);
    if (!token.top_logprobs.empty()) {
      json::array top;
      for (const engine::TokenLogprob& other : token.top_logprobs) {
        top.push_back(LogprobOf(token_text(other.token), other.logprob));
      }
      row["top_logprobs"] = std::move(top);
    }
    out.push_back(std::move(row));
  }
  return out;
}

// The arguments are an object in this API. Text that is none stays readable as a string.
json::value Arguments(const std::string& text) {
  json::error_code error;
  json::value value = json::parse(text.empty() ? "{}" : text, error);
  if (error || !value.is_object()) return json::string(text);
  return value;
}

json::array ToolCalls(const std::vector<chat::ToolCall>& calls) {
  json::array out;
  for (const chat::ToolCall& call : calls) {
    json::object row;
    if (!call.id.empty()) row["id"] = call.id;
    row["function"] = {{"name", call.name}, {"arguments", Arguments(call.arguments)}};
    out.push_back(std::move(row));
  }
  return out;
}

void AddText(const ReplyHead& head, const ReplyText& text, json::object& out) {
  if (head.api == Api::kGenerate) {
    out["response"] = text.content;
    if (!text.thinking.empty()) out["thinking"] = text.thinking;
    return;
  }
  json::object message{{"role", "assistant"}, {"content", text.content}};
  if (!text.thinking.empty()) message["thinking"] = text.thinking;
  if (!text.tool_calls.empty()) message["tool_calls"] = ToolCalls(text.tool_calls);
  out["message"] = std::move(message);
}

void AddFigures(const ReplyEnd& end, json::object& out) {
  out["total_duration"] = end.total.count();
  out["load_duration"] = end.load.count();
  out["prompt_eval_count"] = end.usage.prompt_tokens;
  out["prompt_eval_duration"] = Nanoseconds(end.usage.prefill_seconds);
  out["eval_count"] = end.usage.generated_tokens;
  out["eval_duration"] = Nanoseconds(end.usage.decode_seconds);
  // Not in Ollama: how much of the prompt came from the cache, and of the reply was thinking.
  out["cached_prompt_count"] = end.usage.cached_tokens;
  out["thinking_eval_count"] = end.usage.thinking_tokens;
}

}  // namespace

void Append(const service::StreamEvent& event, ReplyText& text) {
  using Kind = service::StreamEvent::Kind;
  if (event.kind == Kind::kThinking) text.thinking += event.text;
  if (event.kind == Kind::kContent) text.content += event.text;
  if (event.kind == Kind::kToolCall) text.tool_calls.push_back(event.tool_call);
  text.logprobs.insert(text.logprobs.end(), event.logprobs.begin(), event.logprobs.end());
}

std::string ReplyLine(const ReplyHead& head, const ReplyText& text, const ReplyEnd* end,
                      const TokenText& token_text) {
  json::object out{{"model", head.model}, {"created_at", head.created_at}};
  AddText(head, text, out);
  if (token_text) {
    json::array logprobs = Logprobs(text.logprobs, token_text);
    if (!logprobs.empty()) out["logprobs"] = std::move(logprobs);
  }
  out["done"] = end != nullptr;
  if (end != nullptr) {
    out["done_reason"] = end->done_reason;
    if (end->has_figures) AddFigures(*end, out);
    if (end->truncation.dropped_messages > 0) {
      out["truncated"] = {{"dropped_messages", end->truncation.dropped_messages},
                          {"dropped_tokens", end->truncation.dropped_tokens}};
    }
    if (!end->lemma.empty()) out["lemma"] = json::parse(end->lemma);
    if (!end->warnings.empty()) {
      out["warnings"] = json::array(end->warnings.begin(), end->warnings.end());
    }
  }
  return json::serialize(out);
}

std::string_view DoneReason(service::FinishReason reason) {
  switch (reason) {
    case service::FinishReason::kStop:
    case service::FinishReason::kStopString:
    case service::FinishReason::kToolCalls:
      return "stop";
    case service::FinishReason::kLength:
    case service::FinishReason::kContextFull:
      return "length";
    default:
      return service::FinishReasonName(reason);
  }
}

std::string ErrorBody(std::string_view message) {
  return json::serialize(json::object{{"error", message}});
}

Response FormatError(const ApiError& error) {
  Response response = ErrorHead(error);
  response.body = ErrorBody(error.message);
  return response;
}

std::string Timestamp(std::chrono::system_clock::time_point time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z",
                     fmt::gmtime(static_cast<std::time_t>(seconds.count())), rest.count());
}

}  // namespace lemma::server::ollama
