// SPDX-License-Identifier: Apache-2.0
// Published vocabularies give the ids of the reference outputs, line by line.
#include "model/vocab_from_gguf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "tokenizer/detokenizer.h"

namespace lemma::model {
namespace {

using tokenizer::SpecialTokens;
using tokenizer::StreamDetokenizer;
using tokenizer::TokenId;
using tokenizer::Tokenizer;

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> SplitAt(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  for (size_t at = 0;;) {
    const size_t end = text.find(separator, at);
    parts.emplace_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + separator.size();
  }
}

std::vector<TokenId> ParseIds(std::string_view line) {
  std::vector<TokenId> ids;
  for (const std::string& word : SplitAt(line, " ")) {
    if (word.empty()) continue;
    TokenId id = -1;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
    EXPECT_TRUE(error == std::errc() && end == word.data() + word.size()) << line;
    ids.push_back(id);
  }
  return ids;
}

std::unique_ptr<const Tokenizer> Load(const std::string& name) {
  const auto file = gguf::File::Open(LEMMA_TEST_VOCAB_DIR "/" + name + ".gguf");
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  if (!file.ok()) return nullptr;
  auto made = TokenizerFromGguf(**file);
  EXPECT_TRUE(made.ok()) << made.status().ToString();
  return made.ok() ? std::move(*made) : nullptr;
}

class ReferenceIds : public ::testing::TestWithParam<const char*> {};

TEST_P(ReferenceIds, EveryLineMatches) {
  const std::string name = GetParam();
  const auto tokenizer = Load(name);
  ASSERT_NE(tokenizer, nullptr);
  const std::string base = LEMMA_SOURCE_DIR "/tests/data/vocab/" + name;
  const std::vector<std::string> texts = SplitAt(
      ReadText(LEMMA_SOURCE_DIR "/tests/data/vocab/reference.inp"), "\n__ggml_vocab_test__\n");
  const std::vector<std::string> lines = SplitAt(ReadText(base + ".out"), "\n");
  ASSERT_EQ(lines.size(), 47U);  // the last one is the empty text
  ASSERT_EQ(texts.size(), lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<TokenId> ids = tokenizer->Encode(texts[i]);
    EXPECT_EQ(ids, ParseIds(lines[i])) << "line " << i + 1 << ": " << texts[i];
    EXPECT_EQ(tokenizer->Decode(ids), texts[i]) << "line " << i + 1;
    StreamDetokenizer stream(*tokenizer);
    std::string streamed;
    for (const TokenId id : ids) {
      const std::string part = stream.Push(id);
      EXPECT_TRUE(IsValidUtf8(part));
      streamed += part;
    }
    streamed += stream.Flush();
    if (tokenizer->kind() == tokenizer::VocabKind::kSpm && streamed.starts_with(' ')) {
      streamed.erase(0, 1);
    }
    EXPECT_EQ(streamed, texts[i]) << "line " << i + 1;
  }
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, ReferenceIds,
                         ::testing::Values("deepseek-r1-qwen", "deepseek-llm", "llama-spm"),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// 1 MB of the texts that make naive tokenizers quadratic: each takes well below a second
// (bench/tokenizer_bench), quadratic work, 5e11 steps, would take longer than a test may run.
TEST(Vocabularies, MonotonousMegabytesRoundTrip) {
  const std::pair<const char*, const char*> units[] = {
      {"a", "letters"},
      {" ", "spaces"},
      {"\n", "lines"},
      {"7", "digits"},
      {"!", "signs"},
      {"\xE4\xB8\xAD\xE6\x96\x87\xE5\xAD\x97", "CJK"},
      {"\xFF", "bytes that are no UTF-8"},
      {"\xE4\xB8", "unfinished characters"},
      {"<", "starts of special tokens"},
      {"\xF0\x9F\x98\x80", "emoji"},
  };
  for (const char* name : {"deepseek-r1-qwen", "llama-spm"}) {
    const auto tokenizer = Load(name);
    ASSERT_NE(tokenizer, nullptr);
    for (const auto& [unit, what] : units) {
      std::string text;
      while (text.size() < 1000000) text += unit;
      const std::vector<TokenId> ids = tokenizer->Encode(text, SpecialTokens::kParse);
      EXPECT_EQ(tokenizer->Decode(ids), text) << name << ": " << what;
    }
  }
}

TEST(Vocabularies, NoWarningsThatWouldWorryAUser) {
  const auto tokenizer = Load("deepseek-r1-qwen");
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(tokenizer->size(), 151936U);
  EXPECT_EQ(tokenizer->bos(), 151646);
  EXPECT_EQ(tokenizer->eos(), 151643);
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_TRUE(tokenizer->IsEog(151643));
  EXPECT_FALSE(tokenizer->IsEog(*tokenizer->Find("<think>")));
  EXPECT_EQ(tokenizer->type(*tokenizer->Find("<think>")), tokenizer::TokenType::kUserDefined);
  for (const std::string& warning : tokenizer->warnings()) {
    EXPECT_NE(warning.find("token_type"), std::string::npos) << warning;
  }
}

}  // namespace
}  // namespace lemma::model
