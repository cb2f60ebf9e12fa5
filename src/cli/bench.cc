// SPDX-License-Identifier: Apache-2.0
// lemma bench: prefill and decode speed of a model, beside what the memory of the machine allows.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <numeric>

#include "base/clock.h"
#include "base/cpu_features.h"
#include "base/rng.h"
#include "cli/command.h"
#include "cli/output.h"
#include "gguf/reader.h"
#include "kernels/bandwidth.h"
#include "model/model.h"

namespace lemma::cli {
namespace {

struct BenchCommand {
  ModelOptions model;
  size_t prompt = 512;
  size_t generate = 64;
  size_t batch = 1;
  size_t rounds = 3;
  bool json = false;
};

struct Round {
  double prefill_tok_s = 0;
  double decode_tok_s = 0;  // of all sequences together
  double bandwidth_gb_s = 0;
};

constexpr size_t kChunk = 512;  // tokens a forward pass in prefill

// The page tables of `batch` sequences of `tokens`, one after the other.
std::vector<std::vector<kernels::PageId>> Tables(size_t batch, size_t tokens) {
  const size_t pages = (tokens + kernels::kPageTokens - 1) / kernels::kPageTokens;
  std::vector<std::vector<kernels::PageId>> out(batch, std::vector<kernels::PageId>(pages));
  kernels::PageId next = 0;
  for (auto& table : out) {
    for (auto& page : table) page = next++;
  }
  return out;
}

class Bench {
 public:
  Bench(model::Model& model, kernels::KvStorage& kv, const BenchCommand& options)
      : model_(model),
        kv_(kv),
        options_(options),
        tables_(Tables(options.batch, options.prompt + options.generate + 1)) {}

  Result<Round> Run(uint64_t seed) {
    Rng rng(seed);
    Round out;
    Stopwatch watch;
    for (size_t s = 0; s < options_.batch; ++s) LEMMA_RETURN_IF_ERROR(Prefill(s, rng));
    out.prefill_tok_s = static_cast<double>(options_.prompt * options_.batch) / watch.Seconds();
    watch.Restart();
    for (size_t i = 0; i < options_.generate; ++i) LEMMA_RETURN_IF_ERROR(Decode(i, rng));
    out.decode_tok_s = static_cast<double>(options_.generate * options_.batch) / watch.Seconds();
    return out;
  }

 private:
  int32_t Token(Rng& rng) const {
    return static_cast<int32_t>(rng.NextBelow(model_.config().vocab));
  }

  Status Prefill(size_t sequence, Rng& rng) {
    for (size_t done = 0; done < options_.prompt; done += kChunk) {
      model::ForwardBatch batch;
      model::SequenceSlice slice;
      slice.count = std::min(kChunk, options_.prompt - done);
      slice.position = done;
      slice.pages = tables_[sequence];
      slice.logits = done + slice.count == options_.prompt ? model::LogitsWanted::kLast
                                                           : model::LogitsWanted::kNone;
      for (size_t i = 0; i < slice.count; ++i) batch.tokens.push_back(Token(rng));
      batch.slices.push_back(slice);
      if (Interrupted()) return {StatusCode::kCancelled, "interrupted"};
      LEMMA_RETURN_IF_ERROR(model_.Forward(batch, kv_, logits_));
    }
    return OkStatus();
  }

  Status Decode(size_t step, Rng& rng) {
    model::ForwardBatch batch;
    for (size_t s = 0; s < options_.batch; ++s) {
      model::SequenceSlice slice;
      slice.token_begin = s;
      slice.count = 1;
      slice.position = options_.prompt + step;
      slice.pages = tables_[s];
      batch.tokens.push_back(Token(rng));
      batch.slices.push_back(slice);
    }
    if (Interrupted()) return {StatusCode::kCancelled, "interrupted"};
    return model_.Forward(batch, kv_, logits_);
  }

