// SPDX-License-Identifier: Apache-2.0
#include "server/verified/notebook_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/verified/object_text.h"

namespace lemma::server::verified {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string AddError(std::string_view body) {
  BodyNotes notes;
  return ParseNewRule(body, notes).status().message();
}

TEST(NotebookRoutesTest, ANewRuleIsOfAKindAndALanguage) {
  BodyNotes notes;
  const auto note = ParseNewRule(
      R"({"rule":"代回每一个条件。","question":"鸡兔同笼，共有35个头","task":"equation","x":1})",
      notes);
  ASSERT_TRUE(note.ok()) << note.status().ToString();
  EXPECT_EQ(note->task, "equation");
  EXPECT_EQ(note->language, "zh");
  EXPECT_EQ(note->source, "user");
  EXPECT_THAT(notes.warnings(), ElementsAre("x: unknown field, ignored"));
  BodyNotes more;
  const auto english = ParseNewRule(R"({"rule":"Check.","question":"Heads and legs"})", more);
  ASSERT_TRUE(english.ok());
  EXPECT_EQ(english->task, "word");
  EXPECT_EQ(english->language, "en");
}

TEST(NotebookRoutesTest, WhatIsWrongIsNamed) {
  EXPECT_EQ(AddError("{}"), "rule: is missing");
  EXPECT_THAT(AddError(R"({"rule":"r"})"), HasSubstr("question: is missing"));
  EXPECT_EQ(AddError(R"({"rule":3,"question":"q"})"), "rule: expected a string, found a number");
  EXPECT_THAT(AddError(R"({"rule":"r","question":"q","task":"cooking"})"),
              HasSubstr("task: 'cooking' is not known"));
  EXPECT_EQ(AddError(R"({"question":"q","rule":")" + std::string(241, 'x') + "\"}"),
            "rule: 241 bytes, at most 240");
  BodyNotes notes;
  EXPECT_EQ(ParseChangedRule("{}", notes).status().message(), "rule: is missing");
}

TEST(NotebookRoutesTest, TheFileIsNotNamedToClients) {
  EXPECT_EQ(
      WithoutPath(DataLoss("/home/a/notes.jsonl: line 3: id: is missing"), "/home/a/notes.jsonl")
          .message(),
      "notebook: line 3: id: is missing");
  EXPECT_EQ(WithoutPath(NotFound("x"), "/home/a/notes.jsonl").message(), "x");
}

TEST(ObjectTextTest, MembersComeAtTheEnd) {
  EXPECT_EQ(WithWarnings(R"({"a":1})", {}), R"({"a":1})");
  EXPECT_EQ(WithWarnings(R"({"a":1})", {"b\""}), R"({"a":1,"warnings":["b\""]})");
}

}  // namespace
}  // namespace lemma::server::verified
