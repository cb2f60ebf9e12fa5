// SPDX-License-Identifier: Apache-2.0
#include "check/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "check/certificate.h"

namespace lemma::check {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

SchemaReport Check(std::string_view schema, std::string_view value) {
  const auto s = ParseJson(schema);
  const auto v = ParseJson(value);
  EXPECT_TRUE(s.ok()) << schema << s.status().ToString();
  EXPECT_TRUE(v.ok()) << value << v.status().ToString();
  return CheckSchema(*s, *v);
}

TEST(JsonValueTest, NumbersAreExact) {
  EXPECT_EQ(ParseJson("0.1")->number, Rational(BigInt(1), BigInt(10)));
  EXPECT_EQ(ParseJson("-1.50e3")->number, Rational(-1500));
  EXPECT_EQ(ParseJson("12345678901234567890123")->number.ToString(), "12345678901234567890123");
  EXPECT_EQ(ParseJson("1E-2")->number, Rational(BigInt(1), BigInt(100)));
  EXPECT_TRUE(*ParseJson("{\"a\":1,\"b\":[1.0]}") == *ParseJson("{\"b\":[1],\"a\":1e0}"));
  EXPECT_FALSE(*ParseJson("{\"a\":1}") == *ParseJson("{\"b\":1}"));
}

TEST(JsonValueTest, RefusesWhatIsDoubtful) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "byte 0"},          {"{\"a\":1,\"a\":2}", "\"a\" stands twice"},
      {"1 2", "byte 2"},       {"[1,]", "byte 3"},
      {"1e999999", "1e400"},   {"{'a':1}", "byte 1"},
      {"\"\\ud800\"", "byte"},
  };
  for (const auto& [text, message] : cases) {
    const auto got = ParseJson(text);
    ASSERT_FALSE(got.ok()) << text;
    EXPECT_THAT(got.status().message(), HasSubstr(message)) << text;
  }
  EXPECT_FALSE(ParseJson(std::string(100, '[')).ok());
  EXPECT_FALSE(ParseJson("\"" + std::string(2 << 20, 'x') + "\"").ok());
}

// The published suite: never the opposite of what it says; what is not decided is counted.
TEST(SchemaTest, NeverContradictsTheSuite) {
  const auto file = ReadFile(LEMMA_SOURCE_DIR "/tests/data/json_schema/draft7.jsonl");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  size_t decided = 0;
  size_t all = 0;
  std::string_view rest = *file;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const auto group = ParseJson(line);
    ASSERT_TRUE(group.ok()) << group.status().ToString();
    JsonValue stated = *group->Find("schema");
    const JsonValue plain = stated;
    if (stated.kind == JsonKind::kObject && stated.Find("$schema") == nullptr) {
      JsonValue draft;
      draft.kind = JsonKind::kString;
      draft.text = "http://json-schema.org/draft-07/schema#";
      stated.members.push_back({"$schema", draft});
    }
    for (const JsonValue& test : group->Find("tests")->items) {
      const bool valid = test.Find("valid")->boolean;
      const std::string name = group->Find("file")->text + ": " + group->Find("description")->text +
                               ": " + test.Find("description")->text;
      for (const JsonValue* schema : {static_cast<const JsonValue*>(&stated), &plain}) {
        const SchemaReport report = CheckSchema(*schema, *test.Find("data"));
        EXPECT_NE(report.verdict, valid ? SchemaVerdict::kInvalid : SchemaVerdict::kValid) << name;
        ++all;
        decided += report.verdict != SchemaVerdict::kUnknown;
      }
    }
  }
  EXPECT_GT(all, 800U);
  EXPECT_GE(static_cast<double>(decided) / static_cast<double>(all), 0.78) << decided << "/" << all;
  RecordProperty("decided", static_cast<int>(decided));
  RecordProperty("all", static_cast<int>(all));
}

TEST(SchemaTest, NewerKeywords) {
  constexpr std::string_view kNew = R"("$schema":"https://json-schema.org/draft/2020-12/schema",)";
  const auto with = [&](std::string_view rest) {
    return "{" + std::string(kNew) + std::string(rest) + "}";
  };
  const auto expect = [&](std::string_view schema, const char* value, SchemaVerdict verdict) {
    EXPECT_EQ(Check(with(schema), value).verdict, verdict) << schema << " " << value;
  };
  expect(R"("prefixItems":[{"const":1}],"items":false)", "[1]", SchemaVerdict::kValid);
  expect(R"("prefixItems":[{"const":1}],"items":false)", "[1,2]", SchemaVerdict::kInvalid);
  expect(R"("contains":{"type":"null"},"minContains":2)", "[null]", SchemaVerdict::kInvalid);
  expect(R"("contains":{"type":"null"},"maxContains":1)", "[null,1]", SchemaVerdict::kValid);
  expect(R"("dependentRequired":{"a":["b"]})", R"({"a":1})", SchemaVerdict::kInvalid);
  expect(R"("$defs":{"n":{"type":"null"}},"$ref":"#/$defs/n","const":1)", "null",
         SchemaVerdict::kInvalid);
}

TEST(SchemaTest, UnknownKeywordsNeverPass) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"pattern":"^a"})", "pattern"},
      {R"({"format":"date"})", "format"},
      {R"({"unevaluatedProperties":false})", "unevaluatedProperties"},
      {R"({"$ref":"https://example.com/a.json"})", "$ref to another document"},
      {R"({"$ref":"#/nothing"})", "$ref to nothing"},
      {R"({"$ref":"#"})", "a schema nested too deep"},
      {R"({"tpye":"string"})", "tpye"},
      {R"({"$schema":"http://json-schema.org/draft-04/schema#"})", "$schema"},
      {R"({"not":{"format":"date"}})", "format"},
      {R"({"anyOf":[{"format":"date"},false]})", "format"},
      {R"({"type":"strnig"})", "type \"strnig\""},
  };
  for (const auto& [schema, what] : cases) {
    const SchemaReport report = Check(schema, "\"x\"");
    EXPECT_EQ(report.verdict, SchemaVerdict::kUnknown) << schema;
    EXPECT_THAT(report.unknown, Contains(what)) << schema;
  }
  // A known rule that fails decides.
  EXPECT_EQ(Check(R"({"format":"date","type":"null"})", "1").verdict, SchemaVerdict::kInvalid);
}

TEST(SchemaTest, FaultsNameThePlace) {
  const SchemaReport report = Check(
      R"({"properties":{"a/b":{"items":{"maximum":10}}},"required":["c"]})", R"({"a/b":[3,12]})");
  ASSERT_EQ(report.faults.size(), 2U);
  EXPECT_EQ(report.faults[0].path, "/a~1b/1");
  EXPECT_EQ(report.faults[0].expected, "≤ 10");
  EXPECT_EQ(report.faults[0].got, "12");
  EXPECT_EQ(report.faults[1].keyword, "required");
}

TEST(SchemaTest, CostIsBounded) {
  std::string list = "[0";
  for (int i = 1; i < 3000; ++i) list += "," + std::to_string(i);
  EXPECT_EQ(Check(R"({"uniqueItems":true})", list + "]").verdict, SchemaVerdict::kUnknown);
}

}  // namespace
}  // namespace lemma::check
