// SPDX-License-Identifier: Apache-2.0
#include "engine/page_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace lemma::engine {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHexDigits = 16;
constexpr std::string_view kEnding = ".kvpage";
constexpr std::string_view kPartial = ".partial-";
constexpr size_t kNameBytes = 2 * kHexDigits + 1 + kEnding.size();

std::optional<uint64_t> ParseHex(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// <identity>-<tokens>.kvpage
std::optional<PageFileEntry> ParseName(std::string_view name) {
  if (name.size() != kNameBytes || name[kHexDigits] != '-' || !name.ends_with(kEnding)) {
    return std::nullopt;
  }
  const auto identity = ParseHex(name.substr(0, kHexDigits));
  const auto tokens = ParseHex(name.substr(kHexDigits + 1, kHexDigits));
  if (!identity || !tokens) return std::nullopt;
  return PageFileEntry{*identity, *tokens, 0, {}};
}

// <page name>.partial-<process>-<number>, as AtomicFileWriter makes them.
bool IsOrphan(std::string_view name, fs::file_time_type written) {
  if (name.size() <= kNameBytes + kPartial.size() || !ParseName(name.substr(0, kNameBytes)) ||
      name.substr(kNameBytes, kPartial.size()) != kPartial) {
    return false;
  }
  const auto age = fs::file_time_type::clock::now() - written;
  if (age > std::chrono::hours(1)) return true;
  const std::string_view rest = name.substr(kNameBytes + kPartial.size());
  pid_t process = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), process);
  if (error != std::errc() || process <= 0) return false;
  // The same number may be another life of this process (in a container) or another store of it.
  if (process == ::getpid()) return age > std::chrono::minutes(1);
  return ::kill(process, 0) != 0 && errno == ESRCH;
}

Status SystemError(std::string_view what, const fs::path& path) {
  return IoError(fmt::format("cannot {} '{}': {}", what, path.string(), std::strerror(errno)));
}

}  // namespace

Result<PageFolder> PageFolder::Open(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  const fs::path path = directory / "kv";
  if (!error) fs::create_directory(path, error);
  // Also when it was there: the files tell what people wrote.
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (error) {
    return IoError(fmt::format("cannot use '{}' for KV pages: {}", path.string(), error.message()));
  }
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) return SystemError("write to", path);
  return PageFolder(path);
}

fs::path PageFolder::PathOf(uint64_t identity, uint64_t tokens) const {
  return path_ / fmt::format("{:016x}-{:016x}{}", identity, tokens, kEnding);
}

std::vector<PageFileEntry> PageFolder::Scan() const {
  std::vector<PageFileEntry> found;
  std::error_code error;
  for (fs::directory_iterator it(path_, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;  // the file may be gone by now
    if (!fs::is_regular_file(it->symlink_status(ignored))) continue;
    const std::string name = it->path().filename().string();
    const auto written = it->last_write_time(ignored);
    auto entry = ParseName(name);
    if (entry) {
      entry->bytes = it->file_size(ignored);
      entry->used = written;
      if (!ignored) found.push_back(*entry);
    } else if (!ignored && IsOrphan(name, written)) {
      fs::remove(it->path(), ignored);
    }
  }
  return found;
}

std::vector<PageFileEntry> PageFolder::Trim(uint64_t max_bytes, size_t& removed) const {
  std::vector<PageFileEntry> entries = Scan();
  uint64_t total = 0;
  for (const PageFileEntry& entry : entries) total += entry.bytes;
  std::sort(entries.begin(), entries.end(),
            [](const PageFileEntry& a, const PageFileEntry& b) { return a.used > b.used; });
  while (total > max_bytes && !entries.empty()) {
    std::error_code ignored;
    fs::remove(PathOf(entries.back().identity, entries.back().tokens), ignored);
    total -= entries.back().bytes;
    entries.pop_back();
    ++removed;
  }
  return entries;
}

void PageFolder::Touch(const fs::path& path, fs::file_time_type used) const {
  std::error_code ignored;
  fs::last_write_time(path, used, ignored);
}

Result<std::vector<std::byte>> ReadPageFile(const fs::path& path, uint64_t bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (errno == ENOENT) return NotFound(path.string());
    return SystemError("open", path);
  }
  struct stat info {};
  std::vector<std::byte> out;
  Status status;
  if (::fstat(fd, &info) != 0) {
    status = SystemError("inspect", path);
  } else if (!S_ISREG(info.st_mode) || static_cast<uint64_t>(info.st_size) != bytes) {
    status = DataLoss(fmt::format("{} bytes, expected {}", info.st_size, bytes));
  } else {
    out.resize(bytes);
  }
  for (size_t at = 0; status.ok() && at < out.size();) {
    const ssize_t got = ::read(fd, out.data() + at, out.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) status = SystemError("read", path);
    if (got == 0) status = DataLoss(fmt::format("it ends after {} bytes of {}", at, bytes));
    at += static_cast<size_t>(std::max<ssize_t>(got, 0));
  }
  ::close(fd);
  if (!status.ok()) return status;
  return out;
}

}  // namespace lemma::engine
