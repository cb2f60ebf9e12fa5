// SPDX-License-Identifier: Apache-2.0
// Every kind of damaged vocabulary is refused with the key and index that is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "tokenizer/test_vocab.h"
#include "tokenizer/tokenizer.h"

namespace lemma::tokenizer {
namespace {

struct Defect {
  const char* name;
  std::function<void(VocabData&)> damage;
  const char* message;
  VocabLimits limits = {};
  VocabKind kind = VocabKind::kBpe;
};

class VocabErrors : public testing::TestWithParam<Defect> {};

TEST_P(VocabErrors, NameTheKey) {
  const Defect& defect = GetParam();
  VocabData vocab = defect.kind == VocabKind::kBpe ? SmallBpe() : SmallSpm();
  defect.damage(vocab);
  const auto made = Tokenizer::Create(std::move(vocab), defect.limits);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.status().message(), testing::HasSubstr(defect.message));
}

const Defect kDefects[] = {
    {"NoTokens", [](VocabData& v) { v.tokens.clear(); }, "tokenizer.ggml.tokens is empty"},
    {"Duplicate", [](VocabData& v) { v.tokens[7] = v.tokens[3]; },
     "tokenizer.ggml.tokens[7] is '\xC4\x83', the same as [3]"},
    {"TypesLength", [](VocabData& v) { v.types.pop_back(); },
     "tokenizer.ggml.token_type has 280 entries, expected 281"},
    {"TypeValue", [](VocabData& v) { v.types[5] = static_cast<TokenType>(9); },
     "tokenizer.ggml.token_type[5] is 9"},
    {"BosHigh", [](VocabData& v) { v.bos = 281; }, "tokenizer.ggml.bos_token_id is 281"},
    {"EosNegative", [](VocabData& v) { v.eos = -1; }, "tokenizer.ggml.eos_token_id is -1"},
    {"NoMerges", [](VocabData& v) { v.merges.clear(); }, "tokenizer.ggml.merges is absent"},
    {"MergeWithoutSpace", [](VocabData& v) { v.merges[4] = "ab"; },
     "tokenizer.ggml.merges[4] is not two tokens"},
    {"MergeWithoutRight", [](VocabData& v) { v.merges[4] = "a "; },
     "tokenizer.ggml.merges[4] is not two tokens"},
    {"MergeEmpty", [](VocabData& v) { v.merges[0].clear(); },
     "tokenizer.ggml.merges[0] is not two tokens"},
    {"MergeUnknownLeft", [](VocabData& v) { v.merges[2] = "qq a"; },
     "tokenizer.ggml.merges[2]: its left part"},
    {"MergeUnknownRight", [](VocabData& v) { v.merges[2] = "a qq"; },
     "tokenizer.ggml.merges[2]: its right part"},
    {"MergeUnknownResult", [](VocabData& v) { v.merges[2] = "q q"; },
     "tokenizer.ggml.merges[2]: what it gives"},
    {"MissingByte", [](VocabData& v) { v.tokens['A'] = "[gone]"; }, "no token for the byte 0x41"},
    {"AddBosWithoutBos",
     [](VocabData& v) {
       v.bos.reset();
       v.add_bos = true;
     },
     "tokenizer.ggml.add_bos_token is true"},
    {"AddEosWithoutEos",
     [](VocabData& v) {
       v.eos.reset();
       v.add_eos = true;
     },
     "tokenizer.ggml.add_eos_token is true"},
    {"TooManyTokens", [](VocabData&) {}, "the limit is 10", {.max_tokens = 10}},
    {"TooManyMerges", [](VocabData&) {}, "tokenizer.ggml.merges has 22", {.max_merges = 10}},
    {"TokenTooLong",
     [](VocabData& v) { v.tokens.back() = std::string(100, 'x'); },
     "tokenizer.ggml.tokens[280] has 100 bytes",
     {.max_token_bytes = 99}},
    {"ScoresLength",
     [](VocabData& v) { v.scores.pop_back(); },
     "tokenizer.ggml.scores has",
     {},
     VocabKind::kSpm},
    {"ScoreNan",
     [](VocabData& v) { v.scores[9] = std::numeric_limits<float>::quiet_NaN(); },
     "tokenizer.ggml.scores[9] is not a finite number",
     {},
     VocabKind::kSpm},
    {"ByteTokenForm",
     [](VocabData& v) { v.tokens[3] = "<0x0g>"; },
     "tokenizer.ggml.tokens[3] is '<0x0g>', expected <0xXX>",
     {},
     VocabKind::kSpm},
    {"ByteTokenMissing",
     [](VocabData& v) { v.types[3 + 65] = TokenType::kNormal; },
     "<0x41> is missing",
     {},
     VocabKind::kSpm},
    {"NoSpace",
     [](VocabData& v) {
       for (std::string& token : v.tokens) {
         if (token == "\xE2\x96\x81") token = "gone";
       }
     },
     "has no token U+2581",
     {},
     VocabKind::kSpm},
    {"NoBytesNorUnknown",
     [](VocabData& v) {
       for (TokenType& type : v.types) type = TokenType::kNormal;
     },
     "neither byte tokens nor",
     {},
     VocabKind::kSpm},
};

INSTANTIATE_TEST_SUITE_P(Defects, VocabErrors, testing::ValuesIn(kDefects),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Vocab, AnEmptyTokenIsOnlyAWarning) {
  VocabData vocab = SmallBpe();
  AddToken(vocab, "", TokenType::kUnused);
  const auto made = Tokenizer::Create(std::move(vocab));
  ASSERT_TRUE(made.ok());
  EXPECT_THAT((*made)->warnings(), testing::ElementsAre(testing::HasSubstr("1 empty")));
}

TEST(Vocab, SpmWithoutBytesUsesTheUnknownToken) {
  VocabData vocab = SmallSpm();
  for (size_t i = 3; i < 3 + 256; ++i) vocab.types[i] = TokenType::kNormal;
  const auto made = Tokenizer::Create(std::move(vocab));
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_THAT((*made)->Encode("z"), testing::Contains(0));
}

}  // namespace
}  // namespace lemma::tokenizer
