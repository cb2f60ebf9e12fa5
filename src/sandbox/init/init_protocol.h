// SPDX-License-Identifier: Apache-2.0
// What the first program of a jail is told (its arguments) and what it reports (records on its
// status pipe, written whole: each is shorter than PIPE_BUF). Both sides are of one build.
//   argv: init STATUS_FD CONTROL_FD FDS CPU_S AS FSIZE NOFILE TASKS SCRATCH_FILES PROGRAM ARGS...
//   FDS: host descriptors separated by commas that become 3, 4, ... in the program; "-" for none.
#pragma once

#include <cstdint>

namespace lemma::sandbox {

inline constexpr char kInitPath[] = "/.init";
inline constexpr char kBoxPath[] = "/box";
inline constexpr int kInitFixedArguments = 10;  // argv[0] and the nine before PROGRAM

enum class InitRecordKind : uint32_t {
  kRefused = 1,    // detail: InitStage, error: errno; the program did not run
  kEnded = 2,      // detail: wait status of the program
  kFileLimit = 3,  // more than SCRATCH_FILES files; everything was killed
};

enum class InitStage : int32_t {
  kArguments = 1,
  kNotFirstProcess,  // no process namespace of its own
  kPrivileged,       // user 0, or capabilities left
  kNewPrivileges,    // no_new_privs is not set
  kNetwork,          // it sees network devices other than its own loopback
  kFork,
  kDescriptors,
  kLimits,
  kFilter,
  kExecute,
};

struct InitRecord {
  InitRecordKind kind;
  int32_t detail;
  int32_t error;
  uint32_t reserved;
  uint64_t cpu_microseconds;
  uint64_t peak_rss_bytes;
};

}  // namespace lemma::sandbox
