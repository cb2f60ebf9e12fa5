// SPDX-License-Identifier: Apache-2.0
#include "engine/kv_pages.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"

namespace lemma::engine {
namespace {

uint64_t ChainHash(uint64_t parent, std::span<const int32_t> tokens) {
  uint64_t hash = parent;
  for (const int32_t token : tokens) hash = RandomBits(hash, static_cast<uint32_t>(token));
  return hash;
}

uint64_t RootHash(uint64_t salt) { return RandomBits(salt, 0x6B76); }

}  // namespace

std::vector<uint64_t> PrefixHashes(uint64_t salt, std::span<const int32_t> tokens) {
  std::vector<uint64_t> hashes;
  uint64_t parent = RootHash(salt);
  for (size_t at = 0; at + kPageTokens <= tokens.size(); at += kPageTokens) {
    parent = ChainHash(parent, tokens.subspan(at, kPageTokens));
    hashes.push_back(parent);
  }
  return hashes;
}

KvPages::KvPages(size_t num_pages) : pages_(num_pages) {
  free_.reserve(num_pages);
  for (size_t i = num_pages; i > 0; --i) free_.push_back(static_cast<PageId>(i - 1));
}

SequenceId KvPages::Create(uint64_t salt) {
  const SequenceId id = next_id_++;
  sequences_[id].salt = salt;
  return id;
}

SequenceId KvPages::Fork(SequenceId parent) {
  const SequenceId id = next_id_++;
  Sequence copy = sequences_.at(parent);
  for (const PageId page : copy.table) AddReference(page);
  sequences_.emplace(id, std::move(copy));
  return id;
}

void KvPages::Release(SequenceId id) {
  const auto found = sequences_.find(id);
  if (found == sequences_.end()) return;
  // Last page first: the beginning of a prefix is then the most recently used.
  for (auto it = found->second.table.rbegin(); it != found->second.table.rend(); ++it) {
    DropReference(*it);
  }
  sequences_.erase(found);
}

std::vector<PageId> KvPages::PublishedPrefix(uint64_t salt, std::span<const int32_t> tokens) const {
  std::vector<PageId> found;
  uint64_t parent = RootHash(salt);
  for (size_t at = 0; at + kPageTokens < tokens.size(); at += kPageTokens) {
    const auto part = tokens.subspan(at, kPageTokens);
    const uint64_t hash = ChainHash(parent, part);
    const auto entry = index_.find(hash);
    if (entry == index_.end()) break;
    const Page& page = pages_[entry->second];
    if (page.parent_hash != parent || !std::ranges::equal(page.tokens, part)) break;
    found.push_back(entry->second);
    parent = hash;
  }
  return found;
}

size_t KvPages::AttachPrefix(SequenceId id, std::span<const int32_t> tokens) {
  Sequence& sequence = sequences_.at(id);
  for (const PageId page : PublishedPrefix(sequence.salt, tokens)) {
    AddReference(page);
    sequence.table.push_back(page);
    sequence.chain.push_back(pages_[page].hash);
  }
  const size_t covered = sequence.table.size() * kPageTokens;
  sequence.tokens.assign(tokens.begin(), tokens.begin() + static_cast<ptrdiff_t>(covered));
  return covered;
}

PrefixMatch KvPages::FindPrefix(uint64_t salt, std::span<const int32_t> tokens) const {
  PrefixMatch match;
  for (const PageId page : PublishedPrefix(salt, tokens)) {
    match.tokens += kPageTokens;
    match.cached_pages += pages_[page].references == 0 ? 1 : 0;
  }
  return match;
}

bool KvPages::LastPageNeedsCopy(const Sequence& sequence) const {
  if (sequence.tokens.size() % kPageTokens == 0) return false;
  return pages_[sequence.table.back()].references > 1;
}

size_t KvPages::PagesNeeded(SequenceId id, size_t count) const {
  const Sequence& sequence = sequences_.at(id);
  if (count == 0) return 0;
  const size_t fresh = PagesFor(sequence.tokens.size() + count) - sequence.table.size();
  return fresh + (LastPageNeedsCopy(sequence) ? 1 : 0);
}

Status KvPages::Extend(SequenceId id, std::span<const int32_t> tokens,
                       std::vector<PageCopy>& copies) {
  Sequence& sequence = sequences_.at(id);
  const size_t needed = PagesNeeded(id, tokens.size());
  if (needed > Available()) {
    return ResourceExhausted(fmt::format("KV cache: {} pages of {} tokens are needed, {} are left",
                                         needed, kPageTokens, Available()));
  }
  if (!tokens.empty() && sequence.tokens.size() % kPageTokens != 0) {
    PageId& last = sequence.table.back();
    if (LastPageNeedsCopy(sequence)) {
      const PageId fresh = Take();
      copies.push_back({last, fresh});
      DropReference(last);
      last = fresh;
    } else {
      Unpublish(last);  // its tail is about to change
    }
  }
  sequence.tokens.insert(sequence.tokens.end(), tokens.begin(), tokens.end());
  while (sequence.table.size() < PagesFor(sequence.tokens.size())) sequence.table.push_back(Take());
  return OkStatus();
}

void KvPages::MarkComputed(SequenceId id, size_t length) {
  Sequence& sequence = sequences_.at(id);
  length = std::min(length, sequence.tokens.size());
  while ((sequence.chain.size() + 1) * kPageTokens <= length) {
    const size_t i = sequence.chain.size();
    const auto part = std::span(sequence.tokens).subspan(i * kPageTokens, kPageTokens);
    const uint64_t parent = i == 0 ? RootHash(sequence.salt) : sequence.chain.back();
    const uint64_t hash = ChainHash(parent, part);
    if (!index_.contains(hash)) Publish(sequence.table[i], hash, parent, part);
    sequence.chain.push_back(hash);
  }
}

void KvPages::Truncate(SequenceId id, size_t length) {
  Sequence& sequence = sequences_.at(id);
  if (length >= sequence.tokens.size()) return;
  sequence.tokens.resize(length);
  while (sequence.table.size() > PagesFor(length)) {
    DropReference(sequence.table.back());
    sequence.table.pop_back();
  }
  sequence.chain.resize(std::min(sequence.chain.size(), length / kPageTokens));
}

std::span<const PageId> KvPages::Table(SequenceId id) const { return sequences_.at(id).table; }
size_t KvPages::Length(SequenceId id) const { return sequences_.at(id).tokens.size(); }
std::span<const uint64_t> KvPages::Chain(SequenceId id) const { return sequences_.at(id).chain; }
size_t KvPages::Available() const { return free_.size() + lru_.size(); }

PageCounts KvPages::Counts() const {
  return {pages_.size() - free_.size() - lru_.size(), lru_.size(), free_.size()};
}

PageId KvPages::Take() {
  if (free_.empty()) {
    const PageId oldest = lru_.front();
    lru_.pop_front();
    Unpublish(oldest);
    ++evictions_;
    pages_[oldest].references = 1;
    return oldest;
  }
  const PageId id = free_.back();
  free_.pop_back();
  pages_[id].references = 1;
  return id;
}

void KvPages::AddReference(PageId id) {
  Page& page = pages_[id];
  if (page.references == 0) lru_.erase(page.in_lru);
  ++page.references;
}

void KvPages::DropReference(PageId id) {
  Page& page = pages_[id];
  if (--page.references > 0) return;
  if (page.published) {
    page.in_lru = lru_.insert(lru_.end(), id);
  } else {
    free_.push_back(id);
  }
}

void KvPages::Unpublish(PageId id) {
  Page& page = pages_[id];
  if (!page.published) return;
  index_.erase(page.hash);
  page.published = false;
  page.tokens.clear();
}

void KvPages::Publish(PageId id, uint64_t hash, uint64_t parent, std::span<const int32_t> tokens) {
  Page& page = pages_[id];
  if (page.published) return;
  page.published = true;
  page.hash = hash;
  page.parent_hash = parent;
  page.tokens.assign(tokens.begin(), tokens.end());
  index_[hash] = id;
}

Status KvPages::CheckSequence(SequenceId id, const Sequence& sequence) const {
  if (sequence.table.size() != PagesFor(sequence.tokens.size())) {
    return InternalError(fmt::format("sequence {}: {} pages for {} tokens", id,
                                     sequence.table.size(), sequence.tokens.size()));
  }
  if (sequence.chain.size() > sequence.tokens.size() / kPageTokens) {
    return InternalError(fmt::format("sequence {}: {} pages are marked, {} are full", id,
                                     sequence.chain.size(), sequence.tokens.size() / kPageTokens));
  }
  uint64_t parent = RootHash(sequence.salt);
  for (size_t i = 0; i < sequence.table.size(); ++i) {
    const size_t begin = i * kPageTokens;
    const size_t count = std::min(kPageTokens, sequence.tokens.size() - begin);
    const auto part = std::span(sequence.tokens).subspan(begin, count);
    const Page& page = pages_[sequence.table[i]];
    if (page.published && !std::equal(part.begin(), part.end(), page.tokens.begin())) {
      return InternalError(fmt::format("sequence {}: page {} is published with other tokens", id,
                                       sequence.table[i]));
    }
    if (i >= sequence.chain.size()) continue;
    if (ChainHash(parent, part) != sequence.chain[i]) {
      return InternalError(fmt::format("sequence {}: hash {} is not that of its tokens", id, i));
    }
    parent = sequence.chain[i];
  }
  return OkStatus();
}

Status KvPages::CheckPage(PageId id) const {
  const Page& page = pages_[id];
  if (!page.published) return OkStatus();
  const auto found = index_.find(page.hash);
  if (found == index_.end() || found->second != id) {
    return InternalError(fmt::format("page {} is published but not in the index", id));
  }
  if (page.tokens.size() != kPageTokens || ChainHash(page.parent_hash, page.tokens) != page.hash) {
    return InternalError(fmt::format("page {}: its hash is not that of its tokens", id));
  }
  return OkStatus();
}

Status KvPages::CheckIntegrity() const {
  std::vector<uint32_t> references(pages_.size(), 0);
  for (const auto& [id, sequence] : sequences_) {
    LEMMA_RETURN_IF_ERROR(CheckSequence(id, sequence));
    for (const PageId page : sequence.table) ++references.at(page);
  }
  size_t used = 0;
  size_t published = 0;
  for (size_t i = 0; i < pages_.size(); ++i) {
    const Page& page = pages_[i];
    if (page.references != references[i]) {
      return InternalError(fmt::format("page {}: {} references counted, {} recorded", i,
                                       references[i], page.references));
    }
    LEMMA_RETURN_IF_ERROR(CheckPage(static_cast<PageId>(i)));
    used += page.references > 0 ? 1 : 0;
    published += page.published ? 1 : 0;
  }
  if (used + lru_.size() + free_.size() != pages_.size()) {
    return InternalError(fmt::format("{} used + {} cached + {} free pages, {} in all", used,
                                     lru_.size(), free_.size(), pages_.size()));
  }
  if (published != index_.size()) {
    return InternalError(
        fmt::format("{} published pages, {} in the index", published, index_.size()));
  }
  for (const PageId page : free_) {
    if (pages_[page].references != 0 || pages_[page].published) {
      return InternalError(fmt::format("page {} is in the free list but not free", page));
    }
  }
  return OkStatus();
}

}  // namespace lemma::engine
