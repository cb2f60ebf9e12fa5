// SPDX-License-Identifier: Apache-2.0
#include "engine/draft_index.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace lemma::engine {
namespace {

std::vector<int32_t> Proposal(DraftIndex& index, const std::vector<int32_t>& tokens, size_t count) {
  std::vector<int32_t> out;
  const auto match = index.Find(tokens);
  if (match) Continue(tokens, *match, count, out);
  return out;
}

TEST(DraftIndexTest, ProposesWhatFollowedTheLongestAgreement) {
  DraftIndex index;
  // "1 2 3" occurs once, "2 3" twice more recently with another continuation.
  const std::vector<int32_t> tokens{1, 2, 3, 10, 11, 12, 2, 3, 20, 5, 2, 3, 21, 1, 2, 3};
  const auto match = index.Find(tokens);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->end, 3u);
  EXPECT_EQ(match->length, 3u);
  EXPECT_EQ(Proposal(index, tokens, 4), (std::vector<int32_t>{10, 11, 12, 2}));
}

TEST(DraftIndexTest, OfEqualAgreementsTheNewestWins) {
  DraftIndex index;
  EXPECT_EQ(Proposal(index, {2, 3, 20, 2, 3, 21, 9, 2, 3}, 1), (std::vector<int32_t>{21}));
}

TEST(DraftIndexTest, GoesOnPeriodicallyAtTheEnd) {
  DraftIndex index;
  EXPECT_EQ(Proposal(index, {7, 1, 2, 3, 1, 2, 3}, 7), (std::vector<int32_t>{1, 2, 3, 1, 2, 3, 1}));
  DraftIndex same;
  EXPECT_EQ(Proposal(same, {5, 5, 5}, 3), (std::vector<int32_t>{5, 5, 5}));
}

TEST(DraftIndexTest, FindsNothingWhereNothingIs) {
  DraftIndex index;
  EXPECT_FALSE(index.Find({}));
  EXPECT_FALSE(index.Find(std::vector<int32_t>{1}));
  EXPECT_FALSE(index.Find(std::vector<int32_t>{1, 2}));
  EXPECT_FALSE(index.Find(std::vector<int32_t>{1, 2, 3, 4, 1}));
}

// The longest agreement by looking everywhere, newest first.
DraftMatch Reference(std::span<const int32_t> t) {
  DraftMatch best;
  for (size_t end = t.size() - 1; end > 0; --end) {
    size_t length = 0;
    while (length < end && length < DraftIndex::kLongest &&
           t[end - 1 - length] == t[t.size() - 1 - length]) {
      ++length;
    }
    if (length > best.length) best = {end, length};
  }
  return best;
}

TEST(DraftIndexTest, MatchesASearchOfEverythingWhilePlacesAreFew) {
  Rng rng(3);
  for (int round = 0; round < 20; ++round) {
    DraftIndex index;
    std::vector<int32_t> tokens;
    // Many symbols: a pair has few places, so that the bounded search sees them all.
    for (int step = 0; step < 600; ++step) {
      const bool copy = tokens.size() > 20 && rng.NextBelow(3) > 0;
      const size_t from = copy ? rng.NextBelow(tokens.size()) : 0;
      const size_t count = copy ? 1 + rng.NextBelow(12) : 1;
      for (size_t i = 0; i < count; ++i) {
        tokens.push_back(copy ? tokens[from + i] : static_cast<int32_t>(rng.NextBelow(5000)));
      }
      const auto found = index.Find(tokens);
      const DraftMatch expected = Reference(tokens);
      if (expected.length < DraftIndex::kShortest) {
        ASSERT_FALSE(found);
        continue;
      }
      ASSERT_TRUE(found) << step;
      ASSERT_TRUE(std::equal(tokens.end() - static_cast<ptrdiff_t>(found->length), tokens.end(),
                             tokens.begin() + static_cast<ptrdiff_t>(found->end - found->length)));
      if (found->length == expected.length) continue;
      // Shorter only where the pair has more places than are looked at.
      size_t places = 0;
      for (size_t end = 2; end < tokens.size(); ++end) {
        places +=
            tokens[end - 1] == tokens.back() && tokens[end - 2] == *(tokens.end() - 2) ? 1 : 0;
      }
      ASSERT_GE(places, DraftIndex::kPlaces) << step;
    }
  }
}

}  // namespace
}  // namespace lemma::engine
