// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/detokenizer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "tokenizer/test_vocab.h"

namespace lemma::tokenizer {
namespace {

// In SmallBpe the ids 0..255 are the bytes.
TokenId Byte(int value) { return value; }

class Detokenizer : public testing::Test {
 protected:
  Detokenizer() : tokenizer_(std::move(Tokenizer::Create(SmallBpe()).value())) {}
  std::unique_ptr<const Tokenizer> tokenizer_;
};

TEST_F(Detokenizer, HoldsBackAnUnfinishedCharacter) {
  StreamDetokenizer stream(*tokenizer_);
  EXPECT_EQ(stream.Push('a'), "a");
  EXPECT_EQ(stream.Push(Byte(0xF0)), "");
  EXPECT_EQ(stream.Push(Byte(0x9F)), "");
  EXPECT_EQ(stream.Push(Byte(0x9A)), "");
  EXPECT_EQ(stream.held_bytes(), 3U);
  EXPECT_EQ(stream.Push(Byte(0x80)), "\xF0\x9F\x9A\x80");
  EXPECT_EQ(stream.Flush(), "");
}

TEST_F(Detokenizer, ReplacesWhatCanNeverBecomeACharacter) {
  StreamDetokenizer stream(*tokenizer_);
  EXPECT_EQ(stream.Push(Byte(0xFF)), "\xEF\xBF\xBD");
  EXPECT_EQ(stream.Push(Byte(0xE4)), "");
  EXPECT_EQ(stream.Push('x'), "\xEF\xBF\xBDx");
}

TEST_F(Detokenizer, FlushEndsTheStream) {
  StreamDetokenizer stream(*tokenizer_);
  EXPECT_EQ(stream.Push(Byte(0xE4)), "");
  EXPECT_EQ(stream.Push(Byte(0xB8)), "");
  EXPECT_EQ(stream.Flush(), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(stream.held_bytes(), 0U);
  EXPECT_EQ(stream.Push('y'), "y");
}

TEST_F(Detokenizer, ControlTokensAreSkippedOrShown) {
  const TokenId end = *tokenizer_->Find("<|im_end|>");
  EXPECT_EQ(StreamDetokenizer(*tokenizer_).Push(end), "");
  EXPECT_EQ(StreamDetokenizer(*tokenizer_, ControlPieces::kRender).Push(end), "<|im_end|>");
}

TEST_F(Detokenizer, AnyBytesGiveTheSameAsSanitizingThemAtOnce) {
  std::mt19937 rng(3);
  const std::string bytes = "a\xE4\xB8\xAD\xF0\x9F\x9A\x80\xC3\xA9\xFF\xED\xA0\x80";
  for (int round = 0; round < 2000; ++round) {
    std::string all;
    std::string streamed;
    StreamDetokenizer stream(*tokenizer_);
    for (size_t i = 0; i < 12; ++i) {
      const char c = bytes[rng() % bytes.size()];
      all += c;
      const std::string part = stream.Push(static_cast<uint8_t>(c));
      EXPECT_TRUE(IsValidUtf8(part));
      streamed += part;
    }
    streamed += stream.Flush();
    ASSERT_EQ(streamed, SanitizeUtf8(all));
  }
}

}  // namespace
}  // namespace lemma::tokenizer
