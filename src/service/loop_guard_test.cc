// SPDX-License-Identifier: Apache-2.0
// True loops at many periods are found, soon and at the same token every time; texts that repeat
// themselves for good reasons are not.
#include "service/loop_guard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/rng.h"
#include "service/test_vocab.h"

namespace lemma::service {
namespace {

using testing::DeepseekTokens;

struct Hit {
  size_t tokens = 0;  // pushed when it was found
  LoopFinding finding;
};

std::optional<Hit> RunTokens(const LoopLimits& limits, const std::vector<int32_t>& tokens,
                             TokenText text = TokenText::kLetters) {
  LoopGuard guard(limits);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (const auto found = guard.Push(tokens[i], text)) return Hit{i + 1, *found};
  }
  return std::nullopt;
}

std::optional<Hit> RunText(const LoopLimits& limits, std::string_view text) {
  LoopGuard guard(limits);
  size_t count = 0;
  for (const int32_t id : DeepseekTokens().Encode(text)) {
    ++count;
    const auto found = guard.Push(id, TokenTextOf(DeepseekTokens().Piece(id)));
    if (found) return Hit{count, *found};
  }
  return std::nullopt;
}

std::vector<int32_t> RandomTokens(uint64_t seed, size_t count, uint64_t vocab = 30000) {
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<int32_t>(RandomBits(seed, i) % vocab));
  }
  return tokens;
}

TEST(LoopGuard, FindsLoopsOfEveryPeriod) {
  for (const LoopLimits& limits : {ThinkingLoopLimits(), AnswerLoopLimits()}) {
    for (size_t period = 1; period <= limits.max_period; period += 1 + period / 7) {
      std::vector<int32_t> tokens = RandomTokens(period, 300);
      const std::vector<int32_t> block = RandomTokens(1000 + period, period);
      while (tokens.size() < 300 + 20 * period + 2 * limits.least_tokens) {
        tokens.insert(tokens.end(), block.begin(), block.end());
      }
      const auto hit = RunTokens(limits, tokens);
      ASSERT_TRUE(hit) << period;
      EXPECT_EQ(hit->finding.kind, LoopFinding::Kind::kBlock);
      EXPECT_EQ(hit->finding.period, period);
      const size_t repeats =
          period <= limits.short_period ? limits.short_repeats : limits.long_repeats;
      EXPECT_GE(hit->finding.repeats, repeats);
      EXPECT_EQ(hit->tokens, 300 + std::max(period * repeats, limits.least_tokens))
          << "at the first token that completes it, period " << period;
    }
  }
}

TEST(LoopGuard, TooFewRepeatsAreNoLoop) {
  const LoopLimits limits = ThinkingLoopLimits();
  for (const size_t period : {size_t{10}, size_t{40}, size_t{64}, size_t{100}, size_t{500}}) {
    const size_t repeats =
        period <= limits.short_period ? limits.short_repeats : limits.long_repeats;
    const std::vector<int32_t> block = RandomTokens(period, period);
    std::vector<int32_t> tokens;
    for (size_t i = 0; i + 1 < repeats; ++i) {
      tokens.insert(tokens.end(), block.begin(), block.end());
    }
    const auto other = RandomTokens(7, 200);
    tokens.insert(tokens.end(), other.begin(), other.end());
    EXPECT_FALSE(RunTokens(limits, tokens)) << period;
  }
}

// A paragraph that comes back again and again with a number changed is never exactly periodic.
TEST(LoopGuard, FindsLoopsWithSmallChanges) {
  const auto paragraph = [](size_t i) {
    return fmt::format(
        "Wait, perhaps I should check the calculation again, because I am not sure whether the "
        "train leaves before the other one arrives at the station, so let me go through all the "
        "steps of the problem again from the beginning and see what comes out of it. Attempt {}. ",
        i % 3);
  };
  std::string text;
  for (size_t i = 0; i < 60; ++i) text += paragraph(i * i);
  const auto hit = RunText(ThinkingLoopLimits(), text);
  ASSERT_TRUE(hit);
  EXPECT_LE(hit->tokens, 2000U);
}

