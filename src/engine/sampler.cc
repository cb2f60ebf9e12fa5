// SPDX-License-Identifier: Apache-2.0
#include "engine/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/rng.h"

namespace lemma::engine {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

Status RangeError(std::string_view field, double value, std::string_view expected) {
  return InvalidArgument(
      fmt::format("{}: {} is out of range, expected {}", field, value, expected));
}

bool Within(float value, float low, float high) { return value >= low && value <= high; }

// log(sum(exp(logits))) in double; the maximum is taken out first.
double LogSumExp(std::span<const float> logits) {
  float best = kMinusInfinity;
  for (const float x : logits) best = std::max(best, x);
  if (best == kMinusInfinity) return -std::numeric_limits<double>::infinity();
  double sum = 0;
  for (const float x : logits) sum += std::exp(static_cast<double>(x) - best);
  return best + std::log(sum);
}

int32_t ArgMax(std::span<const float> logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

void FillLogprobs(std::span<const float> logits, size_t top, std::vector<TokenLogprob>& out) {
  const auto normaliser = static_cast<float>(LogSumExp(logits));
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto better = [&](int32_t a, int32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  };
  const size_t count = std::min(top, logits.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
                    better);
  for (size_t i = 0; i < count; ++i) out.push_back({order[i], logits[order[i]] - normaliser});
}

// Length of the common run that ends at a and at b (a < b), not crossing a breaker.
size_t CommonSuffix(std::span<const int32_t> h, size_t a, size_t b,
                    const std::vector<int32_t>& breakers) {
  constexpr size_t kLongest = 64;  // beyond this the penalty is prohibitive anyway
  size_t run = 0;
  while (run < kLongest && run < a && h[a - 1 - run] == h[b - 1 - run]) {
    if (std::find(breakers.begin(), breakers.end(), h[b - 1 - run]) != breakers.end()) break;
    ++run;
  }
  return run;
}

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
    if (std::isnan(bias) || bias == -kMinusInfinity) {
      return RangeError("logit_bias", bias, "a number or -infinity");
    }
  }
  return OkStatus();
}

std::unordered_map<int32_t, float> DryPenalties(const DryParams& dry,
                                                std::span<const int32_t> history) {
  std::unordered_map<int32_t, float> out;
  if (dry.multiplier == 0.0F) return out;
  if (dry.last_tokens > 0 && history.size() > dry.last_tokens) {
    history = history.last(dry.last_tokens);
  }
  const size_t n = history.size();
  for (size_t next = 1; next < n; ++next) {
    // The token at `next` followed a run that also ends the history.
    const size_t run = CommonSuffix(history, next, n, dry.breakers);
    if (run < std::max<size_t>(dry.allowed_length, 1)) continue;
    const auto excess = static_cast<float>(run - dry.allowed_length);
    const float penalty = dry.multiplier * std::pow(dry.base, excess);
    float& slot = out[history[next]];
    slot = std::max(slot, penalty);
  }
  return out;
}

Sampler::Sampler(const SamplingParams& params, uint64_t stream)
    : params_(params), stream_seed_(RandomBits(params.seed, stream)) {}

void Sampler::Penalise(std::span<float> logits, std::span<const int32_t> history,
                       size_t generated) const {
  for (const auto& [token, bias] : params_.logit_bias) logits[token] += bias;
  if (params_.repeat_penalty != 1.0F) {
    const size_t window = params_.repeat_last_n == 0
                              ? history.size()
                              : std::min(params_.repeat_last_n, history.size());
    std::vector<int32_t> seen(history.end() - static_cast<ptrdiff_t>(window), history.end());
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const int32_t token : seen) {
      float& x = logits[token];
      x = x > 0 ? x / params_.repeat_penalty : x * params_.repeat_penalty;
    }
  }
  if (params_.presence_penalty != 0.0F || params_.frequency_penalty != 0.0F) {
    std::unordered_map<int32_t, int> counts;
    for (const int32_t token : history.last(generated)) ++counts[token];
    for (const auto& [token, count] : counts) {
      logits[token] -=
          params_.presence_penalty + params_.frequency_penalty * static_cast<float>(count);
    }
  }
  for (const auto& [token, penalty] : DryPenalties(params_.dry, history)) logits[token] -= penalty;
}