  model::Model& model_;
  kernels::KvStorage& kv_;
  const BenchCommand& options_;
  std::vector<std::vector<kernels::PageId>> tables_;
  std::vector<float> logits_;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

std::vector<double> Column(const std::vector<Round>& rounds, double Round::*field) {
  std::vector<double> out;
  out.reserve(rounds.size());
  for (const Round& round : rounds) out.push_back(round.*field);
  return out;
}

void PrintResult(const BenchCommand& options, const model::Model& model, const std::string& isa,
                 const std::vector<Round>& rounds) {
  const double prefill = Median(Column(rounds, &Round::prefill_tok_s));
  const double decode = Median(Column(rounds, &Round::decode_tok_s));
  const double bandwidth = Median(Column(rounds, &Round::bandwidth_gb_s));
  const auto bytes = static_cast<double>(model.bytes_per_token());
  // One step reads the weights once, whatever the batch.
  const double used = decode / static_cast<double>(options.batch) * bytes / 1e9;
  if (options.json) {
    boost::json::array all;
    for (const Round& r : rounds) {
      all.push_back(boost::json::object{{"prefill_tok_s", r.prefill_tok_s},
                                        {"decode_tok_s", r.decode_tok_s},
                                        {"read_bandwidth_gb_s", r.bandwidth_gb_s}});
    }
    PrintJson(boost::json::object{{"prefill_tok_s", prefill},
                                  {"decode_tok_s", decode},
                                  {"bytes_per_token", model.bytes_per_token()},
                                  {"read_bandwidth_gb_s", bandwidth},
                                  {"bandwidth_share", used / bandwidth},
                                  {"prompt_tokens", options.prompt},
                                  {"decode_tokens", options.generate},
                                  {"batch", options.batch},
                                  {"kernels", isa},
                                  {"rounds", all}});
    return;
  }
  PrintOut(
      fmt::format("kernels          {}\n"
                  "prefill          {:.1f} tok/s ({} tokens, {} sequences)\n"
                  "decode           {:.2f} tok/s ({} steps, {} sequences)\n"
                  "bytes per token  {:.1f} MB\n"
                  "read bandwidth   {:.1f} GB/s measured; decode used {:.1f} GB/s, {:.0f} %\n",
                  isa, prefill, options.prompt, options.batch, decode, options.generate,
                  options.batch, bytes / 1e6, bandwidth, used, 100 * used / bandwidth));
}

Status RunBench(const BenchCommand& options) {
  LEMMA_ASSIGN_OR_RETURN(const std::string path, ResolveModelPath(options.model.model));
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(path));
  kernels::CpuOptions cpu;
  cpu.threads = options.model.threads;
  if (!options.model.isa.empty()) cpu.isa = options.model.isa;
  LEMMA_ASSIGN_OR_RETURN(const auto ops, kernels::MakeCpuOps(cpu));
  InstallInterrupt();
  ProgressBar bar("bench");
  LEMMA_ASSIGN_OR_RETURN(const auto model, model::Model::Load(*file, *ops, [&](double share) {
                           bar.Update(share / 4, "loading");
                           return !Interrupted();
                         }));
  const size_t tokens = options.prompt + options.generate + 1;
  if (tokens > model->config().context_length) {
    return InvalidArgument(fmt::format("-p and -n: {} tokens do not fit the context of {}", tokens,
                                       model->config().context_length));
  }
  const size_t pages = options.batch * ((tokens + kernels::kPageTokens - 1) / kernels::kPageTokens);
  const auto type = options.model.kv_type == "f32" ? kernels::KvType::kF32 : kernels::KvType::kF16;
  LEMMA_ASSIGN_OR_RETURN(const auto kv, model->MakeKv(pages, type));
  Bench bench(*model, *kv, options);
  const int threads = options.model.threads > 0 ? options.model.threads : UsableCpus();
  std::vector<Round> rounds;
  for (size_t i = 0; i <= options.rounds; ++i) {  // the first one warms up and is not counted
    LEMMA_ASSIGN_OR_RETURN(Round round, bench.Run(i));
    if (i == 0) continue;
    round.bandwidth_gb_s = kernels::MeasureReadBandwidth(threads);
    rounds.push_back(round);
    bar.Update(static_cast<double>(i) / static_cast<double>(options.rounds),
               fmt::format("{:.2f} tok/s", round.decode_tok_s));
  }
  PrintResult(options, *model, ops->name(), rounds);
  return OkStatus();
}

}  // namespace

void AddBench(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("bench", "prefill and decode speed, and the memory's limit");
  auto options = std::make_shared<BenchCommand>();
  AddModelOptions(*command, options->model, WithEngine::kNo);
  command->add_option("-p,--prompt", options->prompt, "prompt tokens")
      ->check(CLI::Range(1, 1 << 20));
  command->add_option("-n,--generate", options->generate, "decoded tokens")
      ->check(CLI::Range(1, 1 << 20));
  command->add_option("-b,--batch", options->batch, "sequences at once")
      ->check(CLI::Range(1, 1024));
  command->add_option("-r,--rounds", options->rounds, "rounds; medians are printed")
      ->check(CLI::Range(1, 1000));
  command->add_option("--kv-type", options->model.kv_type, "type of the KV cache: f16 or f32")
      ->check(CLI::IsMember({"f16", "f32"}));
  command->add_flag("--json", options->json, "print JSON");
  command->footer("Example:\n  lemma bench -m model.gguf -t 2 -p 512 -n 64 -b 1 --json");
  command->callback([options, &context] {
    if (const Status status = RunBench(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
