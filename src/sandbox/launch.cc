// SPDX-License-Identifier: Apache-2.0
#include "sandbox/launch.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sandbox/fd.h"

namespace lemma::sandbox {
namespace {

// Everything the child needs, made before it exists: it shares the parent's memory until exec and
// may only make system calls.
struct ChildPlan {
  char* const* argv;
  char* const* environment;
  const int* kept;
  size_t num_kept;
  int standard[3];
  bool is_root;
};

// Raw calls: the library's versions change the user of every thread of the process.
bool GiveUpRoot() {
  return syscall(SYS_setgroups, 0, nullptr) == 0 &&
         syscall(SYS_setresgid, kUnprivilegedId, kUnprivilegedId, kUnprivilegedId) == 0 &&
         syscall(SYS_setresuid, kUnprivilegedId, kUnprivilegedId, kUnprivilegedId) == 0;
}

// Returns the errno, only on failure.
int ExecuteInChild(const ChildPlan& plan) {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &standard, nullptr);
  for (int i = 0; i < 3; ++i) {
    if (dup2(plan.standard[i], i) < 0) return errno;
  }
#ifdef SYS_close_range
  constexpr unsigned kOnlyMark =
      4;  // CLOSE_RANGE_CLOEXEC; process 1 of the jail closes them anyway
  syscall(SYS_close_range, 3U, ~0U, kOnlyMark);
#endif
  for (size_t i = 0; i < plan.num_kept; ++i) {
    if (fcntl(plan.kept[i], F_SETFD, 0) != 0) return errno;
  }
  if (plan.is_root && !GiveUpRoot()) return errno;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(plan.argv[0], plan.argv, plan.environment);
  return errno;
}

// vfork: the parent may hold gigabytes whose page tables a fork would copy.
pid_t Spawn(const ChildPlan& plan, volatile int& child_error) {
  // The child calls nothing that needs a lock or writes to what the parent reads, but child_error.
  const pid_t pid = vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (pid == 0) {
    child_error = ExecuteInChild(plan);  // NOLINT(clang-analyzer-unix.Vfork)
    _exit(127);
  }
  return pid;
}

}  // namespace

Result<pid_t> Launch(const LaunchPlan& plan) {
  std::vector<char*> argv;
  for (const std::string& argument : plan.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  char* const environment[] = {nullptr};
  const ChildPlan child = {argv.data(),
                           environment,
                           plan.kept.data(),
                           plan.kept.size(),
                           {plan.input, plan.output, plan.error},
                           geteuid() == 0};
  // No handler of the parent may run in the child while they share memory.
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  volatile int child_error = 0;
  const pid_t pid = Spawn(child, child_error);
  const int fork_error = errno;
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (pid < 0) return SystemError("cannot start a process", fork_error);
  if (child_error != 0) {
    waitpid(pid, nullptr, 0);
    return SystemError(fmt::format("cannot execute {}", plan.argv[0]), child_error);
  }
  return pid;
}

}  // namespace lemma::sandbox
