// SPDX-License-Identifier: Apache-2.0
// Printing: results on stdout, everything else on stderr, and progress only on a terminal.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace boost::json {
class value;
}

namespace lemma::cli {

bool StdoutIsTerminal();
bool StderrIsTerminal();

// Writes and flushes. The first failure is kept and everything after it is dropped.
void PrintOut(std::string_view text);
bool OutputLost();      // nobody reads standard output any more: work for it may end
Status OutputStatus();  // kCancelled: a closed pipe; kIo: what the system said
void PrintErr(std::string_view text);
void PrintWarning(std::string_view text);  // "lemma: warning: ..."
// One line of JSON on stdout.
void PrintJson(const boost::json::value& value);

// A line "label [####----] 42 %  12 s" on stderr that rewrites itself; silent when stderr is no
// terminal. The destructor clears the line. One thread at a time.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void Update(double share, std::string_view detail);

 private:
  std::string label_;
  bool shown_ = false;
  double last_ = -1;
  Stopwatch watch_;
};

// True after SIGINT since the last Clear. The handler is installed by InstallInterrupt.
void InstallInterrupt();
bool Interrupted();
void ClearInterrupt();

}  // namespace lemma::cli
