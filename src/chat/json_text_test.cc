// SPDX-License-Identifier: Apache-2.0
#include "chat/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lemma::chat {
namespace {

TEST(JsonText, AcceptsAndRefusesByTheGrammar) {
  for (const char* good : {"0", "-1.5e+3", " null ", "\"\\u00e9\\\\\"", "[]", "{}", "[1,[2,{}]]",
                           R"({"a":1,"b":[true,false,null]})", "1E5", "\"\x7f\""}) {
    EXPECT_TRUE(IsJson(good)) << good;
  }
  for (const char* bad :
       {"", "01", "+1", ".5", "1.", "1e", "nul", "\"a", "\"\\x\"", "\"\\u12g4\"", "[1,]", "{,}",
        "{a:1}", "{\"a\" 1}", "[1 2]", "1 2", "\"\n\"", "'a'", "-"}) {
    EXPECT_FALSE(IsJson(bad)) << bad;
  }
}

TEST(JsonText, NestingIsLimited) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(IsJson(nested(kMaxJsonDepth)));
  EXPECT_FALSE(IsJson(nested(kMaxJsonDepth + 2)));
  EXPECT_FALSE(IsJson(nested(100000)));
}

TEST(JsonText, MembersKeepTheirBytes) {
  const auto members = JsonObjectMembers(" { \"a\\n\" : 1.00 , \"b\":{ \"c\": [1, 2] } } ");
  ASSERT_TRUE(members.has_value());
  ASSERT_EQ(members->size(), 2U);
  EXPECT_EQ((*members)[0].key, "a\n");
  EXPECT_EQ((*members)[0].raw, "1.00");
  EXPECT_EQ((*members)[1].raw, "{ \"c\": [1, 2] }");
  EXPECT_FALSE(JsonObjectMembers("[1]").has_value());
  EXPECT_FALSE(JsonObjectMembers("{} x").has_value());
}

TEST(JsonText, StringsDecode) {
  EXPECT_EQ(JsonStringValue("\"\\u4e2d\\ud83d\\ude00\\t\\/\\\"\"").value(), "中😀\t/\"");
  EXPECT_EQ(JsonStringValue("\"\\ud800x\"").value(), "\xEF\xBF\xBDx") << "a lone surrogate";
  EXPECT_FALSE(JsonStringValue("\"a\" ").has_value());
  EXPECT_FALSE(JsonStringValue("abc").has_value());
}

TEST(JsonText, QuoteAndDecodeAreInverse) {
  const std::string text = std::string("a\"\\\n\r\t\b\f\x01/中") + '\0';
  EXPECT_EQ(JsonStringValue(JsonQuote(text)).value(), text);
  EXPECT_EQ(JsonQuote("\x1f"), "\"\\u001f\"");
}

TEST(JsonText, PythonLayout) {
  EXPECT_EQ(JsonPythonLayout("{\"a\":[1,2.0,\"\\u4e2d\"],\"b\":{}}").value(),
            "{\"a\": [1, 2.0, \"中\"], \"b\": {}}");
  EXPECT_EQ(JsonPythonLayout("{\"a\":[1,{}],\"b\":[]}", 2).value(),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
  EXPECT_FALSE(JsonPythonLayout("{\"a\":}").has_value());
}

}  // namespace
}  // namespace lemma::chat
