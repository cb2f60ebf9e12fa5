// SPDX-License-Identifier: Apache-2.0
// Small vocabularies for tests and fuzzing: 256 bytes in GPT-2's alphabet (or SPM byte tokens), a
// few merges, control and user-defined tokens. Pure functions.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "tokenizer/byte_alphabet.h"
#include "tokenizer/vocab.h"

namespace lemma::tokenizer {

inline std::string ToAlphabet(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) AppendUtf8(ByteToAlphabet(static_cast<uint8_t>(c)), out);
  return out;
}

// Adds the merge of two byte strings and, if it is new, the token it gives.
inline void AddMerge(VocabData& vocab, std::string_view left, std::string_view right) {
  vocab.merges.push_back(ToAlphabet(left) + " " + ToAlphabet(right));
  const std::string joined = ToAlphabet(std::string(left).append(right));
  for (const std::string& token : vocab.tokens) {
    if (token == joined) return;
  }
  vocab.tokens.push_back(joined);
  vocab.types.push_back(TokenType::kNormal);
}

inline TokenId AddToken(VocabData& vocab, std::string_view text, TokenType type) {
  vocab.tokens.emplace_back(text);
  vocab.types.push_back(type);
  if (vocab.kind == VocabKind::kSpm) vocab.scores.push_back(0);
  return static_cast<TokenId>(vocab.tokens.size() - 1);
}

// Ids 0..255 are the bytes. Then what `merges` gives, then <|bos|>, <|im_end|> (control) and
// <think> (user-defined).
inline VocabData SmallBpe(std::string_view pre = "qwen2") {
  VocabData vocab;
  vocab.pre = pre;
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    vocab.tokens.push_back(ToAlphabet({&c, 1}));
    vocab.types.push_back(TokenType::kNormal);
  }
  constexpr std::string_view kMerges[][2] = {
      {" ", "t"},    {"h", "e"},       {"i", "n"},           {"r", "e"},       {"o", "n"},
      {" t", "he"},  {"l", "l"},       {"he", "ll"},         {"hell", "o"},    {" ", " "},
      {"  ", "  "},  {"a", "a"},       {"aa", "aa"},         {"aaaa", "aaaa"}, {"\n", "\n"},
      {"1", "2"},    {"\xE4", "\xB8"}, {"\xE4\xB8", "\xAD"}, {"t", "h"},       {"th", "in"},
      {"<", "thin"}, {"k", ">"},
  };
  for (const auto& [left, right] : kMerges) AddMerge(vocab, left, right);
  vocab.bos = AddToken(vocab, "<|bos|>", TokenType::kControl);
  vocab.eos = AddToken(vocab, "<|im_end|>", TokenType::kControl);
  AddToken(vocab, "<think>", TokenType::kUserDefined);
  return vocab;
}

// Ids 0..2 are <unk>, <s>, </s>; 3..258 the bytes; then pieces with ever lower scores.
inline VocabData SmallSpm() {
  VocabData vocab;
  vocab.kind = VocabKind::kSpm;
  AddToken(vocab, "<unk>", TokenType::kUnknown);
  AddToken(vocab, "<s>", TokenType::kControl);
  AddToken(vocab, "</s>", TokenType::kControl);
  for (int byte = 0; byte < 256; ++byte) {
    AddToken(vocab, fmt::format("<0x{:02X}>", byte), TokenType::kByte);
  }
  float score = -1;
  for (const std::string_view piece :
       {"\xE2\x96\x81t", "he", "\xE2\x96\x81the", "ll", "hell", "hello", "\xE2\x96\x81hello",
        "\xE2\x96\x81\xE2\x96\x81", "</", "s>"}) {
    AddToken(vocab, piece, TokenType::kNormal);
    vocab.scores.back() = score--;
  }
  for (const std::string_view piece :
       {"\xE2\x96\x81", "h", "e", "l", "o", "t", "<", ">", "/", "s", "\xE4\xB8\xAD"}) {
    AddToken(vocab, piece, TokenType::kNormal);
    vocab.scores.back() = score--;
  }
  AddToken(vocab, "<think>", TokenType::kUserDefined);
  return vocab;
}

}  // namespace lemma::tokenizer
