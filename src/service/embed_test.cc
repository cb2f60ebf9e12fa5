// SPDX-License-Identifier: Apache-2.0
#include "service/embed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "service/test_model.h"
#include "service/text_tools.h"

namespace lemma::service {
namespace {

using ::testing::HasSubstr;
using testing::Must;

LoadedModel& EmbedModel() {
  static const auto model = testing::LoadTiny(192);
  return *model;
}

EmbedRequest Texts(std::vector<std::string> texts) {
  EmbedRequest request;
  request.texts = std::move(texts);
  return request;
}

TEST(Embed, OneVectorOfLengthOneATextWhateverStandsBesideIt) {
  const std::string text = "the cat sat on the mat";
  const auto alone = Must(EmbedTexts(EmbedModel(), Texts({text})));
  ASSERT_EQ(alone.vectors.size(), 1U);
  EXPECT_EQ(alone.vectors[0].size(), EmbedModel().config().embedding);
  double squares = 0;
  for (const float value : alone.vectors[0]) squares += double{value} * value;
  EXPECT_NEAR(squares, 1, 1e-5);
  EXPECT_EQ(alone.tokens[0], TokenizeText(EmbedModel(), text, {true, false}).size());
  const auto three = Must(EmbedTexts(EmbedModel(), Texts({"猫", text, "cat"})));
  EXPECT_EQ(three.vectors[1], alone.vectors[0]);
  EXPECT_NE(three.vectors[0], three.vectors[2]);
  EXPECT_EQ(three.tokens[1], alone.tokens[0]);
}

TEST(Embed, ControlTokensInATextAreText) {
  const auto spelt = Must(EmbedTexts(EmbedModel(), Texts({"<｜User｜>"})));
  EXPECT_GT(spelt.tokens[0], 3U);
}

TEST(Embed, LongTextsAreRefusedOrCut) {
  EmbedRequest request = Texts({"short", std::string(4000, 'x') + std::string(4000, 'z')});
  const auto refused = EmbedTexts(EmbedModel(), request);
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr("input[1]"));
  EXPECT_THAT(refused.status().message(), HasSubstr("192"));
  request.long_text = LongText::kCut;
  const auto cut = Must(EmbedTexts(EmbedModel(), request));
  EXPECT_EQ(cut.tokens[1], 192U);
  EXPECT_FALSE(cut.cut[0]);
  EXPECT_TRUE(cut.cut[1]);
}

TEST(Embed, RefusesNothingAndTooMuch) {
  EXPECT_EQ(EmbedTexts(EmbedModel(), {}).status().code(), StatusCode::kInvalidArgument);
  const auto many =
      EmbedTexts(EmbedModel(), Texts(std::vector<std::string>(kMaxEmbedTexts + 1, "x")));
  EXPECT_THAT(many.status().message(), HasSubstr("2048"));
  EmbedRequest cancelled = Texts({"x"});
  cancelled.cancel = std::make_shared<std::atomic<bool>>(true);
  EXPECT_EQ(EmbedTexts(EmbedModel(), cancelled).status().code(), StatusCode::kCancelled);
}

TEST(TextTools, ThereAndBack) {
  const std::string text = "Grüße, 世界! <｜User｜>";
  const auto ids = TokenizeText(EmbedModel(), text, {});
  EXPECT_THAT(ids, ::testing::Contains(*EmbedModel().tokens().Find("<｜User｜>")));
  EXPECT_EQ(Must(DetokenizeTokens(EmbedModel(), ids)), text);
  TokenizeOptions plain;
  plain.parse_special = false;
  plain.add_special = true;
  const auto plain_ids = TokenizeText(EmbedModel(), text, plain);
  EXPECT_EQ(plain_ids.front(), EmbedModel().tokens().bos());
  EXPECT_THAT(plain_ids,
              ::testing::Not(::testing::Contains(*EmbedModel().tokens().Find("<｜User｜>"))));
  std::string joined;
  for (const int32_t id : ids) joined += TokenBytes(EmbedModel(), id);
  EXPECT_EQ(joined, text);
}

TEST(TextTools, BadTokensAreNamed) {
  for (const int32_t bad : {-1, 1 << 30}) {
    const auto refused = DetokenizeTokens(EmbedModel(), std::vector<int32_t>{1, bad});
    EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(refused.status().message(), HasSubstr("tokens[1]"));
  }
}

TEST(TextTools, RendersThePromptOfAConversation) {
  chat::Conversation conversation;
  conversation.messages = {testing::UserSays("hi")};
  EXPECT_EQ(Must(RenderPrompt(EmbedModel(), conversation)),
            "<｜begin▁of▁sentence｜><｜User｜>hi<｜Assistant｜><think>\n");
}

}  // namespace
}  // namespace lemma::service