TEST(LoopGuard, ResetForgets) {
  LoopGuard guard(ThinkingLoopLimits());
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 60; ++i) EXPECT_FALSE(guard.Push(7, TokenText::kLetters));
    guard.Reset();
  }
}

TEST(LoopGuard, BlocksWithoutLettersMayRepeatLonger) {
  const std::vector<int32_t> zeros(1000, 15);
  EXPECT_LE(RunTokens(ThinkingLoopLimits(), zeros, TokenText::kLetters)->tokens, 100U);
  EXPECT_EQ(RunTokens(ThinkingLoopLimits(), zeros, TokenText::kPlain)->tokens,
            ThinkingLoopLimits().plain_tokens);
  EXPECT_FALSE(RunTokens(AnswerLoopLimits(), zeros, TokenText::kPlain));
}

TEST(LoopGuard, KindOfTokens) {
  EXPECT_EQ(TokenTextOf(" wait"), TokenText::kLetters);
  EXPECT_EQ(TokenTextOf("等"), TokenText::kLetters);
  EXPECT_EQ(TokenTextOf("\xE7"), TokenText::kLetters);
  EXPECT_EQ(TokenTextOf("12, |--\n"), TokenText::kPlain);
  EXPECT_EQ(TokenTextOf(""), TokenText::kPlain);
}

// Texts that an answer may well hold.
std::string Numbers(size_t last) {
  std::string text;
  for (size_t i = 1; i <= last; ++i) text += fmt::format("{}\n", i);
  return text;
}
std::string MultiplicationTable() {
  std::string text;
  for (int a = 1; a <= 12; ++a) {
    for (int b = 1; b <= 12; ++b) text += fmt::format("{} × {} = {}\n", a, b, a * b);
  }
  return text;
}
std::string MarkdownTable(size_t rows) {
  std::string text = "| # | Name | Ready | Note |\n|---|------|-------|------|\n";
  for (size_t i = 0; i < rows; ++i) {
    text += fmt::format("| {} | item {} | {} | - |\n", i, i * 37 % 101, i % 3 == 0 ? "yes" : "no");
  }
  return text;
}
std::string TruthTable(int variables) {
  std::string text;
  for (int row = 0; row < 1 << variables; ++row) {
    for (int v = variables; v-- > 0;) text += (row >> v & 1) != 0 ? "| T " : "| F ";
    text += "|\n";
  }
  return text;
}
std::string ZeroMatrix(size_t size) {
  std::string text = "grid = [\n";
  for (size_t i = 0; i < size; ++i) {
    text += "    [";
    for (size_t j = 0; j < size; ++j) text += j == 0 ? "0" : ", 0";
    text += "],\n";
  }
  return text + "]\n";
}
std::string Code() {
  std::string text = "switch (day) {\n";
  for (const char* day : {"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"}) {
    text += fmt::format("  case {0}:\n    name = \"{0}\";\n    break;\n", day);
  }
  text += "}\n";
  for (int i = 0; i < 40; ++i) {
    text += fmt::format("def test_{0}():\n    assert f({0}) == {1}\n\n\n", i, i * i);
  }
  return text;
}
std::string EmptyHtmlTable() {
  std::string text = "<table>\n";
  for (int row = 0; row < 8; ++row) {
    text += "  <tr>\n";
    for (int cell = 0; cell < 4; ++cell) text += "    <td></td>\n";
    text += "  </tr>\n";
  }
  return text + "</table>\n";
}
// Verses with a refrain of four lines after each.
std::string PoemWithRefrain() {
  const char* verses[] = {"山高水长路漫漫，行人独立晚风寒。\n举头遥望故乡月，一夜相思到天端。\n",
                          "春去秋来花又落，江南江北雁声多。\n渔舟唱晚归何处，半江渔火半江波。\n",
                          "旧日楼台烟雨里，青石巷口柳依依。\n当年折柳人何在，空留燕子绕梁飞。\n",
                          "长亭古道连天草，夕阳山外鸟飞高。\n一壶浊酒尽余兴，今宵别梦笑中消。\n"};
  std::string text;
  for (const char* verse : verses) {
    text += verse;
    text += "归去来兮，归去来兮！\n田园将芜胡不归？\n归去来兮，归去来兮！\n此心安处是吾乡。\n\n";
  }
  return text;
}
std::string SongWithChorus() {
  std::string text;
  for (int verse = 1; verse <= 12; ++verse) {
    text += fmt::format(
        "{0} green bottles hanging on the wall, {0} green bottles hanging on the wall, and if one "
        "green bottle should accidentally fall, there'll be {1} green bottles hanging on the "
        "wall.\n\n",
        13 - verse, 12 - verse);
  }
  return text;
}
std::string Chessboard() {
  std::string text;
  for (int row = 0; row < 8; ++row)
    text += "+---+---+---+---+---+---+---+---+\n|   |   |   |   |\n";
  return text;
}
std::string LongDivision() {
  std::string text = "1/7 = 0.";
  for (int i = 0; i < 20; ++i) text += "142857";
  return text + "...\n";
}

