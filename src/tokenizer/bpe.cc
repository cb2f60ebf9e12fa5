// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/bpe.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

namespace lemma::tokenizer {
namespace {

constexpr uint32_t kNoRank = PairTable::kNoRank;
// Up to here scanning for the best pair beats a heap (measured).
constexpr size_t kShortWord = 96;
constexpr size_t kMaxWord = size_t{1} << 30;  // positions are 32 bit

// The working state of a long word: a doubly linked list of symbols over the byte positions.
struct Symbol {
  TokenId id;
  uint32_t previous;
  uint32_t next;
  uint32_t rank;   // of the pair with `next`; kNoRank also when this symbol is merged away
  TokenId merged;  // what that pair gives
};
constexpr uint32_t kNoPart = 0xFFFFFFFF;

}  // namespace

BpeModel::BpeModel(Parts parts)
    : parts_(std::move(parts)), alone_(new std::atomic<uint8_t>[parts_.tokens]) {
  for (size_t i = 0; i < parts_.tokens; ++i) alone_[i].store(0, std::memory_order_relaxed);
}

void BpeModel::Encode(std::string_view word, std::vector<TokenId>& ids) const {
  for (; word.size() > kMaxWord; word.remove_prefix(kMaxWord)) {
    MergeLong(word.substr(0, kMaxWord), ids);
  }
  if (word.size() == 1) {
    ids.push_back(parts_.bytes[static_cast<uint8_t>(word[0])]);
    return;
  }
  const TokenId whole = word.size() <= parts_.longest ? parts_.words.Find(word) : -1;
  uint8_t alone = 2;
  if (whole >= 0) {
    alone = parts_.whole_words ? 1 : alone_[whole].load(std::memory_order_relaxed);
    if (alone == 1) {
      ids.push_back(whole);
      return;
    }
  }
  const size_t before = ids.size();
  word.size() <= kShortWord ? MergeShort(word, ids) : MergeLong(word, ids);
  if (alone == 0) {
    const bool yes = ids.size() == before + 1 && ids.back() == whole;
    alone_[whole].store(yes ? 1 : 2, std::memory_order_relaxed);
  }
}

void BpeModel::MergeShort(std::string_view word, std::vector<TokenId>& ids) const {
  size_t n = word.size();
  TokenId id[kShortWord];
  TokenId merged[kShortWord];
  uint32_t rank[kShortWord];
  const auto set_pair = [&](size_t i) {
    const PairTable::Merge m = parts_.merges.Find(id[i], id[i + 1]);
    rank[i] = m.rank;
    merged[i] = m.merged;
  };
  for (size_t i = 0; i < n; ++i) id[i] = parts_.bytes[static_cast<uint8_t>(word[i])];
  for (size_t i = 0; i + 1 < n; ++i) {
    const PairTable::Merge& m = parts_.byte_merges[static_cast<uint8_t>(word[i]) * size_t{256} +
                                                   static_cast<uint8_t>(word[i + 1])];
    rank[i] = m.rank;
    merged[i] = m.merged;
  }
  while (n > 1) {
    uint32_t best = kNoRank;
    for (size_t i = 0; i + 1 < n; ++i) best = std::min(best, rank[i]);
    if (best == kNoRank) break;
    size_t at = 0;
    while (rank[at] != best) ++at;
    id[at] = merged[at];
    --n;
    for (size_t i = at + 1; i < n; ++i) id[i] = id[i + 1];
    for (size_t i = at + 1; i + 1 < n; ++i) {
      rank[i] = rank[i + 1];
      merged[i] = merged[i + 1];
    }
    if (at > 0) set_pair(at - 1);
    if (at + 1 < n) set_pair(at);
  }
  ids.insert(ids.end(), id, id + n);
}

void BpeModel::MergeLong(std::string_view word, std::vector<TokenId>& ids) const {
  const auto n = static_cast<uint32_t>(word.size());
  std::vector<Symbol> symbols(n);
  for (uint32_t i = 0; i < n; ++i) {
    symbols[i] = {parts_.bytes[static_cast<uint8_t>(word[i])], i == 0 ? kNoPart : i - 1,
                  i + 1 == n ? kNoPart : i + 1, kNoRank, 0};
  }
  // Rank and position of every pair, smallest first; entries whose rank is no longer the one in
  // `symbols` are passed over.
  std::vector<uint64_t> heap;
  heap.reserve(n);
  const auto set_pair = [&](uint32_t left) {
    Symbol& symbol = symbols[left];
    PairTable::Merge m;
    if (symbol.next != kNoPart) m = parts_.merges.Find(symbol.id, symbols[symbol.next].id);
    symbol.rank = m.rank;
    symbol.merged = m.merged;
    if (m.rank == kNoRank) return false;
    heap.push_back(uint64_t{m.rank} << 32 | left);
    return true;
  };
  const auto push_pair = [&](uint32_t left) {
    if (set_pair(left)) std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  for (uint32_t i = 0; i < n; ++i) set_pair(i);
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const uint64_t best = heap.back();
    heap.pop_back();
    const auto at = static_cast<uint32_t>(best);
    Symbol& left = symbols[at];
    if (left.rank != best >> 32) continue;
    Symbol& gone = symbols[left.next];
    gone.rank = kNoRank;
    left.id = left.merged;
    left.next = gone.next;
    if (left.next != kNoPart) symbols[left.next].previous = at;
    push_pair(at);
    if (left.previous != kNoPart) push_pair(left.previous);
  }
  for (uint32_t i = 0; i != kNoPart; i = symbols[i].next) ids.push_back(symbols[i].id);
}

}  // namespace lemma::tokenizer
