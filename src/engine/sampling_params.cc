// SPDX-License-Identifier: Apache-2.0
#include "engine/sampling_params.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string_view>

namespace lemma::engine {
namespace {

Status RangeError(std::string_view field, double value, std::string_view expected) {
  return InvalidArgument(
      fmt::format("{}: {} is out of range, expected {}", field, value, expected));
}

bool Within(float value, float low, float high) { return value >= low && value <= high; }

}  // namespace

Status ValidateSamplingParams(const SamplingParams& p, size_t vocab) {
  if (!Within(p.temperature, 0, 100)) return RangeError("temperature", p.temperature, "0 to 100");
  if (!(p.top_p > 0 && p.top_p <= 1)) return RangeError("top_p", p.top_p, "above 0, at most 1");
  if (!Within(p.min_p, 0, 1)) return RangeError("min_p", p.min_p, "0 to 1");
  if (!(p.typical_p > 0 && p.typical_p <= 1)) {
    return RangeError("typical_p", p.typical_p, "above 0, at most 1");
  }
  if (!(p.repeat_penalty > 0 && p.repeat_penalty <= 10)) {
    return RangeError("repeat_penalty", p.repeat_penalty, "above 0, at most 10");
  }
  if (!Within(p.presence_penalty, -2, 2)) {
    return RangeError("presence_penalty", p.presence_penalty, "-2 to 2");
  }
  if (!Within(p.frequency_penalty, -2, 2)) {
    return RangeError("frequency_penalty", p.frequency_penalty, "-2 to 2");
  }
  if (!Within(p.dry.multiplier, 0, 100)) {
    return RangeError("dry_multiplier", p.dry.multiplier, "0 to 100");
  }
  if (!Within(p.dry.base, 1, 10)) return RangeError("dry_base", p.dry.base, "1 to 10");
  if (p.top_logprobs && *p.top_logprobs > kMaxTopLogprobs) {
    return RangeError("top_logprobs", static_cast<double>(*p.top_logprobs), "0 to 20");
  }
  for (const auto& [token, bias] : p.logit_bias) {
    if (token < 0 || static_cast<size_t>(token) >= vocab) {
      return RangeError("logit_bias token", token, fmt::format("0 to {}", vocab - 1));
    }
    if (std::isnan(bias) || bias == std::numeric_limits<float>::infinity()) {
      return RangeError("logit_bias", bias, "a number or -infinity");
    }
  }
  return OkStatus();
}

}  // namespace lemma::engine
