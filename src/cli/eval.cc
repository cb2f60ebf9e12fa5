// SPDX-License-Identifier: Apache-2.0
// lemma eval: a problem set under one policy, and two runs beside each other.
#include <fmt/format.h>

#include <boost/json.hpp>

#include <cstdlib>

#include "base/file.h"
#include "cli/command.h"
#include "cli/eval_manifest.h"
#include "cli/notebook.h"
#include "cli/output.h"
#include "cli/sampling_options.h"
#include "cli/solve_options.h"
#include "cli/strings.h"
#include "reasoning/calibration.h"
#include "reasoning/eval_report.h"
#include "reasoning/eval_run.h"
#include "reasoning/recording.h"
#include "reasoning/remote_source.h"
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
  reasoning::RemoteOptions remote;
  std::string key_variable;
  bool record = false;
  std::string replay;
  std::string notebook;
  std::string learn;
  std::optional<size_t> limit;
  size_t seeds = 1;
  size_t parallel = 4;
  std::string tests_known;  // "on", "off"; empty: as the items say
  bool json = false;
};

// Where the chains of a run come from.
struct Origin {
  std::shared_ptr<service::LoadedModel> model;  // null: a server, or a recording
  reasoning::SourceFactory sources;
  reasoning::Reach reach = reasoning::Reach::kEngine;
  std::string name;  // of the model
  std::string profile;
  boost::json::object facts;  // for the manifest
};

Result<Origin> OpenServer(const EvalCommand& options) {
  Origin out;
  reasoning::RemoteOptions remote = options.remote;
  if (!options.key_variable.empty()) {
    const char* key = std::getenv(options.key_variable.c_str());
    if (key == nullptr || *key == '\0') {
      return NotFound(
          fmt::format("--api-key-env: the variable {} is not set", options.key_variable));
    }
    remote.api_key = key;
  }
  remote.model = options.model.model;
  if (remote.model.empty()) {
    LEMMA_ASSIGN_OR_RETURN(remote.model, reasoning::OnlyRemoteModel(remote));
  }
  LEMMA_RETURN_IF_ERROR(reasoning::MakeRemoteSource(remote).status());
  out.sources = [remote]() { return *reasoning::MakeRemoteSource(remote); };
  out.reach = reasoning::Reach::kWholeChains;
  out.name = remote.model;
  out.profile = "generic";
  out.facts = {{"url", remote.url}, {"model", remote.model}};
  return out;
}

Result<Origin> OpenRecording(const EvalCommand& options) {
  Origin out;
  LEMMA_ASSIGN_OR_RETURN(const auto recording, reasoning::ReadRecording(options.replay));
  const std::string path = options.replay + "/manifest.json";
  LEMMA_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1 << 20));
  boost::system::error_code error;
  boost::json::value manifest = boost::json::parse(text, error);
  const boost::json::value* profile = error ? nullptr : manifest.find_pointer("/profile", error);
  if (profile == nullptr || !profile->is_string()) {
    return DataLoss(path + ": profile: expected a text");
  }
  out.profile = std::string(profile->as_string());
  if (!options.flags.options.profile.empty() && options.flags.options.profile != out.profile) {
    return Unsupported(
        fmt::format("--profile: the recording was made with profile {}", out.profile));
  }
  const boost::json::value* name = manifest.find_pointer("/model", error);
  if (name != nullptr && name->is_string()) out.name = std::string(name->as_string());
  out.sources = [recording] { return reasoning::MakeReplaySource(recording); };
  out.reach = reasoning::Reach::kRecorded;
  out.facts = {{"replay_of", std::move(manifest)}};
  return out;
}

Result<Origin> OpenOrigin(const EvalCommand& options) {
  if (!options.remote.url.empty() && !options.replay.empty()) {
    return InvalidArgument("--url, --replay: expected one of them");
  }
  if (!options.key_variable.empty() && options.remote.url.empty()) {
    return InvalidArgument("--api-key-env: expected --url too");
  }
  if (!options.remote.url.empty()) return OpenServer(options);
  if (!options.replay.empty()) return OpenRecording(options);
  Origin out;
  LEMMA_ASSIGN_OR_RETURN(out.model, OpenModel(options.model));
  out.sources = [model = out.model] { return reasoning::MakeModelSource(*model); };
  out.name = out.model->name();
  out.profile = reasoning::ProfileFor(*out.model);
  LEMMA_ASSIGN_OR_RETURN(const std::string fingerprint, ModelFingerprint(*out.model));
  out.facts = {{"model", out.name},
               {"model_file", out.model->path().filename().string()},
               {"model_fingerprint", fingerprint},
               {"kernels", out.model->kernels_name()},
               {"context", out.model->engine().context_tokens()}};
  return out;
}

