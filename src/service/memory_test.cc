// SPDX-License-Identifier: Apache-2.0
#include "service/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine.h"

namespace lemma::service {
namespace {

constexpr uint64_t kGiB = 1ULL << 30;

// DeepSeek-R1-Distill-Qwen-1.5B, Q4_K_M, f16 cache.
MemoryNeeds Qwen15b(std::optional<uint64_t> available) {
  MemoryNeeds needs;
  needs.weight_bytes = 1117000000;
  needs.kv_bytes_per_token = 28672;
  needs.trained_context = 131072;
  needs.available = available;
  return needs;
}

TEST(PlanMemory, PlentyGivesTheUsualContextFourTimes) {
  const auto plan = PlanMemory(Qwen15b(64 * kGiB));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->context, engine::kDefaultContext);
  EXPECT_EQ(plan->kv_pages * engine::kPageTokens, 4 * engine::kDefaultContext);
  EXPECT_EQ(plan->warning, "");
  EXPECT_GT(plan->total_bytes, 1117000000 + 4 * 28672ULL * engine::kDefaultContext);
}

TEST(PlanMemory, UnknownMemoryIsNoError) {
  const auto plan = PlanMemory(Qwen15b(std::nullopt));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->context, engine::kDefaultContext);
}

TEST(PlanMemory, ScarceMemoryShortensTheContextAndSaysSo) {
  const auto plan = PlanMemory(Qwen15b(2 * kGiB));
  ASSERT_TRUE(plan.ok());
  EXPECT_LT(plan->context, engine::kDefaultContext);
  EXPECT_GE(plan->context, 4096U);
  EXPECT_LE(plan->total_bytes, 2 * kGiB);
  EXPECT_THAT(plan->warning, ::testing::HasSubstr("limited to"));
}

TEST(PlanMemory, TooLittleIsRefusedWithFigures) {
  const auto weights = PlanMemory(Qwen15b(kGiB));
  EXPECT_EQ(weights.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(weights.status().message(), ::testing::HasSubstr("1.22 GB"));
  EXPECT_THAT(weights.status().message(), ::testing::HasSubstr("1.07 GB"));
  EXPECT_EQ(PlanMemory(Qwen15b(1117000000 + (97ULL << 20))).status().code(),
            StatusCode::kResourceExhausted);
}

TEST(PlanMemory, AskedContextIsGivenOrRefused) {
  MemoryNeeds needs = Qwen15b(3 * kGiB);
  needs.asked_context = 65536;
  const auto plan = PlanMemory(needs);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->context, 65536U);
  EXPECT_EQ(plan->kv_pages * engine::kPageTokens, 65536U);
  needs.asked_context = 131072;
  EXPECT_THAT(PlanMemory(needs).status().message(), ::testing::HasSubstr("a context of 131072"));
  needs.asked_context = 131073;
  EXPECT_EQ(PlanMemory(needs).status().code(), StatusCode::kInvalidArgument);
  needs.asked_context = 0;
  EXPECT_EQ(PlanMemory(needs).status().code(), StatusCode::kInvalidArgument);
}

TEST(PlanMemory, ShortModelsAreNotCalledLimited) {
  MemoryNeeds needs = Qwen15b(64 * kGiB);
  needs.trained_context = 128;
  const auto plan = PlanMemory(needs);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->context, 128U);
  EXPECT_EQ(plan->warning, "");
}

TEST(FormatBytes, PicksTheUnit) {
  EXPECT_EQ(FormatBytes(1117000000), "1.12 GB");
  EXPECT_EQ(FormatBytes(2500000), "2.5 MB");
  EXPECT_EQ(FormatBytes(12), "12 bytes");
}

}  // namespace
}  // namespace lemma::service
