// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>

#include "kernels/kernel_testing.h"

namespace lemma::kernels {
namespace {

using ::testing::HasSubstr;

TEST(RegistryTest, ScalarIsAlwaysThere) {
  ASSERT_FALSE(AvailableIsas().empty());
  EXPECT_EQ(AvailableIsas().front(), "scalar");
}

TEST(RegistryTest, UnknownNameListsTheChoices) {
  const auto ops = MakeCpuOps({.threads = 1, .isa = "avx9"});
  ASSERT_FALSE(ops.ok());
  EXPECT_EQ(ops.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(ops.status().message(), HasSubstr("avx9"));
  for (const std::string_view isa : AvailableIsas()) {
    EXPECT_THAT(ops.status().message(), HasSubstr(std::string(isa)));
  }
}

TEST(RegistryTest, WhatTheProcessorLacksIsRefusedNotReplaced) {
  for (const std::string_view isa : {"scalar", "avx2", "avx512", "amx", "neon"}) {
    const bool has = std::ranges::count(AvailableIsas(), isa) == 1;
    const auto ops = MakeCpuOps({.threads = 1, .isa = std::string(isa)});
    EXPECT_EQ(ops.ok(), has) << isa;
    if (has) {
      EXPECT_THAT((*ops)->name(), HasSubstr(std::string(isa)));
    } else {
      EXPECT_EQ(ops.status().code(), StatusCode::kInvalidArgument);
    }
  }
}

TEST(RegistryTest, EnvironmentForcesAndOptionWins) {
  ASSERT_EQ(setenv("LEMMA_ISA", "scalar", 1), 0);
  auto ops = MakeCpuOps({.threads = 1, .isa = {}});
  ASSERT_TRUE(ops.ok());
  EXPECT_THAT((*ops)->name(), HasSubstr("scalar"));
  ASSERT_EQ(setenv("LEMMA_ISA", "nonsense", 1), 0);
  ops = MakeCpuOps({.threads = 1, .isa = {}});
  EXPECT_FALSE(ops.ok());
  EXPECT_THAT(ops.status().message(), HasSubstr("LEMMA_ISA"));
  EXPECT_TRUE(MakeCpuOps({.threads = 1, .isa = "scalar"}).ok());
  ASSERT_EQ(unsetenv("LEMMA_ISA"), 0);
  ops = MakeCpuOps({.threads = 1, .isa = {}});
  ASSERT_TRUE(ops.ok());
  EXPECT_THAT((*ops)->name(), HasSubstr(std::string(AvailableIsas().back())));
}

TEST(RegistryTest, ThreadCountIsChecked) {
  EXPECT_FALSE(MakeCpuOps({.threads = -1, .isa = {}}).ok());
  EXPECT_FALSE(MakeCpuOps({.threads = 100000, .isa = {}}).ok());
  EXPECT_TRUE(MakeCpuOps({.threads = 0, .isa = {}}).ok());
}

}  // namespace
}  // namespace lemma::kernels
