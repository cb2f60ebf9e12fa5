// SPDX-License-Identifier: Apache-2.0
// Starts the helper program of a jail (bubblewrap) as a child process with exactly the descriptors
// it should have, as an ordinary user, from a process with many threads and much memory.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/status.h"

namespace lemma::sandbox {

inline constexpr unsigned kUnprivilegedId = 65534;  // "nobody", of the process when root starts it

struct LaunchPlan {
  std::vector<std::string> argv;  // argv[0]: absolute path
  int input = -1;                 // become 0, 1 and 2
  int output = -1;
  int error = -1;
  std::vector<int> kept;  // stay open under their numbers; all others close
};

// The process id. The child has an empty environment. kIo names what failed.
Result<pid_t> Launch(const LaunchPlan& plan);

}  // namespace lemma::sandbox
