// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/checked_math.h"
#include "base/cpu_features.h"
#include "base/log.h"
#include "base/memory_info.h"
#include "base/rng.h"
#include "base/status.h"

namespace lemma {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return InvalidArgument("n: expected an even number");
  return n / 2;
}

Result<int> Quarter(int n) {
  LEMMA_ASSIGN_OR_RETURN(const int half, Half(n));
  return Half(half);
}

TEST(StatusTest, CarriesTheErrorUp) {
  EXPECT_EQ(*Quarter(8), 2);
  const Status status = Quarter(6).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.WithContext("quarter").ToString(),
            "invalid argument: quarter: n: expected an even number");
  EXPECT_TRUE(OkStatus().WithContext("x").ok());
}

TEST(ByteReaderTest, RefusesToReadPastTheEnd) {
  const std::array<std::byte, 5> bytes{std::byte{1}, std::byte{2}, std::byte{0}, std::byte{0},
                                       std::byte{7}};
  ByteReader reader(bytes);
  EXPECT_EQ(*reader.Read<uint32_t>("count"), 0x201u);
  const auto short_read = reader.Read<uint32_t>("size");
  EXPECT_EQ(short_read.status().message(), "size at offset 4: expected 4 bytes, only 1 are left");
  EXPECT_EQ(reader.position(), 4u);
  EXPECT_EQ(*reader.Read<uint8_t>("last"), 7);
  EXPECT_FALSE(reader.Skip(~0ULL, "rest").ok());
  EXPECT_FALSE(reader.ReadBytes(1, "rest").ok());
}

TEST(CheckedMathTest, SaysWhenItWraps) {
  EXPECT_FALSE(CheckedMul<uint64_t>(1ULL << 32, 1ULL << 32));
  EXPECT_EQ(CheckedMul<uint64_t>(1ULL << 31, 2), 1ULL << 32);
  EXPECT_FALSE(CheckedAdd<uint64_t>(~0ULL, 1));
  EXPECT_EQ(CheckedAlignUp<uint64_t>(33, 32), 64u);
  EXPECT_FALSE(CheckedAlignUp<uint64_t>(~0ULL - 3, 32));
}

TEST(RngTest, DependsOnSeedAndCounterOnly) {
  Rng a(7);
  Rng b(7);
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t bits = a.NextBits();
    EXPECT_EQ(bits, b.NextBits());
    seen.insert(bits);
  }
  EXPECT_EQ(seen.size(), 1000u);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double u = RandomUniform(3, static_cast<uint64_t>(i));
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(LogTest, GoesToTheSink) {
  std::vector<std::string> lines;
  SetLogSink([&lines](LogLevel, std::string_view text) { lines.emplace_back(text); });
  Log(LogLevel::kWarning, "hello");
  SetLogSink({});
  Log(LogLevel::kWarning, "nobody hears");
  EXPECT_EQ(lines, std::vector<std::string>{"hello"});
}

TEST(CpuTest, ReportsSomethingSane) {
  EXPECT_GE(UsableCpus(), 1);
  EXPECT_GT(PhysicalMemoryBytes(), 1ULL << 20);
  EXPECT_GT(AvailableMemoryBytes(), 0u);
  EXPECT_LE(AvailableMemoryBytes(), PhysicalMemoryBytes());
  if (HostCpu().avx512) {
    EXPECT_TRUE(HostCpu().avx2);
  }
  EXPECT_FALSE(CpuFeatureNames(HostCpu()).empty());
}

}  // namespace
}  // namespace lemma
