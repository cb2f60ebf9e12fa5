// SPDX-License-Identifier: Apache-2.0
#include "base/machine_info.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace lemma {
namespace {

namespace fs = std::filesystem;

// A small sysfs and procfs in a folder of its own.
class MachineInfoTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("machine_info_" + std::to_string(getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  void Put(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  fs::path root_;
};

TEST_F(MachineInfoTest, ReadsWhatTheSystemTells) {
  const std::string cpu = "sys/devices/system/cpu/";
  Put("proc/cpuinfo", "processor\t: 0\nmodel name\t: Some Processor 9\n");
  Put(cpu + "online", "0-3,8\n");
  Put(cpu + "cpu0/topology/thread_siblings_list", "0,4\n");
  Put(cpu + "cpu0/cache/index0/level", "1\n");
  Put(cpu + "cpu0/cache/index0/type", "Data\n");
  Put(cpu + "cpu0/cache/index0/size", "48K\n");
  Put(cpu + "cpu0/cache/index0/shared_cpu_list", "0,4\n");
  Put(cpu + "cpu0/cache/index1/level", "3\n");
  Put(cpu + "cpu0/cache/index1/type", "Unified\n");
  Put(cpu + "cpu0/cache/index1/size", "105M\n");
  Put(cpu + "cpu0/cache/index1/shared_cpu_list", "0-7\n");
  Put("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  Put("sys/kernel/mm/transparent_hugepage/defrag", "always defer [never]\n");
  Put("proc/sys/vm/nr_hugepages", "12\n");
  Put("sys/devices/system/node/online", "0-1\n");
  const MachineInfo info = ReadMachineInfo(root_);
  EXPECT_EQ(info.processor, "Some Processor 9");
  EXPECT_EQ(info.online_cpus, 5);
  EXPECT_EQ(info.threads_per_core, 2);
  ASSERT_EQ(info.caches.size(), 2U);
  EXPECT_EQ(info.caches[0].level, 1);
  EXPECT_EQ(info.caches[0].type, "Data");
  EXPECT_EQ(info.caches[0].bytes, 48U << 10);
  EXPECT_EQ(info.caches[1].bytes, 105U << 20);
  EXPECT_EQ(info.caches[1].shared_cpus, "0-7");
  EXPECT_EQ(LastLevelCacheBytes(info), 105U << 20);
  EXPECT_EQ(info.huge_pages, "madvise");
  EXPECT_EQ(info.huge_page_defrag, "never");
  EXPECT_EQ(info.reserved_huge_pages, 12U);
  EXPECT_EQ(info.numa_nodes, 2);
}

TEST_F(MachineInfoTest, WhatIsNotToldIsAbsent) {
  const MachineInfo info = ReadMachineInfo(root_);
  EXPECT_EQ(info.processor, "");
  EXPECT_EQ(info.threads_per_core, std::nullopt);
  EXPECT_TRUE(info.caches.empty());
  EXPECT_EQ(info.reserved_huge_pages, std::nullopt);
  EXPECT_EQ(LastLevelCacheBytes(info), 0U);
  EXPECT_EQ(ReadCpuTimes(root_), std::nullopt);
  EXPECT_EQ(HugePageBytesInUse(root_), 0U);
}

TEST_F(MachineInfoTest, SharesOfProcessorTime) {
  Put("proc/stat", "cpu  100 0 100 700 50 0 0 50 0 0\ncpu0 1 2 3\n");
  const auto first = ReadCpuTimes(root_);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->busy, 200U);
  EXPECT_EQ(first->idle, 750U);
  EXPECT_EQ(first->steal, 50U);
  Put("proc/stat", "cpu  140 0 110 730 50 0 0 70 0 0\n");
  const auto second = ReadCpuTimes(root_);
  ASSERT_TRUE(second);
  EXPECT_DOUBLE_EQ(StealShare(*first, *second), 0.2);
  EXPECT_DOUBLE_EQ(BusyShare(*first, *second), 0.5);
  EXPECT_EQ(StealShare(*first, *first), 0);
  EXPECT_EQ(StealShare(*second, *first), 0);
  Put("proc/stat", "cpu  100 0 x\n");
  EXPECT_EQ(ReadCpuTimes(root_), std::nullopt);
}

TEST_F(MachineInfoTest, HugePages) {
  Put("proc/self/smaps_rollup", "Rss: 12 kB\nAnonHugePages:   4096 kB\n");
  EXPECT_EQ(HugePageBytesInUse(root_), 4096U << 10);
}

}  // namespace
}  // namespace lemma
