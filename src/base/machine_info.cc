// SPDX-License-Identifier: Apache-2.0
#include "base/machine_info.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>

namespace lemma {
namespace {

namespace fs = std::filesystem;

std::string FirstLine(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

template <typename T>
std::optional<T> FirstNumber(const fs::path& path) {
  std::ifstream file(path);
  T value{};
  if (file >> value) return value;
  return std::nullopt;
}

// "2048K", "32M" or plain bytes.
uint64_t CacheBytes(const fs::path& path) {
  std::ifstream file(path);
  uint64_t value = 0;
  char unit = 0;
  if (!(file >> value)) return 0;
  file >> unit;
  if (unit == 'K') return value << 10;
  if (unit == 'M') return value << 20;
  return value;
}

// Processors in a list such as "0-3,8,10-11".
int CountCpuList(const std::string& list) {
  std::istringstream in(list);
  int count = 0;
  long first = 0;
  while (in >> first) {
    long last = first;
    if (in.peek() == '-') {
      in.get();
      if (!(in >> last)) break;
    }
    count += static_cast<int>(std::max(0L, last - first + 1));
    if (in.peek() == ',') in.get();
  }
  return count;
}

// The chosen word of "always [madvise] never".
std::string Chosen(const std::string& line) {
  const size_t open = line.find('[');
  const size_t close = line.find(']');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  return line.substr(open + 1, close - open - 1);
}

// "model name : X" on x86; arm64 has no such line, a device tree may have a model.
std::string ProcessorName(const fs::path& root) {
  std::ifstream file(root / "proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  std::string model = FirstLine(root / "proc/device-tree/model");
  model.resize(std::min(model.size(), model.find('\0')));
  return model;
}

std::vector<CacheInfo> Caches(const fs::path& cpu) {
  std::vector<CacheInfo> out;
  for (int i = 0; i < 16; ++i) {
    const fs::path index = cpu / "cache" / ("index" + std::to_string(i));
    const auto level = FirstNumber<int>(index / "level");
    if (!level) break;
    out.push_back({*level, FirstLine(index / "type"), CacheBytes(index / "size"),
                   FirstLine(index / "shared_cpu_list")});
  }
  return out;
}

}  // namespace

MachineInfo ReadMachineInfo(const fs::path& root) {
  MachineInfo out;
  const fs::path cpus = root / "sys/devices/system/cpu";
  out.processor = ProcessorName(root);
  out.online_cpus = CountCpuList(FirstLine(cpus / "online"));
  const int siblings = CountCpuList(FirstLine(cpus / "cpu0/topology/thread_siblings_list"));
  if (siblings > 0) out.threads_per_core = siblings;
  out.caches = Caches(cpus / "cpu0");
  const fs::path huge = root / "sys/kernel/mm/transparent_hugepage";
  out.huge_pages = Chosen(FirstLine(huge / "enabled"));
  out.huge_page_defrag = Chosen(FirstLine(huge / "defrag"));
  out.reserved_huge_pages = FirstNumber<uint64_t>(root / "proc/sys/vm/nr_hugepages");
  out.numa_nodes = CountCpuList(FirstLine(root / "sys/devices/system/node/online"));
  return out;
}

uint64_t LastLevelCacheBytes(const MachineInfo& info) {
  uint64_t most = 0;
  for (const CacheInfo& cache : info.caches) most = std::max(most, cache.bytes);
  return most;
}

// Columns of the first line: user nice system idle iowait irq softirq steal (proc(5)).
std::optional<CpuTimes> ReadCpuTimes(const fs::path& root) {
  std::ifstream file(root / "proc/stat");
  std::string name;
  uint64_t columns[8] = {};
  if (!(file >> name) || name != "cpu") return std::nullopt;
  for (uint64_t& column : columns) {
    if (!(file >> column)) return std::nullopt;
  }
  CpuTimes out;
  out.busy = columns[0] + columns[1] + columns[2] + columns[5] + columns[6];
  out.idle = columns[3] + columns[4];
  out.steal = columns[7];
  return out;
}

namespace {
double Share(uint64_t CpuTimes::*part, const CpuTimes& from, const CpuTimes& to) {
  const auto all = static_cast<double>(to.busy + to.idle + to.steal) -
                   static_cast<double>(from.busy + from.idle + from.steal);
  if (all <= 0 || to.*part < from.*part) return 0;
  return static_cast<double>(to.*part - from.*part) / all;
}
}  // namespace

double StealShare(const CpuTimes& from, const CpuTimes& to) {
  return Share(&CpuTimes::steal, from, to);
}
double BusyShare(const CpuTimes& from, const CpuTimes& to) {
  return Share(&CpuTimes::busy, from, to);
}

uint64_t HugePageBytesInUse(const fs::path& root) {
  std::ifstream file(root / "proc/self/smaps_rollup");
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view kName = "AnonHugePages:";
    if (line.rfind(kName, 0) != 0) continue;
    uint64_t kilobytes = 0;
    std::istringstream(line.substr(kName.size())) >> kilobytes;
    return kilobytes << 10;
  }
  return 0;
}

}  // namespace lemma
