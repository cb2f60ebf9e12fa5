// SPDX-License-Identifier: Apache-2.0
#include "server/verified/chat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lemma::server::verified {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kFresh = 99;

service::ChatRequest Ask() {
  service::ChatRequest out;
  out.conversation.messages.resize(2);
  out.conversation.messages[0].role = chat::Role::kSystem;
  out.conversation.messages[0].content = "Be brief.";
  out.conversation.messages[1].role = chat::Role::kUser;
  out.conversation.messages[1].content = "1+1?";
  return out;
}

TEST(VerifiedChatTest, SettingsOfTheChatThenThoseOfLemma) {
  service::ChatRequest chat = Ask();
  chat.settings.sampling.temperature = 0.3F;
  chat.settings.sampling.top_p = 0.8F;
  chat.settings.sampling.seed = 5;
  chat.settings.max_tokens = 1'000'000'000;
  chat.settings.thinking_budget = 200;
  chat.settings.timeout_seconds = 9.0;
  chat.settings.client = 1;
  chat.settings.cache_salt = 2;
  auto question = QuestionOf(chat, {}, kFresh);
  ASSERT_TRUE(question.ok());
  const reasoning::SolveOptions& plain = question->request.options;
  EXPECT_EQ(question->request.question, "1+1?");
  EXPECT_EQ(question->request.before.size(), 1U);
  EXPECT_EQ(plain.temperature, 0.3F);
  EXPECT_EQ(plain.answer_tokens, size_t{1} << 20);
  EXPECT_EQ(plain.thinking_tokens, 200U);
  EXPECT_EQ(plain.deadline, 9.0);
  EXPECT_EQ(plain.seed, 5U);
  EXPECT_EQ(plain.client, 1U);
  EXPECT_EQ(plain.cache_salt, 2U);
  EXPECT_THAT(question->warnings, IsEmpty());

  SolveFields lemma;
  lemma.options.temperature = 0.9F;
  lemma.options.chains = 3;
  lemma.seed = 6;
  lemma.evidence.tests = "assert f(1)";
  question = QuestionOf(chat, lemma, kFresh);
  ASSERT_TRUE(question.ok());
  EXPECT_EQ(question->request.options.temperature, 0.9F);
  EXPECT_EQ(question->request.options.top_p, 0.8F);
  EXPECT_EQ(question->request.options.chains, 3U);
  EXPECT_EQ(question->request.options.seed, 6U);
  EXPECT_EQ(question->request.evidence.tests, "assert f(1)");
  EXPECT_EQ(QuestionOf(Ask(), {}, kFresh)->request.options.seed, kFresh);
}

TEST(VerifiedChatTest, TheModelSeesItsEarlierAnswersWithoutTheirStatus) {
  service::ChatRequest chat = Ask();
  chat.conversation.messages.resize(4);
  chat.conversation.messages[2].role = chat::Role::kAssistant;
  chat.conversation.messages[2].content = "\\boxed{2}\n\n✓ verified (arithmetic, only solution)";
  chat.conversation.messages[3] = chat.conversation.messages[1];
  const auto question = QuestionOf(chat, {}, kFresh);
  ASSERT_TRUE(question.ok());
  ASSERT_EQ(question->request.before.size(), 3U);
  EXPECT_EQ(question->request.before[2].content, "\\boxed{2}");
  EXPECT_EQ(WithoutStatus("无解。\n\n≈ 一致 3/4；未经证明"), "无解。");
  for (const char* kept :
       {"", "✓ verified", "a\n\nb", "a\n\n✓ done", "a\n\n? not verified (x)\nb"}) {
    EXPECT_EQ(WithoutStatus(kept), kept);
  }
}

TEST(VerifiedChatTest, NoThinkingIsObeyed) {
  service::ChatRequest chat = Ask();
  chat.conversation.thinking = chat::Thinking::kOff;
  EXPECT_EQ(QuestionOf(chat, {}, kFresh)->request.options.thinking_tokens, 0U);
}

TEST(VerifiedChatTest, WhatHasNoEffectIsTold) {
  service::ChatRequest chat = Ask();
  chat.settings.stop = {"x"};
  chat.settings.sampling.top_k = 20;
  chat.settings.sampling.repeat_penalty = 1.1F;
  EXPECT_THAT(QuestionOf(chat, {}, kFresh)->warnings,
              ElementsAre("stop strings and tokens: no effect on a verified answer",
                          "top_k, min_p and typical_p: no effect on a verified answer",
                          "penalties of repetition: no effect on a verified answer"));
}

TEST(VerifiedChatTest, WhatAVerifiedAnswerDoesNotHaveIsRefused) {
  const auto error = [](const auto& change) {
    service::ChatRequest chat = Ask();
    change(chat);
    return QuestionOf(chat, {}, kFresh).status().message();
  };
  EXPECT_THAT(error([](auto& chat) { chat.settings.samples = 2; }), HasSubstr("n: "));
  EXPECT_THAT(error([](auto& chat) { chat.settings.sampling.top_logprobs = 0; }),
              HasSubstr("logprobs: "));
  EXPECT_THAT(error([](auto& chat) { chat.settings.max_tokens = 0; }), HasSubstr("max_tokens: "));
  EXPECT_THAT(error([](auto& chat) { chat.conversation.tools.resize(1); }), HasSubstr("tools: "));
  EXPECT_THAT(error([](auto& chat) { chat.conversation.messages.pop_back(); }),
              HasSubstr("the user's message at the end"));
}

}  // namespace
}  // namespace lemma::server::verified
