// SPDX-License-Identifier: Apache-2.0
#include "server/openai/responses_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/dialect/lemma_field.h"

namespace lemma::server::openai {
namespace {

using ::testing::IsEmpty;

TEST(ResponsesRequest, ItemsBecomeTurns) {
  BodyNotes notes;
  const auto body = ParseResponses(R"({"instructions":"sys","input":[
      {"role":"user","content":"a"},
      {"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},
      {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
      {"type":"function_call_output","call_id":"c","output":"1"},
      {"type":"message","role":"assistant","content":[{"type":"output_text","text":"b"}]},
      {"role":"user","content":[{"type":"input_text","text":"c"}]}],
      "max_output_tokens":20,"reasoning":{"effort":"low"},"store":false,
      "tools":[{"type":"function","name":"f","parameters":{}}],"text":{"format":{"type":"text"}}})",
                                   notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  const auto& messages = body->chat.conversation.messages;
  ASSERT_EQ(messages.size(), 6U);
  EXPECT_EQ(messages[0].role, chat::Role::kSystem);
  EXPECT_EQ(messages[2].role, chat::Role::kAssistant);
  EXPECT_EQ(messages[2].reasoning, "hm");
  EXPECT_EQ(messages[2].tool_calls.size(), 1U);
  EXPECT_EQ(messages[3].role, chat::Role::kTool);
  EXPECT_EQ(messages[4].content, "b");
  EXPECT_EQ(messages[5].content, "c");
  EXPECT_EQ(body->chat.settings.max_tokens, 20U);
  EXPECT_EQ(body->chat.conversation.tools.size(), 1U);
  EXPECT_THAT(notes.warnings(), IsEmpty());
}

TEST(ResponsesRequest, WhatNeedsStateIsRefused) {
  for (const char* fields :
       {R"("previous_response_id":"r")", R"("conversation":"c")", R"("background":true)",
        R"("tools":[{"type":"web_search"}])", R"("n":2)"}) {
    BodyNotes notes;
    const std::string text = std::string(R"({"input":"x",)") + fields + "}";
    EXPECT_EQ(ParseResponses(text, notes).status().code(), StatusCode::kInvalidArgument) << fields;
  }
  BodyNotes notes;
  EXPECT_EQ(ParseResponses(R"({"input":"x","text":{"format":{"type":"json_object"}}})", notes)
                .status()
                .code(),
            StatusCode::kUnsupported);
}

TEST(ResponsesRequest, LemmaAsksForAVerifiedAnswer) {
  BodyNotes notes;
  const auto body = ParseResponses(R"({"input":"x","lemma":{"effort":"fast"}})", notes);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->model.lemma->fields.options.effort, reasoning::Effort::kFast);
  EXPECT_THAT(notes.warnings(), IsEmpty());
  BodyNotes wrong;
  EXPECT_THAT(ParseResponses(R"({"input":"x","lemma":{"effort":3}})", wrong).status().message(),
              ::testing::StartsWith("lemma.effort: expected a string"));
}

}  // namespace
}  // namespace lemma::server::openai
