// SPDX-License-Identifier: Apache-2.0
#include "cli/strings.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lemma::cli {
namespace {

// The placeholders {0}, {1:.1f}, ... of a message, by number.
std::set<char> Placeholders(std::string_view text) {
  std::set<char> out;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '{') out.insert(text[i + 1]);
  }
  return out;
}

TEST(StringsTest, EveryMessageExistsInBothLanguagesWithTheSamePlaceholders) {
  for (size_t i = 0; i < static_cast<size_t>(Text::kCount); ++i) {
    const auto id = static_cast<Text>(i);
    const std::string_view english = Message(id, Language::kEnglish);
    const std::string_view chinese = Message(id, Language::kChinese);
    EXPECT_FALSE(english.empty()) << i;
    EXPECT_FALSE(chinese.empty()) << i;
    EXPECT_EQ(Placeholders(english), Placeholders(chinese)) << english;
  }
}

}  // namespace
}  // namespace lemma::cli
