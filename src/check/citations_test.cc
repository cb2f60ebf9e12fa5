// SPDX-License-Identifier: Apache-2.0
#include "check/citations.h"

#include <gtest/gtest.h>

namespace lemma::check {
namespace {

std::string Found(std::string_view quote, std::string_view source) {
  const auto span = FindQuote(quote, source);
  return span ? std::string(source.substr(span->begin, span->end - span->begin)) : "-";
}

TEST(CitationsTest, FindsQuotesInOneForm) {
  const std::string source =
      "Errors  are\nvalues: “a function can fail”, says the　page — twice.\n"
      "温度不得超过 ３５ ℃，否则 E102 报警。Caf\u00e9 na\u0069\u0308ve end";
  EXPECT_EQ(Found("Errors are values", source), "Errors  are\nvalues");
  EXPECT_EQ(Found("\"a function can fail\", says", source), "“a function can fail”, says");
  EXPECT_EQ(Found("the page - twice", source), "the　page — twice");
  EXPECT_EQ(Found("温度不得超过35℃,否则E102报警", source), "温度不得超过 ３５ ℃，否则 E102 报警");
  EXPECT_EQ(Found("Cafe\u0301 na\u00efve", source), "Caf\u00e9 na\u0069\u0308ve");
  EXPECT_EQ(Found("Errors ... twice.", source).substr(0, 6), "Errors");
  EXPECT_EQ(Found("Errors are values,", source), "Errors  are\nvalues");
  EXPECT_EQ(Found("errors are values", source), "-");  // case counts
  EXPECT_EQ(Found("温度不得超过36℃", source), "-");
  EXPECT_EQ(Found("twice ... Errors", source), "-");  // order counts
  EXPECT_EQ(Found("", source), "-");
  EXPECT_EQ(Found("x", ""), "-");
}

TEST(CitationsTest, JudgesQuotes) {
  const std::vector<Source> sources = {{"a", "The pump stops at 35 °C."},
                                       {"b", "故障代码 E102 表示过热。"}};
  struct Case {
    const char* text;
    const char* results;
  };
  const Case cases[] = {
      {"“The pump stops at 35 °C” [citation:1]", "found"},
      {"“The pump stops at 36 °C” [citation:1]", "missing"},
      {"“The pump stops at 35 °C” [2]", "missing"},
      {"“The pump stops at 35 °C” [1][2]", "found"},
      {"“The pump stops” [3]", "no_source"},
      {"“The pump stops at noon”", "unmatched"},
      {"“The pump stops”", "found"},
      {"「E102表示过热」【2】", "found"},
      {"\"E102 表示过冷\"（[2]）", "missing"},
      {"所谓“好”，没有引用", ""},    // too short for a quotation
      {"\"a line\nends\" [1]", ""},  // no quotation goes over lines
      {"“……” [1]", ""},
      {"“The pump … 35 °C” [1] and “表示过热” [2]", "found found"},
  };
  for (const Case& c : cases) {
    std::string got;
    for (const Quote& q : CheckQuotes(c.text, sources)) {
      got += (got.empty() ? "" : " ") + std::string(QuoteResultName(q.result));
    }
    EXPECT_EQ(got, c.results) << c.text;
  }
}

TEST(CitationsTest, TellsThePlace) {
  const std::string source = "零。一。二。三。";
  const auto quotes = CheckQuotes("他说“一。二”[1]", {{"s", source}});
  ASSERT_EQ(quotes.size(), 1U);
  EXPECT_EQ(source.substr(quotes[0].found.begin, quotes[0].found.end - quotes[0].found.begin),
            "一。二");
  const auto wrong = CheckQuotes("“The pump stopped” [1]", {{"s", "The pump stops"}});
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_EQ(wrong[0].matched, std::string("The pump stop").size());
}

}  // namespace
}  // namespace lemma::check
