// SPDX-License-Identifier: Apache-2.0
// lemma bench --timeline: where the time of a prefill chunk and of a decode step goes. Medians per
// part of the forward pass over a few runs; "between" is the time in no part: the control flow
// around them, and the check of the logits.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <memory>

#include "base/clock.h"
#include "cli/bench.h"
#include "cli/bench_model.h"
#include "cli/output.h"
#include "cli/timed_ops.h"
#include "engine/sampler.h"

namespace lemma::cli {
namespace {

struct Part {
  std::string name;
  double seconds = 0;
};

struct Timeline {
  std::string what;
  size_t tokens = 0;
  double total = 0;  // seconds of one run
  std::vector<Part> parts;
};

// Runs of one kind; each adds the time of every part.
class Recorder {
 public:
  explicit Recorder(TimedOps& ops) : ops_(ops), samples_(kNumPhases + 1) {}

  template <typename Body>
  Status Record(Body body) {
    ops_.Reset();
    const Stopwatch watch;
    LEMMA_RETURN_IF_ERROR(body());
    const double total = watch.Seconds();
    double inside = 0;
    for (size_t i = 0; i < kNumPhases; ++i) {
      samples_[i].push_back(ops_.seconds()[i]);
      inside += ops_.seconds()[i];
    }
    samples_[kNumPhases].push_back(total - inside);
    totals_.push_back(total);
    return OkStatus();
  }

  [[nodiscard]] Timeline Finish(std::string what, size_t tokens) const {
    Timeline out{std::move(what), tokens, SpreadOf(totals_).median, {}};
    for (size_t i = 0; i < kNumPhases; ++i) {
      const double seconds = SpreadOf(samples_[i]).median;
      if (seconds > 0) {
        out.parts.push_back({std::string(PhaseName(static_cast<Phase>(i))), seconds});
      }
    }
    out.parts.push_back({"between", SpreadOf(samples_[kNumPhases]).median});
    return out;
  }

 private:
  TimedOps& ops_;
  std::vector<std::vector<double>> samples_;
  std::vector<double> totals_;
};

Result<Timeline> PrefillTimeline(const BenchCommand& command, BenchModel& bench, TimedOps& ops) {
  const size_t tokens = std::clamp<size_t>(command.prompts.front(), 1, command.chunk);
  Recorder recorder(ops);
  for (size_t round = 0; round < command.rounds; ++round) {
    LEMMA_RETURN_IF_ERROR(recorder.Record([&] { return bench.Prefill(tokens); }));
  }
  return recorder.Finish(fmt::format("prefill, one chunk of {} tokens", tokens), tokens);
}

// How long the choice of a token takes, beside the pass: greedy, and with the usual filters.
double SampleSeconds(const BenchModel& bench, const engine::SamplingParams& params) {
  constexpr int kDraws = 15;
  engine::Sampler sampler(params, 0);
  std::vector<double> seconds;
  for (int i = 0; i < kDraws; ++i) {
    std::vector<float> logits = bench.logits();  // changed in place
    logits.resize(bench.model().config().vocab);
    const Stopwatch watch;
    static_cast<void>(sampler.Sample(logits, {}, 0, {}));
    seconds.push_back(watch.Seconds());
  }
  return SpreadOf(seconds).median;
}

Result<Timeline> DecodeTimeline(const BenchCommand& command, BenchModel& bench, TimedOps& ops) {
  const size_t depth = command.depths.front();
  const size_t batch = command.batches.front();
  const size_t steps = std::max<size_t>(command.generate, 1);
  LEMMA_RETURN_IF_ERROR(bench.Fill(depth, batch));
  Recorder recorder(ops);
  for (size_t i = 0; i < steps; ++i) {
    LEMMA_RETURN_IF_ERROR(recorder.Record([&] { return bench.Step(depth + i, batch); }));
  }
  Timeline out =
      recorder.Finish(fmt::format("decode, one step of {} at {} tokens", batch, depth), batch);
  return out;
}

boost::json::object ToJson(const Timeline& timeline) {
  boost::json::object parts;
  for (const Part& part : timeline.parts) parts[part.name] = part.seconds;
  return {{"what", timeline.what},
          {"tokens", timeline.tokens},
          {"seconds", timeline.total},
          {"parts", parts}};
}

std::string ToText(const Timeline& timeline) {
  std::string out = fmt::format("{}: {:.3f} ms\n", timeline.what, timeline.total * 1e3);
  for (const Part& part : timeline.parts) {
    const double share = timeline.total > 0 ? part.seconds / timeline.total : 0;
    out += fmt::format("  {:<12} {:>10.3f} ms {:>6.1f} %  {}\n", part.name, part.seconds * 1e3,
                       100 * share, std::string(static_cast<size_t>(std::lround(share * 50)), '#'));
  }
  return out;
}

}  // namespace

Status RunTimelineBench(const BenchCommand& command) {
  InstallInterrupt();
  TimedOps* ops = nullptr;
  LEMMA_ASSIGN_OR_RETURN(const auto bench,
                         BenchModel::Load(command, [&](kernels::Ops& real, const gguf::File& file) {
                           auto timed = std::make_unique<TimedOps>(real, file);
                           ops = timed.get();
                           return timed;
                         }));
  LEMMA_RETURN_IF_ERROR(bench->Prefill(std::min<size_t>(command.prompts.front(), 64)));  // warm up
  LEMMA_ASSIGN_OR_RETURN(const Timeline prefill, PrefillTimeline(command, *bench, *ops));
  LEMMA_ASSIGN_OR_RETURN(const Timeline decode, DecodeTimeline(command, *bench, *ops));
  engine::SamplingParams greedy;
  greedy.temperature = 0;
  engine::SamplingParams usual;
  usual.temperature = 0.6F;
  usual.top_p = 0.95F;
  const double greedy_seconds = SampleSeconds(*bench, greedy);
  const double usual_seconds = SampleSeconds(*bench, usual);
  if (command.json) {
    PrintJson(boost::json::object{{"kernels", bench->kernels()},
                                  {"threads", bench->threads()},
                                  {"prefill", ToJson(prefill)},
                                  {"decode", ToJson(decode)},
                                  {"sample_greedy_seconds", greedy_seconds},
                                  {"sample_filtered_seconds", usual_seconds}});
    return OkStatus();
  }
  PrintOut(
      fmt::format("kernels {}, {} threads; products include the quantisation of their input\n\n"
                  "{}\n{}\nchoosing a token, beside the pass: greedy {:.3f} ms, "
                  "temperature 0.6 with top-p 0.95 {:.3f} ms\n",
                  bench->kernels(), bench->threads(), ToText(prefill), ToText(decode),
                  greedy_seconds * 1e3, usual_seconds * 1e3));
  return OkStatus();
}

}  // namespace lemma::cli
