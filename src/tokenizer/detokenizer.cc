// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/detokenizer.h"

#include <utility>

#include "base/utf8.h"

namespace lemma::tokenizer {

StreamDetokenizer::StreamDetokenizer(const Tokenizer& tokenizer, ControlPieces control)
    : tokenizer_(tokenizer), control_(control) {}

std::string StreamDetokenizer::Push(TokenId id) {
  held_ += tokenizer_.Piece(id, control_);
  const size_t whole = CompleteUtf8Prefix(held_);
  std::string out = SanitizeUtf8(std::string_view(held_).substr(0, whole));
  held_.erase(0, whole);
  return out;
}

std::string StreamDetokenizer::Flush() { return SanitizeUtf8(std::exchange(held_, {})); }

}  // namespace lemma::tokenizer
