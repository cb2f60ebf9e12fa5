// SPDX-License-Identifier: Apache-2.0
#include "server/anthropic/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/lemma_field.h"

namespace lemma::server::anthropic {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::string_view kUser = R"("messages":[{"role":"user","content":"Hello"}])";

// A body that is right but for `fields`.
std::string With(std::string_view fields) {
  return "{\"model\":\"m\",\"max_tokens\":100," + std::string(kUser) + "," + std::string(fields) +
         "}";
}

TEST(MessagesBodyTest, TheReadmeExample) {
  BodyNotes notes;
  const auto body = ParseMessages(R"({"model": "claude-x", "max_tokens": 1024,
      "system": "Be brief", "temperature": 0.5, "top_k": 5, "top_p": 0.9,
      "stop_sequences": ["END"], "stream": true, "metadata": {"user_id": "u-1"},
      "messages": [{"role": "user", "content": "Hello, Claude"}]})",
                                  notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  EXPECT_TRUE(body->stream);
  EXPECT_EQ(body->user, "u-1");
  const auto& conversation = body->chat.conversation;
  ASSERT_EQ(conversation.messages.size(), 2U);
  EXPECT_EQ(conversation.messages[0].role, chat::Role::kSystem);
  EXPECT_EQ(conversation.messages[1].content, "Hello, Claude");
  EXPECT_EQ(conversation.thinking, chat::Thinking::kDefault);
  EXPECT_EQ(body->chat.settings.max_tokens, 1024U);
  EXPECT_THAT(body->chat.settings.stop, ElementsAre("END"));
  EXPECT_EQ(body->chat.settings.sampling.top_k, 5U);
  EXPECT_THAT(notes.warnings(), IsEmpty());
}

TEST(MessagesBodyTest, BlocksBecomeTurnsCallsAndResults) {
  BodyNotes notes;
  const auto body = ParseMessages(R"({"model":"m","max_tokens":9,
    "system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},
              {"type":"text","text":"b"}],
    "messages":[
      {"role":"user","content":[{"type":"text","text":"w?"},{"type":"text","text":"x?"}]},
      {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
        {"type":"text","text":"Looking","citations":null},
        {"type":"tool_use","id":"t1","name":"get","input":{"city":"Ulm"}}]},
      {"role":"user","content":[
        {"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"21"}]},
        {"type":"text","text":"go on"}]},
      {"role":"user","content":"and"}],
    "tools":[{"name":"get","description":"d","input_schema":{"type":"object"}}],
    "tool_choice":{"type":"auto"}})",
                                  notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  const auto& messages = body->chat.conversation.messages;
  ASSERT_EQ(messages.size(), 5U);
  EXPECT_EQ(messages[0].content, "a\nb");
  EXPECT_EQ(messages[1].content, "w?\nx?");
  EXPECT_EQ(messages[2].reasoning, "hm");
  EXPECT_EQ(messages[2].content, "Looking");
  ASSERT_EQ(messages[2].tool_calls.size(), 1U);
  EXPECT_EQ(messages[2].tool_calls[0], (chat::ToolCall{"t1", "get", R"({"city":"Ulm"})"}));
  EXPECT_EQ(messages[3].role, chat::Role::kTool);
  EXPECT_EQ(messages[3].content, "21");
  EXPECT_EQ(messages[3].name, "get");
  EXPECT_EQ(messages[3].tool_call_id, "t1");
  EXPECT_EQ(messages[4].content, "go on\nand");
  ASSERT_EQ(body->chat.conversation.tools.size(), 1U);
  EXPECT_EQ(body->chat.conversation.tools[0].parameters, R"({"type":"object"})");
  EXPECT_THAT(notes.warnings(), IsEmpty());
}

TEST(MessagesBodyTest, ThinkingIsASwitchWithABudget) {
  struct Case {
    std::string_view fields;
    chat::Thinking thinking;
    std::optional<size_t> budget;
  };
  for (const auto& [fields, thinking, budget] :
       {Case{R"("thinking":{"type":"enabled","budget_tokens":64})", chat::Thinking::kOn, 64},
        Case{R"("thinking":{"type":"disabled"})", chat::Thinking::kOff, std::nullopt},
        Case{R"("thinking":{"type":"adaptive"})", chat::Thinking::kOn, std::nullopt},
        Case{R"("output_config":{"effort":"low"})", chat::Thinking::kOn, 1024},
        Case{R"("thinking":null)", chat::Thinking::kDefault, std::nullopt}}) {
    BodyNotes notes;
    const auto body = ParseMessages(With(fields), notes);
    ASSERT_TRUE(body.ok()) << body.status().ToString();
    EXPECT_EQ(body->chat.conversation.thinking, thinking) << fields;
    EXPECT_EQ(body->chat.settings.thinking_budget, budget) << fields;
  }
}

TEST(MessagesBodyTest, AnAssistantAtTheEndIsContinued) {
  BodyNotes notes;
  const auto body = ParseMessages(R"({"model":"m","max_tokens":9,"messages":[
      {"role":"user","content":"q"},{"role":"assistant","content":"The answer is"}]})",
                                  notes);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->chat.conversation.end, chat::PromptEnd::kContinueFinal);
}

TEST(MessagesBodyTest, SystemTextMayStandBetweenTheMessages) {
  BodyNotes notes;
  const auto body = ParseMessages(R"({"model":"m","max_tokens":9,"messages":[
      {"role":"user","content":"q"},{"role":"system","content":[{"type":"text","text":"s"}]}]})",
                                  notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  ASSERT_EQ(body->chat.conversation.messages.size(), 2U);
  EXPECT_EQ(body->chat.conversation.messages[1].role, chat::Role::kSystem);
  EXPECT_EQ(body->chat.conversation.messages[1].content, "s");
}

