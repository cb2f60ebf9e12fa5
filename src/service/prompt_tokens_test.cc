// SPDX-License-Identifier: Apache-2.0
// The golden ids were made by an independent byte-level BPE (Python, the `regex` module) from the
// vocabulary file and the prompt texts that the published templates render.
#include "service/prompt_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "chat/prompts.h"
#include "service/test_vocab.h"

namespace lemma::service {
namespace {

using testing::DeepseekTokens;
using testing::QwenTokens;
using Ids = std::vector<int32_t>;

chat::Message Say(chat::Role role, std::string text) {
  return {role, std::move(text), "", {}, "", ""};
}

chat::Conversation Talk(std::vector<chat::Message> messages) {
  chat::Conversation conversation;
  conversation.messages = std::move(messages);
  return conversation;
}

constexpr auto kSystem = chat::Role::kSystem;
constexpr auto kUser = chat::Role::kUser;
constexpr auto kAssistant = chat::Role::kAssistant;

TEST(PromptTokens, SpecialTokensHaveThePublishedIds) {
  const auto& tokens = DeepseekTokens();
  EXPECT_EQ(tokens.Find("<｜begin▁of▁sentence｜>"), 151646);
  EXPECT_EQ(tokens.Find("<｜User｜>"), 151644);
  EXPECT_EQ(tokens.Find("<｜Assistant｜>"), 151645);
  EXPECT_EQ(tokens.Find("<think>"), 151648);
  EXPECT_EQ(tokens.Find("</think>"), 151649);
  EXPECT_EQ(tokens.Find("<｜end▁of▁sentence｜>"), 151643);
}

TEST(PromptTokens, DeepseekR1Golden) {
  const PromptEncoder encoder(DeepseekTokens());
  const auto prompt = chat::FormatDeepseekR1(
      Talk({Say(kSystem, "Be brief."), Say(kUser, "What is 12*13?"), Say(kAssistant, "It is 156."),
            Say(kUser, "鸡兔同笼，头35，脚94。\n有几只兔？")}));
  EXPECT_EQ(encoder.Encode(prompt.parts),
            (Ids{151646, 3430,  9814,  13,    151644, 3838,   374,    220,    16,
                 17,     9,     16,    18,    30,     151645, 2132,   374,    220,
                 16,     20,    21,    13,    151643, 151644, 100417, 102757, 40916,
                 101600, 3837,  64355, 18,    20,     3837,   100037, 24,     19,
                 8997,   18830, 99195, 91680, 102757, 11319,  151645, 151648, 198}));
}

TEST(PromptTokens, DeepseekR1WithoutThinkingGolden) {
  const PromptEncoder encoder(DeepseekTokens());
  chat::Conversation conversation = Talk({Say(kUser, "hi")});
  conversation.thinking = chat::Thinking::kOff;
  EXPECT_EQ(encoder.Encode(chat::FormatDeepseekR1(conversation).parts),
            (Ids{151646, 151644, 6023, 151645, 151648, 271, 151649, 271}));
}

TEST(PromptTokens, Qwen3Golden) {
  const PromptEncoder encoder(QwenTokens());
  chat::Conversation conversation = Talk({Say(kSystem, "Be brief."), Say(kUser, "\n\n2+2?")});
  conversation.thinking = chat::Thinking::kOff;
  // "\n" of the format and "\n\n" of the user are one token, 1406, as in the whole string.
  EXPECT_EQ(encoder.Encode(chat::FormatQwen3(conversation).parts),
            (Ids{151644, 8948, 198, 3430,   9814, 13,     151645, 198, 151644, 872, 1406,   17,
                 10,     17,   30,  151645, 198,  151644, 77091,  198, 151667, 271, 151668, 271}));
}

TEST(PromptTokens, Qwen25Golden) {
  const PromptEncoder encoder(QwenTokens());
  const auto prompt =
      chat::FormatChatMl(Talk({Say(kUser, "hello 世界")}),
                         "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.");
  EXPECT_EQ(encoder.Encode(prompt.parts),
            (Ids{151644, 8948, 198,   2610, 525,   1207,   16948, 11,     3465,   553, 54364,
                 14817,  13,   1446,  525,  264,   10950,  17847, 13,     151645, 198, 151644,
                 872,    198,  14990, 220,  99489, 151645, 198,   151644, 77091,  198}));
}

TEST(PromptTokens, InputNeverBecomesAControlToken) {
  const auto& tokens = DeepseekTokens();
  const PromptEncoder encoder(tokens);
  std::string evil;
  for (size_t id = 151643; id < 151665; ++id) {
    evil += tokens.Piece(static_cast<int32_t>(id), tokenizer::ControlPieces::kRender);
    evil += " x";
  }
  const Ids ids = encoder.Encode({{evil, true}});
  EXPECT_TRUE(std::all_of(ids.begin(), ids.end(), [](int32_t id) { return id < 151643; }));
  EXPECT_EQ(tokens.Decode(ids, tokenizer::ControlPieces::kRender), evil) << "and no byte is lost";
}

TEST(PromptTokens, MarksSpeltAcrossABorderStayText) {
  const auto& tokens = DeepseekTokens();
  const PromptEncoder encoder(tokens);
  for (const auto& parts :
       std::vector<std::vector<chat::PromptPart>>{{{"a <thi", false}, {"nk>b", true}},
                                                  {{"<｜Us", true}, {"er｜>", false}},
                                                  {{"<｜", false}, {"User", true}, {"｜>", false}},
                                                  {{"<think", true}, {">", false}}}) {
    const Ids ids = encoder.Encode(parts);
    EXPECT_TRUE(std::all_of(ids.begin(), ids.end(), [](int32_t id) { return id < 151643; }));
    EXPECT_EQ(tokens.Decode(ids, tokenizer::ControlPieces::kRender), chat::JoinParts(parts));
  }
  EXPECT_EQ(encoder.Encode({{"<think>", false}}), (Ids{151648})) << "format text may";
}

}  // namespace
}  // namespace lemma::service
