// SPDX-License-Identifier: Apache-2.0
// lemma: the program. Parses the command line and hands over to one command a file.
#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

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

bool IsCommand(const CLI::App& app, const std::string& name) {
  return !app.get_subcommands([&](const CLI::App* each) { return each->get_name() == name; })
              .empty();
}

// Whatever the command line says, as CLI11 takes it: the last word first. "help COMMAND" is
// "COMMAND --help".
Result<std::vector<std::string>> Words(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) words = {"run"};
  if (words[0] == "help") {
    words.erase(words.begin());
    words.resize(std::min<size_t>(words.size(), 1));
    words.emplace_back("--help");
  }
  if (!words[0].starts_with('-') && !IsCommand(app, words[0])) {
    return InvalidArgument(UnknownCommand(app, words[0]));
  }
  return std::vector<std::string>(words.rbegin(), words.rend());
}

// "--threads: ..." may be what LEMMA_THREADS says: then that is named, too.
std::string BlameEnvironment(const CLI::App& app, const std::string& message) {
  for (const CLI::App* command : app.get_subcommands()) {
    for (const CLI::Option* option : command->get_options()) {
      const std::string variable = option->get_envname();
      const char* value = variable.empty() ? nullptr : std::getenv(variable.c_str());
      if (value == nullptr) continue;
      const bool said = message.find(fmt::format(" {} ", value)) != std::string::npos ||
                        message.find(fmt::format("'{}'", value)) != std::string::npos;
      if (!said) continue;
      if (!message.starts_with(option->get_name() + ":")) continue;
      return fmt::format("{} (the environment variable {} says so)", message, variable);
    }
  }
  return message;
}

int ReportUsage(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  if (app.exit(error, out, err) == 0) {
    PrintOut(out.str());
    return kExitOk;
  }
  PrintErr(fmt::format("lemma: error: {}\nRun with --help for more information.\n",
                       BlameEnvironment(app, error.what())));
  return kExitUsage;
}

// A reader that has left wants nothing more, no message either.
int ExitCodeOf(const Context& context) {
  const Status output = OutputStatus();
  if (output.ok() || context.exit_code != kExitOk) return context.exit_code;
  return output.code() == StatusCode::kCancelled ? kExitInterrupted : ReportError(output);
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
      "`lemma help COMMAND` prints the options of a command.\n"
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
  AddSolve(app, context);
  AddEval(app, context);
  AddNotebook(app, context);
  AddServe(app, context);
  AddVersion(app, context);
  try {
    auto words = Words(app, argc, argv);
    if (!words.ok()) return ReportError(words.status());
    app.parse(std::move(words).value());
  } catch (const CLI::ParseError& error) {
    context.exit_code = ReportUsage(app, error);
  }
  return ExitCodeOf(context);
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
