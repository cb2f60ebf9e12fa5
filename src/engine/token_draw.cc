// SPDX-License-Identifier: Apache-2.0
#include "engine/token_draw.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lemma::engine {
namespace {

bool BetterWeighted(const WeightedToken& a, const WeightedToken& b) {
  return Better({a.token, a.logit}, {b.token, b.logit});
}

uint64_t WeightOf(float scaled) {
  return static_cast<uint64_t>(ExpOfNegative(static_cast<double>(scaled)) * TokenDraw::kOne + 0.5);
}

// Of tokens in order: how much the shortest beginning weighs that has at least `mass` of `total`.
struct Beginning {
  uint64_t weight = 0;
  bool complete = false;
};
Beginning ShortestBeginning(std::span<const WeightedToken> tokens, uint64_t before, double mass) {
  Beginning out{before, static_cast<double>(before) >= mass};
  for (const WeightedToken& t : tokens) {
    if (out.complete) break;
    out.weight += t.weight;
    out.complete = static_cast<double>(out.weight) >= mass;
  }
  return out;
}

uint64_t Position(double uniform, uint64_t kept) {
  return std::min(static_cast<uint64_t>(uniform * static_cast<double>(kept)), kept - 1);
}

// The token at `position` when `before` of the weight comes before the first of them.
int32_t TokenAt(std::span<const WeightedToken> tokens, uint64_t before, uint64_t position) {
  for (const WeightedToken& t : tokens) {
    before += t.weight;
    if (before > position) return t.token;
  }
  return tokens.back().token;
}

// Of the tokens with at least `share` of the best one's weight. They are a beginning too.
uint64_t WeightAbove(std::span<const WeightedToken> tokens, uint64_t best, float share) {
  const double least = static_cast<double>(share) * static_cast<double>(best);
  uint64_t weight = 0;
  for (const WeightedToken& t : tokens) {
    if (static_cast<double>(t.weight) >= least) weight += t.weight;
  }
  return weight;
}

}  // namespace

double ExpOfNegative(double z) {
  constexpr double kLog2E = 1.4426950408889634;
  constexpr double kLn2High = 0.6931471803691238;  // 33 bits: its products with n are exact
  constexpr double kLn2Low = 1.9082149292705877e-10;
  constexpr std::array<double, 10> kInverseFactorial = {
      1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1};
  const auto n = static_cast<int64_t>(z * kLog2E - 0.5);  // to the nearest, for z <= 0
  const auto whole = static_cast<double>(n);
  const double r = (z - whole * kLn2High) - whole * kLn2Low;
  double sum = kInverseFactorial[0];
  for (size_t i = 1; i < kInverseFactorial.size(); ++i) sum = sum * r + kInverseFactorial[i];
  const auto exponent = std::max<int64_t>(n + 1023, 0);
  return sum * std::bit_cast<double>(static_cast<uint64_t>(exponent) << 52);
}

void TokenDraw::Begin(float best, float temperature) {
  best_ = best;
  temperature_ = temperature;
  tokens_.clear();
  total_ = 0;
}

void TokenDraw::Add(int32_t token, float logit) {
  const float scaled = Scaled(logit);
  if (!(scaled >= kLowest)) return;
  const uint64_t weight = WeightOf(scaled);
  if (weight == 0) return;
  tokens_.push_back({token, logit, weight});
  total_ += weight;
}

size_t TokenDraw::BucketOf(float logit) const {
  constexpr float kWidth = static_cast<float>(kBuckets) / -kLowest;
  return std::min(static_cast<size_t>(-Scaled(logit) * kWidth), kBuckets - 1);
}

// Keeps the tokens whose surprise is nearest to the entropy, until `mass` is covered; of equally
// near ones the more probable first.
void TokenDraw::KeepTypical(float mass) {
  const auto total = static_cast<double>(total_);
  const auto surprise = [total](const WeightedToken& t) {
    return -std::log(static_cast<double>(t.weight) / total);
  };
  double entropy = 0;
  for (const WeightedToken& t : tokens_) {
    entropy += static_cast<double>(t.weight) / total * surprise(t);
  }
  const auto distance = [&](const WeightedToken& t) { return std::abs(surprise(t) - entropy); };
  std::stable_sort(
      tokens_.begin(), tokens_.end(),
      [&](const WeightedToken& a, const WeightedToken& b) { return distance(a) < distance(b); });
  uint64_t sum = 0;
  size_t keep = 0;
  while (keep < tokens_.size() && static_cast<double>(sum) < mass * total) {
    sum += tokens_[keep++].weight;
  }
  tokens_.resize(std::max<size_t>(keep, 1));
  std::sort(tokens_.begin(), tokens_.end(), BetterWeighted);
  total_ = 0;
  for (const WeightedToken& t : tokens_) total_ += t.weight;
}

int32_t TokenDraw::DrawSorted(const SamplingParams& params, double uniform) {
  uint64_t kept = total_;
  if (params.top_p < 1.0F) {
    const double mass = static_cast<double>(params.top_p) * static_cast<double>(total_);
    kept = ShortestBeginning(tokens_, 0, mass).weight;
  }
  if (params.min_p > 0.0F) {
    kept = std::min(kept, WeightAbove(tokens_, tokens_.front().weight, params.min_p));
  }
  return TokenAt(tokens_, 0, Position(uniform, kept));
}

void TokenDraw::Gather(size_t bucket) {
  bucket_.clear();
  for (const WeightedToken& t : tokens_) {
    if (BucketOf(t.logit) == bucket) bucket_.push_back(t);
  }
  std::sort(bucket_.begin(), bucket_.end(), BetterWeighted);
}

int32_t TokenDraw::DrawByBuckets(const SamplingParams& params, double uniform) {
  sums_.fill(0);
  uint64_t best = 0;
  for (const WeightedToken& t : tokens_) {
    sums_[BucketOf(t.logit)] += t.weight;
    best = std::max(best, t.weight);
  }
  uint64_t kept = total_;
  if (params.top_p < 1.0F) {
    const double mass = static_cast<double>(params.top_p) * static_cast<double>(total_);
    uint64_t before = 0;
    size_t bucket = 0;
    while (static_cast<double>(before + sums_[bucket]) < mass) before += sums_[bucket++];
    Gather(bucket);
    kept = ShortestBeginning(bucket_, before, mass).weight;
  }
  if (params.min_p > 0.0F) kept = std::min(kept, WeightAbove(tokens_, best, params.min_p));
  const uint64_t position = Position(uniform, kept);
  uint64_t before = 0;
  size_t bucket = 0;
  while (before + sums_[bucket] <= position) before += sums_[bucket++];
  Gather(bucket);
  return TokenAt(bucket_, before, position);
}

int32_t TokenDraw::Draw(const SamplingParams& params, double uniform) {
  const bool typical = params.typical_p < 1.0F;
  if (!typical && tokens_.size() > kFewTokens) return DrawByBuckets(params, uniform);
  std::sort(tokens_.begin(), tokens_.end(), BetterWeighted);
  if (typical) KeepTypical(params.typical_p);
  return DrawSorted(params, uniform);
}

}  // namespace lemma::engine
