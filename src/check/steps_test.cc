// SPDX-License-Identifier: Apache-2.0
#include "check/steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"

namespace lemma::check {
namespace {

TEST(StepsTest, FlagsSlips) {
  for (const char* wrong : {"80-15=25", "so 2*23+4*12 = 98 feet", "2×24＋4×11＝94",
                            "We get 7 x 8 = 54.", "$5*3=$16", "(3+4)*2=15", "1,200+300=1,600",
                            "10/4=2.6", "48/2=<<48/2=25>>25", "0.5*3=1.6", "3 \\times 4 = 13"}) {
    const StepReport r = CheckSteps(wrong);
    EXPECT_EQ(r.flags.size(), 1u) << wrong;
    EXPECT_EQ(r.checked, 1u) << wrong;
  }
  const std::string text = "x+y=35\n设鸡24只：2*24+4*11=94，不对";
  const StepReport r = CheckSteps(text);
  ASSERT_EQ(r.flags.size(), 1u);
  EXPECT_EQ(text.substr(r.flags[0].span.begin, r.flags[0].span.end - r.flags[0].span.begin),
            "2*24+4*11=94");
  EXPECT_EQ(r.flags[0].left_value, Rational(92));
  EXPECT_EQ(r.flags[0].left, "2*24+4*11");
}

TEST(StepsTest, LeavesOtherReadingsAlone) {
  for (const char* fine :
       {"80-15=65",       "10/3=3.33",       "10/3=3",     "2/3=67%",     "0.25=25%",
        "half of 12+3=9", "twice 3+4=10",    "x+y=35",     "2x=10",       "3x + 5 = 20",
        "2^3+1=9",        "5!=120",          "17 mod 5=2", "1 1/2+1=2.5", "150/100=150",
        "5*200=10",       "x+3=5, so 5-3=2", "1/3x=4",     "5 + 3 = 8x",  "2*3=6km",
        "1.5*2=3万",      "25*4=1元",        "17÷5=3……2",  "5+3=8*2=16",  "log 5+3=1",
        "a-3=4",          "12:30-1=3",       "三3+4=10"}) {
    EXPECT_TRUE(CheckSteps(fine).flags.empty()) << fine;
  }
  EXPECT_EQ(CheckSteps("80-15=65").checked, 1u);
}

TEST(StepsTest, EveryWrongSumIsFoundAndNoRightOne) {
  Rng rng(41);
  for (int i = 0; i < 2000; ++i) {
    const auto a = static_cast<int64_t>(rng.NextBelow(500));
    const auto b = static_cast<int64_t>(1 + rng.NextBelow(50));
    const auto c = static_cast<int64_t>(rng.NextBelow(50));
    const int64_t right = a + b * c;
    const int64_t shown = right + static_cast<int64_t>(rng.NextBelow(3)) - 1;
    const std::string text = "then " + std::to_string(a) + " + " + std::to_string(b) + " * " +
                             std::to_string(c) + " = " + std::to_string(shown) + " apples";
    const bool hundred = shown != 0 && (right == shown * 100 || right * 100 == shown);
    const StepReport r = CheckSteps(text);
    EXPECT_EQ(r.checked, shown < 0 ? r.checked : 1u);
    EXPECT_EQ(!r.flags.empty(), shown != right && !hundred) << text;
  }
}

}  // namespace
}  // namespace lemma::check
