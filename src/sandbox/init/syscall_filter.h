// SPDX-License-Identifier: Apache-2.0
// The system calls a jailed program may make: a list of what is allowed, everything else fails with
// EPERM (ENOSYS for numbers younger than the list, so that libraries fall back). Format: classic
// BPF over struct seccomp_data, see the Linux manual page seccomp(2).
#pragma once

namespace lemma::sandbox {

enum class TaskRule {
  kAlone,    // no process and no thread may be started
  kMayFork,  // both may, but no namespace
};

// Installs the filter on the calling thread for good. 0, or the errno. Needs no_new_privs.
int InstallSyscallFilter(TaskRule rule);

}  // namespace lemma::sandbox
