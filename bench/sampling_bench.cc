// SPDX-License-Identifier: Apache-2.0
// Time to choose one token from a row of logits as wide as Qwen2's vocabulary. "peaked" is like a
// trained model (the best token stands out), "flat" like random weights (the worst case).
#include <benchmark/benchmark.h>

#include <vector>

#include "base/rng.h"
#include "engine/sampler.h"

namespace lemma::engine {
namespace {

constexpr size_t kVocab = 151936;

std::vector<float> Row(bool peaked) {
  Rng rng(1);
  std::vector<float> logits(kVocab);
  for (float& x : logits) {
    double sum = -2;
    for (int i = 0; i < 4; ++i) sum += rng.NextUniform();
    x = static_cast<float>(sum * (peaked ? 4.5 : 1.0));  // a standard deviation of 2.6, or 0.6
  }
  if (!peaked) return logits;
  for (int i = 0; i < 30; ++i) logits[rng.NextBelow(kVocab)] += 18 - 0.4F * static_cast<float>(i);
  return logits;
}

void BM_Sample(benchmark::State& state, bool peaked, const SamplingParams& params) {
  const std::vector<float> row = Row(peaked);
  std::vector<float> logits = row;
  Sampler sampler(params, 0);
  size_t step = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(sampler.Sample(logits, {}, step++, {}));
  }
}

SamplingParams With(float temperature, size_t top_k, float top_p, float min_p) {
  SamplingParams params;
  params.temperature = temperature;
  params.top_k = top_k;
  params.top_p = top_p;
  params.min_p = min_p;
  return params;
}

SamplingParams GreedyWithLogprobs() {
  SamplingParams params = With(0, 0, 1, 0);
  params.top_logprobs = 5;
  return params;
}

BENCHMARK_CAPTURE(BM_Sample, greedy, true, With(0, 0, 1, 0))->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Sample, greedy_top_logprobs, true, GreedyWithLogprobs())
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Sample, t06_top_p095, true, With(0.6F, 0, 0.95F, 0))
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Sample, t06_top_p095_flat, false, With(0.6F, 0, 0.95F, 0))
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Sample, t1, true, With(1, 0, 1, 0))->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Sample, top_k40, true, With(0.8F, 40, 0.95F, 0.05F))
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Sample, top_k40_flat, false, With(0.8F, 40, 0.95F, 0.05F))
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lemma::engine

BENCHMARK_MAIN();