// Fills candidates_ with what survives top_k, sorted by logit (ties: lower id first), and their
// probabilities at the temperature.
void Sampler::CollectCandidates(std::span<const float> logits) {
  candidates_.clear();
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] > kMinusInfinity) candidates_.push_back({static_cast<int32_t>(i), logits[i], 0});
  }
  const auto better = [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  if (params_.top_k > 0 && params_.top_k < candidates_.size()) {
    const auto middle = candidates_.begin() + static_cast<ptrdiff_t>(params_.top_k);
    std::nth_element(candidates_.begin(), middle, candidates_.end(), better);
    candidates_.erase(middle, candidates_.end());
  }
  std::sort(candidates_.begin(), candidates_.end(), better);
  if (candidates_.empty()) return;
  const float best = candidates_.front().logit;
  double sum = 0;
  for (Candidate& c : candidates_) {
    c.probability = std::exp((c.logit - best) / params_.temperature);
    sum += c.probability;
  }
  for (Candidate& c : candidates_) c.probability = static_cast<float>(c.probability / sum);
}

namespace {

template <typename Candidates>
void Renormalise(Candidates& candidates) {
  double sum = 0;
  for (const auto& c : candidates) sum += c.probability;
  for (auto& c : candidates) c.probability = static_cast<float>(c.probability / sum);
}

// Keeps the tokens whose surprise is nearest to the entropy, until `mass` is covered.
template <typename Candidates>
void KeepTypical(Candidates& candidates, float mass) {
  double entropy = 0;
  for (const auto& c : candidates) {
    if (c.probability > 0) entropy -= c.probability * std::log(c.probability);
  }
  const auto distance = [entropy](const auto& c) {
    return std::abs(-std::log(std::max(c.probability, 1e-30F)) - entropy);
  };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  double sum = 0;
  size_t keep = 0;
  while (keep < candidates.size() && sum < mass) sum += candidates[keep++].probability;
  candidates.resize(std::max<size_t>(keep, 1));
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.probability > b.probability; });
}

// REQUIRES: sorted by probability, best first.
template <typename Candidates>
void KeepTopP(Candidates& candidates, float mass) {
  double sum = 0;
  size_t keep = 0;
  while (keep < candidates.size() && sum < mass) sum += candidates[keep++].probability;
  candidates.resize(std::max<size_t>(keep, 1));
}

}  // namespace

int32_t Sampler::Draw(std::span<const float> logits, size_t step) {
  CollectCandidates(logits);
  if (candidates_.empty()) return ArgMax(logits);
  if (params_.typical_p < 1.0F) {
    KeepTypical(candidates_, params_.typical_p);
    Renormalise(candidates_);
  }
  if (params_.top_p < 1.0F) {
    KeepTopP(candidates_, params_.top_p);
    Renormalise(candidates_);
  }
  if (params_.min_p > 0.0F) {
    const float least = params_.min_p * candidates_.front().probability;
    std::erase_if(candidates_, [least](const Candidate& c) { return c.probability < least; });
  }
  double sum = 0;
  for (const Candidate& c : candidates_) sum += c.probability;
  double left = RandomUniform(stream_seed_, step) * sum;
  for (const Candidate& c : candidates_) {
    left -= c.probability;
    if (left < 0) return c.token;
  }
  return candidates_.back().token;
}

SampledToken Sampler::Sample(std::span<float> logits, std::span<const int32_t> history,
                             size_t generated, std::span<const int32_t> banned) {
  for (float& x : logits) {
    if (!std::isfinite(x)) x = kMinusInfinity;
  }
  SampledToken out;
  double normaliser = 0;
  std::vector<float> raw;  // of the chosen token we need the model's own logit
  if (params_.top_logprobs) {
    FillLogprobs(logits, *params_.top_logprobs, out.top_logprobs);
    normaliser = LogSumExp(logits);
    raw.assign(logits.begin(), logits.end());
  }
  Penalise(logits, history, generated);
  for (const int32_t token : banned) logits[token] = kMinusInfinity;
  out.token = params_.greedy() ? ArgMax(logits) : Draw(logits, generated);
  if (params_.top_logprobs) out.logprob = static_cast<float>(raw[out.token] - normaliser);
  return out;
}

}  // namespace lemma::engine
