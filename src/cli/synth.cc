// SPDX-License-Identifier: Apache-2.0
// lemma synth: a file of the shape of a published model, filled with random weights.
#include "model/synth.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/cpu_features.h"
#include "cli/command.h"
#include "cli/output.h"
#include "model/synth_shapes.h"

namespace lemma::cli {
namespace {

struct SynthCommand {
  model::SynthOptions options;
  std::string vocab;
  std::string out;
  bool json = false;
};

Status RunSynth(const SynthCommand& command) {
  model::SynthOptions options = command.options;
  if (!command.vocab.empty()) options.vocab = command.vocab;
  if (options.threads == 0) options.threads = UsableCpus();
  InstallInterrupt();
  ProgressBar bar("synth");
  options.progress = [&bar](double share) {
    bar.Update(share, "");
    return !Interrupted();
  };
  LEMMA_ASSIGN_OR_RETURN(const auto report, model::WriteSynthFile(options, command.out));
  if (command.json) {
    PrintJson(boost::json::object{{"file", command.out},
                                  {"bytes", report.file_bytes},
                                  {"parameters", report.parameters},
                                  {"tensors", report.tensors}});
  } else {
    PrintOut(fmt::format("{}: {} tensors, {:.1f} M parameters, {} bytes\n", command.out,
                         report.tensors, static_cast<double>(report.parameters) / 1e6,
                         report.file_bytes));
  }
  return OkStatus();
}

std::string ShapeNames() {
  std::string out = "tiny";
  for (const auto& shape : model::SynthShapes()) out += ", " + std::string(shape.name);
  return out;
}

}  // namespace

void AddSynth(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("synth", "a file of a published shape, with random weights");
  auto options = std::make_shared<SynthCommand>();
  options->options.threads = 0;
  command->add_option("--shape", options->options.shape, ShapeNames());
  command->add_option("--type", options->options.type, "q4_k_m, q8_0, f16, ...");
  command->add_option("--vocab", options->vocab, "copy the vocabulary of this GGUF file");
  command->add_option("--seed", options->options.seed, "same seed, same file");
  command->add_option("-t,--threads", options->options.threads, "threads; 0 = all")
      ->check(CLI::Range(0, 1024));
  command->add_option("-o,--out", options->out, "file to write")->required();
  command->add_flag("--json", options->json, "print JSON");
  command->footer(
      "Example:\n"
      "  lemma synth --shape deepseek-r1-distill-qwen-1.5b --type q4_k_m -o synth.gguf");
  command->callback([options, &context] {
    if (const Status status = RunSynth(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
