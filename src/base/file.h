// SPDX-License-Identifier: Apache-2.0
// Files: whole reads, read-only maps, and writes that appear under the final name only when
// complete (written beside it, fsync, rename). Errors name the path and the system's reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace lemma {

// REQUIRES nothing of the file; refuses more than `max_bytes`.
Result<std::string> ReadFile(const std::filesystem::path& path, uint64_t max_bytes = 1ULL << 32);

// A read-only, private map of a whole regular file. Move-only; the view lives as long as it does.
// Safe to read from many threads. An empty file gives an empty view.
class MappedFile {
 public:
  static Result<MappedFile> Open(const std::filesystem::path& path);
  MappedFile() = default;
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Tells the kernel that a range will not be read again, so that its memory may go.
  void DropRange(uint64_t offset, uint64_t length) const;

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  std::filesystem::path path_;
};

// Writes PATH.partial-<pid>-<n>, and renames it to PATH in Commit. Destroyed before Commit: the
// partial file is removed and PATH is untouched. One thread at a time.
class AtomicFileWriter {
 public:
  enum class Readers { kEverybody, kOwner };  // mode 0644 less the umask, or 0600
  static Result<AtomicFileWriter> Create(const std::filesystem::path& path,
                                         Readers readers = Readers::kEverybody);
  ~AtomicFileWriter();
  AtomicFileWriter(AtomicFileWriter&& other) noexcept;
  AtomicFileWriter& operator=(AtomicFileWriter&& other) noexcept;
  AtomicFileWriter(const AtomicFileWriter&) = delete;
  AtomicFileWriter& operator=(const AtomicFileWriter&) = delete;

  Status Append(std::span<const std::byte> bytes);
  Status Append(std::string_view text);
  [[nodiscard]] uint64_t bytes_written() const { return written_; }
  Status Commit();

 private:
  AtomicFileWriter() = default;
  void Discard();

  int fd_ = -1;
  uint64_t written_ = 0;
  std::filesystem::path path_;
  std::filesystem::path partial_path_;
};

}  // namespace lemma
