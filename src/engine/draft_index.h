// SPDX-License-Identifier: Apache-2.0
// Finds the earlier place of a token sequence that reads most like its end, so that what followed
// there can be proposed as what follows now ("prompt lookup" decoding). Positions are chained by a
// hash of their last two tokens, as in an LZ77 compressor (RFC 1951, section 4): adding a token is
// O(1), a search looks at a bounded number of places, memory is 8 to 16 bytes a token.
// One sequence, one thread; copy to branch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lemma::engine {

// tokens[end - length, end) are the same as the last `length` tokens; end < tokens.size().
struct DraftMatch {
  size_t end = 0;
  size_t length = 0;
};

class DraftIndex {
 public:
  static constexpr size_t kShortest = 2;  // tokens that must agree
  static constexpr size_t kLongest = 32;  // more are not counted
  static constexpr size_t kPlaces = 24;   // looked at in one search, newest first

  // The place with the longest agreement, the newest of equals; absent when there is none.
  // REQUIRES: `tokens` begins with the tokens of the call before.
  std::optional<DraftMatch> Find(std::span<const int32_t> tokens);

 private:
  void Add(std::span<const int32_t> tokens, size_t position);
  void Rebuild(std::span<const int32_t> tokens, size_t buckets);

  std::vector<uint32_t> newest_;    // bucket -> the newest position in it; power of two
  std::vector<uint32_t> previous_;  // position -> the one before it in its bucket
};

// What followed `match`, at most `count` tokens. Where the place runs into the end of the text, the
// text is taken to repeat itself.
void Continue(std::span<const int32_t> tokens, const DraftMatch& match, size_t count,
              std::vector<int32_t>& out);

}  // namespace lemma::engine
