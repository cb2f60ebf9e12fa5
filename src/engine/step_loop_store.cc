// SPDX-License-Identifier: Apache-2.0
// Pages of prompts go to the store as they are computed, and come back from it when a prompt
// begins like an earlier one whose pages are no longer in memory.
#include <algorithm>

#include "base/clock.h"
#include "engine/step_loop.h"

namespace lemma::engine {
namespace {

constexpr size_t kReadAhead = 12;                 // pages of one prompt
constexpr size_t kBytesAStep = size_t{32} << 20;  // written to pages between two steps

// A prompt up to the end of its page number `page`.
PageName NameOf(const Active& active, const Sample& sample, size_t page) {
  PageName name;
  name.salt = active.request.cache_salt;
  const auto end = sample.tokens.begin() + static_cast<ptrdiff_t>((page + 1) * kPageTokens);
  name.tokens.assign(sample.tokens.begin(), end);
  name.prompt_tokens = name.tokens.size();
  return name;
}

}  // namespace

void StepLoop::CountStart(Active& active, Sample& sample) {
  active.start_time = MonotonicSeconds();
  ++departures_;
  sample.cached_tokens = Computed(sample);
  stats_.prefix_lookup_tokens += active.request.prompt.size();
  stats_.prefix_hit_tokens += sample.cached_tokens;
  ++stats_.prefix_lookups;
  stats_.prefix_hits += sample.cached_tokens > 0 ? 1 : 0;
}

void StepLoop::BeginLoad(const Active& active, Sample& sample) {
  if (!store_) return;
  // At least one token of the prompt is left to compute.
  const size_t usable = (active.request.prompt.size() - 1) / kPageTokens * kPageTokens;
  const size_t present = Computed(sample) / kPageTokens;
  if (present * kPageTokens >= usable) return;
  const auto all = PrefixHashes(active.request.cache_salt, std::span(sample.tokens).first(usable));
  size_t end = present;
  while (end < all.size() && store_->Contains(all[end])) ++end;
  if (end == present) return;
  sample.load = std::make_unique<PageLoad>();
  sample.load->first_page = present;
  sample.load->hashes.assign(all.begin() + static_cast<ptrdiff_t>(present),
                             all.begin() + static_cast<ptrdiff_t>(end));
  sample.started = true;
  AskForPages(active, sample);
}

void StepLoop::AskForPages(const Active& active, const Sample& sample) {
  PageLoad& load = *sample.load;
  for (; load.asked < load.hashes.size() && load.reads.size() < kReadAhead; ++load.asked) {
    const size_t page = load.first_page + load.asked;
    load.reads.push_back(store_->Read(load.hashes[load.asked], NameOf(active, sample, page), page));
  }
}

bool StepLoop::TakeLoad(Sample& sample) {
  const std::shared_ptr<PageRead> read = std::move(sample.load->reads.front());
  sample.load->reads.pop_front();
  if (read->content.size() != kv_->page_bytes()) return false;
  const SequenceId id = *sample.sequence;
  const size_t length = pages_.Length(id);
  std::vector<PageCopy> none;  // the sequence ends with a full page
  const auto tokens = std::span(sample.tokens).subspan(length, kPageTokens);
  if (!pages_.Extend(id, tokens, none).ok()) return false;
  kv_->WritePage(pages_.Table(id).back(), read->content);
  pages_.MarkComputed(id, length + kPageTokens);
  stats_.store_tokens += kPageTokens;
  return true;
}

bool StepLoop::TakeLoads() {
  bool any = false;
  size_t room = kBytesAStep;
  for (auto& active : active_) {
    for (Sample& sample : active->samples) {
      if (!sample.load) continue;
      PageLoad& load = *sample.load;
      bool goes_on = true;
      while (goes_on && room > 0 && !load.reads.empty() &&
             load.reads.front()->done.load(std::memory_order_acquire)) {
        goes_on = TakeLoad(sample);
        room -= std::min(room, kv_->page_bytes());
        any = true;
      }
      if (goes_on) AskForPages(*active, sample);
      if (!goes_on || load.reads.empty()) {
        sample.load.reset();
        any = true;
      }
    }
  }
  return any;
}

void StepLoop::SavePages(const Active& active, Sample& sample) {
  if (!store_) return;
  const auto chain = pages_.Chain(*sample.sequence);
  const size_t end = std::min(chain.size(), active.request.prompt.size() / kPageTokens);
  for (; sample.saved_pages < end; ++sample.saved_pages) {
    const size_t page = sample.saved_pages;
    if (store_->Contains(chain[page])) continue;
    if (!store_->HasRoom(kv_->page_bytes())) return;  // again after the next step
    std::vector<std::byte> content(kv_->page_bytes());
    kv_->ReadPage(pages_.Table(*sample.sequence)[page], content);
    store_->Write(chain[page], NameOf(active, sample, page), std::move(content), page);
  }
}

}  // namespace lemma::engine
