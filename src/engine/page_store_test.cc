// SPDX-License-Identifier: Apache-2.0
#include "engine/page_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"

namespace lemma::engine {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPageBytes = 5000;

std::vector<std::byte> Content(uint64_t page) {
  std::vector<std::byte> out(kPageBytes);
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(RandomBits(page, i));
  return out;
}

PageName Name(uint64_t page) {
  PageName name;
  name.salt = 7;
  for (size_t i = 0; i < 64 * (1 + page % 3); ++i) {
    name.tokens.push_back(static_cast<int32_t>(RandomBits(page, i) % 1000));
  }
  name.prompt_tokens = name.tokens.size();
  return name;
}

class PageStoreTest : public ::testing::Test {
 protected:
  PageStoreTest() {
    fs::remove_all(dir_);
    SetLogSink([this](LogLevel level, std::string_view message) {
      const std::lock_guard lock(mutex_);
      if (level >= LogLevel::kWarning) warnings_.emplace_back(message);
    });
  }
  ~PageStoreTest() override {
    SetLogSink({});
    fs::remove_all(dir_);
  }

  std::unique_ptr<PageStore> Open(std::string identity = "model a",
                                  uint64_t max_bytes = 1ULL << 30) {
    PageStoreOptions options;
    options.directory = dir_;
    options.identity = std::move(identity);
    options.page_bytes = kPageBytes;
    options.max_bytes = max_bytes;
    auto store = PageStore::Open(options, [] {});
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return std::move(*store);
  }
  static void Write(PageStore& store, uint64_t page, size_t age = 0) {
    store.Write(page, Name(page), Content(page), age);
  }
  static bool Finds(PageStore& store, uint64_t page, size_t age = 0) {
    const auto read = store.Read(page, Name(page), age);
    store.Flush();
    EXPECT_TRUE(read->done);
    const auto content = Content(page);
    const bool found = !read->content.empty();
    EXPECT_TRUE(!found || std::ranges::equal(read->content, content)) << "wrong content";
    return found;
  }
  [[nodiscard]] std::vector<fs::path> Files() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(dir_ / "kv")) out.push_back(entry.path());
    return out;
  }
  std::vector<std::string> Warnings() {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }

  const fs::path dir_ =
      fs::path(::testing::TempDir()) / ("lemma-pages-" + std::to_string(::getpid()));
  std::mutex mutex_;
  std::vector<std::string> warnings_;
};

TEST_F(PageStoreTest, PagesSurviveARestart) {
  {
    const auto store = Open();
    for (uint64_t page = 0; page < 20; ++page) Write(*store, page);
    EXPECT_TRUE(store->Contains(3)) << "also while it waits";
  }
  const auto store = Open();
  for (uint64_t page = 0; page < 20; ++page) {
    EXPECT_TRUE(store->Contains(page));
    EXPECT_TRUE(Finds(*store, page));
  }
  EXPECT_FALSE(store->Contains(99));
  EXPECT_FALSE(Finds(*store, 99));
  EXPECT_EQ(store->Stats().pages_read, 20u);
  EXPECT_TRUE(Warnings().empty());
  // What is there is not written again.
  Write(*store, 3);
  store->Flush();
  EXPECT_EQ(store->Stats().pages_written, 0u);
}

TEST_F(PageStoreTest, ModelsSaltsAndTextsAreToldApart) {
  { Write(*Open("model a"), 1); }
  const auto other = Open("model b");
  EXPECT_FALSE(other->Contains(1));
  EXPECT_FALSE(Finds(*other, 1));
  const auto store = Open("model a");
  // Equal hashes of different things: never the wrong page.
  const auto wrong = [&](const PageName& name) {
    Write(*store, 1);
    store->Flush();
    const auto read = store->Read(1, name, 0);
    store->Flush();
    return read->content.empty();
  };
  PageName name = Name(1);
  name.salt = 8;
  EXPECT_TRUE(wrong(name));
  name = Name(1);
  name.tokens[5] += 1;
  EXPECT_TRUE(wrong(name));
  name = Name(1);
  name.prompt_tokens -= 1;
  EXPECT_TRUE(wrong(name));
  EXPECT_EQ(store->Stats().pages_damaged, 3u);
  EXPECT_EQ(Warnings().size(), 3u);
}