// Of each kind of question that there is among the items.
Result<boost::json::object> Policies(const Origin& origin, const reasoning::EvalJob& job) {
  boost::json::object out;
  for (const reasoning::EvalItem& item : job.items) {
    reasoning::SolveRequest request = job.base;
    request.question = item.question;
    request.evidence = reasoning::EvidenceOf(job, item);
    const reasoning::TaskGuess task = reasoning::GuessTask(request);
    if (out.contains(reasoning::TaskName(task.task))) continue;
    LEMMA_ASSIGN_OR_RETURN(auto plan, reasoning::PlanFor(request, task));
    LEMMA_RETURN_IF_ERROR(reasoning::FitToReach(job.base.options, origin.reach, plan));
    out[reasoning::TaskName(task.task)] = boost::json::parse(PolicyJson(plan));
  }
  return out;
}

// Whether tests are evidence, over all items that have some: "on", "off", "mixed"; empty: none has.
std::string TestsKnown(const reasoning::EvalJob& job) {
  std::string out;
  for (const reasoning::EvalItem& item : job.items) {
    if (item.tests.empty()) continue;
    const char* one = reasoning::EvidenceOf(job, item).tests.empty() ? "off" : "on";
    if (!out.empty() && out != one) return "mixed";
    out = one;
  }
  return out;
}

// What makes two runs the same run. The error of an option that the origin cannot follow.
Result<std::string> Manifest(const EvalCommand& options, const Origin& origin,
                             const reasoning::EvalJob& job, const reasoning::Scaffolds& scaffolds) {
  boost::json::array files;
  for (const std::string& each : options.files) files.emplace_back(each);
  LEMMA_ASSIGN_OR_RETURN(auto policies, Policies(origin, job));
  boost::json::object out{{"lemma_eval", 1}, {"version", LEMMA_VERSION}};
  out.insert(origin.facts.begin(), origin.facts.end());
  out["files"] = std::move(files);
  out["items"] = job.items.size();
  out["items_hash"] = ItemsHash(job.items);
  out["evidence_hash"] = EvidenceHash(job.base.evidence);
  out["scaffolds_hash"] = ScaffoldsHash(scaffolds);
  if (job.base.options.deadline) out["deadline"] = *job.base.options.deadline;
  out["seeds"] = options.seeds;
  out["task_from_text"] = options.flags.task.empty();
  out["profile"] = job.base.options.profile;
  out["policies"] = std::move(policies);
  if (const std::string known = TestsKnown(job); !known.empty()) out["tests_known"] = known;
  if (options.record) out["record"] = true;
  if (job.notes != nullptr) {
    out["rules"] = job.notes->notes().size();
    out["rules_hash"] = RulesHash(*job.notes);
  }
  if (job.learns != nullptr) out["learns"] = true;
  return boost::json::serialize(out);
}

