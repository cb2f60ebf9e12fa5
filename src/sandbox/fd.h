// SPDX-License-Identifier: Apache-2.0
// File descriptors with an owner. All are made close-on-exec.
#pragma once

#include <string_view>
#include <utility>

#include "base/status.h"

namespace lemma::sandbox {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void Reset();

 private:
  int fd_ = -1;
};

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};
Result<Pipe> MakePipe();

// Memory that reads as a file holding `bytes`, at its start, and that nobody can change.
Result<UniqueFd> MakeSealedMemory(std::string_view bytes);

// "Too many open files" for EMFILE, with the action before it. Thread-safe.
Status SystemError(std::string_view action, int error);

}  // namespace lemma::sandbox
