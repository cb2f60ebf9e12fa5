// SPDX-License-Identifier: Apache-2.0
// lemma: the program. Parses the command line and hands over to one command a file.
#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include <clocale>
#include <csignal>

#include "base/log.h"
#include "cli/command.h"
#include "cli/output.h"

namespace lemma::cli {
namespace {

void ShowLog(LogLevel level, std::string_view text) {
  if (level == LogLevel::kWarning) PrintWarning(text);
  if (level == LogLevel::kError) PrintErr(fmt::format("lemma: error: {}\n", text));
}

// The line editor needs a UTF-8 locale; bare systems and containers often have none set.
void UseUtf8Locale() {
  const char* set = std::setlocale(LC_ALL, "");
  if (set == nullptr || std::string_view(nl_langinfo(CODESET)) != "UTF-8") {
    static_cast<void>(std::setlocale(LC_CTYPE, "C.UTF-8"));
  }
}

// A mapped model file that another program cuts short or a disk that fails: the next read of a
// missing page raises SIGBUS. Only async-signal-safe calls here.
extern "C" void OnBusError(int) {
  constexpr std::string_view kMessage =
      "lemma: error: a model file could not be read any more: it was changed or its disk failed\n";
  static_cast<void>(!::write(STDERR_FILENO, kMessage.data(), kMessage.size()));
  ::_exit(kExitBadInput);
}

int Main(int argc, char** argv) {
  UseUtf8Locale();
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  static_cast<void>(std::signal(SIGBUS, OnBusError));
  SetLogSink(ShowLog);
  CLI::App app{
      "Lemma runs reasoning models (GGUF) on this machine.\n"
      "Without a command: lemma run, a chat with the bundled model.",
      "lemma"};
  app.set_version_flag("--version", "lemma " LEMMA_VERSION);
  app.require_subcommand(0, 1);
  app.footer(
      "Examples:\n"
      "  lemma run -m DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M.gguf\n"
      "  lemma generate -p \"What is 37 + 58?\"\n"
      "  lemma inspect model.gguf\n"
      "  lemma serve\n"
      "Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 damaged or unsupported input, 4 not found,\n"
      "5 out of memory, disk or a limit, 130 interrupted.");
  Context context;
  AddRun(app, context);
  AddGenerate(app, context);
  AddTokenize(app, context);
  AddDetokenize(app, context);
  AddInspect(app, context);
  AddQuantize(app, context);
  AddPerplexity(app, context);
  AddSynth(app, context);
  AddBench(app, context);
  AddCheck(app, context);
  AddExtract(app, context);
  AddServe(app, context);
  AddVersion(app, context);
  try {
    if (argc <= 1) {
      app.parse("run");
    } else {
      app.parse(argc, argv);
    }
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kExitOk : kExitUsage;
  }
  if (const Status output = OutputStatus(); !output.ok() && context.exit_code == kExitOk) {
    return ReportError(output);
  }
  return context.exit_code;
}

}  // namespace
}  // namespace lemma::cli

// Libraries below may throw (no memory); that ends the program with a message, not with abort().
int main(int argc, char** argv) {
  try {
    return lemma::cli::Main(argc, argv);
  } catch (const std::exception& error) {
    lemma::cli::PrintErr("lemma: error: ");
    lemma::cli::PrintErr(error.what());
    lemma::cli::PrintErr("\n");
    return lemma::cli::kExitFailure;
  }
}
