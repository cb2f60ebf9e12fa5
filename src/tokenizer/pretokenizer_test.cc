// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/pretokenizer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tokenizer/unicode_class.h"

namespace lemma::tokenizer {
namespace {

using Words = std::vector<std::string>;

Words Split(PreRule rule, std::string_view text) {
  Words words;
  SplitWords(rule, text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

constexpr PreRule kAllRules[] = {
    PreRule::kDefault,       PreRule::kGpt2,      PreRule::kGpt2Digits, PreRule::kFalcon,
    PreRule::kQwen2,         PreRule::kQwen35,    PreRule::kLlama3,     PreRule::kDeepseekLlm,
    PreRule::kDeepseekCoder, PreRule::kDeepseekV3};

TEST(UnicodeTable, KnowsOneCharacterOfEachClass) {
  const UnicodeTable& table = UnicodeTable::Get();
  EXPECT_EQ(table.Class('a'), kLetter);
  EXPECT_EQ(table.Class(0x4E2D), kLetter);   // 中
  EXPECT_EQ(table.Class(0x2EBF0), kLetter);  // CJK extension I, Unicode 15.1
  EXPECT_EQ(table.Class(0x0663), kNumber);   // Arabic-Indic three
  EXPECT_EQ(table.Class(0x00BD), kNumber);   // one half
  EXPECT_EQ(table.Class(0x3002), kPunctuation);
  EXPECT_EQ(table.Class('$'), kSymbol);
  EXPECT_EQ(table.Class(0x0301), kMark);
  EXPECT_EQ(table.Class(0x3000), kSpace);
  EXPECT_EQ(table.Class(0x85), kSpace);
  EXPECT_EQ(table.Class('\n'), kNewline);
  EXPECT_EQ(table.Class(0x200B), kOther);  // zero width space is a format character
  EXPECT_EQ(table.Class(0xD800), kOther);
  EXPECT_EQ(table.Class(0x10FFFF), kOther);
}

TEST(Qwen2, CutsDigitsSinglyAndKeepsOneSpaceWithTheWord) {
  EXPECT_EQ(Split(PreRule::kQwen2, "I'll pay  123 yuan!\n\n ok"),
            (Words{"I", "'ll", " pay", " ", " ", "1", "2", "3", " yuan", "!\n\n", " ok"}));
  EXPECT_EQ(Split(PreRule::kQwen2, "x=你好，世界"), (Words{"x", "=你好", "，世界"}));
  EXPECT_EQ(Split(PreRule::kQwen2, "a \n \n  b"), (Words{"a", " \n \n", " ", " b"}));
  EXPECT_EQ(Split(PreRule::kQwen2, "a   "), (Words{"a", "   "}));
  EXPECT_EQ(Split(PreRule::kQwen2, "'RE 'sx"), (Words{"'RE", " '", "sx"}));
}

TEST(Qwen2, TakesAnInvalidByteForASymbol) {
  EXPECT_EQ(Split(PreRule::kQwen2, "ab\xFF\xFE 1"), (Words{"ab", "\xFF\xFE", " ", "1"}));
  EXPECT_EQ(Split(PreRule::kQwen2, "\xE4\xB8"), (Words{"\xE4\xB8"}));
}

TEST(Qwen35, JoinsMarksToLetters) {
  const std::string text = "ne\xCC\x81g";  // a combining acute
  EXPECT_EQ(Split(PreRule::kQwen35, text), Words{text});
  EXPECT_EQ(Split(PreRule::kQwen2, text), (Words{"ne", "\xCC\x81g"}));
}

TEST(Llama3, CutsDigitsByThree) {
  EXPECT_EQ(Split(PreRule::kLlama3, "12345 6"), (Words{"123", "45", " ", "6"}));
}

TEST(Gpt2, KeepsNumbersWholeAndContractionsInLowerCaseOnly) {
  EXPECT_EQ(Split(PreRule::kGpt2, "it's 'S 12345\n\nx"),
            (Words{"it", "'s", " '", "S", " 12345", "\n", "\n", "x"}));
  EXPECT_EQ(Split(PreRule::kGpt2Digits, "a 12"), (Words{"a", " ", "1", "2"}));
}

TEST(Default, CutsPunctuationFirstThenDigitsByThree) {
  EXPECT_EQ(Split(PreRule::kDefault, "a 1234,b"), (Words{"a", " ", "123", "4", ",", "b"}));
  EXPECT_EQ(Split(PreRule::kFalcon, "a`b 1234"), (Words{"a", "`", "b", " ", "123", "4"}));
  EXPECT_EQ(Split(PreRule::kDefault, "a`b"), (Words{"a", "`", "b"}));
}

TEST(Deepseek, NestedCuts) {
  EXPECT_EQ(Split(PreRule::kDeepseekLlm, "Hi there, 12\n  你好x  "),
            (Words{"Hi", " there", ",", " ", "12", "\n", "  ", "你好", "x", "  "}));
  EXPECT_EQ(Split(PreRule::kDeepseekCoder, "f(x) 12"), (Words{"f", "(", "x", ")", " ", "1", "2"}));
  EXPECT_EQ(Split(PreRule::kDeepseekV3, "x.foo 1234中文abc"),
            (Words{"x", ".foo", " ", "123", "4", "中文", "abc"}));
  EXPECT_EQ(Split(PreRule::kDeepseekV3, std::string_view("\0\0a", 3)),
            (Words{std::string(1, '\0'), std::string("\0a", 2)}));
}

TEST(FindPreTokenizer, KnowsNamesAndTheirFlags) {
  ASSERT_TRUE(FindPreTokenizer("deepseek-r1-qwen"));
  EXPECT_EQ(FindPreTokenizer("deepseek-r1-qwen")->rule, PreRule::kQwen2);
  EXPECT_FALSE(FindPreTokenizer("qwen2")->whole_words);
  EXPECT_TRUE(FindPreTokenizer("llama-bpe")->whole_words);
  EXPECT_TRUE(FindPreTokenizer("llama-bpe")->add_bos);
  EXPECT_FALSE(FindPreTokenizer("no-such-rule"));
}

TEST(SplitWords, LosesNothingOnRandomBytes) {
  std::mt19937 rng(7);
  const std::string alphabet = " \n\t\r'sStTlL1a.,!$`\xE4\xB8\xAD\xE3\x80\x80\xCC\x81\xFF\xF0\x9F";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const size_t length = rng() % 40;
    for (size_t i = 0; i < length; ++i) text += alphabet[rng() % alphabet.size()];
    for (const PreRule rule : kAllRules) {
      std::string joined;
      for (const std::string& word : Split(rule, text)) {
        EXPECT_FALSE(word.empty());
        joined += word;
      }
      ASSERT_EQ(joined, text);
    }
  }
}

// Quadratic work on any of these, 5e11 steps, would take longer than a test may run.
TEST(SplitWords, LosesNothingOnMonotonousText) {
  for (const std::string_view unit :
       {"a", " ", "\n", "\r\n \t", "1", "!", "\xE4\xB8\xAD", "\xFF", "'", " '", "\xE3\x80\x80"}) {
    std::string text;
    while (text.size() < (1U << 20)) text += unit;
    text += 'x';  // runs of spaces must not be tried again from every position
    for (const PreRule rule : kAllRules) {
      size_t bytes = 0;
      SplitWords(rule, text, [&](std::string_view word) { bytes += word.size(); });
      EXPECT_EQ(bytes, text.size()) << "rule " << static_cast<int>(rule) << " unit " << unit;
    }
  }
}

}  // namespace
}  // namespace lemma::tokenizer
