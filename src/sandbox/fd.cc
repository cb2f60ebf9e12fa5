// SPDX-License-Identifier: Apache-2.0
#include "sandbox/fd.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace lemma::sandbox {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void UniqueFd::Reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Status SystemError(std::string_view action, int error) {
  return IoError(fmt::format("{}: {}", action, std::generic_category().message(error)));
}

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("cannot make a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<UniqueFd> MakeSealedMemory(std::string_view bytes) {
  UniqueFd fd(memfd_create("lemma-jail", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return SystemError("cannot make a memory file", errno);
  while (!bytes.empty()) {
    const ssize_t written = write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SystemError("cannot write a memory file", errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (lseek(fd.get(), 0, SEEK_SET) != 0 || fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return SystemError("cannot seal a memory file", errno);
  }
  return fd;
}

}  // namespace lemma::sandbox
