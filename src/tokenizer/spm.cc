// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/spm.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>

#include "base/utf8.h"

namespace lemma::tokenizer {
namespace {

constexpr uint32_t kNoSymbol = 0xFFFFFFFF;
constexpr size_t kMaxText = size_t{1} << 30;  // positions are 32 bit

// A key that is smaller for a higher score, and for equal scores further left.
uint64_t HeapKey(float score, uint32_t left) {
  const auto bits = std::bit_cast<uint32_t>(score == 0 ? 0.0F : score);  // -0 is 0
  const uint32_t ascending = (bits >> 31) != 0 ? ~bits : bits | 0x80000000;
  return static_cast<uint64_t>(~ascending) << 32 | left;
}
constexpr uint64_t kNoKey = 0xFFFFFFFFFFFFFFFF;  // no finite score has it

}  // namespace

// A run of characters that is one token so far, in a linked list.
struct SpmModel::Symbol {
  uint32_t begin;
  uint32_t size;
  uint32_t previous;
  uint32_t next;
  uint64_t key;  // of the pair with `next`; kNoKey if that is no token
};

void SpmModel::Encode(std::string_view text, std::vector<TokenId>& ids) const {
  for (; text.size() > kMaxText; text.remove_prefix(kMaxText)) {
    Encode(text.substr(0, kMaxText), ids);
  }
  std::vector<Symbol> symbols;
  symbols.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const uint32_t length = DecodeUtf8(text.substr(at)).length;
    const auto index = static_cast<uint32_t>(symbols.size());
    symbols.push_back({static_cast<uint32_t>(at), length, index - 1, index + 1, kNoKey});
    at += length;
  }
  if (symbols.empty()) return;
  symbols.back().next = kNoSymbol;  // and the first one's previous is kNoSymbol by wrapping

  // Entries whose key is no longer the one in `symbols` are passed over.
  std::vector<uint64_t> heap;
  heap.reserve(symbols.size());
  const auto set_pair = [&](uint32_t index) {
    Symbol& left = symbols[index];
    left.key = kNoKey;
    if (left.next == kNoSymbol) return false;
    const uint32_t size = left.size + symbols[left.next].size;
    if (size > parts_.longest) return false;
    const TokenId id = parts_.words.Find(text.substr(left.begin, size));
    if (id < 0) return false;
    left.key = HeapKey(parts_.scores[static_cast<size_t>(id)], index);
    heap.push_back(left.key);
    return true;
  };
  const auto push_pair = [&](uint32_t index) {
    if (set_pair(index)) std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  for (uint32_t i = 0; i < symbols.size(); ++i) set_pair(i);
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const uint64_t best = heap.back();
    heap.pop_back();
    const auto index = static_cast<uint32_t>(best);
    Symbol& left = symbols[index];
    if (left.key != best) continue;
    Symbol& gone = symbols[left.next];
    gone.key = kNoKey;
    left.size += gone.size;
    left.next = gone.next;
    if (left.next != kNoSymbol) symbols[left.next].previous = index;
    push_pair(index);
    if (left.previous != kNoSymbol) push_pair(left.previous);
  }
  for (uint32_t i = 0; i != kNoSymbol; i = symbols[i].next) {
    AppendSymbol(text.substr(symbols[i].begin, symbols[i].size), ids);
  }
}

void SpmModel::AppendSymbol(std::string_view symbol, std::vector<TokenId>& ids) const {
  const TokenId id = parts_.words.Find(symbol);
  if (id >= 0) {
    ids.push_back(id);
  } else if (parts_.bytes) {
    for (const char c : symbol) ids.push_back((*parts_.bytes)[static_cast<uint8_t>(c)]);
  } else {
    ids.push_back(parts_.unknown);
  }
}

}  // namespace lemma::tokenizer