TEST_F(PageStoreTest, DamagedFilesAreRemovedWithAWarning) {
  { Write(*Open(), 1); }
  const fs::path path = Files().at(0);
  const std::string whole = *ReadFile(path);
  const auto store = Open();
  size_t expected_warnings = 0;
  const auto try_file = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    const auto fresh = Open();
    EXPECT_TRUE(fresh->Contains(1));
    EXPECT_FALSE(Finds(*fresh, 1));
    EXPECT_FALSE(fresh->Contains(1));
    EXPECT_FALSE(fs::exists(path));
    EXPECT_EQ(Warnings().size(), ++expected_warnings);
  };
  Rng rng(3);
  for (int i = 0; i < 60; ++i) {  // any bit
    std::string bytes = whole;
    const size_t at = i < 20 ? rng.NextBelow(56 + 64) : rng.NextBelow(bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.NextBelow(8)));
    try_file(bytes);
  }
  for (const size_t length : {size_t{0}, size_t{1}, size_t{55}, size_t{56}, whole.size() - 1}) {
    try_file(whole.substr(0, length));
  }
  try_file(whole + "x");
  EXPECT_NE(Warnings().front().find("is removed"), std::string::npos);
  // And the page can be kept again.
  const auto fresh = Open();
  Write(*fresh, 1);
  fresh->Flush();
  EXPECT_TRUE(Finds(*fresh, 1));
}

TEST_F(PageStoreTest, LinksAndFoldersInThePlaceOfPagesAreNotFollowed) {
  { Write(*Open(), 1); }
  const fs::path path = Files().at(0);
  const fs::path elsewhere = dir_ / "secret";
  fs::rename(path, elsewhere);
  fs::create_symlink(elsewhere, path);
  EXPECT_FALSE(Open()->Contains(1));
  EXPECT_FALSE(Finds(*Open(), 1));
  EXPECT_TRUE(fs::exists(elsewhere));
  fs::remove(path);
  fs::create_directory(path);
  EXPECT_FALSE(Finds(*Open(), 1));
}

TEST_F(PageStoreTest, BytesAreBoundedAndTheOldestGo) {
  const uint64_t limit = 20 * (kPageBytes + 1000);
  const auto store = Open("a", limit);
  for (uint64_t page = 0; page < 15; ++page) Write(*store, page);
  store->Flush();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  for (uint64_t page = 0; page < 3; ++page) EXPECT_TRUE(Finds(*store, page));  // used again
  for (uint64_t page = 100; page < 112; ++page) Write(*store, page);
  store->Flush();
  for (uint64_t page = 0; page < 3; ++page) EXPECT_TRUE(store->Contains(page)) << page;
  EXPECT_FALSE(store->Contains(3));
  EXPECT_TRUE(store->Contains(111));
  EXPECT_GT(store->Stats().pages_evicted, 0u);
  uint64_t total = 0;
  for (const auto& path : Files()) total += fs::file_size(path);
  EXPECT_LE(total, limit);
  EXPECT_EQ(total, store->Stats().bytes);
  // A smaller limit, and pages of another model, count from the start.
  const auto smaller = Open("b", limit / 4);
  total = 0;
  for (const auto& path : Files()) total += fs::file_size(path);
  EXPECT_LE(total, limit / 4);
  EXPECT_FALSE(Finds(*store, 4)) << "gone behind its back";
  EXPECT_TRUE(Warnings().empty());
}

TEST_F(PageStoreTest, LaterPagesOfAPromptGoFirst) {
  const auto store = Open("a", 10 * (kPageBytes + 1000));
  for (uint64_t page = 0; page < 9; ++page) Write(*store, page, 1000000 * page);
  for (uint64_t page = 20; page < 24; ++page) Write(*store, page);
  store->Flush();
  EXPECT_TRUE(store->Contains(0));
  EXPECT_TRUE(store->Contains(1));
  EXPECT_FALSE(store->Contains(8));
}

