// SPDX-License-Identifier: Apache-2.0
#include "engine/draft_index.h"

#include <algorithm>

#include "base/rng.h"

namespace lemma::engine {
namespace {

constexpr uint32_t kNowhere = UINT32_MAX;
constexpr size_t kFewestBuckets = 256;
constexpr size_t kMostSteps = 4 * DraftIndex::kPlaces;

// Of the pair of tokens that ends at `position`.
size_t Bucket(std::span<const int32_t> tokens, size_t position, size_t buckets) {
  const auto first = static_cast<uint32_t>(tokens[position - 1]);
  const auto second = static_cast<uint32_t>(tokens[position]);
  return RandomBits(first, second) & (buckets - 1);
}

// How many tokens agree, going back from `end` and from the end of the text.
size_t Agreement(std::span<const int32_t> tokens, size_t end) {
  const size_t most = std::min(end, DraftIndex::kLongest);
  size_t length = 0;
  while (length < most && tokens[end - 1 - length] == tokens[tokens.size() - 1 - length]) ++length;
  return length;
}

}  // namespace

void DraftIndex::Add(std::span<const int32_t> tokens, size_t position) {
  previous_.push_back(kNowhere);
  if (position == 0) return;
  uint32_t& newest = newest_[Bucket(tokens, position, newest_.size())];
  previous_[position] = newest;
  newest = static_cast<uint32_t>(position);
}

void DraftIndex::Rebuild(std::span<const int32_t> tokens, size_t buckets) {
  const size_t count = previous_.size();
  newest_.assign(buckets, kNowhere);
  previous_.clear();
  for (size_t i = 0; i < count; ++i) Add(tokens, i);
}

std::optional<DraftMatch> DraftIndex::Find(std::span<const int32_t> tokens) {
  if (tokens.size() < kShortest + 1) return std::nullopt;
  size_t buckets = std::max(newest_.size(), kFewestBuckets);
  while (buckets < tokens.size()) buckets *= 2;
  if (buckets != newest_.size()) Rebuild(tokens, buckets);
  // The last position is what the others are compared with; it is added next time.
  while (previous_.size() + 1 < tokens.size()) Add(tokens, previous_.size());
  DraftMatch best;
  uint32_t place = newest_[Bucket(tokens, tokens.size() - 1, newest_.size())];
  size_t places = 0;
  for (size_t i = 0; i < kMostSteps && places < kPlaces && place != kNowhere; ++i) {
    const size_t length = Agreement(tokens, place + 1);
    places += length >= kShortest ? 1 : 0;  // others share the bucket by chance
    if (length > best.length) best = {place + 1, length};
    if (length == kLongest) break;
    place = previous_[place];
  }
  if (best.length < kShortest) return std::nullopt;
  return best;
}

void Continue(std::span<const int32_t> tokens, const DraftMatch& match, size_t count,
              std::vector<int32_t>& out) {
  const size_t period = tokens.size() - match.end;
  for (size_t i = 0; i < count; ++i) out.push_back(tokens[match.end + i % period]);
}

}  // namespace lemma::engine
