// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tokenizer/pretokenizer.h"
#include "tokenizer/test_vocab.h"

namespace lemma::tokenizer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Pieces = std::vector<std::string>;

std::unique_ptr<const Tokenizer> Make(VocabData data) {
  auto made = Tokenizer::Create(std::move(data));
  EXPECT_TRUE(made.ok()) << made.status().ToString();
  return made.ok() ? std::move(*made) : nullptr;
}

Pieces Cut(const Tokenizer& tokenizer, std::string_view text,
           SpecialTokens special = SpecialTokens::kPlainText) {
  Pieces pieces;
  for (const TokenId id : tokenizer.Encode(text, special)) {
    pieces.emplace_back(tokenizer.Piece(id, ControlPieces::kRender));
  }
  return pieces;
}

TEST(Bpe, MergesByRank) {
  const auto tokenizer = Make(SmallBpe());
  EXPECT_EQ(Cut(*tokenizer, "the hello"), (Pieces{"t", "he", " ", "hello"}));
  EXPECT_EQ(Cut(*tokenizer, "in the"), (Pieces{"in", " the"}));
  EXPECT_EQ(Cut(*tokenizer, "aaaaaaa"), (Pieces{"aaaa", "aa", "a"}));
  EXPECT_EQ(Cut(*tokenizer, "中"), (Pieces{"中"}));
  EXPECT_TRUE(tokenizer->Encode("").empty());
}

