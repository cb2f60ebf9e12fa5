// SPDX-License-Identifier: Apache-2.0
// The golden families in both languages and several phrasings, and texts that must not be read as
// complete because they say something else.
#include "check/formalise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "check/checkers.h"
#include "check/reading.h"

namespace lemma::check {
namespace {

struct Group {
  const char* right;
  const char* wrong;
  std::vector<const char*> texts;
};

std::string_view VerdictOf(const char* text, const char* answer) {
  const auto p = Formalise(text);
  if (!p) return "no problem";
  const Report r = CheckAnswer(*p, ParseAnswer(answer));
  return VerdictName(r.verdict);
}

TEST(FormaliseTest, GoldenFamiliesInManyPhrasings) {
  const Group groups[] = {
      {"鸡23只，兔12只",
       "鸡24只，兔11只",
       {"鸡兔同笼，共有35个头，94只脚，问鸡兔各几只？",
        "笼子里有鸡和兔，从上面数有35个头，从下面数有94只脚，鸡和兔各有多少只？",
        "今有鸡兔同笼，上有三十五头，下有九十四足，问鸡兔各几何？",
        "鸡和兔共35只，共有94条腿。鸡、兔各有几只？",
        "农场养了鸡和兔子若干只，一共有三十五个头，九十四只脚，请问鸡和兔子各多少只？",
        "鸡兔同笼，头共35个，脚共94只，鸡兔各多少只？"}},
      {"23 chickens and 12 rabbits",
       "chickens: 12, rabbits: 23",
       {"A farmer has chickens and rabbits with 35 heads and 94 feet. How many chickens and how "
        "many rabbits are there?",
        "There are some chickens and rabbits in a cage, 35 heads and 94 legs in total. How many "
        "of each are there?",
        "In the cage there are chickens and rabbits. Together they have 35 heads and 94 feet. "
        "How many chickens and rabbits are there?",
        "A farm has chickens and rabbits. There are 35 animals and 94 legs in all. How many of "
        "each kind are there?",
        "A cage contains chickens and rabbits: 35 heads, 94 feet. How many chickens, how many "
        "rabbits?"}},
      {"1/6",
       "7/36",
       {"掷两个骰子，点数之和为7的概率是多少？", "同时掷两枚均匀的骰子，求点数之和是7的概率。",
        "投掷2颗骰子，点数和等于7的概率是多少？",
        "抛掷两个公平的骰子，它们的点数之和等于七的概率是多少",
        "同时抛两枚骰子，求朝上的点数之和为7的概率",
        "Two dice are rolled. What is the probability that the sum is 7?",
        "Roll two fair dice. Find the probability that the sum equals 7.",
        "What is the probability of getting a sum of 7 when rolling two dice?",
        "You throw 2 fair six-sided dice. What is the probability that their sum is seven?",
        "If two standard dice are thrown, what is the chance that the numbers sum to 7?"}},
      {"112种",
       "120种",
       {"从10人中选3人，其中甲乙二人不能同时入选，有多少种选法？",
        "从10个人中选出3个人，甲和乙不能同时被选，共有多少种不同的选法？",
        "10人中选3人参加会议，其中有两人不能同时参加，有多少种选法？",
        "从十名同学中选三人，甲、乙不能都入选，问有几种选法？",
        "从10名学生里选3名学生组成委员会，其中2人不愿意一起共事，有多少种方法？"}},
      {"112",
       "120",
       {"From 10 people, 3 are chosen, but two people refuse to serve together. How many ways are "
        "there?",
        "In how many ways can a committee of 3 be formed from 10 people if two of them refuse to "
        "serve together?",
        "How many different committees of 3 can be chosen from 10 people where A and B cannot both "
        "be chosen?",
        "There are 10 people. In how many ways can we choose 3 people if Alice and Bob refuse to "
        "work together?",
        "In how many ways can we select three members from ten people if two members refuse to "
        "serve with each other?"}},
      {"x=(3+√17)/2",
       "(3-√17)/2",
       {"解方程：√(x+3)=x-1", "求方程 √(x+3)=x−1 的所有实数解。", "若√(x+3) = x-1，求x的值。",
        "解方程 $\\sqrt{x+3}=x-1$。", "方程√(x+3)=x-1的解是多少？",
        "Solve the equation sqrt(x+3) = x - 1.", "Solve for x: \\sqrt{x+3} = x-1",
        "Find all real solutions of √(x+3)=x-1.", "If sqrt(x+3)=x-1, find x.",
        "What are the real solutions to sqrt(x+3) = x-1?"}},
      {"成立",
       "不成立",
       {"证明：对任意整数n，n^2+n是偶数。", "对于任意整数n，n²+n是偶数吗？",
        "求证：若n为整数，n^2+n能被2整除。", "判断：对所有整数n，n(n+1)总是偶数。",
        "设n为整数，试证明n^2+n是2的倍数", "Prove that n^2+n is even for every integer n.",
        "Show that for all integers n, n^2 + n is divisible by 2.",
        "Is it true that n(n+1) is always even for any integer n?",
        "If n is an integer, then n²+n is a multiple of 2.",
        "For each integer n, prove that n^2+n must be even."}},
      {"无解",
       "642",
       {"一个三位数，各位数字之和是12，百位比十位大2，个位比十位小1，求这个三位数。",
        "三位数的数字之和为12，百位数字比十位数字大2，个位数字比十位数字小1，这个三位数是多少？",
        "已知一个三位数，各位数字的和等于十二，它的百位比十位多2，个位比十位少1，求该三位数。",
        "一个三位数的各位数字之和是12，百位上的数字比十位上的数字大二，个位上的数字比十位上的数字小"
        "一，求这个三位数",
        "求三位数：各位数字之和为12，百位数字比十位数字多2，个位数字比十位数字少1。"}},
      {"no such number exists: no solution",
       "642",
       {"A three-digit number has digit sum 12. Its hundreds digit is 2 more than its tens digit "
        "and its units digit is 1 less than its tens digit. Find the number.",
        "The sum of the digits of a three-digit number is 12. The hundreds digit is 2 greater than "
        "the tens digit, and the ones digit is 1 less than the tens digit. What is the number?",
        "Find a three-digit number whose digits sum to 12, with hundreds digit two more than the "
        "tens digit and units digit one less than the tens digit.",
        "In a three-digit number the digits add up to 12, the hundreds digit is 2 larger than the "
        "tens digit, the units digit is 1 smaller than the tens digit. Find this number.",
        "What is the three-digit number with digit sum 12 whose hundreds digit is 2 more than its "
        "tens digit and whose ones digit is 1 less than its tens digit?"}},
      {"1023",
       "1024",
       {"数列{a_n}满足a_1=1，a_{n+1}=2a_n+1，求a_10。", "已知a1=1，a(n+1)=2a(n)+1，求a10的值。",
        "已知数列{aₙ}满足a₁=1，aₙ₊₁=2aₙ+1，则a₁₀等于多少？",
        "若a_{1}=1，且a_{n+1}=2a_{n}+1，求a_{10}。", "数列a_n满足a_1=1，a_{n+1}=2×a_n+1。计算a_10",
        "A sequence satisfies a_1 = 1 and a_{n+1} = 2a_n + 1. Find a_10.",
        "Given a1=1, a(n+1)=2a(n)+1, find a10.",
        "The sequence {a_n} is defined by a_1=1, a_{n+1}=2a_n+1. What is a_{10}?",
        "Let a_1 = 1, a_(n+1) = 2*a_n + 1. Compute a_10.",
        "If a_1=1 and a_{n+1}=2a_n+1, what is the value of a_10?"}},
  };
  for (const Group& g : groups) {
    for (const char* text : g.texts) {
      const auto p = Formalise(text);
      const std::string why = p ? CheckComplete(*p).ToString() : "no problem";
      EXPECT_EQ(VerdictOf(text, g.right), "VERIFIED") << text << "\n" << why;
      EXPECT_EQ(VerdictOf(text, g.wrong), "REFUTED") << text << "\n" << why;
    }
  }
}

TEST(FormaliseTest, OneOfTheTwoAnimalsMayBeAsked) {
  const std::pair<const char*, const char*> cases[] = {
      {"鸡兔共有35只，一共有94条腿，其中兔有多少只？", "12"},
      {"鸡兔同笼，共有35个头，94只脚，鸡有几只？", "23只"},
      {"There are chickens and rabbits in a cage, with 35 heads and 94 legs in total. How many "
       "rabbits are there?",
       "12 rabbits"},
      {"A farm has chickens and cows. There are 35 animals and 94 legs in all. How many chickens "
       "are there?",
       "23"}};
  for (const auto& [text, answer] : cases) {
    EXPECT_EQ(VerdictOf(text, answer), "VERIFIED") << text;
    EXPECT_EQ(VerdictOf(text, "13"), "REFUTED") << text;
  }
}

TEST(FormaliseTest, RootsOfAnEquationWithASquareRoot) {
  const char* const texts[] = {"解方程：√(x+3)=x-1",
                               "求方程√(x+3)=x−1的所有实数解。",
                               "解方程√(x+3)=x-1，x等于多少？",
                               "求解√(x+3)=x-1",
                               "已知√(x+3)=x-1，求x的值。",
                               "Solve √(x+3)=x-1.",
                               "Find all real solutions of sqrt(x+3) = x - 1.",
                               "Solve the equation √(x+3)=x−1 for x.",
                               "What are the real solutions of \\sqrt{x+3}=x-1?",
                               "Find all real x such that √(x+3)=x-1."};
  for (const char* text : texts) {
    EXPECT_EQ(VerdictOf(text, "x=(3+√17)/2"), "VERIFIED") << text;
    EXPECT_EQ(VerdictOf(text, "\\frac{3+\\sqrt{17}}{2}"), "VERIFIED") << text;
    for (const char* wrong : {"x=(3-√17)/2", "x=-2", "x=1", "x=(3±√17)/2", "无解"}) {
      EXPECT_EQ(VerdictOf(text, wrong), "REFUTED") << text << wrong;
    }
  }
}

TEST(FormaliseTest, WhatSaysMoreIsNotComplete) {
  const std::pair<const char*, const char*> cases[] = {
      {"鸡兔同笼，共有35个头，94只脚，后来又来了5只鸡，问鸡兔各几只？", "鸡23只，兔12只"},
      {"鸡兔同笼，共有35个头，94只脚，每只兔有3只脚，鸡兔各几只？", "鸡23只，兔12只"},
      {"鸡兔同笼，鸡有35个头，兔有94只脚，鸡兔各几只？", "鸡35只，兔0只"},
      {"鸡比兔多35个头，共94只脚，鸡兔各几只？", "鸡23只，兔12只"},
      {"A farmer has chickens and rabbits with 35 heads and 94 feet. Each rabbit lost one foot. "
       "How many chickens and how many rabbits are there?",
       "23 chickens and 12 rabbits"},
      {"掷两个骰子，点数之和不为7的概率是多少？", "1/6"},
      {"掷两个骰子，点数之和至少为7的概率是多少？", "1/6"},
      {"掷两个骰子两次，点数之和为7的概率是多少？", "1/6"},
      {"Two loaded dice are rolled. What is the probability that the sum is 7?", "1/6"},
      {"Two dice are rolled. What is the probability that the sum is not 7?", "1/6"},
      {"Two four-sided dice are rolled. What is the probability that the sum is 7?", "1/6"},
      {"从10人中选3人，其中甲乙二人不能同时入选，丙必须入选，有多少种选法？", "112"},
      {"从10人中选3人排成一排，其中甲乙二人不能同时入选，有多少种选法？", "112"},
      {"From 10 people, 3 are chosen as president and others, two people refuse to serve together. "
       "How many ways are there?",
       "112"},
      {"求方程 √(x+3)=x−1 的整数解。", "无解"},
      {"求方程 x^2-5x+6=0 的两根之和。", "5"},
      {"求方程 x^2-5x+6=0 的较大的解。", "3"},
      {"Find the number of real solutions of x^2-5x+6=0.", "2"},
      {"Find all positive solutions of x^2-4=0.", "2"},
      {"解方程 x^2-4=0，其中x>0", "2"},
      {"证明：n^2+n不是偶数", "不成立"},
      {"求使n^2+n能被3整除的n", "成立"},
      {"Prove that n^2+n is even or odd.", "yes"},
      {"一个三位数，各位数字之和是12，百位比十位大2，个位比十位小1，百位是5，求这个三位数。",
       "无解"},
      {"一个四位数，各位数字之和是12，百位比十位大2，个位比十位小1，求这个四位数。", "无解"},
      {"一个三位数，各位数字之积是12，百位比十位大2，个位比十位小1，求这个三位数。", "无解"},
      {"数列{a_n}满足a_1=1，a_{n+1}=2a_n+1，求前10项的和a_10。", "1023"},
      {"a_1=1，a_n+1=2a_n+1，求a_10", "1023"},
      {"a_1=1，a_{n+1}=2a_n+1+b_n，求a_10", "1023"},
      {"今天天气不错", "5"},
      {"", "1"},
  };
  for (const auto& [text, answer] : cases) {
    const std::string_view verdict = VerdictOf(text, answer);
    EXPECT_NE(verdict, "VERIFIED") << text;
    EXPECT_NE(verdict, "REFUTED") << text;
  }
}

std::vector<std::vector<std::string>> Table(const std::string& name) {
  std::ifstream in(LEMMA_SOURCE_DIR "/tests/data/phrasings/" + name);
  std::vector<std::vector<std::string>> out;
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> row(1);
    for (const char c : line) {
      if (c == '\t') {
        row.emplace_back();
      } else {
        row.back() += c;
      }
    }
    out.push_back(std::move(row));
  }
  return out;
}

// At least eight wordings of each golden problem in each language, and statements on divisibility
// under a condition.
TEST(FormaliseTest, WordingsOfTheGoldenProblems) {
  const auto rows = Table("golden.tsv");
  EXPECT_GE(rows.size(), 200U);
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 3U) << row[0];
    EXPECT_EQ(VerdictOf(row[0].c_str(), row[1].c_str()), "VERIFIED") << row[0];
    EXPECT_EQ(VerdictOf(row[0].c_str(), row[2].c_str()), "REFUTED") << row[0];
  }
}

TEST(FormaliseTest, TextsThatOnlyLookLikeThem) {
  const auto rows = Table("traps.tsv");
  EXPECT_GE(rows.size(), 120U);
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 2U) << row[0];
    for (const std::string_view answer : BetweenBars(row[1])) {
      const std::string_view verdict = VerdictOf(row[0].c_str(), std::string(answer).c_str());
      EXPECT_NE(verdict, "VERIFIED") << row[0] << " " << answer;
      EXPECT_NE(verdict, "REFUTED") << row[0] << " " << answer;
    }
  }
}

}  // namespace
}  // namespace lemma::check
