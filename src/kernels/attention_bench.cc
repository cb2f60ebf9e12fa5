// SPDX-License-Identifier: Apache-2.0
// Time of attention alone in the shape of a 1.5B qwen2 (12 query heads, 2 KV heads of 128):
// prefill of a whole prompt, and one decoded token after a context, per KV type, instruction set
// and threads. GB/s counts the KV bytes of the visible tokens, once; decode goes round the layers
// so that they come from memory.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "kernels/kernel_testing.h"

namespace lemma::kernels {
namespace {

constexpr size_t kHeads = 12;
constexpr size_t kKvHeads = 2;
constexpr size_t kHeadDim = 128;
constexpr size_t kBatch = 512;  // prompt tokens a call

struct Cache {
  std::unique_ptr<Ops> ops;
  std::unique_ptr<KvStorage> kv;
  std::vector<PageId> pages;
  size_t layers = 0;

  [[nodiscard]] AttentionArgs Args() const {
    AttentionArgs args;
    args.heads = kHeads;
    args.kv_heads = kKvHeads;
    args.head_dim = kHeadDim;
    args.scale = 0.0883883F;
    return args;
  }
};

Cache MakeCache(const std::string& isa, int threads, KvTypes types, size_t tokens, size_t layers) {
  Cache cache;
  cache.ops = TestOps(isa, threads);
  cache.layers = layers;
  const size_t num_pages = (tokens + kPageTokens - 1) / kPageTokens;
  auto kv = cache.ops->MakeKv({layers, kKvHeads, kHeadDim, num_pages, types});
  if (!kv.ok()) return cache;
  cache.kv = std::move(*kv);
  cache.pages.resize(num_pages);
  std::iota(cache.pages.begin(), cache.pages.end(), PageId{0});
  const auto k = Normal(kPageTokens * kKvHeads * kHeadDim, 1);
  const auto v = Normal(kPageTokens * kKvHeads * kHeadDim, 2);
  for (size_t layer = 0; layer < layers; ++layer) {
    for (size_t p = 0; p < num_pages; ++p) {
      const AttentionSpan span{0, kPageTokens, p * kPageTokens, cache.pages};
      AttentionArgs args = cache.Args();
      args.layer = layer;
      args.spans = {&span, 1};
      cache.ops->StoreKv(*cache.kv, args, k, v);
    }
  }
  return cache;
}

void Count(benchmark::State& state, double macs, double bytes) {
  constexpr auto kRate = benchmark::Counter::kIsIterationInvariantRate;
  state.counters["MAC/s"] = benchmark::Counter(macs, kRate);
  state.counters["GB/s"] = benchmark::Counter(bytes / 1e9, kRate);
}

// One layer of a prompt of range(0) tokens.
void BM_Prefill(benchmark::State& state, const std::string& isa, KvTypes types) {
  const auto tokens = static_cast<size_t>(state.range(0));
  const Cache cache = MakeCache(isa, static_cast<int>(state.range(1)), types, tokens, 1);
  if (cache.kv == nullptr) return state.SkipWithError("out of memory");
  const auto q = Normal(kBatch * kHeads * kHeadDim, 3);
  std::vector<float> out(q.size());
  for (auto _ : state) {
    for (size_t at = 0; at < tokens; at += kBatch) {
      const AttentionSpan span{0, std::min(kBatch, tokens - at), at, cache.pages};
      AttentionArgs args = cache.Args();
      args.spans = {&span, 1};
      cache.ops->Attention(*cache.kv, args, q, out);
    }
  }
  const double pairs = static_cast<double>(tokens) * static_cast<double>(tokens + 1) / 2;
  Count(state, pairs * kHeads * kHeadDim * 2, 0);
}

// One token after range(0) others.
void BM_Decode(benchmark::State& state, const std::string& isa, KvTypes types) {
  const auto tokens = static_cast<size_t>(state.range(0));
  const size_t layers = std::clamp<size_t>((size_t{28} * 8192) / tokens, 7, 28);
  const Cache cache = MakeCache(isa, static_cast<int>(state.range(1)), types, tokens, layers);
  if (cache.kv == nullptr) return state.SkipWithError("out of memory");
  const auto q = Normal(kHeads * kHeadDim, 3);
  std::vector<float> out(q.size());
  size_t layer = 0;
  for (auto _ : state) {
    const AttentionSpan span{0, 1, tokens - 1, cache.pages};
    AttentionArgs args = cache.Args();
    args.layer = layer;
    args.spans = {&span, 1};
    cache.ops->Attention(*cache.kv, args, q, out);
    layer = (layer + 1) % cache.layers;
  }
  const auto read = static_cast<double>(tokens);
  Count(state, read * kHeads * kHeadDim * 2,
        read * static_cast<double>(kKvHeads * KvBytesPerToken(types, kHeadDim)));
}

void RegisterAll() {
  for (const std::string_view isa : AvailableIsas()) {
    if (isa == "scalar") continue;
    for (const KvTypes types : {KvTypes(KvType::kF16), KvTypes(KvType::kBf16),
                                KvTypes(KvType::kQ8_0), KvTypes(KvType::kQ8_0, KvType::kBf16)}) {
      const std::string name = std::string(KvTypesName(types)) + "/" + std::string(isa);
      const std::string isa_name(isa);
      auto* prefill =
          benchmark::RegisterBenchmark(("Prefill/" + name).c_str(), BM_Prefill, isa_name, types);
      auto* decode =
          benchmark::RegisterBenchmark(("Decode/" + name).c_str(), BM_Decode, isa_name, types);
      for (const int64_t threads : {1, 2}) {
        for (const int64_t tokens : {512, 2048, 8192}) prefill->Args({tokens, threads});
        for (const int64_t tokens : {512, 8192, 32768}) decode->Args({tokens, threads});
      }
      prefill->MinTime(0.2)->UseRealTime()->Unit(benchmark::kMillisecond);
      decode->MinTime(0.2)->UseRealTime()->Unit(benchmark::kMicrosecond);
    }
  }
}

}  // namespace
}  // namespace lemma::kernels

int main(int argc, char** argv) {
  lemma::kernels::RegisterAll();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
