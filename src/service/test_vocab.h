// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: the published Qwen vocabulary with DeepSeek's special tokens
// (tests/data/vocab), as it is and with the special tokens of Qwen3 at their published ids. Test
// code only.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "gguf/reader.h"
#include "model/vocab_from_gguf.h"
#include "tokenizer/tokenizer.h"

namespace lemma::service::testing {

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.status().ToString();
    std::exit(1);
  }
  return std::move(result).value();
}

inline std::unique_ptr<gguf::File> DeepseekFile() {
  return Must(gguf::File::Open(LEMMA_TEST_VOCAB_DIR "/deepseek-r1-qwen.gguf"));
}

inline const tokenizer::Tokenizer& DeepseekTokens() {
  static const auto tokens = Must(model::TokenizerFromGguf(*DeepseekFile()));
  return *tokens;
}

// Ids of Qwen/Qwen3-0.6B, tokenizer_config.json.
inline const tokenizer::Tokenizer& QwenTokens() {
  static const auto tokens = [] {
    using tokenizer::TokenType;
    const auto file = DeepseekFile();
    tokenizer::VocabData data = Must(model::VocabFromGguf(*file));
    const auto set = [&](size_t id, std::string text, TokenType type) {
      data.tokens[id] = std::move(text);
      data.types[id] = type;
    };
    set(151643, "<|endoftext|>", TokenType::kControl);
    set(151644, "<|im_start|>", TokenType::kControl);
    set(151645, "<|im_end|>", TokenType::kControl);
    set(151646, "<|object_ref_start|>", TokenType::kControl);
    set(151648, "<|box_start|>", TokenType::kControl);
    set(151649, "<|box_end|>", TokenType::kControl);
    set(151667, "<think>", TokenType::kUserDefined);
    set(151668, "</think>", TokenType::kUserDefined);
    data.pre = "qwen2";
    data.bos = 151643;
    data.eos = 151645;
    data.add_bos = false;
    return Must(tokenizer::Tokenizer::Create(std::move(data)));
  }();
  return *tokens;
}

}  // namespace lemma::service::testing
