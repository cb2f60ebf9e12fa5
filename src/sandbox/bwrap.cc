// SPDX-License-Identifier: Apache-2.0
#include "sandbox/bwrap.h"

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>

#include "sandbox/init/init_protocol.h"

namespace lemma::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 256;
constexpr uint64_t kMaxFileBytes = 256ULL << 20;
constexpr size_t kMaxArguments = 1024;
constexpr size_t kMaxArgumentBytes = 100 << 10;  // Linux: 128 KiB for one argument
constexpr size_t kMaxPassed = 8;

bool IsFileName(std::string_view name) {
  if (name.empty() || name.size() > 200 || name.front() == '/' || name.back() == '/') return false;
  if (name.find("//") != name.npos) return false;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-' || c == '/';
    if (!plain) return false;
  }
  for (const fs::path& part : fs::path(name)) {
    if (part == ".." || part == "." || part.empty()) return false;
  }
  return true;
}

Status CheckText(std::string_view field, std::string_view text) {
  if (text.size() > kMaxArgumentBytes) {
    return InvalidArgument(
        fmt::format("{}: {} bytes, at most {}", field, text.size(), kMaxArgumentBytes));
  }
  if (text.find('\0') != text.npos) return InvalidArgument(fmt::format("{}: a NUL byte", field));
  return OkStatus();
}

Status CheckRange(std::string_view field, uint64_t value, uint64_t low, uint64_t high) {
  if (value >= low && value <= high) return OkStatus();
  return InvalidArgument(fmt::format("{}: {}, expected {} to {}", field, value, low, high));
}

Status ValidateLimits(const JailLimits& limits) {
  if (!(limits.wall_seconds > 0 && limits.wall_seconds <= 600)) {
    return InvalidArgument(
        fmt::format("limits.wall_seconds: {}, expected 0 to 600", limits.wall_seconds));
  }
  constexpr uint64_t kMany = 1ULL << 40;
  LEMMA_RETURN_IF_ERROR(CheckRange("limits.cpu_seconds", limits.cpu_seconds, 1, 600));
  LEMMA_RETURN_IF_ERROR(
      CheckRange("limits.address_space_bytes", limits.address_space_bytes, 16ULL << 20, kMany));
  LEMMA_RETURN_IF_ERROR(CheckRange("limits.file_bytes", limits.file_bytes, 0, kMany));
  LEMMA_RETURN_IF_ERROR(CheckRange("limits.scratch_bytes", limits.scratch_bytes, 0, kMany));
  LEMMA_RETURN_IF_ERROR(CheckRange("limits.scratch_files", limits.scratch_files, 1, 1U << 20));
  LEMMA_RETURN_IF_ERROR(CheckRange("limits.open_files", limits.open_files, 8, 1024));
  LEMMA_RETURN_IF_ERROR(CheckRange("limits.tasks", limits.tasks, 1, 256));
  return CheckRange("limits.output_bytes", limits.output_bytes, 0, 1ULL << 30);
}

Status ValidateFiles(const std::vector<JailFile>& files) {
  LEMMA_RETURN_IF_ERROR(CheckRange("files: their number", files.size(), 0, kMaxFiles));
  uint64_t total = 0;
  std::vector<std::string_view> names;
  for (const JailFile& file : files) {
    if (!IsFileName(file.name)) {
      return InvalidArgument(
          fmt::format("files: \"{}\" is no relative name of letters, digits, . _ - /", file.name));
    }
    total += file.bytes.size();
    names.push_back(file.name);
  }
  LEMMA_RETURN_IF_ERROR(CheckRange("files: their bytes", total, 0, kMaxFileBytes));
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return InvalidArgument(fmt::format("files: \"{}\" twice", *twice));
  return OkStatus();
}

using Arguments = std::vector<std::string>;

void Append(Arguments& to, std::initializer_list<std::string> more) {
  to.insert(to.end(), more.begin(), more.end());
}

// What makes it a jail, whatever runs in it.
void AppendIsolation(Arguments& args) {
  Append(args, {"--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net",
                "--unshare-uts", "--unshare-cgroup-try", "--disable-userns"});
  Append(args, {"--uid", "65534", "--gid", "65534", "--hostname", "jail", "--cap-drop", "ALL"});
  Append(args, {"--as-pid-1", "--die-with-parent", "--new-session", "--clearenv"});
}

// Binds `path` as it is; a symbolic link stays one.
void AppendSystemPath(Arguments& args, const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (error || !fs::exists(status)) return;
  if (fs::is_symlink(status)) {
    Append(args, {"--symlink", fs::read_symlink(path, error).string(), path});
  } else {
    Append(args, {"--ro-bind", path, path});
  }
}

// The shared libraries a program needs, wherever this system keeps them.
void AppendLibraries(Arguments& args) {
  utsname name = {};
  uname(&name);
  const std::string triple = std::string(name.machine) + "-linux-gnu";
  AppendSystemPath(args, "/usr/lib/" + triple);
  AppendSystemPath(args, "/usr/lib64");
  std::error_code error;
  if (fs::is_symlink("/lib", error)) {
    AppendSystemPath(args, "/lib");
  } else {
    AppendSystemPath(args, "/lib/" + triple);
  }
  AppendSystemPath(args, "/lib64");
}

