// SPDX-License-Identifier: Apache-2.0
#include "cli/solve_options.h"

#include "base/file.h"
#include "check/check.h"

namespace lemma::cli {
namespace {

Status ReadEvidence(const std::string& path, std::string& out) {
  if (path.empty()) return OkStatus();
  LEMMA_ASSIGN_OR_RETURN(out, ReadFile(path, check::kMaxRequestBytes));
  return OkStatus();
}

void AddPolicyOptions(CLI::App& app, SolveFlags& flags) {
  reasoning::SolveOptions& options = flags.options;
  app.add_option("--profile", options.profile,
                 "r1, generic, bundled or seed; default: what suits the model");
  app.add_option("--task", flags.task, "kind of question; default: read from its text");
  app.add_option("--effort", flags.effort, "fast, balanced or deep")->capture_default_str();
  app.add_option("--search", flags.search, "chains or beam");
  app.add_option("--chains", options.chains, "chains at most")
      ->check(CLI::Range(size_t{1}, reasoning::kMostChains));
  app.add_option("--first-chains", options.first_chains, "chains started together")
      ->check(CLI::Range(size_t{1}, reasoning::kMostChains));
  app.add_option("--enough", options.enough, "confidence that ends the vote; 1: sample every chain")
      ->check(NumberCheck(0, 1));
  app.add_option("--short", options.short_m, "end the vote when so many chains have answered")
      ->check(CountCheck());
  app.add_option("--retries", options.retries, "rounds with computed feedback")
      ->check(CLI::Range(size_t{0}, reasoning::kMostRetries));
  app.add_option("--scaffold", flags.options.scaffold, "way to put the question; \"\": none");
  app.add_option("--scaffolds", flags.scaffold_folder, "folder with scaffolds of your own");
  app.add_option("--calculator", flags.calculator, "on or off: finish sums exactly");
  app.add_option("--rewind", flags.rewind, "on or off: go back to before a false sum");
  app.add_option("--checkers", flags.checkers, "on or off: check answers, or only count them");
}

void AddSamplingValues(CLI::App& app, SolveFlags& flags) {
  reasoning::SolveOptions& options = flags.options;
  app.add_option("--temp", options.temperature, "temperature of the thinking")
      ->check(NumberCheck(0, 100));
  app.add_option("--answer-temp", options.answer_temperature, "temperature behind the thinking")
      ->check(NumberCheck(0, 100));
  app.add_option("--top-p", options.top_p, "nucleus")->check(NumberCheck(0, 1));
  app.add_option("--thinking-tokens", options.thinking_tokens, "budget of a chain's thinking")
      ->check(CountCheck());
  app.add_option("--answer-tokens", options.answer_tokens, "tokens behind the thinking")
      ->check(CountCheck(1));
  app.add_option("--deadline", options.deadline, "answer within so many seconds")
      ->check(NumberCheck(0.1, 86400));
  app.add_option("--seed", options.seed, "same seed, same result")->capture_default_str();
}

void AddEvidenceOptions(CLI::App& app, SolveFlags& flags) {
  app.add_option("--tests", flags.tests_file, "file with Python tests of the answer's code");
  app.add_option("--entry", flags.entry_point, "name of the function under test");
  app.add_option("--support", flags.support_file, "file with helpers of the tests");
  app.add_option("--schema", flags.schema_file, "file with a JSON Schema for the answer");
  app.add_option("--source", flags.source_files,
                 "file that the answer quotes; may be repeated: [citation:1] is the first");
}

Status ReadSwitch(const std::string& name, const std::string& text,
                  std::optional<reasoning::Switch>& out) {
  if (text.empty()) return OkStatus();
  if (text != "on" && text != "off") {
    return InvalidArgument("--" + name + ": expected on or off, not '" + text + "'");
  }
  out = text == "on" ? reasoning::Switch::kOn : reasoning::Switch::kOff;
  return OkStatus();
}

}  // namespace

void AddSolveOptions(CLI::App& app, SolveFlags& flags) {
  AddPolicyOptions(app, flags);
  AddSamplingValues(app, flags);
  AddEvidenceOptions(app, flags);
}

Status FillSolveRequest(const SolveFlags& flags, reasoning::SolveRequest& request,
                        reasoning::Scaffolds& scaffolds) {
  request.options = flags.options;
  if (!flags.task.empty()) {
    LEMMA_ASSIGN_OR_RETURN(request.options.task, reasoning::TaskNamed(flags.task));
  }
  if (!flags.search.empty()) {
    LEMMA_ASSIGN_OR_RETURN(request.options.search, reasoning::SearchNamed(flags.search));
  }
  LEMMA_ASSIGN_OR_RETURN(request.options.effort, reasoning::EffortNamed(flags.effort));
  LEMMA_RETURN_IF_ERROR(ReadSwitch("calculator", flags.calculator, request.options.calculator));
  LEMMA_RETURN_IF_ERROR(ReadSwitch("rewind", flags.rewind, request.options.rewind));
  LEMMA_RETURN_IF_ERROR(ReadSwitch("checkers", flags.checkers, request.options.checkers));
  if (!flags.scaffold_folder.empty()) {
    LEMMA_RETURN_IF_ERROR(scaffolds.Load(flags.scaffold_folder));
  }
  reasoning::VerifyRequest& evidence = request.evidence;
  evidence.entry_point = flags.entry_point;
  LEMMA_RETURN_IF_ERROR(ReadEvidence(flags.tests_file, evidence.tests));
  LEMMA_RETURN_IF_ERROR(ReadEvidence(flags.support_file, evidence.support));
  LEMMA_RETURN_IF_ERROR(ReadEvidence(flags.schema_file, evidence.check.schema));
  for (const std::string& path : flags.source_files) {
    evidence.check.sources.push_back({path, ""});
    LEMMA_RETURN_IF_ERROR(ReadEvidence(path, evidence.check.sources.back().text));
  }
  return OkStatus();
}

}  // namespace lemma::cli
