// SPDX-License-Identifier: Apache-2.0
// Process 1 of a jail. bubblewrap has made the namespaces and dropped the rights; this program
// checks that, starts the real program under limits and the system call filter, and reports how it
// ended, exactly. Being process 1, nothing inside can signal it, and when it ends, for any reason,
// the kernel kills all that is left in the jail. It ends when its control pipe closes, so a jail
// cannot outlive the process that made it. Static, no allocation, no libraries.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/init/init_protocol.h"
#include "sandbox/init/syscall_filter.h"

namespace lemma::sandbox {
namespace {

constexpr int kMaxPassed = 8;
constexpr int kWatchMilliseconds = 20;

struct Plan {
  int status_fd = -1;
  int control_fd = -1;
  int passed[kMaxPassed] = {};
  int num_passed = 0;
  uint64_t cpu_seconds = 0;
  uint64_t address_space_bytes = 0;
  uint64_t file_bytes = 0;
  uint64_t open_files = 0;
  uint64_t tasks = 0;
  uint64_t scratch_files = 0;
  char** program = nullptr;
};

[[noreturn]] void Report(const Plan& plan, const InitRecord& record) {
  // A lost report reads as "refused" on the other side: nothing is taken for a success.
  (void)!write(plan.status_fd, &record, sizeof(record));
  _exit(0);
}

[[noreturn]] void Refuse(const Plan& plan, InitStage stage, int error) {
  Report(plan, {InitRecordKind::kRefused, static_cast<int32_t>(stage), error, 0, 0, 0});
}

// Decimal digits only. False on anything else.
bool ParseNumber(const char*& text, uint64_t& value) {
  if (*text < '0' || *text > '9') return false;
  value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) {
    if (value > (UINT64_MAX - 9) / 10) return false;
    value = value * 10 + static_cast<uint64_t>(*text - '0');
  }
  return true;
}

bool ParseWhole(const char* text, uint64_t& value) {
  return ParseNumber(text, value) && *text == '\0';
}

bool ParsePassed(const char* text, Plan& plan) {
  if (strcmp(text, "-") == 0) return true;
  while (plan.num_passed < kMaxPassed) {
    uint64_t fd = 0;
    if (!ParseNumber(text, fd) || fd > INT32_MAX) return false;
    plan.passed[plan.num_passed++] = static_cast<int>(fd);
    if (*text == '\0') return true;
    if (*text++ != ',') return false;
  }
  return false;
}

bool ParsePlan(int argc, char** argv, Plan& plan) {
  if (argc <= kInitFixedArguments) return false;
  uint64_t status = 0;
  uint64_t control = 0;
  if (!ParseWhole(argv[1], status) || !ParseWhole(argv[2], control)) return false;
  plan.status_fd = static_cast<int>(status);
  plan.control_fd = static_cast<int>(control);
  plan.program = argv + kInitFixedArguments;
  return ParsePassed(argv[3], plan) && ParseWhole(argv[4], plan.cpu_seconds) &&
         ParseWhole(argv[5], plan.address_space_bytes) && ParseWhole(argv[6], plan.file_bytes) &&
         ParseWhole(argv[7], plan.open_files) && ParseWhole(argv[8], plan.tasks) &&
         ParseWhole(argv[9], plan.scratch_files);
}

// True if a route out of the jail exists. Connecting a datagram socket sends nothing; it fails when
// there is no route. The addresses are those for documentation (RFC 5737, RFC 3849).
bool SeesNetwork() {
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(9);
  v4.sin_addr.s_addr = htonl(0xC0000201);
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(9);
  constexpr uint8_t kPrefix[] = {0x20, 0x01, 0x0d, 0xb8};
  memcpy(v6.sin6_addr.s6_addr, kPrefix, sizeof(kPrefix));
  v6.sin6_addr.s6_addr[15] = 1;
  const auto reaches = [](int family, const void* address, socklen_t size) {
    const int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const bool routed = connect(fd, static_cast<const sockaddr*>(address), size) == 0;
    close(fd);
    return routed;
  };
  return reaches(AF_INET, &v4, sizeof(v4)) || reaches(AF_INET6, &v6, sizeof(v6));
}

void CheckIsolation(const Plan& plan) {
  if (getpid() != 1) Refuse(plan, InitStage::kNotFirstProcess, 0);
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) Refuse(plan, InitStage::kNewPrivileges, 0);
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (syscall(SYS_capget, &header, sets) != 0) Refuse(plan, InitStage::kPrivileged, errno);
  for (const auto& set : sets) {
    if ((set.effective | set.permitted | set.inheritable) != 0) {
      Refuse(plan, InitStage::kPrivileged, EPERM);
    }
  }
  if (getuid() == 0 || geteuid() == 0) Refuse(plan, InitStage::kPrivileged, EPERM);
  if (SeesNetwork()) Refuse(plan, InitStage::kNetwork, 0);
}

bool Limit(int resource, uint64_t soft, uint64_t hard) {
  rlimit old = {};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &old) != 0) return false;
  rlimit wanted = {soft, hard};
  if (wanted.rlim_max > old.rlim_max) wanted.rlim_max = old.rlim_max;
  if (wanted.rlim_cur > wanted.rlim_max) wanted.rlim_cur = wanted.rlim_max;
  return setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted) == 0;
}

