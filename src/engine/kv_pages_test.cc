// SPDX-License-Identifier: Apache-2.0
#include "engine/kv_pages.h"

#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"

namespace lemma::engine {
namespace {

std::vector<int32_t> Tokens(size_t count, int32_t first = 0) {
  std::vector<int32_t> out(count);
  for (size_t i = 0; i < count; ++i) out[i] = first + static_cast<int32_t>(i);
  return out;
}

TEST(KvPagesTest, ForkSharesAndWritingCopies) {
  KvPages pages(8);
  std::vector<PageCopy> copies;
  const SequenceId a = pages.Create(0);
  ASSERT_TRUE(pages.Extend(a, Tokens(100), copies).ok());
  pages.MarkComputed(a, pages.Length(a));
  const SequenceId b = pages.Fork(a);
  EXPECT_EQ(pages.Counts().used, 2u);
  EXPECT_EQ(pages.PagesNeeded(b, 1), 1u);
  ASSERT_TRUE(pages.Extend(b, Tokens(1), copies).ok());
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_EQ(copies[0].from, pages.Table(a)[1]);
  EXPECT_EQ(copies[0].to, pages.Table(b)[1]);
  EXPECT_EQ(pages.Table(a)[0], pages.Table(b)[0]);
  ASSERT_TRUE(pages.Extend(a, Tokens(1), copies).ok());
  EXPECT_EQ(copies.size(), 1u) << "the page is a's alone again";
  EXPECT_TRUE(pages.CheckIntegrity().ok());
}

TEST(KvPagesTest, ReleasedPrefixIsFoundAgainAndEvictedLast) {
  KvPages pages(4);
  std::vector<PageCopy> copies;
  const SequenceId a = pages.Create(7);
  ASSERT_TRUE(pages.Extend(a, Tokens(130), copies).ok());
  pages.MarkComputed(a, pages.Length(a));
  pages.Release(a);
  EXPECT_EQ(pages.Counts().cached, 2u);
  EXPECT_EQ(pages.Counts().free, 2u);

  const SequenceId other_salt = pages.Create(8);
  EXPECT_EQ(pages.AttachPrefix(other_salt, Tokens(130)), 0u);
  const SequenceId exact = pages.Create(7);
  EXPECT_EQ(pages.AttachPrefix(exact, Tokens(128)), 64u) << "one token must stay to compute";
  pages.Release(exact);

  const SequenceId big = pages.Create(7);
  ASSERT_TRUE(pages.Extend(big, Tokens(64 * 3, 1000), copies).ok());  // evicts one cached page
  EXPECT_EQ(pages.Counts().cached, 1u);
  const SequenceId c = pages.Create(7);
  EXPECT_EQ(pages.AttachPrefix(c, Tokens(130)), 64u) << "the head of the prefix stays longest";
  EXPECT_TRUE(pages.CheckIntegrity().ok()) << pages.CheckIntegrity().ToString();
}

TEST(KvPagesTest, RefusesWithoutChangingAnything) {
  KvPages pages(2);
  std::vector<PageCopy> copies;
  const SequenceId a = pages.Create(0);
  ASSERT_TRUE(pages.Extend(a, Tokens(70), copies).ok());
  EXPECT_EQ(pages.Extend(a, Tokens(64), copies).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(pages.Length(a), 70u);
  EXPECT_TRUE(pages.CheckIntegrity().ok());
}

TEST(KvPagesTest, TruncateThenWriteDoesNotTouchWhatOthersShare) {
  KvPages pages(8);
  std::vector<PageCopy> copies;
  const SequenceId a = pages.Create(0);
  ASSERT_TRUE(pages.Extend(a, Tokens(128), copies).ok());
  pages.MarkComputed(a, pages.Length(a));
  pages.Truncate(a, 100);
  const SequenceId b = pages.Create(0);
  EXPECT_EQ(pages.AttachPrefix(b, Tokens(129)), 128u);
  ASSERT_TRUE(pages.Extend(a, Tokens(5, 500), copies).ok());
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_NE(pages.Table(a)[1], pages.Table(b)[1]);
  EXPECT_TRUE(pages.CheckIntegrity().ok());
}

TEST(KvPagesTest, RejectedTokensAreNeverShared) {
  KvPages pages(8);
  std::vector<PageCopy> copies;
  const SequenceId a = pages.Create(0);
  ASSERT_TRUE(pages.Extend(a, Tokens(62), copies).ok());
  pages.MarkComputed(a, 62);
  ASSERT_TRUE(pages.Extend(a, Tokens(6, 62), copies).ok());  // one right, five drafted
  pages.MarkComputed(a, 63);
  EXPECT_TRUE(pages.CheckIntegrity().ok());
  pages.Truncate(a, 63);
  const SequenceId b = pages.Create(0);
  EXPECT_EQ(pages.AttachPrefix(b, Tokens(100)), 0u) << "token 63 was rejected";
  ASSERT_TRUE(pages.Extend(a, Tokens(1, 900), copies).ok());
  pages.MarkComputed(a, 64);
  EXPECT_EQ(pages.AttachPrefix(b, Tokens(100)), 0u);
  std::vector<int32_t> real = Tokens(63);
  real.push_back(900);
  real.push_back(1);
  EXPECT_EQ(pages.AttachPrefix(b, real), 64u);
  EXPECT_TRUE(pages.CheckIntegrity().ok()) << pages.CheckIntegrity().ToString();
}

// Random operations against a plain model of the content: every sequence must read back its own
// tokens through its table, whatever was forked, copied, cut, released or found again.
TEST(KvPagesTest, RandomOperationsKeepEveryContent) {
  KvPages pages(24);
  std::vector<std::vector<int32_t>> storage(24, std::vector<int32_t>(kPageTokens, -1));
  std::map<SequenceId, std::vector<int32_t>> model;
  Rng rng(11);
  const auto pick = [&] {
    return std::next(model.begin(), static_cast<ptrdiff_t>(rng.NextBelow(model.size())));
  };
  for (int step = 0; step < 20000; ++step) {
    const uint64_t what = rng.NextBelow(12);
    if (model.empty() || what == 0) {
      const SequenceId id = pages.Create(0);
      // Few distinct beginnings, so that prefixes are found.
      const std::vector<int32_t> wanted = Tokens(200, static_cast<int32_t>(rng.NextBelow(3)) * 7);
      const size_t found = pages.AttachPrefix(id, wanted);
      model[id].assign(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(found));
    } else if (what == 1) {
      const auto parent = pick();
      const SequenceId id = pages.Fork(parent->first);
      model[id] = parent->second;
    } else if (what == 2) {
      const auto it = pick();
      pages.Release(it->first);
      model.erase(it);
    } else if (what == 3) {
      const auto it = pick();
      const size_t length = rng.NextBelow(it->second.size() + 1);
      pages.Truncate(it->first, length);
      it->second.resize(length);
    } else if (what == 4 || what == 5) {
      // Drafts: some are right and stay, the others are taken back before anybody may share them.
      const auto it = pick();
      const std::vector<int32_t> all = Tokens(400, it->second.empty() ? 7 : it->second.front());
      const size_t at = it->second.size();
      const size_t drafted = std::min<size_t>(1 + rng.NextBelow(6), all.size() - at);
      const size_t right = rng.NextBelow(drafted + 1);
      std::vector<int32_t> more(all.begin() + static_cast<ptrdiff_t>(at),
                                all.begin() + static_cast<ptrdiff_t>(at + drafted));
      for (size_t i = right; i < drafted; ++i) more[i] += 1000;
      std::vector<PageCopy> copies;
      if (!pages.Extend(it->first, more, copies).ok()) continue;
      for (const PageCopy& copy : copies) storage[copy.to] = storage[copy.from];
      for (size_t i = 0; i < drafted; ++i) {
        storage[pages.Table(it->first)[(at + i) / kPageTokens]][(at + i) % kPageTokens] = more[i];
      }
      for (size_t i = 0; i <= right; ++i) pages.MarkComputed(it->first, at + i);
      ASSERT_TRUE(pages.CheckIntegrity().ok()) << pages.CheckIntegrity().ToString();
      pages.Truncate(it->first, at + right);
      it->second.insert(it->second.end(), more.begin(),
                        more.begin() + static_cast<ptrdiff_t>(right));
    } else {
      const auto it = pick();
      const std::vector<int32_t> all = Tokens(400, it->second.empty() ? 7 : it->second.front());
      const size_t at = it->second.size();
      const size_t count = std::min<size_t>(1 + rng.NextBelow(90), all.size() - at);
      const auto more = std::span(all).subspan(at, count);
      std::vector<PageCopy> copies;
      if (!pages.Extend(it->first, more, copies).ok()) continue;
      for (const PageCopy& copy : copies) storage[copy.to] = storage[copy.from];
      it->second.insert(it->second.end(), more.begin(), more.end());
      for (size_t i = at; i < it->second.size(); ++i) {
        storage[pages.Table(it->first)[i / kPageTokens]][i % kPageTokens] = it->second[i];
      }
      pages.MarkComputed(it->first, it->second.size());
    }
    for (const auto& [id, tokens] : model) {
      for (size_t i = 0; i < tokens.size(); ++i) {
        ASSERT_EQ(storage[pages.Table(id)[i / kPageTokens]][i % kPageTokens], tokens[i]);
      }
    }
    ASSERT_TRUE(pages.CheckIntegrity().ok()) << pages.CheckIntegrity().ToString();
  }
}

}  // namespace
}  // namespace lemma::engine
