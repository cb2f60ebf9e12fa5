// SPDX-License-Identifier: Apache-2.0
// The files of a PageStore: their names, what there is, what goes. No threads of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace lemma::engine {

struct PageFileEntry {
  uint64_t identity = 0;  // hashes, from the name
  uint64_t tokens = 0;
  uint64_t bytes = 0;
  std::filesystem::file_time_type used;
};

class PageFolder {
 public:
  // Makes it, for the owner only, when it is not there.
  static Result<PageFolder> Open(const std::filesystem::path& directory);

  [[nodiscard]] std::filesystem::path PathOf(uint64_t identity, uint64_t tokens) const;
  // All pages of all models; removes partial files that nobody writes any more. Files with other
  // names are not touched.
  [[nodiscard]] std::vector<PageFileEntry> Scan() const;
  // The same, after the pages that were used longest ago went until at most `max_bytes` are left.
  [[nodiscard]] std::vector<PageFileEntry> Trim(uint64_t max_bytes, size_t& removed) const;
  // When the page was used, as Trim sees it.
  void Touch(const std::filesystem::path& path, std::filesystem::file_time_type used) const;

 private:
  explicit PageFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// All of a regular file (no link) of exactly `bytes` bytes. NotFound when it is not there,
// DataLoss when it is of another size.
Result<std::vector<std::byte>> ReadPageFile(const std::filesystem::path& path, uint64_t bytes);

}  // namespace lemma::engine