bool SetLimits(const Plan& plan) {
  // The soft limit of CPU time sends SIGXCPU, which says what happened; the hard one kills.
  return Limit(RLIMIT_CPU, plan.cpu_seconds, plan.cpu_seconds + 1) &&
         Limit(RLIMIT_AS, plan.address_space_bytes, plan.address_space_bytes) &&
         Limit(RLIMIT_FSIZE, plan.file_bytes, plan.file_bytes) &&
         Limit(RLIMIT_NOFILE, plan.open_files, plan.open_files) &&
         Limit(RLIMIT_NPROC, plan.tasks + 1, plan.tasks + 1) &&  // this program counts as one
         Limit(RLIMIT_CORE, 0, 0) && Limit(RLIMIT_MEMLOCK, 0, 0) && Limit(RLIMIT_MSGQUEUE, 0, 0) &&
         Limit(RLIMIT_NICE, 0, 0) && Limit(RLIMIT_RTPRIO, 0, 0) && Limit(RLIMIT_SIGPENDING, 64, 64);
}

// 0, 1, 2 stay; the passed ones become 3, 4, ...; all others are closed. `report` is kept, to be
// closed by a successful exec.
bool ArrangeDescriptors(Plan& plan) {
  constexpr int kHigh = 512;  // above what the sources may be moved over
  for (int i = 0; i < plan.num_passed; ++i) {
    plan.passed[i] = fcntl(plan.passed[i], F_DUPFD_CLOEXEC, kHigh);
    if (plan.passed[i] < 0) return false;
  }
  plan.status_fd = fcntl(plan.status_fd, F_DUPFD_CLOEXEC, kHigh);
  if (plan.status_fd < 0) return false;
  for (int i = 0; i < plan.num_passed; ++i) {
    if (dup2(plan.passed[i], 3 + i) < 0) return false;
  }
  const int first_free = 3 + plan.num_passed;
  if (dup2(plan.status_fd, first_free) < 0) return false;
  plan.status_fd = first_free;
  if (fcntl(plan.status_fd, F_SETFD, FD_CLOEXEC) != 0) return false;
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first_free + 1, ~0U, 0) == 0) return true;
#endif
  for (int fd = first_free + 1; fd < 65536; ++fd) close(fd);
  return true;
}

void ResetSignals() {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void BecomeProgram(Plan plan) {
  setsid();
  if (!ArrangeDescriptors(plan)) Refuse(plan, InitStage::kDescriptors, errno);
  ResetSignals();
  umask(077);
  if (!SetLimits(plan)) Refuse(plan, InitStage::kLimits, errno);
  const auto rule = plan.tasks <= 1 ? TaskRule::kAlone : TaskRule::kMayFork;
  if (const int error = InstallSyscallFilter(rule); error != 0) {
    Refuse(plan, InitStage::kFilter, error);
  }
  execve(plan.program[0], plan.program, environ);
  Refuse(plan, InitStage::kExecute, errno);
}

// Reaps what has ended; reports and ends when the program itself has.
void Reap(const Plan& plan, pid_t program) {
  for (;;) {
    int status = 0;
    rusage usage = {};
    const pid_t pid = wait4(-1, &status, WNOHANG, &usage);
    if (pid <= 0) return;
    if (pid != program) continue;
    const auto microseconds = [](const timeval& time) {
      return static_cast<uint64_t>(time.tv_sec) * 1000000 + static_cast<uint64_t>(time.tv_usec);
    };
    Report(plan, {InitRecordKind::kEnded, status, 0, 0,
                  microseconds(usage.ru_utime) + microseconds(usage.ru_stime),
                  static_cast<uint64_t>(usage.ru_maxrss) * 1024});
  }
}

// The memory of empty files is not counted in the size of a temporary file system: count them.
void WatchScratch(const Plan& plan) {
  struct statfs info = {};
  if (plan.scratch_files == 0 || statfs(kBoxPath, &info) != 0) return;
  if (info.f_files - info.f_ffree > plan.scratch_files) {
    Report(plan, {InitRecordKind::kFileLimit, 0, 0, 0, 0, 0});
  }
}

[[noreturn]] void Supervise(const Plan& plan, pid_t program, int signals) {
  pollfd watched[] = {{signals, POLLIN, 0}, {plan.control_fd, POLLIN, 0}};
  for (;;) {
    if (poll(watched, 2, plan.scratch_files == 0 ? -1 : kWatchMilliseconds) < 0 && errno != EINTR) {
      _exit(1);
    }
    if (watched[1].revents != 0) _exit(0);
    if (watched[0].revents != 0) {
      signalfd_siginfo info;
      (void)!read(signals, &info, sizeof(info));
    }
    Reap(plan, program);
    WatchScratch(plan);
  }
}

int Main(int argc, char** argv) {
  Plan plan;
  if (!ParsePlan(argc, argv, plan)) {
    if (plan.status_fd >= 0) Refuse(plan, InitStage::kArguments, EINVAL);
    return 2;
  }
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  CheckIsolation(plan);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_SETMASK, &child, nullptr);
  const int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) Refuse(plan, InitStage::kFork, errno);
  const pid_t program = fork();
  if (program < 0) Refuse(plan, InitStage::kFork, errno);
  if (program == 0) BecomeProgram(plan);
  // The ends of the pipes must close with the program, not with this process.
  for (int fd = 0; fd < 3; ++fd) close(fd);
  for (int i = 0; i < plan.num_passed; ++i) close(plan.passed[i]);
  Supervise(plan, program, signals);
}

}  // namespace
}  // namespace lemma::sandbox

int main(int argc, char** argv) { return lemma::sandbox::Main(argc, argv); }