TEST(MessagesBodyTest, NoToolsWhenTheChoiceIsNone) {
  BodyNotes notes;
  const auto body = ParseMessages(
      With(R"("tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"none"})"), notes);
  ASSERT_TRUE(body.ok());
  EXPECT_THAT(body->chat.conversation.tools, IsEmpty());
}

TEST(MessagesBodyTest, WhatCannotBeDoneIsRefusedByName) {
  struct Case {
    std::string_view fields;
    std::string_view message;
  };
  for (const auto& [fields, message] :
       {Case{R"("tool_choice":{"type":"any"})", "tool_choice.type: \"any\": a call that is forced"},
        Case{R"("tool_choice":{"type":"tool","name":"f"})",
             "tool_choice.type: \"tool\": a call that is"},
        Case{R"("tools":[{"type":"web_search_20250305","name":"w"}])", "tools[0].type: \"web_"},
        Case{R"("tools":[{"name":"w"}])", "tools[0].input_schema: is missing"},
        Case{R"("tools":[{"name":"a b","input_schema":{}}])", "tools[0].name: expected 1 to 128"},
        Case{R"("tools":[{"name":"f","input_schema":{}},{"name":"f","input_schema":{}}])",
             "tools[1].name: 'f' is the name of another tool too"},
        Case{R"("thinking":{"type":"enabled","budget_tokens":100})",
             "thinking.budget_tokens: 100 must be less than max_tokens, 100"},
        Case{R"("thinking":{"type":"enabled"})", "thinking.budget_tokens: expected an integer"},
        Case{R"("thinking":{"type":"on"})", "thinking.type: expected"},
        Case{R"("mcp_servers":[{"url":"x"}])", "mcp_servers: this server runs no tools"},
        Case{R"("output_config":{"format":{}})", "output_config.format: output in a given form"},
        Case{R"("system":7)", "system: expected a string or a list"},
        Case{R"("temperature":"hot")", "temperature: expected a number, found a string"}}) {
    BodyNotes notes;
    const auto body = ParseMessages(With(fields), notes);
    ASSERT_FALSE(body.ok()) << fields;
    EXPECT_THAT(body.status().message(), StartsWith(std::string(message)));
  }
}

TEST(MessagesBodyTest, BadMessagesNameTheirPlace) {
  struct Case {
    std::string_view messages;
    std::string_view message;
  };
  for (const auto& [messages, message] :
       {Case{"[]", "messages: expected at least one message"},
        Case{R"([{"role":"tool","content":"x"}])", "messages[0].role: expected \"user\""},
        Case{R"([{"role":"user"}])", "messages[0].content: is missing"},
        Case{R"([{"role":"user","content":[]}])", "messages: expected at least one content block"},
        Case{R"([{"role":"user","content":7}])", "messages[0].content: expected a string or"},
        Case{R"([{"role":"user","content":[{"type":"image","source":{}}]}])",
             "messages[0].content[0].type: \"image\": this server takes text only"},
        Case{R"([{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}])",
             "messages[0].content[0].tool_use_id: no tool_use block before it"},
        Case{R"([{"role":"assistant","content":[{"type":"tool_use","id":"t"}]}])",
             "messages[0].content[0].name: is missing"},
        Case{R"([{"role":"assistant","content":[{"type":"what"}]}])",
             "messages[0].content[0].type: \"what\" is not supported here"},
        Case{R"([{"role":"user","content":[{"type":"text"}]}])",
             "messages[0].content[0].text: is missing"}}) {
    BodyNotes notes;
    const auto body =
        ParseMessages(R"({"max_tokens":5,"messages":)" + std::string(messages) + "}", notes);
    ASSERT_FALSE(body.ok()) << messages;
    EXPECT_THAT(body.status().message(), StartsWith(std::string(message)));
  }
}

TEST(MessagesBodyTest, MaxTokensMustBeGivenUnlessOnlyCounting) {
  BodyNotes notes;
  const std::string body = "{" + std::string(kUser) + "}";
  EXPECT_EQ(ParseMessages(body, notes).status().message(), "max_tokens: is missing");
  BodyNotes fresh;
  EXPECT_TRUE(ParseCountTokens(body, fresh).ok());
}

TEST(MessagesBodyTest, NoTokensComputeThePromptOnly) {
  BodyNotes notes;
  const auto body =
      ParseMessages(R"({"max_tokens":0,"thinking":{"type":"enabled","budget_tokens":64},)" +
                        std::string(kUser) + "}",
                    notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  EXPECT_EQ(body->chat.settings.max_tokens, 0U);
  BodyNotes negative;
  EXPECT_EQ(
      ParseMessages(R"({"max_tokens":-1,)" + std::string(kUser) + "}", negative).status().code(),
      StatusCode::kInvalidArgument);
}

TEST(MessagesBodyTest, UnknownFieldsAreWarnings) {
  BodyNotes notes;
  ASSERT_TRUE(ParseMessages(With(R"("maxtokens":1,"service_tier":"auto")"), notes).ok());
  EXPECT_THAT(notes.warnings(),
              ElementsAre("service_tier: has no effect here", "maxtokens: unknown field, ignored"));
}

TEST(MessagesBodyTest, LemmaAsksForAVerifiedAnswer) {
  BodyNotes notes;
  const auto body = ParseMessages(With(R"("lemma":{"chains":2})"), notes);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->model.lemma->fields.options.chains, 2U);
  EXPECT_THAT(notes.warnings(), IsEmpty());
  BodyNotes wrong;
  EXPECT_THAT(ParseMessages(With(R"("lemma":"on")"), wrong).status().message(),
              StartsWith("lemma: expected true, false or an object of options, found a string"));
}

}  // namespace
}  // namespace lemma::server::anthropic
