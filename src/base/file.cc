// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace lemma {
namespace {

std::string SystemReason() { return std::generic_category().message(errno); }

Status SystemError(std::string_view what, const std::filesystem::path& path) {
  const std::string text = fmt::format("cannot {} '{}': {}", what, path.string(), SystemReason());
  if (errno == ENOENT) return NotFound(text);
  return errno == ENOMEM || errno == ENOSPC ? ResourceExhausted(text) : IoError(text);
}

// Closes a file descriptor on scope exit.
class FdCloser {
 public:
  explicit FdCloser(int fd) : fd_(fd) {}
  ~FdCloser() { ::close(fd_); }
  FdCloser(const FdCloser&) = delete;
  FdCloser& operator=(const FdCloser&) = delete;

 private:
  int fd_;
};

Result<uint64_t> RegularFileSize(int fd, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return SystemError("stat", path);
  if (!S_ISREG(info.st_mode)) {
    return InvalidArgument(fmt::format("'{}' is not a regular file", path.string()));
  }
  return static_cast<uint64_t>(info.st_size);
}

}  // namespace

Result<std::string> ReadFile(const std::filesystem::path& path, uint64_t max_bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError("open", path);
  const FdCloser closer(fd);
  std::string out;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", path);
    if (got == 0) return out;
    if (out.size() + static_cast<uint64_t>(got) > max_bytes) {
      return ResourceExhausted(
          fmt::format("'{}' is larger than the limit of {} bytes", path.string(), max_bytes));
    }
    out.append(buffer, static_cast<size_t>(got));
  }
}

Result<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe must not wait for its writer; regular files do not care.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return SystemError("open", path);
  const FdCloser closer(fd);
  LEMMA_ASSIGN_OR_RETURN(const uint64_t size, RegularFileSize(fd, path));
  MappedFile out;
  out.path_ = path;
  if (size == 0) return out;
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return SystemError("map", path);
  out.data_ = static_cast<const std::byte*>(data);
  out.size_ = size;
  return out;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      path_(std::move(other.path_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}

void MappedFile::DropRange(uint64_t offset, uint64_t length) const {
  constexpr uint64_t kPage = 4096;
  const uint64_t begin = (offset + kPage - 1) / kPage * kPage;
  const uint64_t end = std::min<uint64_t>(offset + length, size_) / kPage * kPage;
  if (begin < end) {
    ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
  }
}

Result<AtomicFileWriter> AtomicFileWriter::Create(const std::filesystem::path& path,
                                                  Readers readers) {
  static std::atomic<unsigned> serial{0};
  AtomicFileWriter out;
  std::error_code error;
  // A link is followed: the file it names is replaced, not the link.
  out.path_ = std::filesystem::is_symlink(path, error)
                  ? std::filesystem::weakly_canonical(path, error)
                  : path;
  if (std::filesystem::exists(out.path_, error) &&
      !std::filesystem::is_regular_file(out.path_, error)) {
    return InvalidArgument(fmt::format("'{}' exists and is not a regular file", path.string()));
  }
  out.partial_path_ = out.path_;
  out.partial_path_ += fmt::format(".partial-{}-{}", ::getpid(), serial.fetch_add(1));
  const mode_t mode = readers == Readers::kOwner ? 0600 : 0644;
  out.fd_ = ::open(out.partial_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (out.fd_ < 0) return SystemError("create", out.partial_path_);
  return out;
}

AtomicFileWriter::~AtomicFileWriter() { Discard(); }

AtomicFileWriter::AtomicFileWriter(AtomicFileWriter&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      written_(other.written_),
      path_(std::move(other.path_)),
      partial_path_(std::move(other.partial_path_)) {}

AtomicFileWriter& AtomicFileWriter::operator=(AtomicFileWriter&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(written_, other.written_);
  std::swap(path_, other.path_);
  std::swap(partial_path_, other.partial_path_);
  return *this;
}

Status AtomicFileWriter::Append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SystemError("write", partial_path_);
    written_ += static_cast<uint64_t>(put);
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return OkStatus();
}

Status AtomicFileWriter::Append(std::string_view text) {
  return Append(std::as_bytes(std::span(text.data(), text.size())));
}

Status AtomicFileWriter::Commit() {
  if (fd_ < 0) return FailedPrecondition("the file was already committed");
  if (::fsync(fd_) != 0) return SystemError("flush", partial_path_);
  if (::close(std::exchange(fd_, -1)) != 0) {
    ::unlink(partial_path_.c_str());
    return SystemError("close", partial_path_);
  }
  if (::rename(partial_path_.c_str(), path_.c_str()) != 0) {
    Status status = SystemError("rename to", path_);
    ::unlink(partial_path_.c_str());
    return status;
  }
  return OkStatus();
}

void AtomicFileWriter::Discard() {
  if (fd_ < 0) return;
  ::close(std::exchange(fd_, -1));
  ::unlink(partial_path_.c_str());
}

}  // namespace lemma
