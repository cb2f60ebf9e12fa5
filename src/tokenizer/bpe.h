// SPDX-License-Identifier: Apache-2.0
// Byte-pair encoding of one word (Sennrich et al. 2016): starting from bytes, the adjacent pair of
// lowest rank is merged, the leftmost first, until none is left. Immutable after building, except
// for an internal cache of facts that is safe to share: Encode from any thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "tokenizer/flat_hash.h"
#include "tokenizer/vocab.h"

namespace lemma::tokenizer {

class BpeModel {
 public:
  // What the tokens mean to the merges. The string views must outlive the model.
  struct Parts {
    std::array<TokenId, 256> bytes;  // REQUIRES: all valid
    PairTable merges;
    // `merges` of two bytes, at left * 256 + right: most lookups, without hashing.
    std::vector<PairTable::Merge> byte_merges;
    StringTable words;  // the bytes of every token that merging may give
    size_t tokens;      // ids in words and merges are below
    size_t longest;     // bytes of the longest key of `words`
    bool whole_words;   // a word in `words` is that token, whatever the merges say
  };
  explicit BpeModel(Parts parts);

  // Appends the ids of `word`. O(n log n). A word above 1 GiB is cut.
  void Encode(std::string_view word, std::vector<TokenId>& ids) const;

 private:
  void MergeShort(std::string_view word, std::vector<TokenId>& ids) const;
  void MergeLong(std::string_view word, std::vector<TokenId>& ids) const;

  Parts parts_;
  // Per token: is the encoding of its bytes the token alone? 0 not known yet, 1 yes, 2 no.
  std::unique_ptr<std::atomic<uint8_t>[]> alone_;
};

}  // namespace lemma::tokenizer
