// SPDX-License-Identifier: Apache-2.0
#include "server/verified/solve_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lemma::server::verified {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SolveBodyTest, AllFields) {
  BodyNotes notes;
  const auto body = ParseSolve(
      R"j({"model":"m","question":"1+1?","stream":true,"texts":true,"profile":"r1","task":"word",
          "effort":"deep","search":"beam","chains":4,"first_chains":2,"temperature":0.5,
          "answer_temperature":0.1,"top_p":0.9,"thinking_tokens":100,"answer_tokens":50,"retries":1,
          "scaffold":"boxed","calculator":true,"rewind":false,"checkers":false,"enough":0.9,"short_m":2,
          "deadline":20,"seed":7,"tests":"assert f(1)","entry_point":"f","support":"",
          "schema":{"type":"object"},"sources":["a","b"]})j",
      notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  EXPECT_TRUE(notes.warnings().empty());
  const reasoning::SolveOptions& o = body->fields.options;
  EXPECT_EQ(body->question, "1+1?");
  EXPECT_EQ(o.task, reasoning::Task::kWord);
  EXPECT_EQ(o.effort, reasoning::Effort::kDeep);
  EXPECT_EQ(o.search, reasoning::Search::kStepBeam);
  EXPECT_EQ(o.chains, 4U);
  EXPECT_EQ(o.calculator, reasoning::Switch::kOn);
  EXPECT_EQ(o.rewind, reasoning::Switch::kOff);
  EXPECT_EQ(o.checkers, reasoning::Switch::kOff);
  EXPECT_EQ(o.deadline, 20.0);
  EXPECT_EQ(body->fields.seed, 7U);
  EXPECT_EQ(body->fields.evidence.check.schema, R"({"type":"object"})");
  EXPECT_EQ(body->fields.evidence.check.sources.size(), 2U);
  EXPECT_EQ(body->fields.texts, reasoning::ChainTexts::kYes);
}

TEST(SolveBodyTest, TheLastMessageIsTheQuestion) {
  BodyNotes notes;
  const auto body = ParseSolve(
      R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"}]})", notes);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->question, "q");
  ASSERT_EQ(body->before.size(), 1U);
  EXPECT_EQ(body->before[0].role, chat::Role::kSystem);
}

TEST(SolveBodyTest, WhatIsWrongIsNamed) {
  const auto error = [](std::string_view text) {
    BodyNotes notes;
    return ParseSolve(text, notes).status().message();
  };
  EXPECT_THAT(error("{}"), HasSubstr("question: is missing"));
  EXPECT_THAT(error(R"({"question":"q","effort":"huge"})"), HasSubstr("fast, balanced or deep"));
  EXPECT_THAT(error(R"({"question":"q","chains":"4"})"), HasSubstr("chains: "));
  EXPECT_THAT(error(R"({"question":"q","messages":[{"role":"user","content":"p"}]})"),
              HasSubstr("one of them"));
  EXPECT_THAT(error(R"({"messages":[{"role":"assistant","content":"p"}]})"),
              HasSubstr("the user's message at the end"));
  BodyNotes notes;
  ASSERT_TRUE(ParseSolve(R"({"question":"q","chians":4})", notes).ok());
  EXPECT_THAT(notes.warnings(), ElementsAre(HasSubstr("chians")));
}

}  // namespace
}  // namespace lemma::server::verified
