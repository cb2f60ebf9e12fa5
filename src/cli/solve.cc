// SPDX-License-Identifier: Apache-2.0
// lemma solve: one question, several chains, answers checked exactly.
#include "reasoning/solve.h"

#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "base/file.h"
#include "cli/command.h"
#include "cli/notebook.h"
#include "cli/output.h"
#include "cli/sampling_options.h"
#include "cli/solve_options.h"
#include "cli/solve_view.h"
#include "reasoning/calibration.h"
#include "reasoning/notebook_file.h"
#include "reasoning/solve_json.h"
#include "reasoning/solve_plan.h"

namespace lemma::cli {
namespace {

struct SolveCommand {
  ModelOptions model;
  SolveFlags flags;
  std::string question;
  std::string file;
  std::string notebook;
  std::string calibration;
  bool json = false;
  bool events = false;
  bool trace = false;
};

Result<std::string> Question(const SolveCommand& options) {
  std::string out = options.question;
  constexpr size_t kMostBytes = 1 << 20;
  if (options.file == "-" || (out.empty() && options.file.empty())) {
    out.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (!options.file.empty()) {
    LEMMA_ASSIGN_OR_RETURN(out, ReadFile(options.file, kMostBytes));
  }
  while (out.ends_with('\n')) out.pop_back();
  if (out.empty()) return InvalidArgument("the question is empty: give TEXT, -f or standard input");
  return out;
}

// The texts of all chains, for people.
std::string TraceText(const reasoning::SolveResult& result) {
  std::string out;
  for (const reasoning::Chain& chain : result.chains) {
    out += fmt::format("\n--- {} ({})\n", chain.index + 1, reasoning::ChainEndName(chain.end));
    if (!chain.thinking.empty()) out += "<think>\n" + chain.thinking + "\n</think>\n\n";
    out += chain.content + "\n";
  }
  return out;
}

// Nothing without a notebook.
Result<std::optional<reasoning::NotebookTurn>> OpenNotebook(const std::string& option,
                                                            reasoning::SolveRequest& request) {
  if (option.empty() || option == "off") return std::optional<reasoning::NotebookTurn>();
  LEMMA_ASSIGN_OR_RETURN(auto turn, reasoning::NotebookTurn::Begin(NotebookPath(option), request));
  return std::optional(std::move(turn));
}

Status RunSolve(const SolveCommand& options) {
  reasoning::SolveRequest request;
  LEMMA_ASSIGN_OR_RETURN(request.question, Question(options));
  reasoning::Scaffolds scaffolds;
  LEMMA_RETURN_IF_ERROR(FillSolveRequest(options.flags, request, scaffolds));
  InstallInterrupt();
  LEMMA_ASSIGN_OR_RETURN(const auto model, OpenModel(options.model));
  if (request.options.profile.empty()) request.options.profile = reasoning::ProfileFor(*model);
  reasoning::Calibration table;
  if (!options.calibration.empty()) {
    LEMMA_ASSIGN_OR_RETURN(table, reasoning::Calibration::Load(options.calibration));
  }
  LEMMA_ASSIGN_OR_RETURN(auto notebook, OpenNotebook(options.notebook, request));
  const auto source = reasoning::MakeModelSource(*model);
  const bool quiet = options.json || options.events;
  SolveView view(quiet || !StderrIsTerminal() ? SolveView::Live::kNo : SolveView::Live::kYes);
  reasoning::SolveHooks hooks;
  hooks.cancelled = [] { return Interrupted() || OutputLost(); };
  hooks.on_event = [&](const reasoning::SolveEvent& event) {
    view.OnEvent(event);
    if (options.events) PrintOut(reasoning::SolveEventJson(event) + "\n");
  };
  LEMMA_ASSIGN_OR_RETURN(reasoning::SolveResult result,
                         reasoning::Solve(*source, scaffolds, request, hooks));
  table.Apply(model->name(), result);
  if (notebook) LEMMA_RETURN_IF_ERROR(notebook->End(request, result));
  if (quiet) {
    const auto texts = options.trace ? reasoning::ChainTexts::kYes : reasoning::ChainTexts::kNo;
    PrintOut(reasoning::SolveResultJson(result, texts) + "\n");
  } else {
    PrintOut(view.Final(result) + (options.trace ? TraceText(result) : ""));
  }
  if (result.stopped_by == reasoning::StopReason::kCancelled && !OutputLost()) {
    return {StatusCode::kCancelled, "interrupted"};
  }
  return OkStatus();
}

}  // namespace

void AddSolve(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("solve", "answer one question with several chains, checked exactly");
  auto options = std::make_shared<SolveCommand>();
  AddModelOptions(*command, options->model, WithEngine::kYes);
  auto* question = command->add_option("question", options->question, "the question");
  command->add_option("-f,--file", options->file, "file with the question; - for standard input")
      ->excludes(question);
  AddSolveOptions(*command, options->flags);
  command->add_option("--notebook", options->notebook,
                      "mistake notebook: on, off or a file of its own (lemma notebook)");
  command->add_option("--calibration", options->calibration,
                      "table of this model (lemma eval --calibration): agreement as a percentage");
  command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--events", options->events,
                    "print each event as a line of JSON, then the result");
  command->add_flag("--trace", options->trace, "print the text of every chain too");
  command->footer(
      "Examples:\n"
      "  lemma solve \"鸡兔同笼，头35个，脚94只，各几只？\"\n"
      "  lemma solve -m model.gguf --effort deep \"Solve sqrt(x+3) = x-1\" --json\n"
      "  lemma solve \"Write a function add(a, b).\" --tests test_add.py\n"
      "  lemma solve \"...\" --deadline 20 --chains 4 --trace");
  command->callback([options, &context] {
    if (const Status status = RunSolve(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
