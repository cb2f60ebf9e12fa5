// SPDX-License-Identifier: Apache-2.0
#include "service/model_facts.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace lemma::service {
namespace {

using tokenizer::ControlPieces;
using tokenizer::TokenType;

std::string StringOr(const gguf::File& file, std::string_view key,
                     std::vector<std::string>& warnings) {
  const auto value = file.GetString(key);
  if (!value.ok()) {
    warnings.push_back(fmt::format("{} is ignored: {}", key, value.status().message()));
    return {};
  }
  return value->has_value() ? std::string(**value) : std::string();
}

std::string Spelling(const tokenizer::Tokenizer& tokens, std::optional<int32_t> id) {
  return id ? std::string(tokens.Piece(*id, ControlPieces::kRender)) : std::string();
}

// Numbers may be stored as floats or integers.
std::optional<double> NumberAt(const gguf::File& file, std::string_view key) {
  const gguf::Value* value = file.Find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto number = value->AsDouble(); number.ok()) return *number;
  if (const auto number = value->AsInt(); number.ok()) return static_cast<double>(*number);
  return std::nan("");
}

// One key: where it goes, and the values that make sense.
struct SamplingKey {
  std::string_view name;
  double least;
  double most;
  std::function<void(engine::SamplingParams&, double)> set;
};

std::vector<SamplingKey> SamplingKeys() {
  using P = engine::SamplingParams;
  constexpr double kTiny = 1e-6;
  return {
      {"temp", 0, 100, [](P& p, double v) { p.temperature = static_cast<float>(v); }},
      {"top_k", 0, 1e9, [](P& p, double v) { p.top_k = static_cast<size_t>(v); }},
      {"top_p", kTiny, 1, [](P& p, double v) { p.top_p = static_cast<float>(v); }},
      {"min_p", 0, 1, [](P& p, double v) { p.min_p = static_cast<float>(v); }},
      {"typ_p", kTiny, 1, [](P& p, double v) { p.typical_p = static_cast<float>(v); }},
      {"penalty_repeat", kTiny, 10,
       [](P& p, double v) { p.repeat_penalty = static_cast<float>(v); }},
      {"penalty_last_n", 0, 1e9, [](P& p, double v) { p.repeat_last_n = static_cast<size_t>(v); }},
      {"penalty_present", -2, 2,
       [](P& p, double v) { p.presence_penalty = static_cast<float>(v); }},
      {"penalty_freq", -2, 2, [](P& p, double v) { p.frequency_penalty = static_cast<float>(v); }},
  };
}

}  // namespace

chat::ModelFacts FactsFromGguf(const gguf::File& file, const tokenizer::Tokenizer& tokens,
                               std::vector<std::string>& warnings) {
  chat::ModelFacts facts;
  facts.architecture = StringOr(file, "general.architecture", warnings);
  facts.name = StringOr(file, "general.name", warnings);
  const std::string basename = StringOr(file, "general.basename", warnings);
  if (!basename.empty()) facts.name += (facts.name.empty() ? "" : " ") + basename;
  facts.tokenizer_pre = StringOr(file, "tokenizer.ggml.pre", warnings);
  facts.chat_template = StringOr(file, "tokenizer.chat_template", warnings);
  facts.bos_text = Spelling(tokens, tokens.bos());
  facts.eos_text = Spelling(tokens, tokens.eos());
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    const TokenType type = tokens.type(id);
    if (type == TokenType::kControl || type == TokenType::kUserDefined) {
      facts.control_tokens.emplace_back(tokens.Piece(id, ControlPieces::kRender));
    }
  }
  return facts;
}

void ApplyFileSampling(const gguf::File& file, engine::SamplingParams& params,
                       std::vector<std::string>& warnings) {
  for (const SamplingKey& key : SamplingKeys()) {
    const std::string full = fmt::format("general.sampling.{}", key.name);
    const std::optional<double> value = NumberAt(file, full);
    if (!value) continue;
    if (!(*value >= key.least && *value <= key.most)) {
      warnings.push_back(
          fmt::format("{} is ignored: expected a number in [{}, {}]", full, key.least, key.most));
      continue;
    }
    key.set(params, *value);
  }
}

void ApplyFamilySampling(const chat::SamplingDefaults& defaults, engine::SamplingParams& params) {
  if (defaults.temperature) params.temperature = *defaults.temperature;
  if (defaults.top_p) params.top_p = *defaults.top_p;
  if (defaults.top_k) params.top_k = static_cast<size_t>(*defaults.top_k);
  if (defaults.min_p) params.min_p = *defaults.min_p;
}

}  // namespace lemma::service
