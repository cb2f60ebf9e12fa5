// SPDX-License-Identifier: Apache-2.0
#include "engine/token_draw.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace lemma::engine {
namespace {

bool BetterWeighted(const WeightedToken& a, const WeightedToken& b) {
  return Better({a.token, a.logit}, {b.token, b.logit});
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
  logits_.clear();
}

void TokenDraw::Add(int32_t token, float logit) {
  tokens_.push_back(token);
  logits_.push_back(logit);
}

void TokenDraw::AddRun(int32_t first, std::span<const float> logits) {
  logits_.insert(logits_.end(), logits.begin(), logits.end());
  const size_t begin = tokens_.size();
  tokens_.resize(begin + logits.size());
  std::iota(tokens_.begin() + static_cast<ptrdiff_t>(begin), tokens_.end(), first);
}

void TokenDraw::Weigh() {
  constexpr float kPerUnit = static_cast<float>(kBuckets - 1) / -kLowestScaled;
  const size_t count = tokens_.size();
  if (weights_.size() < count) {
    weights_.resize(count);
    buckets_.resize(count);
  }
  // Plain pointers and locals, so that the compiler vectorises the loop.
  const float* const logits = logits_.data();
  uint32_t* const weights = weights_.data();
  int32_t* const buckets = buckets_.data();
  const float best = best_;
  const float temperature = temperature_;
  for (size_t i = 0; i < count; ++i) {
    const float scaled = NotBelowLowest((logits[i] - best) / temperature);
    weights[i] = WeightWithin(scaled);
    buckets[i] = static_cast<int32_t>(scaled * -kPerUnit);
  }
  total_ = 0;
  for (size_t i = 0; i < count; ++i) total_ += weights[i];
}

// Keeps the tokens whose surprise is nearest to the entropy, until `mass` is covered; of equally
// near ones the more probable first.
void TokenDraw::KeepTypical(float mass) {
  const auto total = static_cast<double>(total_);
  const auto surprise = [total](const WeightedToken& t) {
    return -std::log(static_cast<double>(t.weight) / total);
  };
  double entropy = 0;
  for (const WeightedToken& t : sorted_) {
    entropy += static_cast<double>(t.weight) / total * surprise(t);
  }
  const auto distance = [&](const WeightedToken& t) { return std::abs(surprise(t) - entropy); };
  std::stable_sort(
      sorted_.begin(), sorted_.end(),
      [&](const WeightedToken& a, const WeightedToken& b) { return distance(a) < distance(b); });
  uint64_t sum = 0;
  size_t keep = 0;
  while (keep < sorted_.size() && static_cast<double>(sum) < mass * total) {
    sum += sorted_[keep++].weight;
  }
  sorted_.resize(std::max<size_t>(keep, 1));
  std::sort(sorted_.begin(), sorted_.end(), BetterWeighted);
  total_ = 0;
  for (const WeightedToken& t : sorted_) total_ += t.weight;
}

void TokenDraw::GatherAll() {
  sorted_.clear();
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (weights_[i] > 0) sorted_.push_back({tokens_[i], logits_[i], weights_[i]});
  }
  std::sort(sorted_.begin(), sorted_.end(), BetterWeighted);
}

void TokenDraw::GatherBucket(size_t bucket) {
  sorted_.clear();
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (buckets_[i] == static_cast<int32_t>(bucket))
      sorted_.push_back({tokens_[i], logits_[i], weights_[i]});
  }
  std::sort(sorted_.begin(), sorted_.end(), BetterWeighted);
}

int32_t TokenDraw::DrawSorted(const SamplingParams& params, double uniform) {
  uint64_t kept = total_;
  if (params.top_p < 1.0F) {
    const double mass = static_cast<double>(params.top_p) * static_cast<double>(total_);
    kept = ShortestBeginning(sorted_, 0, mass).weight;
  }
  if (params.min_p > 0.0F) {
    // The tokens that pass are a beginning too.
    const double least =
        static_cast<double>(params.min_p) * static_cast<double>(sorted_.front().weight);
    uint64_t above = 0;
    for (const WeightedToken& t : sorted_) {
      if (static_cast<double>(t.weight) >= least) above += t.weight;
    }
    kept = std::min(kept, above);
  }
  return TokenAt(sorted_, 0, Position(uniform, kept));
}

uint64_t TokenDraw::WeightAbove(float share, uint64_t best) const {
  const double least = static_cast<double>(share) * static_cast<double>(best);
  uint64_t weight = 0;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (static_cast<double>(weights_[i]) >= least) weight += weights_[i];
  }
  return weight;
}

int32_t TokenDraw::DrawByBuckets(const SamplingParams& params, double uniform) {
  sums_.fill(0);
  for (size_t i = 0; i < tokens_.size(); ++i)
    sums_[static_cast<size_t>(buckets_[i])] += weights_[i];
  uint64_t kept = total_;
  if (params.top_p < 1.0F) {
    const double mass = static_cast<double>(params.top_p) * static_cast<double>(total_);
    uint64_t before = 0;
    size_t bucket = 0;
    while (static_cast<double>(before + sums_[bucket]) < mass) before += sums_[bucket++];
    GatherBucket(bucket);
    kept = ShortestBeginning(sorted_, before, mass).weight;
  }
  if (params.min_p > 0.0F) kept = std::min(kept, WeightAbove(params.min_p, WeightOf(0)));
  const uint64_t position = Position(uniform, kept);
  uint64_t before = 0;
  size_t bucket = 0;
  while (before + sums_[bucket] <= position) before += sums_[bucket++];
  GatherBucket(bucket);
  return TokenAt(sorted_, before, position);
}

int32_t TokenDraw::Draw(const SamplingParams& params, double uniform) {
  Weigh();
  const bool typical = params.typical_p < 1.0F;
  if (!typical && tokens_.size() > kFewTokens) return DrawByBuckets(params, uniform);
  GatherAll();
  if (typical) KeepTypical(params.typical_p);
  return DrawSorted(params, uniform);
}

}  // namespace lemma::engine