// The plainest form of the algorithm, on strings.
Pieces NaiveBpe(const VocabData& vocab, std::string_view word) {
  std::map<std::string, size_t> ranks;
  for (size_t i = 0; i < vocab.merges.size(); ++i) ranks.emplace(vocab.merges[i], i);
  Pieces parts;
  for (const char c : word) parts.push_back(ToAlphabet({&c, 1}));
  for (;;) {
    size_t best = vocab.merges.size();
    size_t at = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = ranks.find(parts[i] + " " + parts[i + 1]);
      if (found != ranks.end() && found->second < best) best = found->second, at = i;
    }
    if (best == vocab.merges.size()) break;
    parts[at] += parts[at + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
  for (std::string& part : parts) part = *AlphabetToBytes(part);
  return parts;
}

TEST(Bpe, ShortAndLongWordsAgreeWithThePlainAlgorithm) {
  std::mt19937 rng(11);
  const std::string letters = "abcd";
  for (int round = 0; round < 20; ++round) {
    VocabData vocab = SmallBpe();
    vocab.merges.clear();
    Pieces known = {"a", "b", "c", "d"};
    for (int i = 0; i < 40; ++i) {
      const std::string left = known[rng() % known.size()];
      const std::string right = known[rng() % known.size()];
      AddMerge(vocab, left, right);
      known.push_back(left + right);
    }
    const auto tokenizer = Make(vocab);
    ASSERT_NE(tokenizer, nullptr);
    for (const size_t length : {2U, 3U, 7U, 20U, 60U, 95U, 96U, 97U, 98U, 200U, 500U}) {
      std::string word;
      while (word.size() < length) word += letters[rng() % letters.size()];
      ASSERT_EQ(Cut(*tokenizer, word), NaiveBpe(vocab, word)) << word;
      ASSERT_EQ(Cut(*tokenizer, word), NaiveBpe(vocab, word)) << "second time, " << word;
    }
  }
}

TEST(Bpe, AWholeWordWinsOnlyWhereThePreTokenizerSaysSo) {
  // "hein" is a token that no order of merges reaches.
  for (const auto& [pre, expected] :
       {std::pair{"qwen2", Pieces{"he", "in"}}, std::pair{"llama-bpe", Pieces{"hein"}}}) {
    VocabData vocab = SmallBpe(pre);
    AddToken(vocab, "hein", TokenType::kNormal);
    const auto tokenizer = Make(std::move(vocab));
    EXPECT_EQ(Cut(*tokenizer, "hein"), expected) << pre;
    EXPECT_EQ(Cut(*tokenizer, "hein"), expected) << pre << ", asked again";
  }
}

TEST(Bpe, EveryByteRoundTrips) {
  const auto tokenizer = Make(SmallBpe());
  std::string all;
  for (int i = 0; i < 3; ++i) {
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>((byte * 7 + i) & 0xFF);
  }
  EXPECT_EQ(tokenizer->Decode(tokenizer->Encode(all)), all);
}

TEST(Bpe, BytesOutsideUtf8MayBeMissing) {
  VocabData vocab = SmallBpe();
  vocab.tokens[0xFF] = "unused";  // "ÿ" is gone
  const auto tokenizer = Make(std::move(vocab));
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_THAT(tokenizer->warnings(), ElementsAre(HasSubstr("U+FFFD")));
  EXPECT_EQ(tokenizer->Decode(tokenizer->Encode("a\xFFz")), "a\xEF\xBF\xBDz");
}

TEST(Special, ControlTokensComeFromTextOnlyWhenParsed) {
  const auto tokenizer = Make(SmallBpe());
  const TokenId end = *tokenizer->Find("<|im_end|>");
  const TokenId think = *tokenizer->Find("<think>");
  const std::string text = "a<|im_end|><think>b";
  const auto parsed = tokenizer->Encode(text, SpecialTokens::kParse);
  EXPECT_THAT(parsed, ElementsAre('a', end, think, 'b'));
  const auto plain = tokenizer->Encode(text, SpecialTokens::kPlainText);
  EXPECT_THAT(plain, testing::Not(testing::Contains(end)));
  EXPECT_THAT(plain, testing::Contains(think));
  const auto literal = tokenizer->Encode(text, SpecialTokens::kLiteral);
  EXPECT_THAT(literal, testing::Not(testing::Contains(end)));
  EXPECT_THAT(literal, testing::Not(testing::Contains(think)));
  for (const auto& ids : {parsed, plain, literal}) {
    EXPECT_EQ(tokenizer->Decode(ids, ControlPieces::kRender), text);
  }
  EXPECT_EQ(tokenizer->Decode(parsed), "a<think>b");
}

TEST(Special, TheLongestOfTheLeftmostWins) {
  VocabData vocab = SmallBpe();
  AddToken(vocab, "[x", TokenType::kUserDefined);
  AddToken(vocab, "[xyz]", TokenType::kUserDefined);
  AddToken(vocab, "yz]!", TokenType::kUserDefined);
  const auto tokenizer = Make(std::move(vocab));
  EXPECT_EQ(Cut(*tokenizer, "a[xyz]!"), (Pieces{"a", "[xyz]", "!"}));
  EXPECT_EQ(Cut(*tokenizer, "[xy[x"), (Pieces{"[x", "y", "[x"}));
}

TEST(Special, MergesCannotMakeControlTokens) {
  VocabData vocab = SmallBpe();
  AddMerge(vocab, "a", "b");
  vocab.types.back() = TokenType::kControl;
  const auto tokenizer = Make(std::move(vocab));
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_THAT(tokenizer->warnings(), ElementsAre(HasSubstr("are ignored")));
  EXPECT_EQ(Cut(*tokenizer, "ab"), (Pieces{"a", "b"}));
}

TEST(Special, NamesOfProtocolTokensOverrideTheirType) {
  VocabData vocab = SmallBpe();
  vocab.types[static_cast<size_t>(*vocab.eos)] = TokenType::kNormal;
  const auto tokenizer = Make(vocab);
  EXPECT_TRUE(tokenizer->IsControl(*vocab.eos));
  EXPECT_TRUE(tokenizer->IsEog(*vocab.eos));
  EXPECT_THAT(tokenizer->warnings(), ElementsAre(HasSubstr("<|im_end|>")));
  EXPECT_THAT(tokenizer->Encode("<|im_end|>"), testing::Not(testing::Contains(*vocab.eos)));
}

TEST(Special, TheEndOfAWebPageTagIsTextWhereMergesMakeIt) {
  VocabData vocab = SmallBpe();
  AddMerge(vocab, "<", "/");
  AddMerge(vocab, "s", ">");
  AddMerge(vocab, "</", "s>");
  const auto tokenizer = Make(vocab);
  const TokenId id = *tokenizer->Find("</s>");
  EXPECT_FALSE(tokenizer->IsEog(id));
  EXPECT_EQ(tokenizer->Piece(id), "</s>");
}

TEST(Spm, PrefixesASpaceAndFallsBackToBytes) {
  const auto tokenizer = Make(SmallSpm());
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(Cut(*tokenizer, "hello"), (Pieces{" hello"}));
  EXPECT_EQ(Cut(*tokenizer, "the  the"), (Pieces{" the", " ", " the"}));
  EXPECT_EQ(Cut(*tokenizer, "the  he"), (Pieces{" the", "  ", "he"}));
  EXPECT_EQ(Cut(*tokenizer, "z"), (Pieces{" ", "z"}));
  const std::string text = "hello 中文 \xFF\xC3 </s> <0x41>";
  EXPECT_EQ(tokenizer->Decode(tokenizer->Encode(text)), text);
  EXPECT_TRUE(tokenizer->Encode("").empty());
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_EQ(tokenizer->bos(), 1);
}

TEST(Spm, PlainTextNeverGivesControlTokens) {
  const auto tokenizer = Make(SmallSpm());
  EXPECT_THAT(tokenizer->Encode("</s>"), testing::Not(testing::Contains(2)));
  EXPECT_THAT(tokenizer->Encode("a</s>b", SpecialTokens::kParse), testing::Contains(2));
}

TEST(Spm, PartsOfAPromptGetThePrefixOnlyBehindSpecialTokens) {
  const auto tokenizer = Make(SmallSpm());
  std::vector<TokenId> ids = {*tokenizer->bos()};
  tokenizer->EncodeAppend("he", SpecialTokens::kPlainText, ids);
  tokenizer->EncodeAppend("llo", SpecialTokens::kPlainText, ids);
  EXPECT_EQ(tokenizer->Decode(ids), "hello");
}

TEST(Tokenizer, IdsOutsideTheVocabularyAreHarmless) {
  const auto tokenizer = Make(SmallBpe());
  for (const TokenId id : {-1, 1 << 30}) {
    EXPECT_EQ(tokenizer->Piece(id), "");
    EXPECT_EQ(tokenizer->type(id), TokenType::kUndefined);
    EXPECT_FALSE(tokenizer->IsEog(id));
  }
}

TEST(Tokenizer, UnknownPreTokenizerIsAWarning) {
  const auto tokenizer = Make(SmallBpe("from-the-future"));
  EXPECT_THAT(tokenizer->warnings(), ElementsAre(HasSubstr("'from-the-future'")));
}

TEST(Tokenizer, ManyThreadsShareOne) {
  const auto tokenizer = Make(SmallBpe());
  const std::string text = "the hello in on 中 12 aaaa <think> re";
  const auto expected = Make(SmallBpe())->Encode(text);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) EXPECT_EQ(tokenizer->Encode(text), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace lemma::tokenizer
