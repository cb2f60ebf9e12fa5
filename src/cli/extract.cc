// SPDX-License-Identifier: Apache-2.0
// lemma extract: the answer that a text gives, where it gives it, and its exact value.
#include <fmt/format.h>

#include <iostream>

#include "base/file.h"
#include "check/answer.h"
#include "check/certificate.h"
#include "check/check.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/strings.h"
#include "cli/wrap.h"

namespace lemma::cli {
namespace {

struct ExtractOptions {
  std::string file;
  std::string text;
  bool json = false;
};

Status RunExtract(const ExtractOptions& options) {
  std::string text = options.text;
  if (text.empty() && (options.file.empty() || options.file == "-")) {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (text.empty()) {
    LEMMA_ASSIGN_OR_RETURN(text, ReadFile(options.file, check::kMaxRequestBytes));
  }
  const auto found = check::ExtractAnswer(text);
  if (options.json) {
    PrintOut(found ? fmt::format("{{\"answer\":{},\"rule\":{},\"span\":[{},{}]}}\n",
                                 check::AnswerJson(found->answer),
                                 check::JsonString(check::AnswerRuleName(found->rule)),
                                 found->span.begin, found->span.end)
                   : "{\"answer\":null}\n");
    return OkStatus();
  }
  if (!found) {
    PrintOut(Wrap(Say(Text::kCheckNoAnswer), 0));
    return OkStatus();
  }
  PrintOut(Wrap(found->answer.text, 0));
  PrintOut(Wrap(Say(Text::kExtractPlace, check::AnswerRuleName(found->rule), found->span.begin,
                    found->span.end),
                2));
  return OkStatus();
}

}  // namespace

void AddExtract(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("extract", "the answer that a text gives, and where");
  auto options = std::make_shared<ExtractOptions>();
  command->add_option("file", options->file, "file with the text; default: standard input");
  command->add_option("-p,--text", options->text, "this text instead");
  command->add_flag("--json", options->json, "print JSON");
  command->footer(
      "Examples:\n"
      "  lemma extract reply.txt\n"
      "  lemma extract --json -p \"so \\\\boxed{\\\\frac{1}{6}}.\"");
  command->callback([options, &context] {
    if (const Status status = RunExtract(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
