// SPDX-License-Identifier: Apache-2.0
// lemma bench: the options, and which part runs.
#include "cli/bench.h"

#include <algorithm>
#include <memory>

namespace lemma::cli {
namespace {

Status RunBench(BenchCommand command) {
  if (command.depths.empty()) {
    command.depths.push_back(command.prompts.empty() ? 0 : command.prompts.front());
  }
  if (command.machine) return RunMachineBench(command);
  if (command.timeline) return RunTimelineBench(command);
  return RunSpeedBench(command);
}

void AddTests(CLI::App& app, BenchCommand& options) {
  const CLI::Range tokens(0, 1 << 20);
  app.add_option("-p,--prompt", options.prompts, "prefill tests: tokens of the prompt; 0: none")
      ->delimiter(',')
      ->check(tokens);
  app.add_option("-n,--generate", options.generate, "decode tests: steps; 0: none")->check(tokens);
  app.add_option("-d,--depth", options.depths,
                 "decode tests: tokens in the cache before; default: the first prompt")
      ->delimiter(',')
      ->check(tokens);
  app.add_option("-b,--batch", options.batches, "decode tests: sequences at once")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024));
  app.add_option("--chunk", options.chunk, "tokens of a prompt that go through at once")
      ->check(CLI::Range(1, 1 << 16));
  app.add_option("-r,--rounds", options.rounds, "rounds; medians and quartiles are printed")
      ->check(CLI::Range(1, 1000));
}

}  // namespace

Spread SpreadOf(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(samples.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, samples.size() - 1);
    const double weight = place - static_cast<double>(below);
    return samples[below] * (1 - weight) + samples[above] * weight;
  };
  return {at(0.5), at(0.25), at(0.75)};
}

void AddBench(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("bench", "speed of a model, and what the machine allows");
  auto options = std::make_shared<BenchCommand>();
  AddModelOptions(*command, options->model, WithEngine::kNo);
  AddTests(*command, *options);
  AddKvOptions(*command, options->model);
  AddPrefillOption(*command, options->model);
  auto* machine = command->add_flag("--machine", options->machine,
                                    "measure the machine instead: memory, multiply rates, threads");
  command->add_flag("--quick", options->quick, "with --machine: fewer settings, two seconds")
      ->needs(machine);
  command
      ->add_flag("--timeline", options->timeline, "where the time of a token and of a chunk goes")
      ->excludes(machine);
  command->add_flag("--json", options->json, "print JSON");
  command->footer(
      "Examples:\n"
      "  lemma bench -m model.gguf -t 2 -p 512,2048 -n 64 -d 512,8192 -b 1,16 -r 10 --json\n"
      "  lemma bench --machine\n"
      "  lemma bench -m model.gguf --timeline -d 512");
  command->callback([options, &context] {
    if (const Status status = RunBench(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
