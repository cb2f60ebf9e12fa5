// SPDX-License-Identifier: Apache-2.0
// The bookkeeping of KV pages: which page holds which tokens of which sequence. Pages have
// reference counts; Fork shares them, writing to a shared page copies it first; full pages are
// published under a hash of all tokens up to their end, so that a later sequence with the same
// beginning takes them as they are (vLLM's block manager, Kwon et al. 2023, has the same idea).
// Contents live in kernels::KvStorage. Used by the engine thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "kernels/ops.h"

namespace lemma::engine {

using kernels::kPageTokens;
using kernels::PageId;
using SequenceId = uint64_t;

constexpr size_t PagesFor(size_t tokens) { return (tokens + kPageTokens - 1) / kPageTokens; }

// To be carried out in storage before the forward pass that follows.
struct PageCopy {
  PageId from;
  PageId to;
};

struct PageCounts {
  size_t used = 0;    // held by at least one sequence
  size_t cached = 0;  // held by none, content still good
  size_t free = 0;
};

// A beginning of some tokens that is there already.
struct PrefixMatch {
  size_t tokens = 0;
  size_t cached_pages = 0;  // of its pages, those that no sequence holds
};

// The hash that stands for all of `tokens` up to the end of each full page.
std::vector<uint64_t> PrefixHashes(uint64_t salt, std::span<const int32_t> tokens);

class KvPages {
 public:
  explicit KvPages(size_t num_pages);

  // `salt` separates tenants: pages are shared only between sequences of equal salt.
  SequenceId Create(uint64_t salt);
  // A second sequence with the same content, sharing every page.
  SequenceId Fork(SequenceId parent);
  void Release(SequenceId id);

  // Takes the longest published run of full pages with which `tokens` begins, but never all of
  // them: at least one token is left to compute. Returns the tokens covered.
  // REQUIRES: the sequence is empty.
  size_t AttachPrefix(SequenceId id, std::span<const int32_t> tokens);

  // What AttachPrefix would find now, without taking it.
  [[nodiscard]] PrefixMatch FindPrefix(uint64_t salt, std::span<const int32_t> tokens) const;

  // Makes room for `tokens` behind the present ones. ResourceExhausted (and no change) when there
  // are not enough pages. Copies are appended to `copies`.
  Status Extend(SequenceId id, std::span<const int32_t> tokens, std::vector<PageCopy>& copies);
  // Pages that Extend by `count` would take.
  [[nodiscard]] size_t PagesNeeded(SequenceId id, size_t count) const;
  // Says that K and V of the first `length` tokens are written and that these tokens stay: full
  // pages of them may now be shared. Drafted tokens are not marked before they are accepted.
  void MarkComputed(SequenceId id, size_t length);
  // Forgets the tokens from `length` on. REQUIRES: length <= Length(id).
  void Truncate(SequenceId id, size_t length);

  [[nodiscard]] std::span<const PageId> Table(SequenceId id) const;
  [[nodiscard]] size_t Length(SequenceId id) const;
  // PrefixHashes of its computed tokens.
  [[nodiscard]] std::span<const uint64_t> Chain(SequenceId id) const;
  [[nodiscard]] PageCounts Counts() const;
  // Free and cached pages: what Extend can draw on.
  [[nodiscard]] size_t Available() const;
  // Cached pages that were given away for other tokens, since the start.
  [[nodiscard]] uint64_t evictions() const { return evictions_; }

  // Recounts everything: references against tables, used + cached + free against the total, every
  // published page against the index, its hash against its tokens, and its tokens against those of
  // every sequence that holds it. The error says what does not add up.
  [[nodiscard]] Status CheckIntegrity() const;

 private:
  struct Page {
    uint32_t references = 0;
    bool published = false;
    uint64_t hash = 0;
    uint64_t parent_hash = 0;
    std::vector<int32_t> tokens;         // of a published page
    std::list<PageId>::iterator in_lru;  // valid when cached
  };
  struct Sequence {
    uint64_t salt = 0;
    std::vector<PageId> table;
    std::vector<int32_t> tokens;
    std::vector<uint64_t> chain;  // hash after each full, computed page
  };

  // The pages that hold the longest published beginning of `tokens`, less than all of them.
  [[nodiscard]] std::vector<PageId> PublishedPrefix(uint64_t salt,
                                                    std::span<const int32_t> tokens) const;
  PageId Take();  // REQUIRES: Available() > 0
  void AddReference(PageId id);
  void DropReference(PageId id);
  void Unpublish(PageId id);
  void Publish(PageId id, uint64_t hash, uint64_t parent, std::span<const int32_t> tokens);
  [[nodiscard]] bool LastPageNeedsCopy(const Sequence& sequence) const;
  [[nodiscard]] Status CheckSequence(SequenceId id, const Sequence& sequence) const;
  [[nodiscard]] Status CheckPage(PageId id) const;

  std::vector<Page> pages_;
  std::vector<PageId> free_;  // taken from the back: recently touched memory first
  std::list<PageId> lru_;     // cached pages, oldest first
  std::unordered_map<uint64_t, PageId> index_;
  std::unordered_map<SequenceId, Sequence> sequences_;
  SequenceId next_id_ = 1;
  uint64_t evictions_ = 0;
};

}  // namespace lemma::engine
