// SPDX-License-Identifier: Apache-2.0
// lemma bench: prefill and decode speed of a model, beside what the memory of the machine allows.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/clock.h"
#include "cli/bench.h"
#include "cli/bench_model.h"
#include "cli/output.h"
#include "kernels/bandwidth.h"

namespace lemma::cli {
namespace {

enum class Pass : uint8_t { kPrefill, kDecode };

struct SpeedTest {
  Pass kind = Pass::kPrefill;
  size_t tokens = 0;          // prefill: of the prompt; decode: steps
  size_t depth = 0;           // decode: tokens in the cache before the first step
  size_t batch = 1;           // decode: sequences
  std::vector<double> tok_s;  // of all sequences together, one a round
};

struct Results {
  std::vector<SpeedTest> tests;
  std::vector<double> bandwidth_gb_s;
};

std::vector<SpeedTest> PlanTests(const BenchCommand& command) {
  std::vector<SpeedTest> tests;
  for (const size_t prompt : command.prompts) {
    if (prompt > 0) tests.push_back({Pass::kPrefill, prompt, 0, 1, {}});
  }
  if (command.generate == 0) return tests;
  for (const size_t depth : command.depths) {
    for (const size_t batch : command.batches) {
      tests.push_back({Pass::kDecode, command.generate, depth, batch, {}});
    }
  }
  return tests;
}

Status RunTest(BenchModel& bench, SpeedTest& test) {
  const Stopwatch watch;
  if (test.kind == Pass::kPrefill) {
    LEMMA_RETURN_IF_ERROR(bench.Prefill(test.tokens));
  } else {
    for (size_t i = 0; i < test.tokens; ++i) {
      LEMMA_RETURN_IF_ERROR(bench.Step(test.depth + i, test.batch));
    }
  }
  test.tok_s.push_back(static_cast<double>(test.tokens * test.batch) / watch.Seconds());
  return OkStatus();
}

// Fills the caches and touches everything once: later rounds overwrite only with the like.
Status WarmUp(BenchModel& bench, const Results& results) {
  size_t depth = 0;
  size_t batch = 1;
  size_t prompt = 1;
  for (const SpeedTest& test : results.tests) {
    depth = std::max(depth, test.depth);
    batch = std::max(batch, test.batch);
    if (test.kind == Pass::kPrefill) prompt = std::max(prompt, test.tokens);
  }
  LEMMA_RETURN_IF_ERROR(bench.Fill(std::max(depth, std::min<size_t>(prompt, 512)), batch));
  for (const SpeedTest& test : results.tests) {
    if (test.kind != Pass::kDecode) continue;
    for (size_t i = 0; i < std::min<size_t>(test.tokens, 2); ++i) {
      LEMMA_RETURN_IF_ERROR(bench.Step(test.depth + i, test.batch));
    }
  }
  return OkStatus();
}

// The share of the read bandwidth that a decode test used; 0 when the bandwidth is not known.
double BandwidthShare(const BenchModel& bench, const SpeedTest& test, double bandwidth_gb_s) {
  if (bandwidth_gb_s <= 0) return 0;
  const double steps = SpreadOf(test.tok_s).median / static_cast<double>(test.batch);
  return steps * bench.StepBytes(test.depth + test.tokens / 2, test.batch) / (bandwidth_gb_s * 1e9);
}

boost::json::object ToJson(const BenchModel& bench, const SpeedTest& test, double bandwidth_gb_s) {
  const Spread spread = SpreadOf(test.tok_s);
  boost::json::object out;
  out["kind"] = test.kind == Pass::kPrefill ? "prefill" : "decode";
  out["tokens"] = test.tokens;
  if (test.kind == Pass::kDecode) {
    out["depth"] = test.depth;
    out["batch"] = test.batch;
    out["bandwidth_share"] = BandwidthShare(bench, test, bandwidth_gb_s);
  }
  out["tok_s"] = spread.median;
  out["lower_quartile"] = spread.lower;
  out["upper_quartile"] = spread.upper;
  out["samples"] = boost::json::array(test.tok_s.begin(), test.tok_s.end());
  return out;
}

const SpeedTest* FirstOf(const Results& results, Pass kind) {
  for (const SpeedTest& test : results.tests) {
    if (test.kind == kind) return &test;
  }
  return nullptr;
}

void PrintAsJson(const BenchCommand& command, const BenchModel& bench, const Results& results) {
  const double bandwidth = SpreadOf(results.bandwidth_gb_s).median;
  boost::json::object out;
  if (const SpeedTest* test = FirstOf(results, Pass::kPrefill)) {
    out["prefill_tok_s"] = SpreadOf(test->tok_s).median;
    out["prompt_tokens"] = test->tokens;
  }
  if (const SpeedTest* test = FirstOf(results, Pass::kDecode)) {
    out["decode_tok_s"] = SpreadOf(test->tok_s).median;
    out["decode_tokens"] = test->tokens;
    out["batch"] = test->batch;
    out["bandwidth_share"] = BandwidthShare(bench, *test, bandwidth);
  }
  out["bytes_per_token"] = bench.model().bytes_per_token();
  out["macs_per_token"] = bench.MacsPerToken();
  out["read_bandwidth_gb_s"] = bandwidth;
  out["kernels"] = bench.kernels();
  out["threads"] = bench.threads();
  out["kv_type"] = kernels::KvTypesName(ChosenKvTypes(command.model));
  out["prefill_type"] = kernels::MatmulTypeName(ChosenPrefillType(command.model));
  out["rounds"] = command.rounds;
  out["load_seconds"] = bench.load_seconds();
  boost::json::array tests;
  for (const SpeedTest& test : results.tests) tests.push_back(ToJson(bench, test, bandwidth));
  out["tests"] = std::move(tests);
  PrintJson(out);
}

std::string Describe(const SpeedTest& test) {
  if (test.kind == Pass::kPrefill) return fmt::format("prefill {}", test.tokens);
  return fmt::format("decode {} steps at {}, {} sequence{}", test.tokens, test.depth, test.batch,
                     test.batch == 1 ? "" : "s");
}

void PrintAsText(const BenchModel& bench, const Results& results) {
  const Spread bandwidth = SpreadOf(results.bandwidth_gb_s);
  std::string out = fmt::format(
      "kernels         {}, {} threads\n"
      "bytes per token {:.1f} MB of weights\n"
      "read bandwidth  {:.1f} GB/s ({:.1f} to {:.1f})\n\n"
      "{:<38} {:>9}  {:>19}  {}\n",
      bench.kernels(), bench.threads(), static_cast<double>(bench.model().bytes_per_token()) / 1e6,
      bandwidth.median, bandwidth.lower, bandwidth.upper, "test", "tok/s", "quartiles",
      "share of the bandwidth");
  for (const SpeedTest& test : results.tests) {
    const Spread s = SpreadOf(test.tok_s);
    out += fmt::format("{:<38} {:>9.2f}  {:>8.2f} - {:>8.2f}", Describe(test), s.median, s.lower,
                       s.upper);
    if (test.kind == Pass::kDecode && bandwidth.median > 0) {
      const double share = BandwidthShare(bench, test, bandwidth.median);
      out += share > 1 ? "  from the caches" : fmt::format("  {:.0f} %", 100 * share);
    }
    out += "\n";
  }
  PrintOut(out);
}

}  // namespace

Status RunSpeedBench(const BenchCommand& command) {
  Results results;
  results.tests = PlanTests(command);
  if (results.tests.empty()) return InvalidArgument("-p 0 and -n 0 leave nothing to measure");
  InstallInterrupt();
  LEMMA_ASSIGN_OR_RETURN(const auto bench, BenchModel::Load(command));
  LEMMA_RETURN_IF_ERROR(WarmUp(*bench, results));
  ProgressBar bar("bench");
  for (size_t round = 0; round < command.rounds; ++round) {
    for (SpeedTest& test : results.tests) {
      LEMMA_RETURN_IF_ERROR(RunTest(*bench, test));
      bar.Update(static_cast<double>(round) / static_cast<double>(command.rounds),
                 fmt::format("{}: {:.2f} tok/s", Describe(test), test.tok_s.back()));
    }
    results.bandwidth_gb_s.push_back(
        kernels::MeasureReadBandwidth(bench->threads(), bench->model().bytes_per_token()));
  }
  if (command.json) {
    PrintAsJson(command, *bench, results);
  } else {
    PrintAsText(*bench, results);
  }
  return OkStatus();
}

}  // namespace lemma::cli
