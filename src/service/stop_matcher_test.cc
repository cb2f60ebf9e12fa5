// SPDX-License-Identifier: Apache-2.0
#include "service/stop_matcher.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace lemma::service {
namespace {

TEST(StopMatcherTest, HoldsBackWhatMayBecomeAStop) {
  StopMatcher matcher({"END", "\n\n"});
  EXPECT_EQ(matcher.Feed("abE"), "ab");
  EXPECT_EQ(matcher.Feed("N"), "");
  EXPECT_EQ(matcher.Feed("x\n"), "ENx");
  EXPECT_EQ(matcher.Feed("y"), "\ny");
  EXPECT_EQ(matcher.Feed("zEN"), "z");
  EXPECT_EQ(matcher.Feed("D and more"), "");
  EXPECT_EQ(matcher.matched(), "END");
  EXPECT_EQ(matcher.Flush(), "");
}

TEST(StopMatcherTest, GivesBackEverythingWithoutAMatch) {
  StopMatcher matcher({"", "stop"});
  EXPECT_EQ(matcher.Feed("sto"), "");
  EXPECT_EQ(matcher.Flush(), "sto");
  EXPECT_FALSE(matcher.matched());
}

TEST(StopMatcherTest, TheSplitOfTheTextDoesNotMatter) {
  const std::string text = "aabaabaaab--aabb stop st stopp aabaaac tail";
  for (const std::vector<std::string>& stops :
       {std::vector<std::string>{"aabaaac"}, {"stopp", "sto"}, {"zzz"}, {"aaac", "aabb"}}) {
    StopMatcher whole(stops);
    std::string expected = whole.Feed(text);
    expected += whole.Flush();
    Rng rng(3);
    for (int round = 0; round < 200; ++round) {
      StopMatcher matcher(stops);
      std::string got;
      for (size_t at = 0; at < text.size();) {
        const size_t n = 1 + rng.NextBelow(5);
        got += matcher.Feed(std::string_view(text).substr(at, n));
        at += n;
      }
      got += matcher.Flush();
      ASSERT_EQ(got, expected);
      ASSERT_EQ(matcher.matched(), whole.matched());
    }
  }
}

}  // namespace
}  // namespace lemma::service
