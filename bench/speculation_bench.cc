// SPDX-License-Identifier: Apache-2.0
// Speed of decoding with and without speculation on given texts, one interleaved run. The model
// computes what it always computes; only the logit of the next token of the text is raised, so
// that the "answer" is the text whatever the weights are worth (synthetic files say little).
//
//   speculation_bench MODEL.gguf [TEXT_FILE] [threads] [rounds] [tokens] [isa]
//
// Texts, another part of the file in each round: `ordinary` (the file goes on where the prompt
// ends), `copy` (the answer restates the prompt), `edit` (restates it with a change every 25
// tokens). One JSON line each: tokens per second without and with speculation, the ratio over all
// rounds, its median and spread; the ratio of processor times, which with one thread holds on a
// busy machine too; tokens per pass. docs/performance.md explains the use.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "gguf/reader.h"
#include "kernels/ops.h"
#include "model/model.h"
#include "model/vocab_from_gguf.h"
#include "tokenizer/tokenizer.h"

namespace lemma {
namespace {

// The model, with the logits bent towards a text.
class ScriptedModel final : public engine::StepModel {
 public:
  ScriptedModel(model::Model& model, const std::vector<int32_t>& script)
      : inner_(engine::WrapModel(model)), script_(script) {}
  [[nodiscard]] size_t vocab() const override { return inner_->vocab(); }
  [[nodiscard]] size_t context_length() const override { return inner_->context_length(); }
  Result<std::unique_ptr<kernels::KvStorage>> MakeKv(size_t pages,
                                                     kernels::KvTypes types) override {
    return inner_->MakeKv(pages, types);
  }
  Status Forward(const model::ForwardBatch& batch, kernels::KvStorage& kv,
                 std::vector<float>& logits) override {
    LEMMA_RETURN_IF_ERROR(inner_->Forward(batch, kv, logits));
    size_t row = 0;
    for (const model::SequenceSlice& slice : batch.slices) {
      if (slice.logits == model::LogitsWanted::kNone) continue;
      const size_t rows = slice.logits == model::LogitsWanted::kAll ? slice.count : 1;
      const size_t end = slice.position + slice.count;
      for (size_t next = end - rows + 1; next <= end; ++next, ++row) {
        const int32_t token = script_[std::min(next, script_.size() - 1)];
        logits[row * vocab() + static_cast<size_t>(token)] += 1e6F;
      }
    }
    return OkStatus();
  }

