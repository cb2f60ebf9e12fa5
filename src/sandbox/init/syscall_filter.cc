// SPDX-License-Identifier: Apache-2.0
#include "sandbox/init/syscall_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>

namespace lemma::sandbox {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr uint32_t kArchitecture = 0;  // no list for this processor: the sandbox refuses
#endif

// clang-format off
constexpr uint32_t kAllowed[] = {
    // input and output on descriptors that it has
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
    SYS_preadv2, SYS_pwritev2, SYS_lseek, SYS_close, SYS_close_range, SYS_dup, SYS_dup3, SYS_fcntl,
    SYS_pipe2, SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait,
    SYS_eventfd2, SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime, SYS_socketpair,
    SYS_sendfile, SYS_copy_file_range,
    // files of the jail
    SYS_openat, SYS_openat2, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_faccessat2,
    SYS_readlinkat, SYS_getdents64, SYS_getcwd, SYS_chdir, SYS_fchdir, SYS_renameat, SYS_renameat2,
    SYS_mkdirat, SYS_unlinkat, SYS_symlinkat, SYS_linkat, SYS_truncate, SYS_ftruncate,
    SYS_fallocate, SYS_fchmod, SYS_fchmodat, SYS_utimensat, SYS_umask, SYS_flock, SYS_fsync,
    SYS_fdatasync, SYS_statfs, SYS_fstatfs, SYS_fadvise64,
    // memory
    SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_brk, SYS_msync, SYS_membarrier,
    // signals, time
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigtimedwait,
    SYS_rt_sigsuspend, SYS_sigaltstack, SYS_tgkill, SYS_tkill, SYS_kill, SYS_setitimer,
    SYS_getitimer, SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime, SYS_clock_getres,
    SYS_gettimeofday, SYS_times, SYS_restart_syscall,
    // itself
    SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
    SYS_getresuid, SYS_getresgid, SYS_getgroups, SYS_getpgid, SYS_getsid, SYS_setsid, SYS_setpgid,
    SYS_uname, SYS_sysinfo, SYS_getrusage, SYS_getrlimit, SYS_setrlimit, SYS_getcpu,
    SYS_sched_getaffinity, SYS_sched_yield, SYS_sched_getparam, SYS_sched_getscheduler,
    SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_futex, SYS_set_robust_list,
    SYS_get_robust_list, SYS_set_tid_address, SYS_rseq, SYS_getrandom, SYS_execve, SYS_exit,
    SYS_exit_group, SYS_wait4, SYS_waitid,
#if defined(__x86_64__)
    // the older names of some of the above
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_getdents, SYS_rename, SYS_mkdir,
    SYS_rmdir, SYS_unlink, SYS_symlink, SYS_link, SYS_chmod, SYS_creat, SYS_utimes, SYS_utime,
    SYS_futimesat, SYS_dup2, SYS_pipe, SYS_poll, SYS_select, SYS_epoll_create, SYS_epoll_wait,
    SYS_eventfd, SYS_alarm, SYS_pause, SYS_time, SYS_getpgrp, SYS_arch_prctl,
#endif
};
constexpr uint32_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                     CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr uint32_t kIoctls[] = {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX};
constexpr uint32_t kPrctls[] = {PR_SET_NAME, PR_GET_NAME, PR_SET_PDEATHSIG, PR_GET_DUMPABLE,
                                PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP};
constexpr uint32_t kOnlyItself[] = {0};
// clang-format on
constexpr uint32_t kYoungestKnown = 451;

// Instructions in the order they run. Jumps go forward only.
class Program {
 public:
  void Load(size_t offset) {
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
  }
  void Return(uint32_t action) { Add(BPF_STMT(BPF_RET | BPF_K, action)); }
  void ReturnIfEqual(uint32_t value, uint32_t action) {
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    Return(action);
  }
  void ReturnUnlessEqual(uint32_t value, uint32_t action) {
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
    Return(action);
  }
  void ReturnIfAnyBit(uint32_t bits, uint32_t action) {
    Add(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
    Return(action);
  }
  void ReturnIfAbove(uint32_t value, uint32_t action) {
    Add(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, value, 0, 1));
    Return(action);
  }
  // Skips the next `count` instructions unless the loaded value equals `value`.
  void SkipUnless(uint32_t value, size_t count) {
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, static_cast<uint8_t>(count)));
  }
  [[nodiscard]] bool fits() const { return size_ <= kCapacity; }
  sock_fprog Raw() { return {static_cast<unsigned short>(size_), code_}; }

 private:
  static constexpr size_t kCapacity = 1024;
  void Add(sock_filter instruction) {
    if (size_ < kCapacity) code_[size_] = instruction;
    ++size_;
  }
  sock_filter code_[kCapacity];
  size_t size_ = 0;
};

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kDeny = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;
constexpr size_t kNumber = offsetof(seccomp_data, nr);

// The low half of a 64-bit argument: little-endian on both processors of this list.
constexpr size_t Argument(int index) {
  return offsetof(seccomp_data, args) + sizeof(uint64_t) * static_cast<size_t>(index);
}

// Call `number` only if its argument `index` is one of `values`.
template <size_t kCount>
void AllowValues(Program& program, uint32_t number, int index, const uint32_t (&values)[kCount]) {
  program.SkipUnless(number, 2 * kCount + 2);
  program.Load(Argument(index));
  for (const uint32_t value : values) program.ReturnIfEqual(value, kAllow);
  program.Return(kDeny);
}

void AddTaskRule(Program& program, TaskRule rule) {
  program.ReturnIfEqual(SYS_clone3, kUnknown);  // its flags lie in memory: let them use clone
  if (rule == TaskRule::kAlone) return;
  program.SkipUnless(SYS_clone, 4);
  program.Load(Argument(0));
  program.ReturnIfAnyBit(kNamespaceFlags, kDeny);
  program.Return(kAllow);
#if defined(__x86_64__)
  program.ReturnIfEqual(SYS_fork, kAllow);
  program.ReturnIfEqual(SYS_vfork, kAllow);
#endif
}

}  // namespace

int InstallSyscallFilter(TaskRule rule) {
  if (kArchitecture == 0) return ENOSYS;
  static Program program;
  program.Load(offsetof(seccomp_data, arch));
  program.ReturnUnlessEqual(kArchitecture, SECCOMP_RET_KILL_PROCESS);
  program.Load(kNumber);  // numbers of the x32 convention (bit 30) are above every known one
  program.ReturnIfAbove(kYoungestKnown, kUnknown);
  for (const uint32_t number : kAllowed) program.ReturnIfEqual(number, kAllow);
  AddTaskRule(program, rule);
  AllowValues(program, SYS_ioctl, 1, kIoctls);
  AllowValues(program, SYS_prctl, 0, kPrctls);
  AllowValues(program, SYS_prlimit64, 0, kOnlyItself);
  program.Return(kDeny);
  if (!program.fits()) return E2BIG;
  sock_fprog raw = program.Raw();
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &raw, 0, 0) == 0 ? 0 : errno;
}

}  // namespace lemma::sandbox