void AppendFiles(Arguments& args, const JailSpec& spec, const BwrapFds& fds) {
  if (spec.limits.scratch_bytes > 0) {
    uint64_t bytes = spec.limits.scratch_bytes;
    for (const JailFile& file : spec.files) bytes += (file.bytes.size() + 8191) / 4096 * 4096;
    Append(args, {"--perms", "0700", "--size", std::to_string(bytes), "--tmpfs", kBoxPath});
    Append(args, {"--symlink", "box", "/tmp"});
  } else {
    Append(args, {"--perms", "0755", "--dir", kBoxPath});
  }
  for (size_t i = 0; i < spec.files.size(); ++i) {
    Append(args, {"--perms", "0644", "--file", std::to_string(fds.files[i].get()),
                  fmt::format("{}/{}", kBoxPath, spec.files[i].name)});
  }
  Append(args, {"--perms", "0555", "--file", std::to_string(fds.init.get()), kInitPath});
}

void AppendEnvironment(Arguments& args, const JailSpec& spec) {
  const std::string home = kBoxPath;
  Append(args, {"--setenv", "PATH", "/usr/bin", "--setenv", "LANG", "C.UTF-8", "--setenv", "TZ",
                "UTC0", "--setenv", "HOME", home, "--setenv", "TMPDIR", home});
  for (const auto& [name, value] : spec.environment) Append(args, {"--setenv", name, value});
}

void AppendInit(Arguments& args, const JailSpec& spec, const BwrapFds& fds) {
  std::string passed;
  for (const int fd : spec.pass_fds) passed += fmt::format("{}{}", passed.empty() ? "" : ",", fd);
  const JailLimits& limits = spec.limits;
  // The root of the file system counts as one; so does each folder of an input file.
  size_t own_files = 1;
  for (const JailFile& file : spec.files) {
    own_files += 1 + static_cast<size_t>(std::count(file.name.begin(), file.name.end(), '/'));
  }
  const size_t max_files = limits.scratch_bytes == 0 ? 0 : limits.scratch_files + own_files;
  Append(args, {kInitPath, std::to_string(fds.status), std::to_string(fds.control),
                passed.empty() ? "-" : passed, std::to_string(limits.cpu_seconds),
                std::to_string(limits.address_space_bytes), std::to_string(limits.file_bytes),
                std::to_string(limits.open_files), std::to_string(limits.tasks),
                std::to_string(max_files)});
  args.insert(args.end(), spec.argv.begin(), spec.argv.end());
}

}  // namespace

Status ValidateSpec(const JailSpec& spec) {
  if (spec.argv.empty() || spec.argv[0].empty() || spec.argv[0].front() != '/') {
    return InvalidArgument("argv[0]: expected the absolute path of a program");
  }
  LEMMA_RETURN_IF_ERROR(CheckRange("argv: its length", spec.argv.size(), 1, kMaxArguments));
  for (const std::string& text : spec.argv) LEMMA_RETURN_IF_ERROR(CheckText("argv", text));
  for (const auto& [name, value] : spec.environment) {
    LEMMA_RETURN_IF_ERROR(CheckText("environment", name));
    LEMMA_RETURN_IF_ERROR(CheckText("environment", value));
    if (name.empty() || name.find('=') != name.npos) {
      return InvalidArgument(fmt::format("environment: \"{}\" is no name", name));
    }
  }
  for (const std::string& path : spec.read_only) {
    LEMMA_RETURN_IF_ERROR(CheckText("read_only", path));
    const fs::path normal = fs::path(path).lexically_normal();
    if (!normal.is_absolute() || normal == "/" || normal == "/box" || normal == "/dev") {
      return InvalidArgument(fmt::format("read_only: \"{}\" is no path to share", path));
    }
  }
  LEMMA_RETURN_IF_ERROR(CheckRange("pass_fds: their number", spec.pass_fds.size(), 0, kMaxPassed));
  LEMMA_RETURN_IF_ERROR(ValidateFiles(spec.files));
  return ValidateLimits(spec.limits);
}

Result<std::string> FindBwrap(const std::string& wanted) {
  if (!wanted.empty()) {
    if (access(wanted.c_str(), X_OK) == 0) return wanted;
    return Unsupported(fmt::format("no sandbox: {} cannot be executed", wanted));
  }
  // Fixed places: a search path is under the control of the environment.
  for (const char* path : {"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"}) {
    if (access(path, X_OK) == 0) return std::string(path);
  }
  return Unsupported(
      "no sandbox: bubblewrap is not installed (Debian: apt-get install bubblewrap)");
}

std::vector<std::string> BwrapCommand(const std::string& bwrap, const JailSpec& spec,
                                      const BwrapFds& fds) {
  Arguments args = {bwrap};
  AppendIsolation(args);
  AppendLibraries(args);
  for (const std::string& path : spec.read_only) Append(args, {"--ro-bind", path, path});
  Append(args, {"--ro-bind", spec.argv[0], spec.argv[0]});
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/urandom"}) {
    Append(args, {"--dev-bind", device, device});
  }
  AppendFiles(args, spec, fds);
  AppendEnvironment(args, spec);
  Append(args, {"--chdir", kBoxPath, "--remount-ro", "/", "--"});
  AppendInit(args, spec, fds);
  return args;
}

}  // namespace lemma::sandbox
