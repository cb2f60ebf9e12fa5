// SPDX-License-Identifier: Apache-2.0
#include "service/truncate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat/message.h"
#include "service/test_model.h"

namespace lemma::service {
namespace {

using chat::Message;
using chat::Role;
using testing::AssistantSays;
using ::testing::HasSubstr;
using testing::Must;
using testing::UserSays;

constexpr size_t kShortContext = 200;

LoadedModel& ShortModel() {
  static const auto model = testing::LoadTiny(kShortContext);
  return *model;
}

Message Says(Role role, std::string text) { return {role, std::move(text), "", {}, "", ""}; }

std::string Words(const std::string& word, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += word + " ";
  return text;
}

// A system text, three turns of about 50 tokens, and a question.
chat::Conversation LongTalk() {
  chat::Conversation talk;
  talk.messages = {Says(Role::kSystem, "be brief")};
  for (const char* word : {"one", "two", "three"}) {
    talk.messages.push_back(UserSays(Words(word, 11)));
    talk.messages.push_back(AssistantSays(Words(word, 11)));
  }
  talk.messages.push_back(UserSays("final question"));
  return talk;
}

std::string Text(const FittedPrompt& fitted) {
  return ShortModel().tokens().Decode(fitted.tokens, tokenizer::ControlPieces::kRender);
}

TEST(DroppableTurns, BeginAtUserMessages) {
  const std::vector<Message> messages = {
      Says(Role::kSystem, "s"),    Says(Role::kAssistant, "hello"), Says(Role::kUser, "1"),
      Says(Role::kAssistant, "x"), Says(Role::kTool, "t"),          Says(Role::kAssistant, "y"),
      Says(Role::kUser, "2"),      Says(Role::kUser, "3"),          Says(Role::kAssistant, "z")};
  EXPECT_EQ(DroppableTurns(messages), (std::vector<MessageRange>{{1, 2}, {2, 6}, {6, 7}}));
  EXPECT_TRUE(DroppableTurns({Says(Role::kSystem, "s"), Says(Role::kUser, "1")}).empty());
  EXPECT_TRUE(DroppableTurns({Says(Role::kAssistant, "s")}).empty());
  EXPECT_TRUE(DroppableTurns({}).empty());
}

TEST(FitPrompt, WhatFitsStaysAsItIs) {
  chat::Conversation talk = LongTalk();
  talk.messages.erase(talk.messages.begin() + 1, talk.messages.begin() + 5);
  const auto fitted =
      Must(FitPrompt(ShortModel(), talk, {kShortContext, 100, OnOverflow::kDropOldest}));
  EXPECT_EQ(fitted.tokens, Must(PromptTokens(ShortModel(), talk)));
  EXPECT_EQ(fitted.truncation.dropped_messages, 0U);
}

TEST(FitPrompt, DropsTheOldestTurnsAndSaysSo) {
  const chat::Conversation talk = LongTalk();
  const size_t all = Must(PromptTokens(ShortModel(), talk)).size();
  ASSERT_GT(all, kShortContext);
  const auto fitted =
      Must(FitPrompt(ShortModel(), talk, {kShortContext, 20, OnOverflow::kDropOldest}));
  EXPECT_LE(fitted.tokens.size(), kShortContext - 20);
  EXPECT_EQ(fitted.truncation.dropped_messages, 2U) << "one turn was enough";
  EXPECT_EQ(fitted.truncation.dropped_tokens, all - fitted.tokens.size());
  EXPECT_THAT(Text(fitted), HasSubstr("be brief"));
  EXPECT_THAT(Text(fitted), HasSubstr("two two"));
  EXPECT_THAT(Text(fitted), HasSubstr("final question"));
  EXPECT_EQ(Text(fitted).find("one one"), std::string::npos);
  // More room for the answer: more goes.
  const auto roomy =
      Must(FitPrompt(ShortModel(), talk, {kShortContext, 170, OnOverflow::kDropOldest}));
  EXPECT_EQ(roomy.truncation.dropped_messages, 6U);
  EXPECT_THAT(Text(roomy), HasSubstr("be brief"));
}

TEST(FitPrompt, RefusesWithTheCounts) {
  const chat::Conversation talk = LongTalk();
  const size_t all = Must(PromptTokens(ShortModel(), talk)).size();
  const auto refused = FitPrompt(ShortModel(), talk, {kShortContext, 1, OnOverflow::kRefuse});
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr(std::to_string(all)));
  EXPECT_THAT(refused.status().message(), HasSubstr(std::to_string(kShortContext)));
}

TEST(FitPrompt, TheLastUserMessageIsNeverCut) {
  chat::Conversation talk = LongTalk();
  talk.messages.back().content = Words("question", 400);
  const auto refused = FitPrompt(ShortModel(), talk, {kShortContext, 1, OnOverflow::kDropOldest});
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr("6 older messages"));
}

TEST(FitPrompt, IsWhatStartChatUses) {
  ChatRequest request;
  request.conversation = LongTalk();
  request.settings.max_tokens = 5;
  EXPECT_FALSE(StartChat(ShortModel(), request).ok());
  request.settings.on_overflow = OnOverflow::kDropOldest;
  auto stream = Must(StartChat(ShortModel(), request));
  EXPECT_EQ(stream->truncation().dropped_messages, 2U);
  EXPECT_LT(stream->prompt_tokens().size(), kShortContext);
}

}  // namespace
}  // namespace lemma::service
