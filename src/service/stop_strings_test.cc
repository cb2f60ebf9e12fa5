// SPDX-License-Identifier: Apache-2.0
#include "service/stop_strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"

namespace lemma::service {
namespace {

struct Stopped {
  std::string text;
  std::optional<std::string> matched;
  bool operator==(const Stopped&) const = default;
};

Stopped Match(const std::vector<std::string>& stops, const std::vector<std::string>& pieces) {
  StopMatcher matcher(stops);
  Stopped outcome;
  for (const std::string& piece : pieces) outcome.text += matcher.Push(piece);
  outcome.text += matcher.Flush();
  outcome.matched = matcher.matched();
  return outcome;
}

// The definition: the first byte at which some string is complete ends the text.
Stopped Reference(const std::vector<std::string>& stops, const std::string& text) {
  for (size_t end = 1; end <= text.size(); ++end) {
    std::string longest;
    for (const std::string& stop : stops) {
      const bool here =
          stop.size() <= end && text.compare(end - stop.size(), stop.size(), stop) == 0;
      if (here && stop.size() > longest.size()) longest = stop;
    }
    if (!longest.empty()) return {text.substr(0, end - longest.size()), longest};
  }
  return {text, std::nullopt};
}

TEST(StopMatcher, EndsBeforeTheStringAcrossPieces) {
  EXPECT_EQ(Match({"\nUser:"}, {"Hi", "\nUs", "er", ": more", " text"}),
            (Stopped{"Hi", "\nUser:"}));
  EXPECT_EQ(Match({"END"}, {"a EN", "d EN"}), (Stopped{"a ENd EN", std::nullopt}));
}

TEST(StopMatcher, HoldsOnlyWhatMayBeginAStop) {
  StopMatcher matcher({"stop", "op!"});
  EXPECT_EQ(matcher.Push("a st"), "a ");
  EXPECT_EQ(matcher.held_bytes(), 2U);
  EXPECT_EQ(matcher.Push("o"), "");
  EXPECT_EQ(matcher.Push("x"), "stox");
  EXPECT_EQ(matcher.Push("zo"), "z");
  EXPECT_EQ(matcher.Push("p!"), "");
  EXPECT_EQ(matcher.matched(), "op!");
  EXPECT_EQ(matcher.Push("more"), "");
}

TEST(StopMatcher, FirstCompleteWinsThenTheLongest) {
  EXPECT_EQ(Match({"abcd", "c"}, {"xabcd"}), (Stopped{"xab", "c"}));
  EXPECT_EQ(Match({"c", "bc"}, {"abc"}), (Stopped{"a", "bc"}));
}

TEST(StopMatcher, NoStopsPassEverything) {
  EXPECT_EQ(Match({}, {"a", "b"}), (Stopped{"ab", std::nullopt}));
}

TEST(StopMatcher, AgreesWithTheDefinitionForAnyCuts) {
  Rng rng(3);
  for (int round = 0; round < 20000; ++round) {
    const auto word = [&](uint64_t longest) {
      std::string text;
      for (uint64_t n = rng.NextBelow(longest + 1); n > 0; --n) {
        text += static_cast<char>('a' + rng.NextBelow(2));
      }
      return text;
    };
    std::vector<std::string> stops;
    for (uint64_t n = rng.NextBelow(4); n > 0; --n) stops.push_back("a" + word(4));
    const std::string text = word(20);
    std::vector<std::string> pieces;
    for (size_t at = 0; at < text.size();) {
      pieces.push_back(text.substr(at, 1 + rng.NextBelow(4)));
      at += pieces.back().size();
    }
    ASSERT_EQ(Match(stops, pieces), Reference(stops, text)) << text;
  }
}

TEST(StopMatcher, ValidateNamesTheIndex) {
  EXPECT_TRUE(StopMatcher::Validate({"a"}).ok());
  EXPECT_THAT(StopMatcher::Validate({"a", ""}).message(), ::testing::HasSubstr("stop[1]"));
  EXPECT_THAT(StopMatcher::Validate({std::string(kMaxStopStringBytes + 1, 'x')}).message(),
              ::testing::HasSubstr("stop[0]"));
  EXPECT_THAT(StopMatcher::Validate(std::vector<std::string>(kMaxStopStrings + 1, "x")).message(),
              ::testing::HasSubstr("65 strings"));
}

}  // namespace
}  // namespace lemma::service
