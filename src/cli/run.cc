// SPDX-License-Identifier: Apache-2.0
// lemma run: the chat in the terminal.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/repl.h"
#include "cli/sampling_options.h"

namespace lemma::cli {
namespace {

struct RunCommand {
  ModelOptions model;
  Repl::Options repl;
  bool no_think = false;
  bool quiet = false;
  std::vector<std::string> words;
};

Status RunChat(const RunCommand& options, int& exit_code) {
  const std::string question = fmt::format("{}", fmt::join(options.words, " "));
  if (!options.words.empty() && question.empty()) {
    return InvalidArgument("the prompt is empty; without one, a chat begins");
  }
  InstallInterrupt();
  LEMMA_ASSIGN_OR_RETURN(const auto model, OpenModel(options.model));
  Repl::Options repl_options = options.repl;
  if (options.no_think) repl_options.thinking = chat::Thinking::kOff;
  repl_options.verbose = !options.quiet;
  Repl repl(*model, repl_options);
  if (options.words.empty()) {
    exit_code = repl.Run();
    return OkStatus();
  }
  return repl.Ask(question);
}

}  // namespace

void AddRun(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("run", "chat in the terminal (the default command)");
  auto options = std::make_shared<RunCommand>();
  AddModelOptions(*command, options->model, WithEngine::kYes);
  command->add_option("prompt", options->words, "ask this and end, instead of a chat");
  command->add_option("--system", options->repl.system, "system text");
  command
      ->add_option("-n,--max-tokens", options->repl.settings.max_tokens,
                   "at most so many tokens an answer")
      ->check(CountCheck(1));
  command->add_flag("--no-think", options->no_think, "answer without thinking");
  command->add_flag("-q,--quiet", options->quiet, "no figures after each answer");
  AddSamplingOptions(*command, options->repl.settings);
  command->footer(
      "Examples:\n"
      "  lemma run\n"
      "  lemma run -m DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M.gguf\n"
      "  lemma run \"鸡兔同笼，共35个头，94只脚，各有几只？\"\n"
      "In the chat: /help lists the commands; Ctrl-C stops an answer.");
  command->callback([options, &context] {
    if (const Status status = RunChat(*options, context.exit_code); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
