// SPDX-License-Identifier: Apache-2.0
// Finds text that goes round in a circle, token by token: a block repeated exactly, or a window of
// low entropy, in which nearly every token ends a sequence that the text has had several times
// before, or lies in two such sequences in a row. The latter are the circles of reasoning models
// that change a word or the order each time round ("Wait, let me check again ..."). Blocks with few
// letters (rows of zeros, tables, markup) may repeat longer than prose. A pure function of the
// tokens that were pushed; less than a microsecond and about 20 bytes a token. One thread at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
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
  size_t window = 1024;       // tokens whose entropy is looked at, whole strides; 0: it is not
  size_t stale_after = 3;     // earlier occurrences that make a sequence of kLoopGram tokens stale
  double most_stale = 0.8;    // share of the window that may be the ends of stale sequences; half
                              // of the rest beside it where few tokens have letters
  double most_covered = 1;    // share of the window, of prose, that may lie in stale runs; 1: all
};
// A run: so many stale sequences, each a token after the other. It covers their tokens: sentences
// that come in any order are covered whole, where few of their tokens end a stale sequence.
inline constexpr size_t kLoopRun = 2;
inline constexpr size_t kLoopGram = 5;
inline constexpr size_t kLoopStride = 64;  // the window is looked at every so many tokens
// A window with fewer different tokens is a drawing or a table of truth values, not prose; prose
// with so few words in a circle is found as a block.
inline constexpr size_t kLoopLeastKinds = 16;

// Thinking may be cut early: what follows is an answer. An answer may not.
LoopLimits ThinkingLoopLimits();
LoopLimits AnswerLoopLimits();

struct LoopFinding {
  enum class Kind : uint8_t { kBlock, kLowEntropy };
  Kind kind = Kind::kBlock;
  size_t period = 0;   // kBlock: tokens of the block; kLowEntropy: of the window, not stale
  size_t repeats = 0;  // kBlock: whole occurrences; kLowEntropy: tokens of the window
  bool operator==(const LoopFinding&) const = default;
};

enum class TokenText : uint8_t {
  kLetters,  // has a letter of any script
  kPlain,    // digits, signs, white space
};
// Of the bytes of a token; parts of a character beyond ASCII count as a letter.
TokenText TokenTextOf(std::string_view piece);

// How often each sequence of kLoopGram tokens has come; 8 to 16 bytes each. Two of them may be
// taken for one, once in some 10^8.
class GramCounts {
 public:
  GramCounts();
  // Counts it once more; gives how often it came before, at most 15.
  size_t Add(std::span<const int32_t, kLoopGram> gram);
  void Clear();

 private:
  void Grow();

  std::vector<uint32_t> slots_;  // 28 bits of the hash above 4 of the count; 0 is free
  size_t used_ = 0;
};

class LoopGuard {
 public:
  explicit LoopGuard(const LoopLimits& limits);

  // The loop that this token completes. After one, Reset before the next.
  std::optional<LoopFinding> Push(int32_t token, TokenText text);
  void Reset();

 private:
  [[nodiscard]] size_t Letters(size_t last) const;
  [[nodiscard]] std::optional<LoopFinding> FindBlock() const;
  void CountStale();
  void CountCovered(bool stale);
  [[nodiscard]] bool Circles(double stale, double covered, size_t window) const;
  [[nodiscard]] std::optional<LoopFinding> CheckWindow() const;

  LoopLimits limits_;
  std::vector<int32_t> tokens_;
  std::vector<uint32_t> letters_;  // [i] tokens with letters among the first i
  std::vector<int32_t> recent_;    // [p - 1] the token p before the next
  std::vector<uint32_t> runs_;     // [p - 1] newest tokens that equal the one p before
  GramCounts grams_;
  size_t stale_ = 0;                // tokens so far that end a stale sequence
  std::vector<size_t> stale_at_;    // [k] of these, after k strides
  size_t run_ = 0;                  // stale sequences in a row, up to the newest
  size_t covered_ = 0;              // tokens so far that lie in runs
  size_t covered_end_ = 0;          // where the last of them ends
  std::vector<size_t> covered_at_;  // [k] tokens in runs, after k strides
};

}  // namespace lemma::service
