// SPDX-License-Identifier: Apache-2.0
// Model files as a registry sees them: names, sizes, and what lies in a folder. Errors of the file
// system are "not there": loading says more.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lemma::service {

struct ModelFile {
  std::filesystem::path path;   // of a split set, its first part
  std::string name;             // the stem, without the number of a part
  uint64_t bytes = 0;           // of all parts that are there
  double modified_seconds = 0;  // Unix time
};

// The file as it is now; bytes is 0 when there is none.
ModelFile LookAtModelFile(const std::filesystem::path& path);
// The *.gguf files of a folder (not of folders in it) by name; further parts of sets are left out.
std::vector<ModelFile> ModelFilesIn(const std::filesystem::path& folder);

// What names are compared by: lower case (ASCII), without ".gguf" and ":latest".
std::string FoldModelName(std::string_view name);

}  // namespace lemma::service