 private:
  std::unique_ptr<engine::StepModel> inner_;
  const std::vector<int32_t>& script_;
};

struct Options {
  std::string model;
  std::string text = LEMMA_SOURCE_DIR "/bench/data/english.txt";
  size_t threads = 0;
  size_t rounds = 10;
  size_t tokens = 160;
  std::string isa;
};

struct Run {
  double seconds = 0;      // from the first token to the end
  double cpu_seconds = 0;  // of the process, in the same time
  engine::Usage usage;
};

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

Result<Run> RunOnce(engine::Engine& engine, const std::vector<int32_t>& prompt, size_t tokens,
                    uint64_t salt) {
  engine::GenerateRequest request;
  request.prompt = prompt;
  request.sampling.temperature = 0;
  request.max_tokens = tokens;
  request.cache_salt = salt;  // every run prefills
  LEMMA_ASSIGN_OR_RETURN(const auto generation, engine.Submit(std::move(request)));
  double start = 0;
  for (;;) {
    const auto event = generation->Next(std::chrono::seconds(600));
    if (!event) return InternalError("no event in time");
    if (event->kind == engine::EventKind::kToken && start == 0) start = CpuSeconds();
    if (event->kind != engine::EventKind::kFinish) continue;
    if (!event->error.ok()) return event->error;
    Run run;
    run.usage = event->usage;
    run.cpu_seconds = CpuSeconds() - start;
    run.seconds = event->usage.decode_seconds;
    return run;
  }
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double Total(const std::vector<Run>& runs, double Run::*field) {
  double sum = 0;
  for (const Run& run : runs) sum += run.*field;
  return sum;
}

void Print(const char* name, const std::vector<Run>& plain, const std::vector<Run>& ahead) {
  std::vector<double> ratios;
  size_t tokens = 0;
  size_t drafted = 0;
  size_t accepted = 0;
  for (size_t i = 0; i < ahead.size(); ++i) {
    ratios.push_back(plain[i].seconds / std::max(ahead[i].seconds, 1e-9));
    tokens += ahead[i].usage.generated_tokens - 1;
    drafted += ahead[i].usage.drafted_tokens;
    accepted += ahead[i].usage.accepted_tokens;
  }
  const auto all = static_cast<double>(tokens);
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  fmt::print(
      "{{\"text\":\"{}\",\"rounds\":{},\"tokens\":{},\"plain_tok_s\":{:.2f},"
      "\"speculation_tok_s\":{:.2f},\"ratio\":{:.3f},\"ratio_median\":{:.3f},"
      "\"ratio_low\":{:.3f},\"ratio_high\":{:.3f},\"cpu_time_ratio\":{:.3f},"
      "\"drafted\":{},\"accepted\":{},\"tokens_per_pass\":{:.2f}}}\n",
      name, ratios.size(), tokens, all / Total(plain, &Run::seconds),
      all / Total(ahead, &Run::seconds), Total(plain, &Run::seconds) / Total(ahead, &Run::seconds),
      Median(ratios), *low, *high,
      Total(plain, &Run::cpu_seconds) / std::max(Total(ahead, &Run::cpu_seconds), 1e-9), drafted,
      accepted, all / static_cast<double>(tokens - accepted));
  std::fflush(stdout);
}

class SpeculationBench {
 public:
  explicit SpeculationBench(Options options) : options_(std::move(options)) {}

  Status Start(model::Model& model) {
    engine::EngineOptions engine_options;
    engine_options.context_tokens = std::min<size_t>(model.config().context_length, 4096);
    engine_options.kv_pages = engine_options.context_tokens / kernels::kPageTokens;
    for (const auto mode : {engine::Speculation::kOff, engine::Speculation::kAuto}) {
      engine_options.speculation.mode = mode;
      LEMMA_ASSIGN_OR_RETURN(
          auto engine,
          engine::Engine::Create(std::make_unique<ScriptedModel>(model, script_), engine_options));
      engines_.push_back(std::move(engine));
    }
    return OkStatus();
  }

  // `make(round)` gives the text of a round; it begins with the prompt.
  Status Measure(const char* name, size_t prompt_tokens,
                 const std::function<std::vector<int32_t>(size_t)>& make) {
    std::vector<Run> all[2];
    for (size_t i = 0; i <= options_.rounds; ++i) {
      script_ = make(i);
      const std::vector<int32_t> prompt(script_.begin(),
                                        script_.begin() + static_cast<ptrdiff_t>(prompt_tokens));
      for (size_t k = 0; k < 2; ++k) {
        const size_t which = (i + k) % 2;  // the first of a round alternates
        LEMMA_ASSIGN_OR_RETURN(const Run run, RunOnce(*engines_[which], prompt,
                                                      script_.size() - prompt_tokens, ++salt_));
        if (i > 0) all[which].push_back(run);  // round 0 warms up
      }
    }
    Print(name, all[0], all[1]);
    return OkStatus();
  }

 private:
  const Options options_;
  std::vector<int32_t> script_;
  std::vector<std::unique_ptr<engine::Engine>> engines_;
  uint64_t salt_ = 0;
};

Status RunAll(const Options& options) {
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(options.model));
  LEMMA_ASSIGN_OR_RETURN(const auto tokenizer, model::TokenizerFromGguf(*file));
  kernels::CpuOptions cpu;
  cpu.threads = static_cast<int>(options.threads);
  if (!options.isa.empty()) cpu.isa = options.isa;
  LEMMA_ASSIGN_OR_RETURN(const auto ops, kernels::MakeCpuOps(cpu));
  LEMMA_ASSIGN_OR_RETURN(const auto model, model::Model::Load(*file, *ops, {}));
  LEMMA_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.text));
  const std::vector<int32_t> tokens = tokenizer->Encode(text);
  const size_t n = options.tokens;
  if (tokens.size() < 3 * n) {
    return InvalidArgument(
        fmt::format("{}: {} tokens, expected at least {}", options.text, tokens.size(), 3 * n));
  }
  // Another part of the file in each round.
  const auto window = [&](size_t round, size_t count) {
    const size_t begin = round * 2 * n % (tokens.size() - count + 1);
    return std::vector<int32_t>(tokens.begin() + static_cast<ptrdiff_t>(begin),
                                tokens.begin() + static_cast<ptrdiff_t>(begin + count));
  };
  const auto copy = [&](size_t round) {
    const std::vector<int32_t> part = window(round, n);
    std::vector<int32_t> out = part;
    out.insert(out.end(), part.begin(), part.end());
    return out;
  };
  const auto edit = [&](size_t round) {
    std::vector<int32_t> out = copy(round);
    for (size_t i = n + 12; i < out.size(); i += 25) out[i] = tokens[(round * n + i * 7) % n];
    return out;
  };
  SpeculationBench bench(options);
  LEMMA_RETURN_IF_ERROR(bench.Start(*model));
  LEMMA_RETURN_IF_ERROR(
      bench.Measure("ordinary", 2 * n, [&](size_t round) { return window(round, 3 * n); }));
  LEMMA_RETURN_IF_ERROR(bench.Measure("copy", n, copy));
  return bench.Measure("edit", n, edit);
}

bool Number(const char* text, size_t& out) {
  const char* end = text + std::strlen(text);
  return std::from_chars(text, end, out).ptr == end;
}

int Main(int argc, char** argv) {
  Options options;
  bool good = argc >= 2 && argc <= 7;
  if (good) options.model = argv[1];
  if (argc > 2 && *argv[2] != '\0') options.text = argv[2];
  if (argc > 3) good = good && Number(argv[3], options.threads);
  if (argc > 4) good = good && Number(argv[4], options.rounds) && options.rounds > 0;
  if (argc > 5) good = good && Number(argv[5], options.tokens) && options.tokens >= 50;
  if (argc > 6) options.isa = argv[6];
  if (!good) {
    fmt::print(stderr,
               "usage: speculation_bench MODEL.gguf [TEXT_FILE] [threads] [rounds] [tokens >= 50] "
               "[isa]\n");
    return 2;
  }
  const Status status = RunAll(options);
  if (status.ok()) return 0;
  fmt::print(stderr, "speculation_bench: {}\n", status.message());
  return 1;
}

}  // namespace
}  // namespace lemma

int main(int argc, char** argv) { return lemma::Main(argc, argv); }
