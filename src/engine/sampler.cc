// SPDX-License-Identifier: Apache-2.0
#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.h"

namespace lemma::engine {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// log(sum(exp(logits))) of the row, in double, in order of tokens; the maximum is taken out first.
double LogSumExp(const LogitScan& scan) {
  constexpr float kNegligible = 45;  // exp(-45) of 2^20 tokens is below the rounding of the sum
  const float best = scan.best();
  if (best == kNever) return -std::numeric_limits<double>::infinity();
  double sum = 0;
  const auto near = [best](float logit) { return logit - best >= -kNegligible; };
  scan.ForEachBlock(near, [&](int32_t, std::span<const float> logits) {
    for (const float logit : logits) {
      if (near(logit)) sum += ExpOfNegative(static_cast<double>(logit) - best);
    }
  });
  return best + std::log(sum);
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

void Sampler::Set(std::span<float> logits, int32_t token, float value) {
  if (params_.top_logprobs) changed_.push_back({token, logits[token]});
  logits[token] = value;
}

void Sampler::CountGenerated(std::span<const int32_t> generated) {
  if (generated.size() < counted_) {  // another text
    counts_.clear();
    counted_ = 0;
  }
  for (; counted_ < generated.size(); ++counted_) ++counts_[generated[counted_]];
}

void Sampler::Penalise(std::span<float> logits, std::span<const int32_t> history,
                       size_t generated) {
  for (const auto& [token, bias] : params_.logit_bias) Set(logits, token, logits[token] + bias);
  if (params_.repeat_penalty != 1.0F) {
    const size_t window = params_.repeat_last_n == 0
                              ? history.size()
                              : std::min(params_.repeat_last_n, history.size());
    std::vector<int32_t> seen(history.end() - static_cast<ptrdiff_t>(window), history.end());
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const int32_t token : seen) {
      const float x = logits[token];
      Set(logits, token, x > 0 ? x / params_.repeat_penalty : x * params_.repeat_penalty);
    }
  }
  if (params_.presence_penalty != 0.0F || params_.frequency_penalty != 0.0F) {
    CountGenerated(history.last(generated));
    for (const auto& [token, count] : counts_) {
      const float penalty =
          params_.presence_penalty + params_.frequency_penalty * static_cast<float>(count);
      Set(logits, token, logits[token] - penalty);
    }
  }
  for (const auto& [token, penalty] : DryPenalties(params_.dry, history)) {
    Set(logits, token, logits[token] - penalty);
  }
}

int32_t Sampler::Choose(size_t step) {
  if (params_.greedy() || scan_.best() == kNever) return scan_.ArgMax();
  draw_.Begin(scan_.best(), params_.temperature);
  if (params_.top_k > 0) {
    scan_.TopK(params_.top_k, best_tokens_);
    for (const ScoredToken& t : best_tokens_) draw_.Add(t.token, t.logit);
  } else {
    scan_.ForEachBlock(
        [this](float logit) { return draw_.Scaled(logit) > kLowestScaled; },
        [this](int32_t first, std::span<const float> logits) { draw_.AddRun(first, logits); });
  }
  return draw_.Draw(params_, RandomUniform(stream_seed_, step));
}

double Sampler::FillTopLogprobs(std::vector<TokenLogprob>& out) {
  const double normaliser = LogSumExp(scan_);
  scan_.TopK(*params_.top_logprobs, best_tokens_);
  std::sort(best_tokens_.begin(), best_tokens_.end(), Better);
  for (const ScoredToken& t : best_tokens_) {
    out.push_back({t.token, static_cast<float>(t.logit - normaliser)});
  }
  return normaliser;
}

float Sampler::OwnLogit(std::span<const float> logits, int32_t token) const {
  for (const ScoredToken& before : changed_) {
    if (before.token == token) return before.logit;
  }
  return logits[token];
}

SampledToken Sampler::Sample(std::span<float> logits, std::span<const int32_t> history,
                             size_t generated, std::span<const int32_t> banned) {
  SampledToken out;
  double normaliser = 0;
  if (params_.top_logprobs) {
    scan_.Run(logits);
    normaliser = FillTopLogprobs(out.top_logprobs);
  }
  changed_.clear();
  Penalise(logits, history, generated);
  for (const int32_t token : banned) Set(logits, token, kNever);
  if (!params_.top_logprobs || !changed_.empty()) scan_.Run(logits);
  out.token = Choose(generated);
  if (params_.top_logprobs) {
    out.logprob = static_cast<float>(OwnLogit(logits, out.token) - normaliser);
  }
  return out;
}

}  // namespace lemma::engine
