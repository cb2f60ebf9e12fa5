// SPDX-License-Identifier: Apache-2.0
// Computed KV pages in a directory, to be found again after a restart. One file a page
// (page_file.h), named by hashes of what it depends on; written by a thread of its own, beside the
// final name, flushed, renamed: a kill at any moment leaves whole files, or partial ones that the
// next start removes. The bytes in the directory are bounded: the pages that were used longest ago
// go. Several processes may share a directory. A file that is damaged, or not what its name says,
// is removed with a warning; files with other names are left alone.
//
// The files hold what prompts say in a form that can be read back: the directory is made for its
// owner only.
//
// Threads: one caller (the engine thread), and the store's own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/page_file.h"

namespace lemma::engine {

struct PageStoreOptions {
  std::filesystem::path directory;  // made when it is not there; the files go to kv/ in it
  uint64_t max_bytes = 8ULL << 30;  // of all files there
  // Whatever the bits of a page depend on beside tokens: the model file (by its content), the
  // class of kernels, types and size of the pages. At most kMaxIdentity bytes.
  std::string identity;
  size_t page_bytes = 0;                  // content of a page
  uint64_t max_unwritten = 128ULL << 20;  // bytes in memory that wait to be written
};

struct PageStoreStats {
  uint64_t bytes = 0;  // in the directory, as far as known
  uint64_t pages_written = 0;
  uint64_t pages_read = 0;
  uint64_t pages_evicted = 0;
  uint64_t pages_damaged = 0;  // removed with a warning
  uint64_t write_failures = 0;
};

// A read that is under way.
struct PageRead {
  // Set last; the rest may be looked at when it is true.
  std::atomic<bool> done{false};
  std::vector<std::byte> file;
  std::span<const std::byte> content;  // in `file`; empty when there is no such page
};

class PageStore {
 public:
  // `on_read` is called (by the store's thread) when a read is done. The error names the directory.
  static Result<std::unique_ptr<PageStore>> Open(const PageStoreOptions& options,
                                                 std::function<void()> on_read);
  // Writes what still waits, for a few seconds at most.
  ~PageStore();
  PageStore(const PageStore&) = delete;
  PageStore& operator=(const PageStore&) = delete;

  // `hash` is that of the tokens (KvPages' chain) here and below. True when there is a file of it,
  // or will be.
  [[nodiscard]] bool Contains(uint64_t hash) const;
  // Whether a Write of so many bytes would be taken now.
  [[nodiscard]] bool HasRoom(size_t bytes) const;
  // Takes it for writing; what is there already is not written again. `age`: pages of lower age
  // are kept longer than others that were used at the same time (the position in a prompt: later
  // pages are of no use without earlier ones).
  void Write(uint64_t hash, PageName name, std::vector<std::byte> content, size_t age);
  // The answer has no content when the file is gone, damaged or another's.
  [[nodiscard]] std::shared_ptr<PageRead> Read(uint64_t hash, PageName name, size_t age);
  // Returns when everything taken so far is done.
  void Flush();

  [[nodiscard]] PageStoreStats Stats() const;

 private:
  class Impl;
  explicit PageStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma::engine
