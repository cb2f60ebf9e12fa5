// SPDX-License-Identifier: Apache-2.0
#include "service/thinking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"

namespace lemma::service {
namespace {

using ::testing::HasSubstr;

TEST(ThinkingEffort, EveryNameHasItsBudget) {
  EXPECT_EQ(ThinkingForEffort("none")->thinking, chat::Thinking::kOff);
  EXPECT_EQ(ThinkingForEffort("low")->budget, 1024U);
  EXPECT_EQ(ThinkingForEffort("medium")->thinking, chat::Thinking::kOn);
  EXPECT_EQ(ThinkingForEffort("max")->budget, std::nullopt);
  size_t last = 0;
  for (const char* name : {"none", "minimal", "low", "medium", "high"}) {
    const size_t budget = *ThinkingForEffort(name)->budget;
    EXPECT_TRUE(budget > last || budget == 0) << name;
    last = budget;
  }
  const auto unknown = ThinkingForEffort("huge");
  EXPECT_EQ(unknown.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(unknown.status().message(), HasSubstr("xhigh"));
  EXPECT_FALSE(ThinkingForEffort("").ok());
}

TEST(LanguageOf, FollowsTheLastUserMessage) {
  EXPECT_EQ(LanguageOf("How many apples?"), TextLanguage::kEnglish);
  EXPECT_EQ(LanguageOf("小明有几个苹果？"), TextLanguage::kChinese);
  EXPECT_EQ(LanguageOf("用 Python 写一个 quicksort"), TextLanguage::kChinese);
  EXPECT_EQ(LanguageOf("What does the word 苹果 mean in English, and how is it pronounced?"),
            TextLanguage::kEnglish);
  EXPECT_EQ(LanguageOf("12 + 34 = ?"), TextLanguage::kEnglish);
  EXPECT_EQ(LanguageOf("Сколько яблок?"), TextLanguage::kEnglish);
  chat::Conversation conversation;
  conversation.messages.resize(3);
  conversation.messages[0].content = "Tell me about apples";
  conversation.messages[1].role = chat::Role::kAssistant;
  conversation.messages[1].content = "苹果";
  EXPECT_EQ(LanguageOf(conversation), TextLanguage::kEnglish);
  conversation.messages[2].content = "请用中文回答";
  EXPECT_EQ(LanguageOf(conversation), TextLanguage::kChinese);
  EXPECT_EQ(LanguageOf(chat::Conversation()), TextLanguage::kEnglish);
}

TEST(ClosingSentence, IsASentenceOfItsLanguage) {
  for (const TextLanguage language : {TextLanguage::kEnglish, TextLanguage::kChinese}) {
    EXPECT_EQ(LanguageOf(ClosingSentence(language)), language);
    EXPECT_TRUE(EndsSentence(ClosingSentence(language)));
    EXPECT_TRUE(IsValidUtf8(ClosingSentence(language)));
  }
}

TEST(EndsSentence, KnowsTheEnds) {
  for (const char* end :
       {"so it is.", "Really?", "No!", "对。", "吗？", "line\n", "\n\n", "x = 2。"}) {
    EXPECT_TRUE(EndsSentence(end)) << end;
  }
  for (const char* middle : {"", ".", "3.", "and so on..", "a,", "so", "对，", "(a", "\xE3\x80"}) {
    EXPECT_FALSE(EndsSentence(middle)) << middle;
  }
}

}  // namespace
}  // namespace lemma::service
