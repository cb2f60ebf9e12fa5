// SPDX-License-Identifier: Apache-2.0
#include "server/openai/settings.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <random>
#include <string>
#include <system_error>
#include <variant>

#include "server/dialect/refusals.h"
#include "server/dialect/sampling_fields.h"
#include "server/serving.h"
#include "service/thinking.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

std::optional<int32_t> TokenId(std::string_view text) {
  int32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 0) return std::nullopt;
  return id;
}

// What a bias is for: a token, or all tokens of a text.
using BiasKey = std::variant<int32_t, std::string>;

std::optional<BiasKey> BiasKeyOf(const json::value& value) {
  if (value.is_string()) {
    const std::string_view text = value.get_string();
    if (text.empty() || text.size() > kMostStopBytes) return std::nullopt;
    return std::string(text);
  }
  if (!value.is_int64()) return std::nullopt;
  const int64_t id = value.get_int64();
  if (id < 0 || id > std::numeric_limits<int32_t>::max()) return std::nullopt;
  return static_cast<int32_t>(id);
}

// A number, or false for "never".
std::optional<float> BiasOf(const json::value& value) {
  if (value.is_bool() && !value.get_bool()) return -std::numeric_limits<float>::infinity();
  if (!value.is_number()) return std::nullopt;
  const auto number = value.to_number<double>();
  if (!(number >= -100 && number <= 100)) return std::nullopt;
  return static_cast<float>(number);
}

void AddBias(ObjectReader& in, const json::value& key, const json::value& bias,
             service::SamplingOverrides& sampling) {
  const auto whose = BiasKeyOf(key);
  if (!whose) {
    return in.Fail("logit_bias",
                   fmt::format("expected token ids (whole numbers of at least 0) or texts of 1 to "
                               "{} bytes",
                               kMostStopBytes));
  }
  const auto number = BiasOf(bias);
  if (!number) {
    return in.Fail("logit_bias", "expected for each token a number from -100 to 100, or false");
  }
  if (const int32_t* id = std::get_if<int32_t>(&*whose)) {
    sampling.logit_bias.emplace_back(*id, *number);
  } else {
    sampling.text_bias.emplace_back(std::get<std::string>(*whose), *number);
  }
}

// {"token id or text": bias}, or [[id or text, bias], ...] as llama.cpp takes it.
void ReadLogitBias(ObjectReader& in, service::SamplingOverrides& sampling) {
  const json::value* value = in.Any("logit_bias");
  if (value == nullptr) return;
  if (const json::object* object = value->if_object()) {
    for (const auto& [key, bias] : *object) {
      const auto id = TokenId(key);
      AddBias(in, id ? json::value(*id) : json::value(key), bias, sampling);
    }
  } else if (const json::array* list = value->if_array()) {
    for (const json::value& item : *list) {
      const json::array* pair = item.if_array();
      if (pair == nullptr || pair->size() != 2) {
        return in.Fail("logit_bias", "expected an object, or pairs of token and bias");
      }
      AddBias(in, (*pair)[0], (*pair)[1], sampling);
    }
  } else {
    in.Fail("logit_bias", "expected an object");
  }
  if (sampling.logit_bias.size() + sampling.text_bias.size() > kMostLogitBias) {
    in.Fail("logit_bias", fmt::format("at most {} entries", kMostLogitBias));
  }
}

void ReadSeed(ObjectReader& in, service::SamplingOverrides& sampling) {
  std::optional<int64_t> seed;
  in.Read("seed", seed);
  if (seed && *seed >= 0) sampling.seed = static_cast<uint64_t>(*seed);
  if (seed && *seed < -1) {
    in.Fail("seed",
            fmt::format("{} is out of range, expected 0 or more, or -1 for a random one", *seed));
  }
}

void ReadStop(ObjectReader& in, service::GenerateSettings& settings) {
  in.ReadTexts("stop", settings.stop);
  if (settings.stop.size() > kMostStops) {
    in.Fail("stop", fmt::format("{} strings, at most {}", settings.stop.size(), kMostStops));
  }
  for (size_t i = 0; i < settings.stop.size(); ++i) {
    const size_t size = settings.stop[i].size();
    if (size == 0) in.Fail(IndexPath("stop", i), "is empty");
    if (size > kMostStopBytes) {
      in.Fail(IndexPath("stop", i), fmt::format("{} bytes, at most {}", size, kMostStopBytes));
    }
  }
}

void ReadTokenIds(ObjectReader& in, std::vector<int32_t>& out) {
  const json::array* list = in.Array("stop_token_ids");
  if (list == nullptr) return;
  for (const json::value& item : *list) {
    const bool good = item.is_int64() && item.get_int64() >= 0 &&
                      item.get_int64() <= std::numeric_limits<int32_t>::max();
    if (!good) return in.Fail(IndexPath("stop_token_ids", out.size()), "expected a token id");
    out.push_back(static_cast<int32_t>(item.get_int64()));
  }
  if (out.size() > kMostLogitBias) {
    in.Fail("stop_token_ids", fmt::format("at most {}", kMostLogitBias));
  }
}

