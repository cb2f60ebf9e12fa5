// SPDX-License-Identifier: Apache-2.0
// Finds text that goes round in a circle, token by token: a block repeated exactly, or a window
// with hardly any new token sequences in it. Blocks with few letters (rows of zeros, tables,
// markup) may repeat longer than prose. A pure function of the tokens that were pushed; less than a
// microsecond and 8 bytes a token. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace lemma::service {

// When repetition counts as a loop. Both an exact block's repeats and its whole length must reach
// their bound.
struct LoopLimits {
  size_t max_period = 512;   // tokens of a block
  size_t short_period = 64;  // blocks up to here need more repeats
  size_t short_repeats = 4;  // occurrences, the first one included
  size_t long_repeats = 3;
  size_t least_tokens = 96;   // covered by all repeats, of prose
  size_t plain_tokens = 512;  // ... of blocks with few letters
  size_t window = 1024;       // tokens looked at for new sequences; 0: not looked at
  double least_new = 0.12;    // share of the sequences of kLoopGram tokens that are distinct;
                              // a quarter of it where few tokens have letters
};
inline constexpr size_t kLoopGram = 12;
inline constexpr size_t kLoopStride = 64;  // the window is looked at every so many tokens

// Thinking may be cut early: what follows is an answer. An answer may not.
LoopLimits ThinkingLoopLimits();
LoopLimits AnswerLoopLimits();

struct LoopFinding {
  enum class Kind : uint8_t { kBlock, kFewNew };
  Kind kind = Kind::kBlock;
  size_t period = 0;   // kBlock: tokens of the block; kFewNew: distinct sequences in the window
  size_t repeats = 0;  // kBlock: whole occurrences; kFewNew: sequences in the window
  bool operator==(const LoopFinding&) const = default;
};

enum class TokenText : uint8_t {
  kLetters,  // has a letter of any script
  kPlain,    // digits, signs, white space
};
// Of the bytes of a token; parts of a character beyond ASCII count as a letter.
TokenText TokenTextOf(std::string_view piece);

class LoopGuard {
 public:
  explicit LoopGuard(const LoopLimits& limits);

  // The loop that this token completes. After one, Reset before the next.
  std::optional<LoopFinding> Push(int32_t token, TokenText text);
  void Reset();

 private:
  [[nodiscard]] size_t Letters(size_t last) const;
  [[nodiscard]] std::optional<LoopFinding> FindBlock() const;
  [[nodiscard]] std::optional<LoopFinding> CountNew() const;

  LoopLimits limits_;
  std::vector<int32_t> tokens_;
  std::vector<uint32_t> letters_;  // [i] tokens with letters among the first i
  std::vector<int32_t> recent_;    // [p - 1] the token p before the next
  std::vector<uint32_t> runs_;     // [p - 1] newest tokens that equal the one p before
};

}  // namespace lemma::service
