// SPDX-License-Identifier: Apache-2.0
// Tokenizer speed in bytes a second. LEMMA_BENCH_VOCAB and LEMMA_BENCH_TEXT name other files than
// DeepSeek-R1-Distill-Qwen's vocabulary and the texts in bench/data.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "model/vocab_from_gguf.h"

namespace lemma {
namespace {

using tokenizer::SpecialTokens;
using tokenizer::Tokenizer;

std::string FromEnvironment(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : std::move(otherwise);
}

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::unique_ptr<const Tokenizer> Load() {
  const std::string path =
      FromEnvironment("LEMMA_BENCH_VOCAB", LEMMA_TEST_VOCAB_DIR "/deepseek-r1-qwen.gguf");
  const auto file = gguf::File::Open(path);
  if (file.ok()) {
    auto made = model::TokenizerFromGguf(**file);
    if (made.ok()) return std::move(*made);
    std::fprintf(stderr, "%s\n", made.status().ToString().c_str());
  } else {
    std::fprintf(stderr, "%s\n", file.status().ToString().c_str());
  }
  std::exit(1);
}

const Tokenizer& Shared() {
  static const std::unique_ptr<const Tokenizer> tokenizer = Load();
  return *tokenizer;
}

void Encode(benchmark::State& state, const std::string& text) {
  const Tokenizer& tokenizer = Shared();
  size_t tokens = 0;
  for (auto _ : state) tokens = tokenizer.Encode(text, SpecialTokens::kPlainText).size();
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
  state.counters["tokens"] = static_cast<double>(tokens);
}

void Decode(benchmark::State& state, const std::string& text) {
  const Tokenizer& tokenizer = Shared();
  const auto ids = tokenizer.Encode(text);
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer.Decode(ids));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}

void Create(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Load());
}

void Register() {
  const std::string folder = LEMMA_SOURCE_DIR "/bench/data/";
  std::string mixed;
  for (const char* name : {"english", "chinese", "code"}) {
    const std::string text = ReadText(folder + name + ".txt");
    mixed += text;
    benchmark::RegisterBenchmark((std::string("Encode/") + name).c_str(), Encode, text);
  }
  mixed = FromEnvironment("LEMMA_BENCH_TEXT", "").empty()
              ? mixed
              : ReadText(FromEnvironment("LEMMA_BENCH_TEXT", ""));
  benchmark::RegisterBenchmark("Encode/mixed", Encode, mixed);
  benchmark::RegisterBenchmark("Encode/letters", Encode, std::string(1000000, 'a'));
  benchmark::RegisterBenchmark("Encode/spaces", Encode, std::string(1000000, ' '));
  benchmark::RegisterBenchmark("Decode/mixed", Decode, mixed);
  benchmark::RegisterBenchmark("Create", Create)->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace lemma

int main(int argc, char** argv) {
  lemma::Register();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
