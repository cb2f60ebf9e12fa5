// SPDX-License-Identifier: Apache-2.0
// Two open-addressing tables for the inner loops: pairs of ids to their merge, and byte strings to
// an id. Filled once, then only read: any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "tokenizer/vocab.h"

namespace lemma::tokenizer {

inline uint64_t HashBytes(std::string_view bytes) {
  constexpr uint64_t kMul = 0x9E3779B97F4A7C15;
  uint64_t h = bytes.size() * kMul;
  const char* p = bytes.data();
  size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    h = std::rotl(h ^ word * kMul, 29) * kMul;
  }
  uint64_t word = 0;
  for (size_t i = 0; i < n; ++i) word |= static_cast<uint64_t>(static_cast<uint8_t>(p[i])) << 8 * i;
  h = std::rotl(h ^ word * kMul, 29) * kMul;
  return h ^ h >> 32;
}

// (left, right) -> (rank, merged). Most pairs asked for do not merge, and the slots of a large
// vocabulary (4 MB) do not fit in the nearer caches: a bit filter a sixteenth of their size
// answers nearly all of those first.
class PairTable {
 public:
  static constexpr uint32_t kNoRank = 0xFFFFFFFF;
  struct Merge {
    uint32_t rank = kNoRank;
    TokenId merged = 0;
  };

  // Between 1.5 and 3 slots and 12 and 24 filter bits a pair.
  explicit PairTable(size_t pairs)
      : shift_(64 - static_cast<int>(std::bit_width(pairs + pairs / 2 + 7))),
        slots_(size_t{1} << (64 - shift_)),
        filter_(slots_.size() * kFilterBits / 64) {}

  // The first merge of a pair stays. REQUIRES: at most as many calls as announced.
  void Insert(TokenId left, TokenId right, Merge merge) {
    const uint64_t key = Key(left, right);
    const uint64_t hash = Hash(key);
    Entry& slot = slots_[Locate(key, hash)];
    if (slot.merge.rank != kNoRank) return;
    slot = {key, merge};
    filter_[FilterBit(hash) / 64] |= uint64_t{1} << FilterBit(hash) % 64;
  }
  [[nodiscard]] Merge Find(TokenId left, TokenId right) const {
    const uint64_t key = Key(left, right);
    const uint64_t hash = Hash(key);
    if ((filter_[FilterBit(hash) / 64] >> FilterBit(hash) % 64 & 1) == 0) return {};
    return slots_[Locate(key, hash)].merge;
  }

 private:
  struct Entry {
    uint64_t key = 0;
    Merge merge;
  };
  static constexpr size_t kFilterBits = 8;  // a slot
  static uint64_t Key(TokenId left, TokenId right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  static uint64_t Hash(uint64_t key) {
    key ^= key >> 32;
    key *= 0x9E3779B97F4A7C15;
    return (key ^ key >> 29) * 0xBF58476D1CE4E5B9;
  }
  // The slot takes the highest bits of the hash, the filter three more.
  [[nodiscard]] size_t FilterBit(uint64_t hash) const { return hash >> (shift_ - 3); }
  [[nodiscard]] size_t Locate(uint64_t key, uint64_t hash) const {
    size_t i = hash >> shift_;
    while (slots_[i].merge.rank != kNoRank && slots_[i].key != key)
      i = (i + 1) & (slots_.size() - 1);
    return i;
  }

  int shift_;
  std::vector<Entry> slots_;
  std::vector<uint64_t> filter_;
};

// Byte string -> id. Keeps views: the strings must outlive the table.
class StringTable {
 public:
  explicit StringTable(size_t strings) : slots_(size_t{1} << std::bit_width(strings * 2 + 15)) {}

  // Returns `id`, or the id that the string has already. REQUIRES: not empty, id >= 0.
  TokenId Insert(std::string_view key, TokenId id) {
    Entry& entry = slots_[Locate(key, HashBytes(key))];
    if (entry.id < 0) entry = {key.data(), static_cast<uint32_t>(key.size()), id};
    return entry.id;
  }
  // -1 when absent.
  [[nodiscard]] TokenId Find(std::string_view key) const {
    return slots_[Locate(key, HashBytes(key))].id;
  }

 private:
  struct Entry {
    const char* data = nullptr;
    uint32_t size = 0;
    TokenId id = -1;
  };
  [[nodiscard]] size_t Locate(std::string_view key, uint64_t hash) const {
    size_t i = hash & (slots_.size() - 1);
    while (slots_[i].id >= 0 && std::string_view(slots_[i].data, slots_[i].size) != key) {
      i = (i + 1) & (slots_.size() - 1);
    }
    return i;
  }
  std::vector<Entry> slots_;
};

}  // namespace lemma::tokenizer