void ReadCache(ObjectReader& in, service::GenerateSettings& settings) {
  std::string salt;
  in.Read("cache_salt", salt);
  settings.cache_salt = HashOf(salt);
  std::optional<bool> cache;
  in.Read("cache_prompt", cache);
  if (cache == false) {  // a salt of its own: shares nothing
    std::random_device device;
    settings.cache_salt ^= uint64_t{device()} << 32 | device();
  }
}

// One value under two names: the second counts, and a first that differs is told.
template <typename T>
void ReadEither(ObjectReader& in, std::string_view first, std::string_view second,
                std::optional<T>& out) {
  std::optional<T> other;
  in.Read(first, other);
  in.Read(second, out);
  if (other && out && *other != *out) {
    in.Warn(first, fmt::format("is not used: \"{}\" is there too", second));
  }
  if (!out) out = other;
}

// As llama.cpp has it: -1 is everything, 0 switches the penalty off; here 0 is everything.
void ReadRepeatWindow(ObjectReader& in, service::SamplingOverrides& sampling) {
  std::optional<int64_t> last;
  in.Read("repeat_last_n", last);
  if (!last) return;
  if (*last < -1) {
    in.Fail("repeat_last_n",
            fmt::format("{} is out of range, expected 1 or more, -1 for all, 0 for none", *last));
  } else if (*last == 0) {
    sampling.repeat_penalty = 1.0F;
  } else {
    sampling.repeat_last_n = *last < 0 ? 0 : static_cast<size_t>(*last);
  }
}

}  // namespace

void ReadSampling(ObjectReader& in, service::SamplingOverrides& sampling) {
  in.Read("temperature", sampling.temperature);
  ReadTopP(in, sampling);
  in.Read("min_p", sampling.min_p);
  in.Read("typical_p", sampling.typical_p);
  in.Read("presence_penalty", sampling.presence_penalty);
  in.Read("frequency_penalty", sampling.frequency_penalty);
  ReadEither(in, "repetition_penalty", "repeat_penalty", sampling.repeat_penalty);
  ReadRepeatWindow(in, sampling);
  in.Read("dry_multiplier", sampling.dry_multiplier);
  in.Read("dry_base", sampling.dry_base);
  in.Read("dry_allowed_length", sampling.dry_allowed_length);
  std::optional<int64_t> top_k;
  in.Read("top_k", top_k);
  if (top_k && *top_k < -1) {
    in.Fail("top_k", fmt::format("{} is out of range, expected 1 or more, or 0 for all", *top_k));
  } else if (top_k) {
    sampling.top_k = *top_k < 0 ? 0 : static_cast<size_t>(*top_k);
  }
  ReadSeed(in, sampling);
  ReadLogitBias(in, sampling);
}

void ReadLimits(ObjectReader& in, service::GenerateSettings& settings) {
  std::optional<size_t> samples;
  in.Read("n", samples);
  if (samples) settings.samples = *samples;
  if (settings.samples < 1 || settings.samples > kMostSamples) {
    in.Fail("n",
            fmt::format("{} is out of range, expected 1 to {}", settings.samples, kMostSamples));
  }
  ReadStop(in, settings);
  ReadTokenIds(in, settings.stop_token_ids);
  std::optional<size_t> min_tokens;
  in.Read("min_tokens", min_tokens);
  settings.min_tokens = min_tokens.value_or(0);
  in.Read("ignore_eos", settings.ignore_eos);
  std::optional<double> timeout;
  in.Read("timeout_ms", timeout);
  if (timeout && !(*timeout > 0)) in.Fail("timeout_ms", "expected a number above 0");
  if (timeout) settings.timeout_seconds = *timeout / 1000;
  std::optional<int64_t> priority;
  in.Read("priority", priority);
  if (priority && (*priority < -1000 || *priority > 1000)) {
    in.Fail("priority", fmt::format("{} is out of range", *priority));
  } else {
    settings.priority = static_cast<int>(priority.value_or(0));
  }
  std::optional<bool> loop_guard;
  in.Read("loop_guard", loop_guard);
  if (loop_guard) {
    settings.loop_guard = *loop_guard ? service::LoopGuardMode::kOn : service::LoopGuardMode::kOff;
  }
  std::string truncation = "disabled";
  in.Read("truncation", truncation);
  if (truncation == "auto") {
    settings.on_overflow = service::OnOverflow::kDropOldest;
  } else if (truncation != "disabled") {
    in.Fail("truncation", "expected \"auto\" or \"disabled\"");
  }
  ReadCache(in, settings);
}

