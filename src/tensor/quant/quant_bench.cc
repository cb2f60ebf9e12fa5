// SPDX-License-Identifier: Apache-2.0
// Speed of decoding and encoding a row of each format, one thread.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "tensor/dtype.h"

namespace lemma::tensor {
namespace {

constexpr size_t kRow = 8960;  // ffn_down of the 1.5B shape

std::vector<float> Gaussian() {
  std::vector<float> x(kRow);
  Rng rng(1);
  for (float& v : x) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - rng.NextUniform()));
    v = static_cast<float>(0.02 * radius * std::cos(6.283185307179586 * rng.NextUniform()));
  }
  return x;
}

void Encode(benchmark::State& state, const DTypeInfo& info) {
  const std::vector<float> x = Gaussian();
  std::vector<std::byte> blocks(kRow / info.block_elems * info.block_bytes);
  for (auto _ : state) {
    info.encode(x.data(), blocks.data(), kRow, nullptr);
    benchmark::DoNotOptimize(blocks.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRow));
}

void Decode(benchmark::State& state, const DTypeInfo& info) {
  std::vector<float> x = Gaussian();
  std::vector<std::byte> blocks(kRow / info.block_elems * info.block_bytes);
  info.encode(x.data(), blocks.data(), kRow, nullptr);
  for (auto _ : state) {
    info.decode(blocks.data(), x.data(), kRow);
    benchmark::DoNotOptimize(x.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRow));
}

void RegisterAll() {
  for (const DTypeInfo& info : AllDTypes()) {
    const std::string name(info.name);
    benchmark::RegisterBenchmark(("encode/" + name).c_str(), Encode, info);
    benchmark::RegisterBenchmark(("decode/" + name).c_str(), Decode, info);
  }
}

}  // namespace
}  // namespace lemma::tensor

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  lemma::tensor::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
