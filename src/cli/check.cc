// SPDX-License-Identifier: Apache-2.0
// lemma check: what can be proven of an answer, without a model. One at a time, or a line each.
#include <fmt/format.h>

#include <fstream>
#include <iostream>

#include "base/file.h"
#include "check/certificate.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/strings.h"
#include "cli/wrap.h"
#include "reasoning/verify.h"
#include "reasoning/verify_json.h"

namespace lemma::cli {
namespace {

using check::Verdict;

struct CheckOptions {
  std::string problem;
  std::string problem_file;
  std::string answer;
  std::string chain_file;
  std::string tests_file;
  std::string support_file;
  std::string entry_point;
  std::string schema_file;
  std::vector<std::string> source_files;
  std::string batch_file;
  std::string certificate_file;
  std::string recheck_file;
  bool json = false;
  bool exit_status = false;
};

// Of --exit-status. Documented in docs/cli.md.
enum StatusExitCode : int {
  kExitVerified = 0,
  kExitChecked = 10,  // CHECKED, SELF-OK
  kExitUnverified = 11,
  kExitRefuted = 12,
};

StatusExitCode ExitCodeOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kVerified:
      return kExitVerified;
    case Verdict::kChecked:
    case Verdict::kSelfOk:
      return kExitChecked;
    case Verdict::kUnverified:
      return kExitUnverified;
    case Verdict::kRefuted:
      return kExitRefuted;
  }
  return kExitUnverified;
}

Status ReadInto(const std::string& path, std::string& out) {
  if (path.empty()) return OkStatus();
  if (path == "-") {
    out.assign(std::istreambuf_iterator<char>(std::cin), {});
    return OkStatus();
  }
  LEMMA_ASSIGN_OR_RETURN(out, ReadFile(path, 16 * check::kMaxRequestBytes));
  return OkStatus();
}

Result<reasoning::VerifyRequest> MakeRequest(const CheckOptions& options) {
  reasoning::VerifyRequest out;
  out.check.problem = options.problem;
  out.check.answer = options.answer;
  out.entry_point = options.entry_point;
  LEMMA_RETURN_IF_ERROR(ReadInto(options.problem_file, out.check.problem));
  LEMMA_RETURN_IF_ERROR(ReadInto(options.chain_file, out.check.chain));
  LEMMA_RETURN_IF_ERROR(ReadInto(options.tests_file, out.tests));
  LEMMA_RETURN_IF_ERROR(ReadInto(options.support_file, out.support));
  LEMMA_RETURN_IF_ERROR(ReadInto(options.schema_file, out.check.schema));
  for (const std::string& path : options.source_files) {
    out.check.sources.push_back({path, ""});
    LEMMA_RETURN_IF_ERROR(ReadInto(path, out.check.sources.back().text));
  }
  if (out.check.answer.empty() && out.check.chain.empty()) {
    return InvalidArgument("expected --answer, or --chain with a text that gives one");
  }
  return out;
}

void PrintReport(const check::CheckReport& report) {
  const auto language =
      UiLanguage() == Language::kChinese ? check::Language::kChinese : check::Language::kEnglish;
  std::string out = Wrap(report.summary.In(language), 0);
  if (report.answer) {
    const std::string rule(check::AnswerRuleName(report.answer->rule));
    out += Wrap(report.from_chain ? Say(Text::kCheckAnswerFound, report.answer->answer.text, rule)
                                  : Say(Text::kCheckAnswer, report.answer->answer.text),
                2);
  } else {
    out += Wrap(Say(Text::kCheckNoAnswer), 2);
  }
  if (report.chain_agrees == false) out += Wrap(Say(Text::kCheckChainDiffers), 2);
  for (const check::Finding& f : report.findings) {
    const std::string& line = f.summary.In(language);
    if (line != report.summary.In(language)) out += Wrap(line, 2);
    for (const check::LocalText& fact : f.facts) out += Wrap(fact.In(language), 4);
  }
  PrintOut(out);
}

Status WriteCertificate(const std::string& path, const std::string& certificate) {
  if (path.empty()) return OkStatus();
  if (certificate.empty()) return NotFound("no certificate: the problem could not be read");
  LEMMA_ASSIGN_OR_RETURN(AtomicFileWriter writer, AtomicFileWriter::Create(path));
  LEMMA_RETURN_IF_ERROR(writer.Append(certificate + "\n"));
  return writer.Commit();
}

Result<Verdict> CheckOne(const CheckOptions& options) {
  LEMMA_ASSIGN_OR_RETURN(const reasoning::VerifyRequest request, MakeRequest(options));
  LEMMA_ASSIGN_OR_RETURN(const check::CheckReport report, reasoning::Verify(request));
  if (options.json) {
    PrintOut(CheckReportJson(report) + "\n");
  } else {
    PrintReport(report);
  }
  LEMMA_RETURN_IF_ERROR(WriteCertificate(options.certificate_file, report.certificate));
  return report.status;
}

