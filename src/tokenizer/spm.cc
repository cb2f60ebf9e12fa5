// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/spm.h"

#include <algorithm>
#include <cstdint>
#include <queue>

#include "base/utf8.h"

namespace lemma::tokenizer {
namespace {

constexpr uint32_t kEnd = 0xFFFFFFFF;
constexpr size_t kMaxText = size_t{1} << 30;  // positions are 32 bit

struct Candidate {
  float score;
  uint32_t left;  // index of the left symbol
  uint32_t size;  // bytes of both: tells whether one of them has grown since
  // A priority_queue gives the largest: highest score first, then leftmost.
  bool operator<(const Candidate& o) const {
    return score != o.score ? score < o.score : left > o.left;
  }
};

}  // namespace

// A run of characters that is one token so far, in a linked list.
struct SpmModel::Symbol {
  uint32_t begin;
  uint32_t size;  // 0: merged into its left neighbour
  uint32_t previous;
  uint32_t next;
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
    symbols.push_back({static_cast<uint32_t>(at), length, index - 1, index + 1});
    at += length;
  }
  if (symbols.empty()) return;
  symbols.back().next = kEnd;  // and the first one's previous is kEnd by wrapping

  std::priority_queue<Candidate> queue;
  const auto consider = [&](uint32_t left, uint32_t right) {
    const uint32_t size = symbols[left].size + symbols[right].size;
    if (size > parts_.longest) return;
    const TokenId id = parts_.words.Find(text.substr(symbols[left].begin, size));
    if (id >= 0) queue.push({parts_.scores[static_cast<size_t>(id)], left, size});
  };
  for (uint32_t i = 0; i + 1 < symbols.size(); ++i) consider(i, i + 1);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbols[best.left];
    if (left.size == 0 || left.next == kEnd) continue;
    Symbol& right = symbols[left.next];
    if (left.size + right.size != best.size) continue;
    left.size = best.size;
    left.next = right.next;
    right.size = 0;
    if (left.next != kEnd) {
      symbols[left.next].previous = best.left;
      consider(best.left, left.next);
    }
    if (left.previous != kEnd) consider(left.previous, best.left);
  }
  for (uint32_t i = 0; i != kEnd; i = symbols[i].next) {
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
