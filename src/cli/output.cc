// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

namespace lemma::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

extern "C" void OnInterrupt(int) {
  // A second Ctrl-C that nobody took notice of ends the program the usual way.
  if (interrupted != 0) {
    static_cast<void>(std::signal(SIGINT, SIG_DFL));
    static_cast<void>(std::raise(SIGINT));
  }
  interrupted = 1;
}

// errno of the first write to stdout that failed.
std::atomic<int> stdout_error{0};

bool Write(std::FILE* stream, std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stream) == text.size() &&
         std::fflush(stream) == 0;
}

}  // namespace

bool StdoutIsTerminal() { return ::isatty(STDOUT_FILENO) == 1; }
bool StderrIsTerminal() { return ::isatty(STDERR_FILENO) == 1; }

void PrintOut(std::string_view text) {
  if (stdout_error != 0) return;  // nobody reads on
  if (!Write(stdout, text)) stdout_error = errno;
}
bool OutputLost() { return stdout_error != 0; }
Status OutputStatus() {
  const int error = stdout_error;
  if (error == 0) return OkStatus();
  if (error == EPIPE) return {StatusCode::kCancelled, "the reader of standard output is gone"};
  return {StatusCode::kIo,
          fmt::format("standard output: {}", std::system_category().message(error))};
}

// A standard error that cannot be written leaves nobody to tell.
void PrintErr(std::string_view text) { static_cast<void>(Write(stderr, text)); }
void PrintWarning(std::string_view text) { PrintErr(fmt::format("lemma: warning: {}\n", text)); }
void PrintJson(const boost::json::value& value) { PrintOut(boost::json::serialize(value) + "\n"); }

ProgressBar::ProgressBar(std::string label) : label_(std::move(label)) {}

ProgressBar::~ProgressBar() {
  if (shown_) PrintErr("\r\033[K");
}

void ProgressBar::Update(double share, std::string_view detail) {
  constexpr double kRefreshSeconds = 0.1;
  if (!StderrIsTerminal()) return;
  const double now = watch_.Seconds();
  if (shown_ && share < 1 && now - last_ < kRefreshSeconds) return;
  last_ = now;
  shown_ = true;
  constexpr int kWidth = 24;
  const int filled = std::clamp(static_cast<int>(share * kWidth), 0, kWidth);
  PrintErr(fmt::format("\r\033[K{} [{}{}] {:3.0f} %  {:.0f} s  {}", label_,
                       std::string(static_cast<size_t>(filled), '#'),
                       std::string(static_cast<size_t>(kWidth - filled), '-'), share * 100, now,
                       detail));
}

void InstallInterrupt() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);  // no SA_RESTART: a read in the editor is to return
}
bool Interrupted() { return interrupted != 0; }
void ClearInterrupt() { interrupted = 0; }

}  // namespace lemma::cli
