// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace lemma {
namespace {

TEST(Utf8Test, RoundTripsEveryLength) {
  for (const uint32_t code :
       {0x41u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0x9E21u, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
    std::string text;
    AppendUtf8(code, text);
    const Utf8Char c = DecodeUtf8(text);
    EXPECT_EQ(c.code_point, code);
    EXPECT_EQ(c.length, text.size());
  }
}

TEST(Utf8Test, RefusesWhatIsNotUtf8) {
  for (const char* bad :
       {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xE9\xB8", "\xFF"}) {
    EXPECT_FALSE(IsValidUtf8(bad));
    EXPECT_EQ(DecodeUtf8(bad).length, 1);
  }
  EXPECT_EQ(SanitizeUtf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_TRUE(IsValidUtf8("鸡兔同笼 🐔"));
}

TEST(Utf8Test, HoldsBackOnlyUnfinishedCharacters) {
  const std::string text = "a鸡🐔";
  EXPECT_EQ(CompleteUtf8Prefix(text), text.size());
  EXPECT_EQ(CompleteUtf8Prefix(text.substr(0, 7)), 4u);  // three of four bytes of the emoji
  EXPECT_EQ(CompleteUtf8Prefix(text.substr(0, 3)), 1u);
  EXPECT_EQ(CompleteUtf8Prefix("a\x80"), 2u);  // can never become valid: passes through
  EXPECT_EQ(CompleteUtf8Prefix("\xF4\x90"), 2u);
  EXPECT_EQ(CompleteUtf8Prefix(""), 0u);
}

}  // namespace
}  // namespace lemma