void ReadMaxTokens(ObjectReader& in, std::initializer_list<std::string_view> names,
                   service::GenerateSettings& settings) {
  std::string_view used;
  for (const std::string_view name : names) {
    std::optional<int64_t> limit;
    in.Read(name, limit);
    if (!limit || *limit == -1) continue;  // -1: no limit, as llama.cpp has it
    if (*limit < 0) {
      in.Fail(name, fmt::format("{} is out of range, expected 0 or more", *limit));
    } else if (!settings.max_tokens) {
      settings.max_tokens = static_cast<size_t>(*limit);
      used = name;
    } else if (*settings.max_tokens != static_cast<size_t>(*limit)) {
      in.Warn(name, fmt::format("is not used: \"{}\" is there too", used));
    }
  }
}

void SetEffort(ObjectReader& in, std::string_view field, const std::string& effort,
               service::ChatRequest& request) {
  const auto known = service::ThinkingForEffort(effort);
  if (!known.ok()) return in.Fail(field, known.status().message());
  request.conversation.thinking = known->thinking;
  request.settings.thinking_budget = known->budget;
}

void ReadThinking(ObjectReader& in, service::ChatRequest& request) {
  std::optional<std::string> effort;
  in.Read("reasoning_effort", effort);
  if (effort) SetEffort(in, "reasoning_effort", *effort, request);
  std::optional<bool> enable;
  in.Read("enable_thinking", enable);
  if (enable) request.conversation.thinking = *enable ? chat::Thinking::kOn : chat::Thinking::kOff;
  std::optional<int64_t> budget;
  ReadEither(in, "thinking_token_budget", "thinking_budget_tokens", budget);
  if (!budget) return;
  const std::string_view name = in.Any("thinking_budget_tokens") != nullptr
                                    ? "thinking_budget_tokens"
                                    : "thinking_token_budget";
  if (*budget < -1) {
    return in.Fail(name, fmt::format("{} is out of range, expected 0 or more", *budget));
  }
  if (*budget != 0 && request.conversation.thinking == chat::Thinking::kOff) {
    in.Warn(name, "has no effect: the request asks for no thinking");
  }
  // -1: no limit.
  request.settings.thinking_budget =
      *budget < 0 ? std::nullopt : std::optional(static_cast<size_t>(*budget));
}

void ReadForeignSampling(ObjectReader& in) {
  in.NotHere({"mirostat",
              "mirostat_tau",
              "mirostat_eta",
              "xtc_probability",
              "xtc_threshold",
              "dynatemp_range",
              "dynatemp_exponent",
              "top_n_sigma",
              "top_a",
              "tfs",
              "samplers",
              "dry_penalty_last_n",
              "dry_sequence_breakers",
              "repetition_detection",
              "length_penalty",
              "bad_words",
              "lora",
              "n_keep",
              "n_discard",
              "n_indent",
              "id_slot",
              "n_probs",
              "timings_per_token",
              "return_tokens",
              "return_token_ids",
              "post_sampling_probs",
              "prompt_logprobs",
              "allowed_token_ids",
              "skip_special_tokens",
              "spaces_between_special_tokens",
              "include_stop_str_in_output",
              "truncate_prompt_tokens",
              "logits_processors",
              "vllm_xargs",
              "kv_transfer_params",
              "t_max_predict_ms",
              "n_cmpl"});
}

void ReadWithoutEffect(ObjectReader& in) {
  // Names of the user or the request, for the caller's own books.
  for (const std::string_view name :
       {"user", "safety_identifier", "prompt_cache_key", "metadata"}) {
    static_cast<void>(in.Any(name));
  }
  std::optional<bool> store;
  in.Read("store", store);
  if (store == true) in.Warn("store", "has no effect: this server keeps nothing");
  in.NoEffect("service_tier");
  in.NoEffect("verbosity");
  in.NoEffect("prompt_cache_retention", "prompts stay cached as long as there is room");
}

void RefuseConstraints(ObjectReader& in) {
  for (const std::string_view name : {"grammar", "json_schema", "guided_json", "guided_regex",
                                      "guided_choice", "guided_grammar", "structured_outputs"}) {
    if (in.Any(name) != nullptr) {
      in.notes().Fail(Unsupported(fmt::format("{}: {}", in.PathOf(name), kNoForms)));
    }
  }
  const json::object* format = in.Object("response_format");
  if (format == nullptr) return;
  ObjectReader inner(*format, in.PathOf("response_format"), in.notes());
  std::string type;
  inner.Read("type", type);
  const json::object* named = inner.Object("json_schema");
  const json::value* schema = inner.Any("schema");
  if (type == "json_schema") {
    if (named == nullptr) {
      inner.Fail("json_schema", "is missing");
    } else if (const json::value* part = named->if_contains("schema");
               part != nullptr && !part->is_object()) {
      inner.Fail("json_schema.schema", "expected an object");
    }
  } else if (type != "text" && type != "json_object") {
    inner.Fail("type", "expected \"text\", \"json_object\" or \"json_schema\"");
  }
  if (schema != nullptr && !schema->is_object()) inner.Fail("schema", "expected an object");
  if (type != "text") {
    in.notes().Fail(Unsupported(fmt::format("{}: {}", in.PathOf("response_format"), kNoForms)));
  }
  inner.Finish();
}

}  // namespace lemma::server::openai
