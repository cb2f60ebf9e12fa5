// SPDX-License-Identifier: Apache-2.0
#include "service/engine_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string_view>

#include "service/stop_strings.h"

namespace lemma::service {
namespace {

template <typename To, typename From>
void Set(To& to, const std::optional<From>& from) {
  if (from) to = *from;
}

uint64_t RandomSeed() {
  std::random_device device;
  const uint64_t high = device();
  const uint64_t low = device();
  return (high << 32 | low) & ((1ULL << 53) - 1);
}

// A run of repeated tokens does not cross these (llama.cpp's defaults): a list or a table may
// repeat its frame.
std::vector<int32_t> DryBreakers(const tokenizer::Tokenizer& tokens) {
  std::vector<int32_t> breakers;
  for (const std::string_view text : {"\n", ":", "\"", "*"}) {
    const std::vector<int32_t> ids = tokens.Encode(text);
    if (ids.size() == 1) breakers.push_back(ids.front());
  }
  return breakers;
}

// A token that the text has twice is biased once.
void AddTextBias(const tokenizer::Tokenizer& tokens, const SamplingOverrides& overrides,
                 engine::SamplingParams& params) {
  for (const auto& [text, bias] : overrides.text_bias) {
    std::vector<int32_t> ids = tokens.Encode(text);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (const int32_t id : ids) params.logit_bias.emplace_back(id, bias);
  }
}

Status CheckSettings(const GenerateSettings& settings) {
  LEMMA_RETURN_IF_ERROR(StopMatcher::Validate(settings.stop));
  if (settings.max_tokens && settings.min_tokens > *settings.max_tokens) {
    return InvalidArgument(fmt::format("min_tokens: {} is more than max_tokens, {}",
                                       settings.min_tokens, *settings.max_tokens));
  }
  if (settings.answer_limit == size_t{0}) {
    return InvalidArgument("answer_limit: expected 1 or more");
  }
  if (settings.timeout_seconds &&
      !(std::isfinite(*settings.timeout_seconds) && *settings.timeout_seconds > 0)) {
    return InvalidArgument("timeout_seconds: expected a number above 0");
  }
  return OkStatus();
}

}  // namespace

void ApplyOverrides(const SamplingOverrides& overrides, engine::SamplingParams& params) {
  Set(params.temperature, overrides.temperature);
  Set(params.top_k, overrides.top_k);
  Set(params.top_p, overrides.top_p);
  Set(params.min_p, overrides.min_p);
  Set(params.typical_p, overrides.typical_p);
  Set(params.repeat_penalty, overrides.repeat_penalty);
  Set(params.repeat_last_n, overrides.repeat_last_n);
  Set(params.presence_penalty, overrides.presence_penalty);
  Set(params.frequency_penalty, overrides.frequency_penalty);
  Set(params.dry.multiplier, overrides.dry_multiplier);
  Set(params.dry.base, overrides.dry_base);
  Set(params.dry.allowed_length, overrides.dry_allowed_length);
  if (overrides.top_logprobs) params.top_logprobs = overrides.top_logprobs;
  params.logit_bias.insert(params.logit_bias.end(), overrides.logit_bias.begin(),
                           overrides.logit_bias.end());
}

std::vector<int32_t> EndTokens(const tokenizer::Tokenizer& tokens, const chat::Family& family) {
  std::vector<int32_t> ids(tokens.eog_ids().begin(), tokens.eog_ids().end());
  for (const std::string_view spelling : family.end_tokens) {
    const auto id = tokens.Find(spelling);
    if (id && std::find(ids.begin(), ids.end(), *id) == ids.end()) {
      ids.push_back(*id);
    }
  }
  return ids;
}

Result<engine::GenerateRequest> MakeEngineRequest(const LoadedModel& model,
                                                  const GenerateSettings& settings,
                                                  chat::Thinking thinking) {
  LEMMA_RETURN_IF_ERROR(CheckSettings(settings));
  engine::GenerateRequest request;
  request.sampling = model.DefaultSampling(thinking);
  ApplyOverrides(settings.sampling, request.sampling);
  AddTextBias(model.tokens(), settings.sampling, request.sampling);
  request.sampling.seed = settings.sampling.seed ? *settings.sampling.seed : RandomSeed();
  if (request.sampling.dry.multiplier > 0) {
    request.sampling.dry.breakers = DryBreakers(model.tokens());
  }
  request.samples = settings.samples;
  request.max_tokens = settings.max_tokens;
  request.min_tokens = settings.min_tokens;
  request.cache_salt = settings.cache_salt;
  request.priority = settings.priority;
  request.client = settings.client;
  request.stop_tokens = settings.stop_token_ids;
  if (!settings.ignore_eos) {
    const std::vector<int32_t> ends = EndTokens(model.tokens(), model.prompts().family());
    request.stop_tokens.insert(request.stop_tokens.end(), ends.begin(), ends.end());
  }
  return request;
}

}  // namespace lemma::service
