// SPDX-License-Identifier: Apache-2.0
// What Linux tells of the machine: processor, caches, sibling threads, huge pages, and the time
// that a hypervisor took away. Read from sysfs and procfs; what a system does not tell is absent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lemma {

struct CacheInfo {
  int level = 0;
  std::string type;  // "Data", "Instruction", "Unified"
  uint64_t bytes = 0;
  std::string shared_cpus;  // "0-1"
};

struct MachineInfo {
  std::string processor;                // model name; empty when not told
  int online_cpus = 0;                  // of the machine, not of this process
  std::optional<int> threads_per_core;  // as the system sees it; a virtual machine may hide it
  std::vector<CacheInfo> caches;        // of the first processor
  std::string huge_pages;               // "always", "madvise", "never"; empty when not told
  std::string huge_page_defrag;
  std::optional<uint64_t> reserved_huge_pages;
  int numa_nodes = 0;
};

// `root` is "/" but for tests.
MachineInfo ReadMachineInfo(const std::filesystem::path& root = "/");

// Bytes of the largest cache; 0 when unknown.
uint64_t LastLevelCacheBytes(const MachineInfo& info);

// Processor time since the start of the machine, in ticks of all processors together.
struct CpuTimes {
  uint64_t busy = 0;
  uint64_t idle = 0;
  uint64_t steal = 0;  // wanted by this machine, given to another one
  bool operator==(const CpuTimes&) const = default;
};
std::optional<CpuTimes> ReadCpuTimes(const std::filesystem::path& root = "/");
// Share of the time between two readings, 0..1; 0 when nothing passed.
double StealShare(const CpuTimes& from, const CpuTimes& to);
double BusyShare(const CpuTimes& from, const CpuTimes& to);

// Bytes of this process's anonymous memory that are on transparent huge pages; 0 when not told.
uint64_t HugePageBytesInUse(const std::filesystem::path& root = "/");

}  // namespace lemma
