// SPDX-License-Identifier: Apache-2.0
#include "server/object_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace lemma::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReaderTest : public ::testing::Test {
 protected:
  ObjectReader Reader(std::string_view text) {
    value_ = boost::json::parse(text);
    return {value_.get_object(), "", notes_};
  }
  boost::json::value value_;
  BodyNotes notes_;
};

TEST_F(ReaderTest, ReadsEveryTypeAndLeavesWhatIsAbsentOrNull) {
  ObjectReader in = Reader(
      R"({"s":"x","b":true,"f":0.5,"i":-3,"n":40.0,"t":["a","b"],"one":"c","nothing":null})");
  std::string s = "old";
  std::string nothing = "kept";
  bool b = false;
  std::optional<float> f;
  std::optional<int64_t> i;
  std::optional<size_t> n;
  std::optional<size_t> absent;
  std::vector<std::string> t;
  std::vector<std::string> one;
  in.Read("s", s);
  in.Read("nothing", nothing);
  in.Read("b", b);
  in.Read("f", f);
  in.Read("i", i);
  in.Read("n", n);
  in.Read("absent", absent);
  in.ReadTexts("t", t);
  in.ReadTexts("one", one);
  in.Finish();
  EXPECT_TRUE(notes_.status().ok()) << notes_.status().ToString();
  EXPECT_TRUE(notes_.warnings().empty());
  EXPECT_EQ(s, "x");
  EXPECT_EQ(nothing, "kept");
  EXPECT_TRUE(b);
  EXPECT_EQ(f, 0.5F);
  EXPECT_EQ(i, -3);
  EXPECT_EQ(n, 40U);
  EXPECT_EQ(absent, std::nullopt);
  EXPECT_THAT(t, ElementsAre("a", "b"));
  EXPECT_THAT(one, ElementsAre("c"));
}

TEST_F(ReaderTest, TheFirstErrorStaysAndNamesItsPath) {
  ObjectReader in = Reader(R"({"inner":{"k":"two"},"t":["a",7]})");
  const boost::json::object* inner = in.Object("inner");
  ASSERT_NE(inner, nullptr);
  ObjectReader nested(*inner, in.PathOf("inner"), notes_);
  std::optional<size_t> k;
  nested.Read("k", k);
  std::vector<std::string> t;
  in.ReadTexts("t", t);
  EXPECT_EQ(notes_.status().message(), "inner.k: expected an integer, found a string");
  EXPECT_EQ(k, std::nullopt);
}

TEST_F(ReaderTest, NumbersOutOfRangeAreErrors) {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  for (const auto& [text, message] :
       {Case{R"({"n":-1})", "n: -1 is out of range, expected 0 or more"},
        Case{R"({"n":1.5})", "n: expected an integer, found a number"},
        Case{R"({"n":18446744073709551615})", "n: expected an integer, found a number"},
        Case{R"({"n":1e300})", "n: expected an integer, found a number"}}) {
    BodyNotes notes;
    const boost::json::value value = boost::json::parse(text);
    ObjectReader in(value.get_object(), "", notes);
    std::optional<size_t> n;
    in.Read("n", n);
    EXPECT_EQ(notes.status().message(), message);
  }
  BodyNotes notes;
  const boost::json::value value = boost::json::parse(R"({"f":1e300})");
  ObjectReader in(value.get_object(), "", notes);
  std::optional<float> f;
  in.Read("f", f);
  EXPECT_THAT(notes.status().message(), HasSubstr("f: 1e+300 is out of range"));
}

TEST_F(ReaderTest, UnknownFieldsAndFieldsWithoutEffectAreWarnings) {
  ObjectReader in = Reader(R"({"known":1,"tpyo":2,"gpu":3,"off":null})");
  std::optional<size_t> known;
  in.Read("known", known);
  in.NoEffect("gpu", "there is none");
  in.NoEffect("off");
  in.Refuse("absent", "never");
  in.Finish();
  EXPECT_TRUE(notes_.status().ok());
  EXPECT_THAT(notes_.warnings(),
              ElementsAre("gpu: has no effect: there is none", "tpyo: unknown field, ignored"));
}

TEST_F(ReaderTest, WarningsAreBoundedAndLongNamesAreShortened) {
  std::string text = "{\"" + std::string(5000, 'k') + "\":1";
  for (int i = 0; i < 100; ++i) text += ",\"f" + std::to_string(i) + "\":1";
  ObjectReader in = Reader(text + "}");
  in.Finish();
  ASSERT_EQ(notes_.warnings().size(), kMaxWarnings);
  EXPECT_LT(notes_.warnings().front().size(), 120U);
}

TEST_F(ReaderTest, FieldsOfOtherServersAreNamed) {
  ObjectReader in = Reader(R"({"mirostat":2,"xtc_threshold":null})");
  notes_.record_fields = true;
  in.NotHere({"mirostat", "xtc_threshold"});
  in.Finish();
  EXPECT_THAT(notes_.warnings(), ElementsAre("mirostat: is not supported here, ignored"));
  EXPECT_TRUE(notes_.fields().empty());
}

TEST(ParseBodies, ANameTwiceIsAnError) {
  for (const std::string_view text : {R"({"seed":1,"a":[{"x":"}\"seed\":"}],"seed" : 2})",
                                      R"({"a":{"b":[{"seed":1,"seed":1}]}})"}) {
    const auto parsed = ParseBody(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().message(), "seed: is in its object twice");
  }
  EXPECT_FALSE(ParseBody(R"({"a":1,"\u0061":2})").ok());
  EXPECT_TRUE(ParseBody(R"({"a":{"a":":\\"},"b":[{"a":1},{"a":"{\"a\":1,\"a\":2}"}]})").ok());
}

TEST_F(ReaderTest, RecordsPathsWithoutIndices) {
  notes_.record_fields = true;
  ObjectReader in = Reader(R"({"list":[{"a":1}]})");
  const boost::json::array* list = in.Array("list");
  ASSERT_NE(list, nullptr);
  ObjectReader item(list->at(0).get_object(), IndexPath("list", 0), notes_);
  std::optional<size_t> a;
  item.Read("a", a);
  EXPECT_THAT(notes_.fields(), ElementsAre("list", "list[].a"));
}

TEST(ParseBodyTest, SaysWhereABodyIsNoJson) {
  EXPECT_TRUE(ParseBody(R"( {"a":[1,2]} )").ok());
  EXPECT_THAT(ParseBody("").status().message(), HasSubstr("not valid JSON"));
  EXPECT_THAT(ParseBody(R"({"a":1)").status().message(), HasSubstr("at byte 6 of 6"));
  EXPECT_THAT(ParseBody(R"({"a":01})").status().message(), HasSubstr("not valid JSON"));
  EXPECT_THAT(ParseBody("{\"a\":\"\xff\"}").status().message(), HasSubstr("not valid JSON"));
  EXPECT_EQ(ParseBody("[1]").status().message(), "the body must be a JSON object, found a list");
  EXPECT_THAT(ParseBody("{} {}").status().message(), HasSubstr("more after its JSON value"));
  EXPECT_THAT(ParseBody(std::string(1000, '[')).status().message(), HasSubstr("not valid JSON"));
}

}  // namespace
}  // namespace lemma::server
