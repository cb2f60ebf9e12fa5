// SPDX-License-Identifier: Apache-2.0
// Reads the vocabulary of a GGUF file (keys "tokenizer.ggml.*") into the tokenizer's plain data.
// Errors name the key; tokenizer kinds other than "gpt2" and "llama" are refused by name.
#pragma once

#include <memory>

#include "base/status.h"
#include "gguf/reader.h"
#include "tokenizer/tokenizer.h"

namespace lemma::model {

Result<tokenizer::VocabData> VocabFromGguf(const gguf::File& file);

// VocabFromGguf and Tokenizer::Create in one.
Result<std::unique_ptr<const tokenizer::Tokenizer>> TokenizerFromGguf(const gguf::File& file);

}  // namespace lemma::model
