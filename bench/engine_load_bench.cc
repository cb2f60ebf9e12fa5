// SPDX-License-Identifier: Apache-2.0
// What a long prompt does to streams that are decoding, and what the store of KV pages saves after
// a restart.
//
//   engine_load_bench MODEL.gguf [threads] [prompt tokens] [isa]
//
// One JSON line a measurement. `beside`: time between tokens of 1 and 4 streams while nothing else
// runs and while a prompt arrives, with the ratio of their 99th percentiles; the prompt's time to
// the first token beside them and alone. `restart`: time to the first token without a store, with
// an empty one, and after a restart from it. Prompts are random tokens; each is used once.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "gguf/reader.h"
#include "kernels/ops.h"
#include "model/model.h"

namespace lemma {
namespace {

struct Options {
  std::string model;
  size_t threads = 0;
  size_t prompt_tokens = 4096;
  std::string isa;
};

class LoadBench {
 public:
  LoadBench(Options options, model::Model& model) : options_(std::move(options)), model_(model) {}

  Status Run() {
    for (const size_t streams : {1U, 4U}) LEMMA_RETURN_IF_ERROR(Beside(streams));
    return Restart();
  }

 private:
  Result<std::unique_ptr<engine::Engine>> Start(
      const std::optional<engine::PageStoreOptions>& store = std::nullopt) {
    engine::EngineOptions engine_options;
    engine_options.context_tokens =
        std::min<size_t>(model_.config().context_length, options_.prompt_tokens + 512);
    engine_options.kv_pages = 3 * engine_options.context_tokens / kernels::kPageTokens;
    engine_options.kv_type = kernels::UsualKvTypes(Isa());
    engine_options.prefill_type = kernels::UsualPrefillType(Isa());
    engine_options.speculation.mode = engine::Speculation::kOff;
    engine_options.store = store;
    return engine::Engine::Create(engine::WrapModel(model_), engine_options);
  }

  [[nodiscard]] std::optional<std::string> Isa() const {
    return options_.isa.empty() ? std::nullopt : std::optional(options_.isa);
  }

  engine::GenerateRequest Request(size_t prompt_tokens, size_t tokens) {
    engine::GenerateRequest request;
    Rng rng(++seed_);
    for (size_t i = 0; i < prompt_tokens; ++i) {
      request.prompt.push_back(static_cast<int32_t>(rng.NextBelow(model_.config().vocab)));
    }
    request.sampling.temperature = 0;
    request.max_tokens = tokens;
    return request;
  }

  // Seconds to the first token.
  static Result<double> FirstToken(engine::Engine& engine, engine::GenerateRequest request) {
    const Stopwatch watch;
    LEMMA_ASSIGN_OR_RETURN(const auto generation, engine.Submit(std::move(request)));
    while (const auto event = generation->Next(std::chrono::seconds(600))) {
      if (event->kind == engine::EventKind::kToken) return watch.Seconds();
      if (event->kind == engine::EventKind::kFinish) return event->error;
    }
    return InternalError("no token in time");
  }

  // The times of tokens until told to stop.
  struct Stream {
    std::unique_ptr<engine::Generation> generation;
    std::vector<double> times;
    std::thread thread;
  };

  static double Percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
  }

  // Times between tokens of all streams within a span of time.
  static std::vector<double> Gaps(const std::vector<Stream>& streams, double begin, double end) {
    std::vector<double> gaps;
    for (const Stream& stream : streams) {
      for (size_t i = 1; i < stream.times.size(); ++i) {
        if (stream.times[i] > begin && stream.times[i - 1] < end) {
          gaps.push_back(stream.times[i] - stream.times[i - 1]);
        }
      }
    }
    return gaps;
  }