TEST_F(PageStoreTest, OtherFilesAreLeftAloneAndPartialOnesGo) {
  { Write(*Open(), 1); }
  const std::string name = Files().at(0).filename().string();
  const fs::path folder = dir_ / "kv";
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(gone, nullptr, 0), gone);
  const fs::path orphan = folder / (name + ".partial-" + std::to_string(gone) + "-0");
  const fs::path live = folder / (name + ".partial-" + std::to_string(::getppid()) + "-0");
  std::vector<fs::path> mine{folder / "notes.txt", folder / "x.kvpage",
                             folder / ("y" + name.substr(1) + ".partial-1-0"), live};
  for (const auto& path : mine) std::ofstream(path) << "mine";
  std::ofstream(orphan) << "half a page";
  const auto store = Open("a", 1);  // nothing fits
  EXPECT_FALSE(fs::exists(orphan));
  EXPECT_FALSE(fs::exists(folder / name));
  for (const auto& path : mine) EXPECT_TRUE(fs::exists(path)) << path;
  Write(*store, 5);
  store->Flush();
  EXPECT_FALSE(store->Contains(5));
}

TEST_F(PageStoreTest, TheFolderIsForItsOwnerOnly) {
  fs::create_directories(dir_ / "kv");
  fs::permissions(dir_ / "kv", fs::perms::all);
  const auto store = Open();
  EXPECT_EQ(fs::status(dir_ / "kv").permissions(), fs::perms::owner_all);
}

TEST_F(PageStoreTest, AFolderThatCannotBeIsAnError) {
  std::ofstream(dir_) << "a file";
  PageStoreOptions options;
  options.directory = dir_;
  const auto store = PageStore::Open(options, [] {});
  EXPECT_EQ(store.status().code(), StatusCode::kIo);
  EXPECT_NE(store.status().message().find(dir_.string()), std::string::npos);
}

TEST_F(PageStoreTest, WritingEndsAfterFailuresAndReadingGoesOn) {
  const auto store = Open();
  Write(*store, 1);
  store->Flush();
  fs::rename(dir_ / "kv", dir_ / "moved");
  for (uint64_t page = 2; page < 9; ++page) Write(*store, page);
  store->Flush();
  fs::rename(dir_ / "moved", dir_ / "kv");
  EXPECT_EQ(Warnings().size(), 3u);
  EXPECT_NE(Warnings().back().find("no more pages are written"), std::string::npos);
  EXPECT_TRUE(store->HasRoom(1ULL << 40)) << "nobody is to wait for it";
  Write(*store, 9);
  EXPECT_FALSE(store->Contains(9));
  EXPECT_TRUE(Finds(*store, 1));
}

// A child that writes as fast as it can is killed at a random moment, again and again. Whatever it
// leaves, the next start reads whole pages only and says nothing.
TEST_F(PageStoreTest, AKillAtAnyMomentLeavesACleanFolder) {
  Rng rng(11);
  size_t found = 0;
  for (int round = 0; round < 25 || (found == 0 && round < 2000); ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      PageStoreOptions options;
      options.directory = dir_;
      options.identity = "model a";
      options.page_bytes = kPageBytes;
      options.max_bytes = 60 * (kPageBytes + 1000);
      auto store = PageStore::Open(options, [] {});
      if (!store.ok()) ::_exit(3);
      for (uint64_t page = 0;; ++page) {
        while (!(*store)->HasRoom(kPageBytes)) ::usleep(100);
        (*store)->Write(page % 90, Name(page % 90), Content(page % 90), 0);
        if (page % 10 == 9) (*store)->Flush();
      }
    }
    ::usleep(static_cast<useconds_t>(1000 + rng.NextBelow(30000)));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
    const auto store = Open();
    for (const auto& path : Files()) {
      EXPECT_EQ(path.extension(), ".kvpage") << path << ": a partial file stayed";
    }
    for (uint64_t page = 0; page < 90; ++page) {
      if (store->Contains(page)) found += Finds(*store, page) ? 1 : 1000000;
    }
  }
  EXPECT_GT(found, 0u) << "no child got anywhere";
  EXPECT_LT(found, 1000000u) << "a file was no page";
  EXPECT_TRUE(Warnings().empty()) << Warnings().front();
}

}  // namespace
}  // namespace lemma::engine
