// SPDX-License-Identifier: Apache-2.0
// What the checker reads of public problem sets, how right it is, and what it says of wrong
// answers: check_eval [--families N] [--faults] FILE...
// Files: .jsonl with "question" or "input" and "answer" or "golden" (GSM8K, CMATH), .tsv with two
// columns (MGSM). The halves "tuned" and "held out" are told apart by a hash of the question; the
// grammars were written with the first one in view and without a look at the second.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "check/eval_mutate.h"
#include "check/eval_rows.h"
#include "check/steps.h"

namespace lemma::check {
namespace {

std::string Share(size_t hits, size_t all) {
  if (all == 0) return "-";
  const Interval i = WilsonInterval(hits, all);
  return fmt::format("{:.1f} % [{:.1f}-{:.1f}]",
                     100.0 * static_cast<double>(hits) / static_cast<double>(all), 100 * i.low,
                     100 * i.high);
}

void PrintCounts(const std::string& name, const EvalCounts& c) {
  size_t made = 0;
  size_t refuted = 0;
  size_t believed = 0;
  for (const auto& [kind, n] : c.wrong) {
    made += n.made;
    refuted += n.refuted;
    believed += n.verified;
  }
  fmt::print("| {} | {} | {} | {} | {} | {} | {} of {} | {} | {} |\n", name, c.problems, c.complete,
             Share(c.complete, c.problems), Share(c.verified, c.complete), c.refuted, refuted, made,
             believed, Share(c.verified, c.verified + believed));
}

void PrintHead() {
  fmt::print(
      "| set | problems | complete | coverage | right answer VERIFIED | right answer REFUTED | "
      "wrong answers refuted | wrong answers believed | precision of VERIFIED |\n"
      "|---|---|---|---|---|---|---|---|---|\n");
}

double Percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at = static_cast<size_t>(p * static_cast<double>(values.size() - 1));
  return values[at];
}

struct Options {
  int families = 400;
  bool faults = false;
  std::vector<std::string> files;
};

void PrintFaults(const EvalCounts& c) {
  for (const std::string& fault : c.faults) fmt::print("  {}\n", fault);
}

void RunFiles(const Options& options, std::vector<double>& seconds) {
  std::vector<std::pair<std::string, EvalCounts>> sets;
  size_t solutions = 0;
  size_t steps = 0;
  size_t flagged = 0;
  for (const std::string& path : options.files) {
    EvalRandom random(1);
    EvalCounts tuned;
    EvalCounts held_out;
    for (const EvalRow& row : ReadEvalRows(path)) {
      Evaluate({row.question, row.answer, ""}, random, IsTuned(row.question) ? tuned : held_out);
      if (row.solution.empty()) continue;
      const StepReport report = CheckSteps(row.solution);
      ++solutions;
      steps += report.checked;
      flagged += report.flags.empty() ? 0 : 1;
    }
    const std::string name = path.substr(path.rfind('/') + 1);
    sets.emplace_back(name + " (tuned)", tuned);
    sets.emplace_back(name + " (held out)", held_out);
  }
  PrintHead();
  for (const auto& [name, counts] : sets) {
    PrintCounts(name, counts);
    seconds.insert(seconds.end(), counts.seconds.begin(), counts.seconds.end());
  }
  if (solutions > 0) {
    fmt::print("\nGold solutions: {} with {} steps checked; {} flagged ({})\n", solutions, steps,
               flagged, Share(flagged, solutions));
  }
  if (!options.faults) return;
  for (const auto& [name, counts] : sets) {
    if (!counts.faults.empty()) fmt::print("\nFaults in {}\n", name);
    PrintFaults(counts);
  }
}

void RunFamilies(const Options& options, std::vector<double>& seconds) {
  std::vector<std::pair<std::string, EvalCounts>> families;
  for (const std::string_view family : EvalFamilies()) {
    EvalRandom random(42);
    EvalCounts counts;
    for (int i = 0; i < options.families; ++i) {
      Evaluate(GenerateProblem(family, random), random, counts);
    }
    families.emplace_back(std::string(family), std::move(counts));
  }
  fmt::print("\nGenerated problems by family\n\n");
  PrintHead();
  for (const auto& [name, counts] : families) {
    PrintCounts(name, counts);
    seconds.insert(seconds.end(), counts.seconds.begin(), counts.seconds.end());
  }
  fmt::print("\nWrong answers by kind: refuted of made (believed)\n\n| family |");
  std::map<std::string_view, bool> kinds;
  for (const auto& [name, counts] : families) {
    for (const auto& [kind, n] : counts.wrong) kinds[kind] = true;
  }
  for (const auto& [kind, any] : kinds) fmt::print(" {} |", kind);
  fmt::print("\n|---|");
  for (size_t i = 0; i < kinds.size(); ++i) fmt::print("---|");
  fmt::print("\n");
  for (const auto& [name, counts] : families) {
    fmt::print("| {} |", name);
    for (const auto& [kind, any] : kinds) {
      const auto n = counts.wrong.find(kind);
      if (n == counts.wrong.end()) {
        fmt::print(" - |");
      } else {
        fmt::print(" {} of {} ({}) |", n->second.refuted, n->second.made, n->second.verified);
      }
    }
    fmt::print("\n");
    if (options.faults) PrintFaults(counts);
  }
}

int Main(const Options& options) {
  std::vector<double> seconds;
  if (!options.files.empty()) RunFiles(options, seconds);
  if (options.families > 0) RunFamilies(options, seconds);
  fmt::print(
      "\nReading and checking one answer (processor time): {} problems, median {:.2f} ms, p99 "
      "{:.2f} ms, "
      "most {:.2f} ms\n",
      seconds.size(), 1e3 * Percentile(seconds, 0.5), 1e3 * Percentile(seconds, 0.99),
      1e3 * Percentile(seconds, 1));
  return 0;
}

}  // namespace
}  // namespace lemma::check

int main(int argc, char** argv) {
  lemma::check::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--faults") {
      options.faults = true;
    } else if (word == "--families" && i + 1 < argc) {
      options.families = std::atoi(argv[++i]);
    } else if (word.starts_with("--")) {
      fmt::print(stderr, "check_eval: unknown option {}; expected --families N, --faults\n", word);
      return 2;
    } else {
      options.files.push_back(word);
    }
  }
  return lemma::check::Main(options);
}