// {"line":7,"id":...,"status":...} or {"line":7,"error":{"message":...}}.
std::string BatchLine(size_t number, const std::string& text) {
  const auto parsed = reasoning::ParseVerifyRequest(text);
  const auto report = parsed.ok() ? reasoning::Verify(parsed->request) : parsed.status();
  const std::string id =
      parsed.ok() && !parsed->id.empty() ? fmt::format(",\"id\":{}", parsed->id) : "";
  if (!report.ok()) {
    return fmt::format("{{\"line\":{}{},\"error\":{{\"message\":{}}}}}\n", number, id,
                       check::JsonString(report.status().message()));
  }
  return fmt::format("{{\"line\":{}{},{}\n", number, id, CheckReportJson(*report).substr(1));
}

Status CheckBatch(const CheckOptions& options) {
  std::ifstream file;
  if (options.batch_file != "-") {
    file.open(options.batch_file);
    if (!file) return NotFound(options.batch_file + ": no such file, or it cannot be read");
  }
  std::istream& in = options.batch_file == "-" ? std::cin : file;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (OutputLost()) break;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    PrintOut(BatchLine(number, line));
  }
  if (in.bad()) return IoError(options.batch_file + ": cannot be read to its end");
  return OkStatus();
}

// A certificate a line. kFailedPrecondition: one does not hold.
Status Recheck(const CheckOptions& options) {
  std::ifstream file(options.recheck_file);
  if (!file) return NotFound(options.recheck_file + ": no such file, or it cannot be read");
  std::string line;
  size_t wrong = 0;
  for (size_t number = 1; std::getline(file, line) && !OutputLost(); ++number) {
    const Status status = check::RecheckCertificate(line);
    wrong += !status.ok();
    if (options.json) {
      PrintOut(fmt::format("{{\"line\":{},\"holds\":{},\"reason\":{}}}\n", number, status.ok(),
                           check::JsonString(status.message())));
    } else {
      PrintOut(fmt::format("{}: {}\n", number,
                           status.ok() ? Say(Text::kCertificateHolds)
                                       : Say(Text::kCertificateFails, status.message())));
    }
  }
  if (wrong == 0) return OkStatus();
  return FailedPrecondition(fmt::format("{} certificates do not hold", wrong));
}

void AddOptions(CLI::App& command, CheckOptions& options) {
  auto* problem = command.add_option("--problem", options.problem, "the problem");
  command
      .add_option("-f,--file", options.problem_file, "file with the problem; - for standard input")
      ->excludes(problem);
  const auto add = [&](const char* flag, std::string& into, const char* help) {
    command.add_option(flag, into, help);
  };
  add("--answer", options.answer,
      "the answer, or a text that gives one; default: what --chain gives");
  add("--chain", options.chain_file, "file with a chain of thought");
  add("--tests", options.tests_file,
      "file with Python tests of the answer's code (run in a sandbox)");
  add("--entry", options.entry_point, "name of the function under test");
  add("--support", options.support_file, "file with helpers of the tests");
  add("--schema", options.schema_file, "file with a JSON Schema for the answer");
  command.add_option("--source", options.source_files,
                     "file that the answer quotes; may be repeated: [citation:1] is the first");
  add("--batch", options.batch_file,
      "JSON lines with such fields; one result a line; - for standard input");
  add("--certificate", options.certificate_file, "write the certificate here");
  add("--recheck", options.recheck_file,
      "repeat the checks of the certificates in this file, one a line");
  command.add_flag("--json", options.json, "print JSON");
  command.add_flag("--exit-status", options.exit_status,
                   "end with 0 VERIFIED, 10 CHECKED or SELF-OK, 11 UNVERIFIED, 12 REFUTED");
  command.footer(
      "Examples:\n"
      "  lemma check --problem \"鸡兔同笼，共有35个头，94只脚，鸡兔各几只？\" \\\n"
      "      --answer \"鸡23只，兔12只\"\n"
      "  lemma check --problem \"Solve sqrt(x+3) = x-1\" --answer \"x = -2\" --json\n"
      "  lemma check --answer \"$(cat reply.md)\" --tests test_add.py\n"
      "  lemma check --batch answers.jsonl > results.jsonl");
}

}  // namespace

void AddCheck(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("check", "what can be proven of an answer, without a model");
  auto options = std::make_shared<CheckOptions>();
  AddOptions(*command, *options);
  command->callback([options, &context] {
    if (!options->batch_file.empty() || !options->recheck_file.empty()) {
      const Status status = options->batch_file.empty() ? Recheck(*options) : CheckBatch(*options);
      if (!status.ok()) context.exit_code = ReportError(status);
      return;
    }
    const Result<Verdict> verdict = CheckOne(*options);
    if (!verdict.ok()) {
      context.exit_code = ReportError(verdict.status());
    } else if (options->exit_status) {
      context.exit_code = ExitCodeOf(*verdict);
    }
  });
}

}  // namespace lemma::cli
