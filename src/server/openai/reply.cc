// SPDX-License-Identifier: Apache-2.0
#include "server/openai/reply.h"

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <random>

#include "base/rng.h"
#include "base/utf8.h"

namespace lemma::server::openai {

namespace json = boost::json;

using service::FinishReason;

std::string_view FinishReasonText(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
    case FinishReason::kStopString:
      return "stop";
    case FinishReason::kToolCalls:
      return "tool_calls";
    default:
      return "length";
  }
}

json::value StopReason(const service::StreamEvent& finish) {
  switch (finish.finish) {
    case FinishReason::kStopString:
      return json::value(finish.matched_stop);
    case FinishReason::kStop:
    case FinishReason::kToolCalls:
    case FinishReason::kLength:
      return nullptr;
    default:
      return json::value(service::FinishReasonName(finish.finish));
  }
}

void UsageSum::Add(const service::StreamUsage& usage, size_t prompt) {
  if (prompt >= prompts_.size()) prompts_.resize(prompt + 1);
  PromptTokens& tokens = prompts_[prompt];
  tokens.all = usage.prompt_tokens;
  tokens.cached = std::max(tokens.cached, usage.cached_tokens);
  total_.prompt_tokens = 0;
  total_.cached_tokens = 0;
  for (const PromptTokens& each : prompts_) {
    total_.prompt_tokens += each.all;
    total_.cached_tokens += each.cached;
  }
  total_.generated_tokens += usage.generated_tokens;
  total_.thinking_tokens += usage.thinking_tokens;
  total_.drafted_tokens += usage.drafted_tokens;
  total_.accepted_tokens += usage.accepted_tokens;
  total_.queue_seconds = std::max(total_.queue_seconds, usage.queue_seconds);
  total_.prefill_seconds = std::max(total_.prefill_seconds, usage.prefill_seconds);
  total_.decode_seconds = std::max(total_.decode_seconds, usage.decode_seconds);
}

json::object UsageSum::ToJson() const {
  return {{"prompt_tokens", total_.prompt_tokens},
          {"completion_tokens", total_.generated_tokens},
          {"total_tokens", total_.prompt_tokens + total_.generated_tokens},
          {"prompt_tokens_details", {{"cached_tokens", total_.cached_tokens}}},
          {"completion_tokens_details",
           {{"reasoning_tokens", total_.thinking_tokens},
            {"accepted_prediction_tokens", 0},
            {"rejected_prediction_tokens", 0}}}};
}

json::object UsageSum::Timings() const {
  const auto rate = [](size_t tokens, double seconds) {
    return seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0;
  };
  const size_t computed = total_.prompt_tokens - total_.cached_tokens;
  return {{"cache_n", total_.cached_tokens},
          {"prompt_n", computed},
          {"prompt_ms", total_.prefill_seconds * 1000},
          {"prompt_per_second", rate(computed, total_.prefill_seconds)},
          {"predicted_n", total_.generated_tokens},
          {"predicted_ms", total_.decode_seconds * 1000},
          {"predicted_per_second", rate(total_.generated_tokens, total_.decode_seconds)},
          {"draft_n", total_.drafted_tokens},
          {"draft_n_accepted", total_.accepted_tokens},
          {"queue_ms", total_.queue_seconds * 1000}};
}

namespace {

json::object LogprobItem(int32_t token, float logprob, const TokenText& text) {
  const std::string_view bytes = text ? text(token) : std::string_view();
  json::array numbers;
  for (const char c : bytes) numbers.emplace_back(static_cast<unsigned char>(c));
  return {{"id", token},
          {"token", SanitizeUtf8(bytes)},
          {"logprob", logprob},
          {"bytes", std::move(numbers)}};
}

}  // namespace

json::array LogprobItems(const std::vector<engine::SampledToken>& tokens, const TokenText& text) {
  json::array items;
  for (const engine::SampledToken& token : tokens) {
    json::object item = LogprobItem(token.token, token.logprob.value_or(0.0F), text);
    json::array top;
    for (const engine::TokenLogprob& other : token.top_logprobs) {
      top.push_back(LogprobItem(other.token, other.logprob, text));
    }
    item["top_logprobs"] = std::move(top);
    items.push_back(std::move(item));
  }
  return items;
}

json::array ToArray(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

json::object ErrorObject(const ApiError& error) {
  const int status = error.status();
  std::string_view type = "invalid_request_error";
  if (status == 401) type = "authentication_error";
  if (status == 403) type = "permission_error";
  if (status == 429) type = "rate_limit_error";
  if (status >= 500) type = status == 503 ? "service_unavailable_error" : "server_error";
  json::value param = nullptr;
  if (!error.param.empty()) param = json::value(error.param);
  return {{"error",
           {{"message", error.message},
            {"type", type},
            {"param", std::move(param)},
            {"code", ErrorCode(error.kind)}}}};
}

Response FormatError(const ApiError& error) {
  Response response = ErrorHead(error);
  response.body = json::serialize(ErrorObject(error));
  return response;
}

ErrorFormatter FormatErrorOf(std::string_view field) {
  return [field = std::string(field)](const ApiError& error) {
    constexpr std::string_view kPrompt = "prompt";
    if (error.param != kPrompt || !error.message.starts_with(kPrompt)) return FormatError(error);
    ApiError named = error;
    named.param = field;
    named.message.replace(0, kPrompt.size(), field);
    return FormatError(named);
  };
}

std::string NewId(std::string_view prefix) {
  static const uint64_t seed = [] {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }();
  static std::atomic<uint64_t> counter{0};
  constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz";
  const uint64_t number = counter.fetch_add(1, std::memory_order_relaxed);
  std::string id(prefix);
  for (uint64_t part = 0; part < 2; ++part) {
    uint64_t bits = RandomBits(seed, 2 * number + part);
    for (int i = 0; i < 12; ++i, bits /= kLetters.size()) id += kLetters[bits % kLetters.size()];
  }
  return id;
}

int64_t UnixTime() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace lemma::server::openai
