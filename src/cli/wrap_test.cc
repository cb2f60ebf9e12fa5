// SPDX-License-Identifier: Apache-2.0
#include "cli/wrap.h"

#include <gtest/gtest.h>

namespace lemma::cli {
namespace {

TEST(WrapTest, CountsColumns) {
  EXPECT_EQ(Columns("abc"), 3U);
  EXPECT_EQ(Columns("鸡兔"), 4U);
  EXPECT_EQ(Columns("\xFF"), 1U);
}

TEST(WrapTest, BreaksWordsAndChinese) {
  EXPECT_EQ(Wrap("one two three", 2, 10), "  one two\n  three\n");
  EXPECT_EQ(Wrap("鸡兔同笼", 0, 5), "鸡兔\n同笼\n");
  EXPECT_EQ(Wrap("鸡兔，同笼", 0, 5), "鸡\n兔，\n同笼\n");  // no mark at the start of a line
  EXPECT_EQ(Wrap("aaaaaaaaaaaa b", 1, 6), " aaaaaaaaaaaa\n b\n");
  EXPECT_EQ(Wrap("a\n\nb", 1, 6), " a\n\n b\n");
}

TEST(WrapTest, NoLineIsTooLong) {
  const std::string text =
      "✗ 已反驳：2*x+4*y=94 不成立：x=24, y=11 时左边 92，右边 94 and some English words after it, "
      "which go on for longer than one line of eighty columns would hold";
  const std::string wrapped = Wrap(text, 4);
  for (size_t at = 0; at < wrapped.size();) {
    const size_t end = wrapped.find('\n', at);
    EXPECT_LE(Columns(std::string_view(wrapped).substr(at, end - at)), 80U);
    at = end + 1;
  }
}

TEST(WrapTest, OneLineKeepsAnEndWithinTheColumns) {
  EXPECT_EQ(OneLine("short", 10), "short");
  EXPECT_EQ(OneLine("a\nb", 10), "a b");
  EXPECT_EQ(OneLine("abcdefgh", 5), "abcd…");
  EXPECT_EQ(OneLine("abcdefgh", 5, Keep::kTail), "…efgh");
  EXPECT_EQ(OneLine("鸡兔同笼", 6), "鸡兔…");
  EXPECT_EQ(OneLine("鸡兔同笼", 6, Keep::kTail), "…同笼");
  EXPECT_EQ(OneLine("鸡兔", 1), "…");
}

}  // namespace
}  // namespace lemma::cli
