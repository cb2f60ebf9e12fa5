// SPDX-License-Identifier: Apache-2.0
#include "server/dialect/lemma_field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace lemma::server {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct ReadField {
  explicit ReadField(std::string_view body) {
    const json::value value = json::parse(body);
    ObjectReader in(value.as_object(), "", notes);
    ReadLemma(in, model);
    in.Finish();
  }
  [[nodiscard]] std::string error() const { return notes.status().message(); }
  BodyNotes notes;
  ModelRef model;
};

TEST(LemmaFieldTest, ASwitchOrAnObjectOrNothing) {
  EXPECT_EQ(ReadField("{}").model.lemma, nullptr);
  EXPECT_EQ(ReadField(R"({"lemma":null})").model.lemma, nullptr);
  EXPECT_TRUE(ReadField(R"({"lemma":true})").model.lemma->on);
  EXPECT_TRUE(ReadField(R"({"lemma":{}})").model.lemma->on);
  EXPECT_FALSE(ReadField(R"({"lemma":false})").model.lemma->on);
}

TEST(LemmaFieldTest, AllOptions) {
  const ReadField read(
      R"j({"lemma":{"profile":"r1","task":"word","effort":"deep","search":"beam","chains":4,
          "first_chains":2,"temperature":0.5,"answer_temperature":0.1,"top_p":0.9,
          "thinking_tokens":100,"answer_tokens":50,"retries":1,"scaffold":"boxed",
          "calculator":true,"rewind":false,"enough":0.9,"short_m":2,"deadline":20,"seed":7,
          "tests":"assert f(1)","entry_point":"f","support":"","schema":{"type":"object"},
          "sources":["a","b"],"notebook":true,"texts":true}})j");
  ASSERT_TRUE(read.notes.status().ok()) << read.error();
  EXPECT_THAT(read.notes.warnings(), IsEmpty());
  const SolveFields& fields = read.model.lemma->fields;
  EXPECT_EQ(fields.options.profile, "r1");
  EXPECT_EQ(fields.options.task, reasoning::Task::kWord);
  EXPECT_EQ(fields.options.search, reasoning::Search::kStepBeam);
  EXPECT_EQ(fields.options.chains, 4U);
  EXPECT_EQ(fields.options.rewind, reasoning::Switch::kOff);
  EXPECT_EQ(fields.options.deadline, 20.0);
  EXPECT_EQ(fields.seed, 7U);
  EXPECT_EQ(fields.evidence.entry_point, "f");
  EXPECT_EQ(fields.evidence.check.sources.size(), 2U);
  EXPECT_TRUE(fields.notebook);
  EXPECT_EQ(fields.texts, reasoning::ChainTexts::kYes);
}

TEST(LemmaFieldTest, ErrorsAndWarningsNameTheWholePath) {
  EXPECT_EQ(ReadField(R"({"lemma":3})").error(),
            "lemma: expected true, false or an object of options, found a number");
  EXPECT_THAT(ReadField(R"({"lemma":"yes"})").error(), HasSubstr("found a string"));
  EXPECT_EQ(ReadField(R"({"lemma":{"chains":"4"}})").error(),
            "lemma.chains: expected an integer, found a string");
  EXPECT_EQ(ReadField(R"({"lemma":{"effort":"huge"}})").error(),
            "lemma.effort: 'huge' is not known, expected fast, balanced or deep");
  EXPECT_THAT(ReadField(R"({"lemma":{"sources":["a",3]}})").error(),
              HasSubstr("lemma.sources[1]: "));
  EXPECT_THAT(ReadField(R"({"lemma":{"schema":"nope"}})").error(),
              HasSubstr("lemma.schema: is no JSON"));
  EXPECT_THAT(ReadField(R"({"lemma":{"chians":4}})").notes.warnings(),
              ElementsAre("lemma.chians: unknown field, ignored"));
}

TEST(LemmaFieldTest, ErrorsOfOptionsAreTheChatsOwn) {
  const ReadField read(R"({"lemma":{"chains":99}})");
  const LemmaField* lemma = read.model.lemma.get();
  const auto named = [&](std::string message) {
    return NameOptionOfChat(InvalidArgument(std::move(message)), lemma).message();
  };
  EXPECT_EQ(named("chains: 99 is out of range"), "lemma.chains: 99 is out of range");
  EXPECT_EQ(named("temperature: 9 is out of range"), "temperature: 9 is out of range");
  EXPECT_EQ(named("deadline: 0"), "timeout_ms: 0");
  EXPECT_EQ(named("no field"), "no field");
  EXPECT_EQ(NameOptionOfChat(InvalidArgument("answer_tokens: 0"), nullptr).message(),
            "max_tokens: 0");
}

}  // namespace
}  // namespace lemma::server
