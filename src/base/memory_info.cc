// SPDX-License-Identifier: Apache-2.0
#include "base/memory_info.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

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

std::optional<uint64_t> CgroupAvailable() {
  const auto limit = ReadNumber("/sys/fs/cgroup/memory.max");
  const auto used = ReadNumber("/sys/fs/cgroup/memory.current");
  if (!limit || !used) return std::nullopt;
  return *limit > *used ? *limit - *used : 0;
}

}  // namespace

uint64_t AvailableMemoryBytes() {
  const auto system = SystemAvailable();
  const auto group = CgroupAvailable();
  if (system && group) return std::min(*system, *group);
  return system ? *system : group.value_or(0);
}

}  // namespace lemma