struct Named {
  const char* name;
  std::string text;
};
std::vector<Named> GoodTexts() {
  return {{"numbers", Numbers(2000)},
          {"multiplication", MultiplicationTable()},
          {"markdown", MarkdownTable(150)},
          {"truth5", TruthTable(5)},
          {"truth7", TruthTable(7)},
          {"zeros", ZeroMatrix(12)},
          {"code", Code()},
          {"html", EmptyHtmlTable()},
          {"poem", PoemWithRefrain()},
          {"song", SongWithChorus()},
          {"board", Chessboard()},
          {"decimals", LongDivision()}};
}

TEST(LoopGuard, LetsAnswersBe) {
  for (const Named& good : GoodTexts()) {
    const auto hit = RunText(AnswerLoopLimits(), good.text);
    EXPECT_FALSE(hit) << good.name << ": token " << hit->tokens << ", period "
                      << hit->finding.period << ", repeats " << hit->finding.repeats;
  }
}

// In thinking a cut costs little, and yet it should not come out of the blue.
TEST(LoopGuard, LetsThinkingBe) {
  for (const Named& good : GoodTexts()) {
    const auto hit = RunText(ThinkingLoopLimits(), good.text);
    EXPECT_FALSE(hit) << good.name << ": token " << hit->tokens << ", period "
                      << hit->finding.period << ", repeats " << hit->finding.repeats;
  }
}

TEST(LoopGuard, SampledTextIsNoLoop) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_FALSE(RunTokens(ThinkingLoopLimits(), RandomTokens(seed, 3000, 20))) << seed;
  }
}

TEST(LoopGuard, RealLoopsOfReasoningModels) {
  // As reported of small distilled models: a sentence, a word and a line again and again.
  std::string sentence;
  for (int i = 0; i < 40; ++i)
    sentence += "Wait, but 9.11 is larger than 9.8, so I need to check. ";
  EXPECT_TRUE(RunText(ThinkingLoopLimits(), sentence));
  EXPECT_TRUE(RunText(AnswerLoopLimits(), sentence));
  std::string word;
  for (int i = 0; i < 500; ++i) word += "嗯，";
  EXPECT_TRUE(RunText(ThinkingLoopLimits(), word));
  std::string line;
  for (int i = 0; i < 60; ++i) line += "所以答案是 \\boxed{42}。\n\n让我再检查一遍。\n\n";
  const auto hit = RunText(ThinkingLoopLimits(), line);
  ASSERT_TRUE(hit);
  EXPECT_LE(hit->tokens, 150U);
}

}  // namespace
}  // namespace lemma::service
