// SPDX-License-Identifier: Apache-2.0
// Text to token ids and back: byte-level BPE (Sennrich et al. 2016, GPT-2's byte alphabet) and
// SentencePiece by scores (Kudo and Richardson 2018), with the ids llama.cpp gives for the same
// GGUF file. Any bytes are accepted, also invalid UTF-8; the time is O(n log n) at worst.
//
// Text can become a control token only where the caller says SpecialTokens::kParse: give kPlainText
// or kLiteral for every word a user or a document wrote. User-defined tokens
// (TokenType::kUserDefined, such as <think> in R1-distill files) count as vocabulary: they are
// found in plain text too, as in llama.cpp. Where special tokens overlap, the leftmost and then the
// longest is taken.
//
// A Tokenizer is immutable: every method is const and may be called from many threads at once.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tokenizer/vocab.h"

namespace lemma::tokenizer {

enum class SpecialTokens {
  kPlainText,  // user-defined tokens are found, control tokens are not
  kParse,      // control tokens written out in the text become those tokens, too
  kLiteral,    // not even user-defined tokens: "</think>" in a document stays ordinary text
};

enum class ControlPieces {
  kSkip,    // control tokens give no text
  kRender,  // ... give their written form, "<|im_end|>"
};

class Tokenizer {
 public:
  // Checks every field and builds the tables (tens of milliseconds for 150,000 tokens). An error
  // names the key and index, e.g. "tokenizer.ggml.merges[123]".
  static Result<std::unique_ptr<const Tokenizer>> Create(VocabData data,
                                                         const VocabLimits& limits = {});
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  // What was odd but usable in the vocabulary (such as an unknown pre-tokenizer, replaced by the
  // default), one sentence each, for the caller to show.
  [[nodiscard]] std::span<const std::string> warnings() const;

  // The ids of `text`. Adds neither BOS nor EOS.
  [[nodiscard]] std::vector<TokenId> Encode(
      std::string_view text, SpecialTokens special = SpecialTokens::kPlainText) const;
  // The same, appended to `ids`: a prompt made of parts. SPM puts its space prefix at the start of
  // `ids` and behind special tokens; BPE makes no difference.
  void EncodeAppend(std::string_view text, SpecialTokens special, std::vector<TokenId>& ids) const;

  // The bytes of one token; empty for a control token with kSkip and for an id outside the
  // vocabulary. Valid as long as the tokenizer. One token may hold part of a UTF-8 character.
  [[nodiscard]] std::string_view Piece(TokenId id,
                                       ControlPieces control = ControlPieces::kSkip) const;
  // The bytes of all of them. BPE: Decode(Encode(x)) == x for any bytes x, unless the vocabulary
  // lacks byte tokens (warnings() says so). SPM: the space prefix of the first word is taken off
  // again, the one behind a special token stays, and U+2581 comes back as a space.
  [[nodiscard]] std::string Decode(std::span<const TokenId> ids,
                                   ControlPieces control = ControlPieces::kSkip) const;

  [[nodiscard]] size_t size() const;  // ids are 0..size()-1
  [[nodiscard]] VocabKind kind() const;
  [[nodiscard]] TokenType type(TokenId id) const;  // kUndefined outside the vocabulary
  [[nodiscard]] bool IsControl(TokenId id) const;  // control or unknown: no text of its own
  // Ends the generation: eos, eot, eom and the control tokens known to end a turn in published
  // models (<|im_end|>, <|eot_id|>, <|endoftext|>, ...).
  [[nodiscard]] bool IsEog(TokenId id) const;
  [[nodiscard]] std::span<const TokenId> eog_ids() const;  // ascending
  // The token whose written form is exactly `piece`, such as "<think>"; any type.
  [[nodiscard]] std::optional<TokenId> Find(std::string_view piece) const;

  [[nodiscard]] std::optional<TokenId> bos() const;
  [[nodiscard]] std::optional<TokenId> eos() const;
  [[nodiscard]] std::optional<TokenId> eot() const;
  [[nodiscard]] std::optional<TokenId> pad() const;
  [[nodiscard]] std::optional<TokenId> unk() const;
  [[nodiscard]] bool add_bos() const;  // a prompt should start with bos()
  [[nodiscard]] bool add_eos() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma::tokenizer