// Keeping every chain takes every chain, and none that depends on the others.
Status PlanRecording(const EvalCommand& options, reasoning::SolveOptions& policy) {
  if (!options.record) return OkStatus();
  if (policy.enough.value_or(1) < 1 || policy.short_m.value_or(0) > 0 ||
      policy.retries.value_or(0) > 0 || policy.search == reasoning::Search::kStepBeam) {
    return InvalidArgument(
        "--record: keeps independent chains, all of them; expected no --enough, --short, --retries "
        "or --search beam beside it");
  }
  constexpr size_t kUsual = 8;
  policy.enough = 1;
  policy.retries = 0;
  policy.chains = policy.chains.value_or(kUsual);
  policy.first_chains = policy.chains;
  return OkStatus();
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
  LEMMA_RETURN_IF_ERROR(PlanRecording(options, job.base.options));
  InstallInterrupt();
  LEMMA_ASSIGN_OR_RETURN(const Origin origin, OpenOrigin(options));
  if (job.base.options.profile.empty()) job.base.options.profile = origin.profile;
  job.seeds.clear();
  for (size_t i = 0; i < options.seeds; ++i) job.seeds.push_back(options.flags.options.seed + i);
  std::optional<reasoning::Notebook> notes;
  std::optional<reasoning::Notebook> learns;
  if (!options.notebook.empty()) {
    LEMMA_ASSIGN_OR_RETURN(notes, reasoning::Notebook::Open(NotebookPath(options.notebook)));
    job.notes = &*notes;
  }
  if (!options.learn.empty()) {
    LEMMA_ASSIGN_OR_RETURN(learns, reasoning::Notebook::Open(options.learn));
    job.learns = &*learns;
  }
  job.directory = options.out;
  job.parallel = options.parallel;
  if (options.record) job.keep = reasoning::Keep::kChains;
  if (!options.tests_known.empty()) {
    const bool on = options.tests_known == "on";
    job.tests_known = on ? reasoning::Switch::kOn : reasoning::Switch::kOff;
  }
  LEMMA_ASSIGN_OR_RETURN(job.manifest, Manifest(options, origin, job, scaffolds));
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
                         reasoning::RunEval(origin.sources, scaffolds, job, hooks));
  if (!options.calibration.empty()) {
    const reasoning::Calibration table(origin.name, job.base.options.profile, records);
    LEMMA_ASSIGN_OR_RETURN(AtomicFileWriter writer, AtomicFileWriter::Create(options.calibration));
    LEMMA_RETURN_IF_ERROR(writer.Append(table.ToJson() + "\n"));
    LEMMA_RETURN_IF_ERROR(writer.Commit());
  }
  const reasoning::EvalSummary summary = reasoning::Summarise(records);
  reasoning::SummaryStyle style;
  if (UiLanguage() == Language::kChinese) style.language = check::Language::kChinese;
  style.side_by_side = std::min(options.parallel, job.items.size() * job.seeds.size());
  PrintOut(options.json ? reasoning::SummaryJson(summary) + "\n"
                        : reasoning::SummaryText(summary, style));
  return origin.model ? origin.model->engine().CheckIntegrity() : OkStatus();
}

void AddOriginOptions(CLI::App& app, EvalCommand& options) {
  app.add_option(
      "--url", options.remote.url,
      "an OpenAI-compatible server, http://HOST:PORT/v1; --model is its name of a model");
  app.add_option("--api-key-env", options.key_variable,
                 "environment variable with the key for --url");
  app.add_option("--url-timeout", options.remote.reply_seconds, "seconds for one reply of --url")
      ->check(NumberCheck(1, 86400))
      ->capture_default_str();
  app.add_flag("--record", options.record,
               "sample --chains chains (8) for each item and keep them, for --replay");
  app.add_option("--replay", options.replay,
                 "folder of a run with --record: its chains again, under other rules of voting");
  app.add_option("--notebook", options.notebook,
                 "file with rules that go under the questions, as they are; on: your own");
  app.add_option("--learn", options.learn, "file that gets the rules which mended answers teach");
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
  AddOriginOptions(*command, *options);
  command->add_option("--limit", options->limit, "the first so many items")->check(CountCheck(1));
  command->add_option("--seeds", options->seeds, "runs of each item, with --seed, +1, ...")
      ->check(CountCheck(1));
  command->add_option("--parallel", options->parallel, "items at a time")
      ->check(CLI::Range(size_t{1}, size_t{64}));
  command
      ->add_option("--tests-known", options->tests_known,
                   "on: tests of items are evidence for the answers, off: they only score them; "
                   "usual: off for HumanEval, else on")
      ->check(CLI::IsMember({"on", "off"}));
  AddSolveOptions(*command, options->flags);
  command->add_flag("--json", options->json, "print JSON");
  command->footer(
      "Examples:\n"
      "  lemma eval gsm8k_test.jsonl --out runs/plain --chains 1 --limit 200\n"
      "  lemma eval gsm8k_test.jsonl --out runs/solve --limit 200\n"
      "  lemma eval gsm8k_test.jsonl --out runs/other --url http://127.0.0.1:8080/v1\n"
      "  lemma eval --compare runs/plain runs/solve");
  command->callback([options, &context] {
    if (const Status status = RunIt(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
