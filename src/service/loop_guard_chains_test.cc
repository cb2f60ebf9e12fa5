// SPDX-License-Identifier: Apache-2.0
// Chains of thought as small reasoning models write them: circles that change a word or the order
// each time round must be found, and long chains that repeat their frame for good reasons (tables,
// cases one after the other, a second and a third look at a solution, code written out again) must
// be left alone. bench/loop_guard_bench measures the rates on far more of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "service/loop_guard.h"
#include "service/test_vocab.h"

namespace lemma::service {
namespace {

using testing::DeepseekTokens;

// The token at which the guard speaks up.
std::optional<size_t> FoundAt(const LoopLimits& limits, std::string_view text) {
  LoopGuard guard(limits);
  size_t count = 0;
  for (const int32_t id : DeepseekTokens().Encode(text)) {
    ++count;
    if (guard.Push(id, TokenTextOf(DeepseekTokens().Piece(id)))) return count;
  }
  return std::nullopt;
}

using Pool = std::vector<std::string>;

const Pool& Doubts() {
  static const Pool pool = {
      "Wait, let me check again. ",
      "Hmm, that doesn't seem right. ",
      "Let me recalculate that step by step. ",
      "So, 37 plus 58 is 95. ",
      "Maybe I made a mistake somewhere. ",
      "Let me go back to the beginning. ",
      "Alternatively, I can think of it as 95 minus 58, which is 37. ",
      "But wait, maybe I should consider that 37 and 58 are counted twice. ",
      "Therefore, the answer should be 95. ",
      "Hold on, is it possible that I misread the question? ",
      "I'm not entirely sure about this. ",
      "But that contradicts what I found earlier. ",
  };
  return pool;
}

const Pool& ChineseDoubts() {
  static const Pool pool = {
      "等一下，让我再检查一遍。",
      "嗯，好像不对。",
      "让我重新计算一下。",
      "所以37加58等于95。",
      "可是题目说一共有37个。",
      "也许我哪里弄错了。",
      "让我从头开始。",
      "换一种方法，95减58等于37。",
      "等等，是不是重复计算了37和58？",
      "因此答案应该是95。",
  };
  return pool;
}

const Pool& Paragraphs() {
  static const Pool pool = {
      "Wait, let me go through this again. The train leaves at 7 o'clock and travels for 3 hours, "
      "so it should arrive at 10 o'clock. But the problem says that it arrives later than that, so "
      "maybe there is a stop in between that I have not taken into account.\n\n",
      "Hmm, maybe I should consider that the stop takes some time. If the stop takes 3 hours, then "
      "the arrival is 10. But then the second train would have to leave before 7, and that does "
      "not fit with what is given.\n\n",
      "Alternatively, perhaps the second train starts from the other station. Then the two trains "
      "meet after 3 hours, at 10 o'clock. But the problem asks when the first train arrives, not "
      "when they meet.\n\n",
  };
  return pool;
}

// One of the pool after the other, in no order.
std::string Shuffled(const Pool& pool, uint64_t seed, size_t count) {
  Rng rng(seed);
  std::string text;
  for (size_t i = 0; i < count; ++i) text += pool[rng.NextBelow(pool.size())];
  return text;
}

std::string Solution(uint64_t seed) {
  Rng rng(seed);
  const uint64_t boxes = 3 + rng.NextBelow(40);
  const uint64_t each = 2 + rng.NextBelow(30);
  const uint64_t gone = 1 + rng.NextBelow(boxes);
  return fmt::format(
      "There are {0} boxes with {1} apples each, so there are {0} * {1} = {2} apples at first. "
      "Then "
      "{3} of them are given away, which leaves {2} - {3} = {4}. The rest is shared by two "
      "children, and each of them gets {4} / 2 = {5}.\n\n",
      boxes, each, boxes * each, gone, boxes * each - gone,
      static_cast<double>(boxes * each - gone) / 2);
}

// The same solution, looked at again and again in nearly the same words.
std::string Rechecks(size_t times) {
  const Pool openings = {"Wait, let me check again.\n\n", "Hmm, let me verify that.\n\n",
                         "Let me make sure.\n\n", "Wait, let me double-check.\n\n"};
  Rng rng(6);
  std::string text;
  for (size_t i = 0; i < times; ++i) text += openings[rng.NextBelow(openings.size())] + Solution(5);
  return text;
}

std::string TwoResults(size_t turns) {
  const Pool ends = {"Let me recompute. ", "Let me see which one is right. ", "That is strange. "};
  Rng rng(3);
  std::string text;
  for (size_t i = 0; i < turns; ++i) {
    text += fmt::format("So the answer is {}. But earlier I got {}. ", i % 2 == 0 ? 42 : 36,
                        i % 2 == 0 ? 36 : 42);
    text += ends[rng.NextBelow(ends.size())];
  }
  return text;
}

struct Circle {
  const char* name;
  std::string text;
  size_t latest;  // in thinking
};

std::vector<Circle> Circles() {
  return {{"doubts", Shuffled(Doubts(), 1, 700), 4000},
          {"doubts in Chinese", Shuffled(ChineseDoubts(), 2, 900), 4000},
          {"paragraphs", Shuffled(Paragraphs(), 3, 60), 2200},
          {"one solution", Rechecks(40), 2200},
          {"two results", TwoResults(160), 1600}};
}

TEST(LoopGuardChains, CirclesThatChangeTheirWordsAreFound) {
  for (const Circle& circle : Circles()) {
    const auto at = FoundAt(ThinkingLoopLimits(), circle.text);
    ASSERT_TRUE(at) << circle.name;
    EXPECT_LE(*at, circle.latest) << circle.name;
  }
}

// In an answer, too; it takes longer to be sure.
TEST(LoopGuardChains, SentencesInNoOrderAreFoundInAnswers) {
  for (const auto& [name, text] :
       {std::pair{"14 sentences", Shuffled(Doubts(), 5, 900)},
        std::pair{"14 sentences, another order", Shuffled(Doubts(), 6, 900)},
        std::pair{"10 Chinese sentences", Shuffled(ChineseDoubts(), 7, 1200)},
        std::pair{"paragraphs", Shuffled(Paragraphs(), 8, 120)}}) {
    const auto at = FoundAt(AnswerLoopLimits(), text);
    ASSERT_TRUE(at) << name;
    EXPECT_LE(*at, 4600U) << name;
  }
  // Seven times round are none yet.
  EXPECT_FALSE(FoundAt(AnswerLoopLimits(), Shuffled(Doubts(), 5, 7 * Doubts().size())));
}

// A circle after a long chain that was none.
TEST(LoopGuardChains, ALateCircleIsFound) {
  std::string chain;
  for (uint64_t i = 0; i < 60; ++i) chain += Solution(100 + i);
  const size_t before = DeepseekTokens().Encode(chain).size();
  ASSERT_FALSE(FoundAt(ThinkingLoopLimits(), chain));
  const auto at = FoundAt(ThinkingLoopLimits(), chain + Shuffled(Doubts(), 4, 700));
  ASSERT_TRUE(at);
  EXPECT_GT(*at, before);
  EXPECT_LE(*at, before + 4000);
}

std::string Lines(int count, const std::function<std::string(int)>& line) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += line(i);
  return text;
}

std::string Collatz(int start) {
  std::string text;
  for (int x = start; x != 1;) {
    const int next = x % 2 == 0 ? x / 2 : 3 * x + 1;
    text += fmt::format("{} is {}, so the next term is {}. ", x, x % 2 == 0 ? "even" : "odd", next);
    x = next;
  }
  return text;
}

std::string CodeThrice() {
  std::string text;
  for (const char* name : {"solve", "solve_again", "solve_fast"}) {
    text += fmt::format("```python\ndef {}(n):\n", name);
    for (int i = 0; i < 70; ++i) {
      text +=
          fmt::format("    if n % {} == {}:\n        total += table[{}]\n", i + 2, i / 3, i * 7);
    }
    text += "    return total\n```\nLet me look at it once more before I go on.\n\n";
  }
  return text;
}

std::vector<Circle> GoodChains() {
  std::vector<Circle> out;
  std::string solutions;
  for (uint64_t i = 0; i < 120; ++i) solutions += Solution(i);
  out.push_back({"solutions of one kind", solutions, 0});
  out.push_back({"three looks", Rechecks(3), 0});
  out.push_back({"code thrice", CodeThrice(), 0});
  out.push_back({"remainders",
                 Lines(250,
                       [](int n) {
                         const int value = 7 * n + 4;
                         return fmt::format(
                             "For n = {0}: 7*{0} + 4 = {1}, and {1} mod 11 = {2}{3}\n", n, value,
                             value % 11,
                             value % 11 == 0 ? ", which works." : ", so it does not work.");
                       }),
                 0});
  out.push_back(
      {"cases",
       Lines(150,
             [](int n) {
               return fmt::format(
                   "Case {0}: suppose there are {0} chickens. Then there are {1} rabbits and "
                   "2*{0}+4*{1} = {2} legs, but we need 394. That is not right, so try the next "
                   "one.\n",
                   n, 150 - n, 600 - 2 * n);
             }),
       0});
  out.push_back({"steps in Chinese",
                 Lines(250,
                       [](int n) {
                         return fmt::format(
                             "第{0}步：{0} × 8 = {1}，余数是 {2}，不等于 5，继续。\n", n, n * 8,
                             n * 8 % 19);
                       }),
                 0});
  out.push_back({"interest",
                 Lines(80,
                       [](int n) {
                         return fmt::format("Year {}: ${:.2f} * 1.05 = ${:.2f}\n", n,
                                            1000 + n * 53.17, 1050 + n * 55.83);
                       }),
                 0});
  out.push_back({"Collatz", Collatz(27), 0});
  out.push_back({"values",
                 Lines(250,
                       [](int n) {
                         return fmt::format("| {:.1f} | {:.3f} | {} |\n", n / 10.0,
                                            n * n * n / 1000.0 - 3 * n / 10.0, n > 10 ? '+' : '-');
                       }),
                 0});
  return out;
}

TEST(LoopGuardChains, LongChainsAreLeftAlone) {
  for (const Circle& chain : GoodChains()) {
    EXPECT_FALSE(FoundAt(ThinkingLoopLimits(), chain.text)) << chain.name;
    EXPECT_FALSE(FoundAt(AnswerLoopLimits(), chain.text)) << chain.name;
    EXPECT_GT(DeepseekTokens().Encode(chain.text).size(), 200U) << chain.name;
  }
}

TEST(GramCounts, CountEachSequenceApart) {
  GramCounts counts;
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < 3000; ++i) tokens.push_back(i * 7919 % 100'000);
  for (size_t round = 0; round < 20; ++round) {
    for (size_t i = 0; i + kLoopGram <= tokens.size(); ++i) {
      const auto gram = std::span<const int32_t, kLoopGram>(&tokens[i], kLoopGram);
      ASSERT_EQ(counts.Add(gram), std::min<size_t>(round, 15)) << i;
    }
  }
  counts.Clear();
  EXPECT_EQ(counts.Add(std::span<const int32_t, kLoopGram>(tokens.data(), kLoopGram)), 0U);
}

}  // namespace
}  // namespace lemma::service
