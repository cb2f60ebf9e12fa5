// SPDX-License-Identifier: Apache-2.0
// GB/s of weights read by a matrix product, per format, instruction set and number of input rows
// M. Arguments: K, N, M, threads. Weights rotate over more memory than the caches hold.
// Run: kernels.bench --benchmark_filter='Q4_K/avx512'
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kernels/bandwidth.h"
#include "kernels/kernel_testing.h"

namespace lemma::kernels {
namespace {

constexpr size_t kColdBytes = size_t{512} << 20;

using Weights = std::vector<std::unique_ptr<PackedMatrix>>;

// Copies of one matrix, kept for the next benchmark of the same format and shape.
const Weights& ColdWeights(const tensor::TensorView& view, Ops& ops) {
  static Weights copies;
  if (!copies.empty() && copies[0]->dtype() == view.dtype &&
      copies[0]->columns() == view.shape.columns() && copies[0]->rows() == view.shape.rows()) {
    return copies;
  }
  copies.clear();
  for (size_t total = 0; total < kColdBytes; total += view.bytes.size()) {
    auto w = ops.Pack(view);
    if (!w.ok()) break;
    copies.push_back(std::move(*w));
  }
  return copies;
}

void BM_Matmul(benchmark::State& state, tensor::DType dtype, const std::string& isa) {
  const auto k = static_cast<size_t>(state.range(0));
  const auto n = static_cast<size_t>(state.range(1));
  const auto m = static_cast<size_t>(state.range(2));
  auto ops = MakeCpuOps({.threads = static_cast<int>(state.range(3)), .isa = isa});
  if (!ops.ok()) return state.SkipWithError(ops.status().ToString().c_str());
  const auto bytes = RandomBlocks(dtype, k, n, 1);
  const auto own = (*ops)->Pack(View(dtype, k, n, bytes));  // makes these Ops ready for the width
  const Weights& copies = ColdWeights(View(dtype, k, n, bytes), **ops);
  if (!own.ok() || copies.empty()) return state.SkipWithError("out of memory");
  const auto x = Normal(m * k, 2);
  std::vector<float> y(m * n);
  size_t next = 0;
  for (auto _ : state) {
    (*ops)->Matmul(*copies[next], x, y, Accumulate::kNo);
    next = (next + 1) % copies.size();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
  state.counters["MAC/s"] = benchmark::Counter(static_cast<double>(m * n * k),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

void BM_Pack(benchmark::State& state, tensor::DType dtype) {
  auto ops = MakeCpuOps({.threads = static_cast<int>(state.range(0)), .isa = {}});
  const auto bytes = RandomBlocks(dtype, 8960, 4096, 1);
  for (auto _ : state) benchmark::DoNotOptimize((*ops)->Pack(View(dtype, 8960, 4096, bytes)));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}

void BM_ReadBandwidth(benchmark::State& state) {
  double best = 0;
  for (auto _ : state)
    best = std::max(best, MeasureReadBandwidth(static_cast<int>(state.range(0))));
  state.counters["GB/s"] = best;
}
BENCHMARK(BM_ReadBandwidth)->Arg(1)->Arg(2)->Iterations(1)->Unit(benchmark::kMillisecond);

void RegisterAll() {
  for (const tensor::DTypeInfo& info : tensor::AllDTypes()) {
    for (const std::string_view isa : AvailableIsas()) {
      const std::string name = std::string(info.name) + "/" + std::string(isa);
      auto* b = benchmark::RegisterBenchmark(name.c_str(), BM_Matmul, info.dtype, std::string(isa));
      for (const int64_t m : {1, 2, 4, 8, 128}) {
        if (isa == "scalar" && m > 1) continue;
        for (const int64_t threads : {1, 2}) b->Args({1536, 8960, m, threads});
      }
      b->MinTime(0.3)->UseRealTime()->Unit(benchmark::kMicrosecond);
    }
    benchmark::RegisterBenchmark(("Pack/" + std::string(info.name)).c_str(), BM_Pack, info.dtype)
        ->Arg(2)
        ->MinTime(0.2)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
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
