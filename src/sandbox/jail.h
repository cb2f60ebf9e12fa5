// SPDX-License-Identifier: Apache-2.0
// Runs a program that nobody trusts: no network, no files but those given and the system's
// libraries (read-only), no /proc, its own user, process, IPC, host-name, cgroup and mount
// namespaces, no rights, a list of allowed system calls, limits on everything it can use up.
// bubblewrap makes the namespaces; our own process 1 (init/jail_init.cc) checks them, sets limits
// and the filter, and reports the end exactly. It fails closed: where any part is missing nothing
// runs, and the Status (kUnsupported) says why. Run by root, it becomes user 65534 first.
// Not covered: bugs of the kernel itself, and timing side channels. CPU time and memory are limited
// per process, so a jail of n tasks may use n times as much (the wall limit bounds the time).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "sandbox/fd.h"

namespace lemma::sandbox {

struct JailLimits {
  double wall_seconds = 10;                   // (0, 600]
  uint32_t cpu_seconds = 10;                  // per process, [1, 600]
  uint64_t address_space_bytes = 1ULL << 30;  // per process, >= 16 MiB
  uint64_t file_bytes = 16ULL << 20;          // the largest file it may write
  uint64_t scratch_bytes = 64ULL << 20;       // of /box in all; 0: nothing is writable
  uint32_t scratch_files = 4096;              // files and folders in /box
  uint32_t open_files = 64;                   // [8, 1024]
  uint32_t tasks = 1;                         // processes and threads together, [1, 256]
  uint64_t output_bytes = 1ULL << 20;         // of standard output, and of standard error
};

// A file of the jail, in /box. `name`: relative, of letters, digits, '.', '_', '-' and '/'.
struct JailFile {
  std::string name;
  std::string bytes;
};

struct JailSpec {
  std::vector<std::string> argv;  // argv[0]: absolute path of a program of this system
  std::vector<JailFile> files;    // <= 256, together <= 256 MiB
  std::string input;              // its standard input
  std::vector<std::pair<std::string, std::string>> environment;  // nothing is inherited
  std::vector<std::string> read_only;  // further absolute paths it may read, as they are
  std::vector<int> pass_fds;           // become 3, 4, ... inside; borrowed until Start returns
  JailLimits limits;
  std::string bwrap;  // path of bubblewrap; empty: the usual places
};

enum class JailEnd {
  kExited,  // code: exit status
  kSignal,  // code: signal number, sent by itself or by the kernel
  kCpuLimit,
  kWallLimit,
  kMemoryLimit,  // only RunPython can tell: the program reported that memory ran out
  kOutputLimit,
  kFileLimit,  // a file grew too long (SIGXFSZ), or there were too many
  kStopped,    // by Jail::Stop
};

// "exited", "signal", "cpu limit", ...
std::string_view JailEndName(JailEnd end);

struct JailResult {
  JailEnd end = JailEnd::kExited;
  int code = 0;
  std::string out;  // at most output_bytes each; any bytes
  std::string error;
  std::string reason;  // one line for people: "exited 3", "cpu limit of 10 s", ...
  double wall_seconds = 0;
  double cpu_seconds = 0;       // of the program and the children it waited for; 0 if killed
  uint64_t peak_rss_bytes = 0;  // of the largest of them; 0 if killed

  [[nodiscard]] bool succeeded() const { return end == JailEnd::kExited && code == 0; }
};

// The line for JailResult::reason.
std::string JailReason(const JailResult& result, const JailLimits& limits);

// One running jail. Start and Wait on one thread at a time; Stop from any thread. Destroyed while
// running, it is stopped and waited for.
class Jail {
 public:
  static Result<Jail> Start(const JailSpec& spec);
  Jail(Jail&& other) noexcept;
  Jail& operator=(Jail&& other) noexcept;
  Jail(const Jail&) = delete;
  Jail& operator=(const Jail&) = delete;
  ~Jail();

  // Collects the output until the end and returns when no process of the jail is left. Once only.
  // kUnsupported: the isolation could not be had, and the program did not run.
  Result<JailResult> Wait();
  void Stop() const;

 private:
  struct State;
  explicit Jail(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Start and Wait.
Result<JailResult> RunInJail(const JailSpec& spec);

}  // namespace lemma::sandbox
