// SPDX-License-Identifier: Apache-2.0
// Tokens to text as they come. A token may end within a UTF-8 character; such bytes are held back
// until the character is whole, so that every returned string is valid UTF-8. Bytes that can never
// become a character are returned as U+FFFD, one a byte (the policy of base/utf8.h); with
// valid output the strings joined are the bytes of Tokenizer::Decode.
// One object a sequence, one thread at a time. The tokenizer must outlive it.
#pragma once

#include <string>

#include "tokenizer/tokenizer.h"

namespace lemma::tokenizer {

class StreamDetokenizer {
 public:
  explicit StreamDetokenizer(const Tokenizer& tokenizer,
                             ControlPieces control = ControlPieces::kSkip);

  // The text that became certain with this token; may be empty.
  [[nodiscard]] std::string Push(TokenId id);
  // The end of the stream: what was held back, as U+FFFD, one a byte. Ready for a new stream.
  [[nodiscard]] std::string Flush();
  // Bytes held back now, 0..3.
  [[nodiscard]] size_t held_bytes() const { return held_.size(); }

 private:
  const Tokenizer& tokenizer_;
  ControlPieces control_;
  std::string held_;
};

}  // namespace lemma::tokenizer
