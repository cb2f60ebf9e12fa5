// SPDX-License-Identifier: Apache-2.0
// lemma eval: a problem set under one policy, and two runs beside each other.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/sampling_options.h"
#include "cli/solve_options.h"
#include "reasoning/calibration.h"
#include "reasoning/eval_report.h"
#include "reasoning/eval_run.h"
#include "reasoning/solve_json.h"
#include "reasoning/solve_plan.h"

namespace lemma::cli {
namespace {

struct EvalCommand {
  ModelOptions model;
  SolveFlags flags;
  std::vector<std::string> files;
  std::string out;
  std::vector<std::string> compare;
  std::string calibration;
  std::optional<size_t> limit;
  size_t seeds = 1;
  size_t parallel = 4;
  bool json = false;
};

// What makes two runs the same run.
std::string Manifest(const EvalCommand& options, service::LoadedModel& model,
                     const reasoning::EvalJob& job) {
  boost::json::array files;
  for (const std::string& each : options.files) files.emplace_back(each);
  std::string policy;
  const reasoning::TaskGuess task = reasoning::GuessTask(job.base);
  if (auto plan = reasoning::PlanFor(job.base, task); plan.ok()) policy = PolicyJson(*plan);
  return boost::json::serialize(boost::json::object{
      {"lemma_eval", 1},
      {"version", LEMMA_VERSION},
      {"model", model.name()},
      {"model_file", model.path().filename().string()},
      {"kernels", model.kernels_name()},
      {"context", model.engine().context_tokens()},
      {"files", std::move(files)},
      {"items", job.items.size()},
      {"seeds", options.seeds},
      {"task_from_text", options.flags.task.empty()},
      {"policy", policy.empty() ? boost::json::value(nullptr) : boost::json::parse(policy)}});
}

Status ShowComparison(const EvalCommand& options) {
  LEMMA_ASSIGN_OR_RETURN(const auto a, reasoning::ReadEvalRecords(options.compare[0]));
  LEMMA_ASSIGN_OR_RETURN(const auto b, reasoning::ReadEvalRecords(options.compare[1]));
  const reasoning::EvalComparison comparison = reasoning::Compare(a, b);
  if (comparison.pairs == 0) return NotFound("the two runs have no item and seed in common");
  PrintOut(reasoning::ComparisonText(comparison));
  return OkStatus();
}

Status RunIt(const EvalCommand& options) {
  if (!options.compare.empty()) return ShowComparison(options);
  if (options.files.empty()) return InvalidArgument("expected FILE with problems, or --compare");
  if (options.out.empty()) return InvalidArgument("expected --out DIR for the results");
  reasoning::EvalJob job;
  for (const std::string& file : options.files) {
    LEMMA_ASSIGN_OR_RETURN(auto items, reasoning::ReadEvalItems(file));
    if (options.files.size() > 1) {
      for (auto& item : items) item.id = file + " " + item.id;
    }
    job.items.insert(job.items.end(), items.begin(), items.end());
  }
  if (options.limit && job.items.size() > *options.limit) job.items.resize(*options.limit);
  reasoning::Scaffolds scaffolds;
  LEMMA_RETURN_IF_ERROR(FillSolveRequest(options.flags, job.base, scaffolds));
  InstallInterrupt();
  LEMMA_ASSIGN_OR_RETURN(const auto model, OpenModel(options.model));
  if (job.base.options.profile.empty()) job.base.options.profile = reasoning::ProfileFor(*model);
  job.seeds.clear();
  for (size_t i = 0; i < options.seeds; ++i) job.seeds.push_back(options.flags.options.seed + i);
  job.directory = options.out;
  job.parallel = options.parallel;
  job.manifest = Manifest(options, *model, job);
  ProgressBar bar("eval");
  size_t right = 0;
  size_t seen = 0;
  reasoning::EvalHooks hooks;
  hooks.cancelled = [] { return Interrupted(); };
  hooks.on_record = [&](size_t done, size_t all, const reasoning::EvalRecord& record) {
    ++seen;
    right += record.right ? 1 : 0;
    bar.Update(static_cast<double>(done) / static_cast<double>(all),
               fmt::format("{}/{} right {:.1f} %", done, all,
                           100.0 * static_cast<double>(right) / static_cast<double>(seen)));
  };
  LEMMA_ASSIGN_OR_RETURN(const auto records,
                         reasoning::RunEval([&] { return reasoning::MakeModelSource(*model); },
                                            scaffolds, job, hooks));
  if (!options.calibration.empty()) {
    const reasoning::Calibration table(model->name(), job.base.options.profile, records);
    LEMMA_ASSIGN_OR_RETURN(AtomicFileWriter writer, AtomicFileWriter::Create(options.calibration));
    LEMMA_RETURN_IF_ERROR(writer.Append(table.ToJson() + "\n"));
    LEMMA_RETURN_IF_ERROR(writer.Commit());
  }
  const reasoning::EvalSummary summary = reasoning::Summarise(records);
  PrintOut(options.json ? reasoning::SummaryJson(summary) + "\n" : reasoning::SummaryText(summary));
  return model->engine().CheckIntegrity();
}

}  // namespace

void AddEval(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("eval", "measure a model and a policy on a problem set");
  auto options = std::make_shared<EvalCommand>();
  AddModelOptions(*command, options->model, WithEngine::kYes);
  command->add_option("files", options->files,
                      "GSM8K, CMATH, HumanEval or own .jsonl, MGSM .tsv (docs/reasoning.md)");
  command->add_option("--out", options->out, "folder for the results; a run goes on in its own");
  command->add_option("--compare", options->compare, "two such folders: paired comparison")
      ->expected(2);
  command->add_option("--calibration", options->calibration,
                      "write how often agreement was right, for lemma solve");
  command->add_option("--limit", options->limit, "the first so many items")->check(CountCheck(1));
  command->add_option("--seeds", options->seeds, "runs of each item, with --seed, +1, ...")
      ->check(CountCheck(1));
  command->add_option("--parallel", options->parallel, "items at a time")
      ->check(CLI::Range(size_t{1}, size_t{64}));
  AddSolveOptions(*command, options->flags);
  command->add_flag("--json", options->json, "print JSON");
  command->footer(
      "Examples:\n"
      "  lemma eval gsm8k_test.jsonl --out runs/plain --chains 1 --limit 200\n"
      "  lemma eval gsm8k_test.jsonl --out runs/solve --limit 200\n"
      "  lemma eval --compare runs/plain runs/solve");
  command->callback([options, &context] {
    if (const Status status = RunIt(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
