// SPDX-License-Identifier: Apache-2.0
// The vocabulary as plain data, in the terms of the GGUF keys "tokenizer.ggml.*". It is what a
// Tokenizer is made of and is not trusted: Tokenizer::Create checks all of it. Plain values, no
// thread rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lemma::tokenizer {

using TokenId = int32_t;

enum class VocabKind {
  kBpe,  // "gpt2": byte-level BPE; pieces are written in GPT-2's byte alphabet
  kSpm,  // "llama": SentencePiece with scores and <0xXX> byte tokens
};

// tokenizer.ggml.token_type, values as in the file.
enum class TokenType : uint8_t {
  kUndefined = 0,
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,      // a border of the model's protocol; never made from plain text
  kUserDefined = 4,  // matched whole before the text is split, also in plain text
  kUnused = 5,
  kByte = 6,
};

struct VocabData {
  VocabKind kind = VocabKind::kBpe;
  std::string pre;  // tokenizer.ggml.pre; empty means absent
  std::vector<std::string> tokens;
  std::vector<float> scores;        // SPM: one a token. BPE: ignored, may be empty
  std::vector<TokenType> types;     // one a token, or empty: all normal
  std::vector<std::string> merges;  // BPE: "left right", best first

  // Absent means that the file names none. A value outside `tokens` is an error.
  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  std::optional<TokenId> eot;  // end of turn
  std::optional<TokenId> eom;  // end of message
  std::optional<TokenId> pad;
  std::optional<TokenId> unk;

  // Absent means the default of the kind: BPE neither BOS nor EOS nor space prefix (llama-bpe and
  // deepseek-llm: BOS); SPM BOS and space prefix.
  std::optional<bool> add_bos;
  std::optional<bool> add_eos;
  std::optional<bool> add_space_prefix;
};

// Bounds on an untrusted vocabulary. Published ones have up to 0.3 M tokens of up to 1 KiB.
struct VocabLimits {
  size_t max_tokens = size_t{1} << 23;
  size_t max_merges = size_t{1} << 24;
  size_t max_token_bytes = size_t{1} << 16;
};

}  // namespace lemma::tokenizer
