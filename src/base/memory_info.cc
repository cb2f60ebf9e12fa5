// SPDX-License-Identifier: Apache-2.0
#include "base/memory_info.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace lemma {
namespace {

// "MemAvailable:   123 kB" of /proc/meminfo.
std::optional<uint64_t> SystemAvailable() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  uint64_t kilobytes = 0;
  std::string unit;
  while (file >> name >> kilobytes >> unit) {
    if (name == "MemAvailable:") return kilobytes * 1024;
  }
  return std::nullopt;
}

std::optional<uint64_t> ReadNumber(const char* path) {
  std::ifstream file(path);
  uint64_t value = 0;
  if (file >> value) return value;  // "max" is no number
  return std::nullopt;
}

// "NAME 123" lines of memory.stat.
std::optional<uint64_t> ReadStat(const char* path, std::string_view wanted) {
  std::ifstream file(path);
  std::string name;
  uint64_t value = 0;
  while (file >> name >> value) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

struct CgroupFiles {
  const char* limit;
  const char* used;
  const char* stat;
  std::string_view cache;  // file pages counted as used, which the kernel takes back when needed
};

std::optional<uint64_t> CgroupAvailable() {
  constexpr CgroupFiles kVersions[] = {
      {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat",
       "inactive_file"},
      {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes",
       "/sys/fs/cgroup/memory/memory.stat", "total_inactive_file"}};
  for (const CgroupFiles& files : kVersions) {
    const auto limit = ReadNumber(files.limit);
    const auto used = ReadNumber(files.used);
    if (!limit || !used) continue;
    const uint64_t cache = ReadStat(files.stat, files.cache).value_or(0);
    const uint64_t busy = *used - std::min(*used, cache);
    return *limit - std::min(*limit, busy);
  }
  return std::nullopt;
}

}  // namespace

uint64_t AvailableMemoryBytes() {
  const auto system = SystemAvailable();
  const auto group = CgroupAvailable();
  if (system && group) return std::min(*system, *group);
  return system ? *system : group.value_or(0);
}

}  // namespace lemma