  Status Beside(size_t count) {
    LEMMA_ASSIGN_OR_RETURN(const auto engine, Start());
    LEMMA_RETURN_IF_ERROR(FirstToken(*engine, Request(300, 1)).status());  // warms up
    LEMMA_ASSIGN_OR_RETURN(const double alone,
                           FirstToken(*engine, Request(options_.prompt_tokens, 1)));
    std::vector<Stream> streams(count);
    for (Stream& stream : streams) {
      LEMMA_ASSIGN_OR_RETURN(stream.generation, engine->Submit(Request(20, 480)));
      stream.thread = std::thread([&stream] {
        while (const auto event = stream.generation->Next(std::chrono::seconds(600))) {
          if (event->kind == engine::EventKind::kToken) stream.times.push_back(MonotonicSeconds());
          if (event->kind == engine::EventKind::kFinish) return;
        }
      });
    }
    const auto decoded = [&] { return engine->Stats().decode_tokens / count; };
    while (decoded() < 20) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const double quiet_begin = MonotonicSeconds();
    while (decoded() < 160) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const double begin = MonotonicSeconds();
    const auto beside = FirstToken(*engine, Request(options_.prompt_tokens, 1));
    const double end = MonotonicSeconds();
    for (Stream& stream : streams) {
      stream.generation->Cancel();
      stream.thread.join();
    }
    LEMMA_RETURN_IF_ERROR(beside.status());
    const auto quiet = Gaps(streams, quiet_begin, begin);
    const auto busy = Gaps(streams, begin, end);
    fmt::print(
        "{{\"measured\":\"beside\",\"streams\":{},\"prompt_tokens\":{},\"quiet_p50_ms\":{:.2f},"
        "\"quiet_p99_ms\":{:.2f},\"busy_p50_ms\":{:.2f},\"busy_p99_ms\":{:.2f},\"p99_ratio\":{:.2f}"
        ","
        "\"gaps\":{},\"first_token_alone_s\":{:.2f},\"first_token_beside_s\":{:.2f}}}\n",
        count, options_.prompt_tokens, 1e3 * Percentile(quiet, 0.5), 1e3 * Percentile(quiet, 0.99),
        1e3 * Percentile(busy, 0.5), 1e3 * Percentile(busy, 0.99),
        Percentile(busy, 0.99) / Percentile(quiet, 0.99), busy.size(), alone, *beside);
    std::fflush(stdout);
    return OkStatus();
  }

  Status Restart() {
    engine::PageStoreOptions store;
    store.directory =
        std::filesystem::temp_directory_path() / fmt::format("lemma-load-bench-{}", ::getpid());
    store.identity = options_.model;
    const auto request = Request(options_.prompt_tokens, 1);
    double seconds[3] = {};
    Status status;
    size_t read = 0;
    for (size_t i = 0; i < 3 && status.ok(); ++i) {
      auto engine = Start(i == 0 ? std::nullopt : std::optional(store));
      status = engine.status();
      if (!status.ok()) break;
      status = FirstToken(**engine, Request(300, 1)).status();  // warms up
      if (!status.ok()) break;
      const auto first = FirstToken(**engine, request);
      status = first.status();
      if (first.ok()) seconds[i] = *first;
      read = (*engine)->Stats().store_tokens;
    }
    std::error_code ignored;
    std::filesystem::remove_all(store.directory, ignored);
    LEMMA_RETURN_IF_ERROR(status);
    fmt::print(
        "{{\"measured\":\"restart\",\"prompt_tokens\":{},\"tokens_read\":{},\"cold_s\":{:.3f},"
        "\"cold_writing_s\":{:.3f},\"restart_s\":{:.3f},\"share\":{:.3f}}}\n",
        options_.prompt_tokens, read, seconds[0], seconds[1], seconds[2], seconds[2] / seconds[0]);
    return OkStatus();
  }

  const Options options_;
  model::Model& model_;
  uint64_t seed_ = 0;
};

Status RunAll(const Options& options) {
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(options.model));
  kernels::CpuOptions cpu;
  cpu.threads = static_cast<int>(options.threads);
  if (!options.isa.empty()) cpu.isa = options.isa;
  LEMMA_ASSIGN_OR_RETURN(const auto ops, kernels::MakeCpuOps(cpu));
  LEMMA_ASSIGN_OR_RETURN(const auto model, model::Model::Load(*file, *ops, {}));
  return LoadBench(options, *model).Run();
}

size_t Number(const char* text, size_t fallback) {
  size_t value = fallback;
  const std::string_view view(text);
  std::from_chars(view.data(), view.data() + view.size(), value);
  return value;
}

}  // namespace
}  // namespace lemma

int main(int argc, char** argv) {
  lemma::Options options;
  if (argc < 2) {
    fmt::print(stderr, "usage: engine_load_bench MODEL.gguf [threads] [prompt tokens] [isa]\n");
    return 2;
  }
  options.model = argv[1];
  if (argc > 2) options.threads = lemma::Number(argv[2], 0);
  if (argc > 3) options.prompt_tokens = lemma::Number(argv[3], 4096);
  if (argc > 4) options.isa = argv[4];
  const lemma::Status status = lemma::RunAll(options);
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
