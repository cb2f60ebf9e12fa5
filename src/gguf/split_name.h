// SPDX-License-Identifier: Apache-2.0
// File names of split sets: NAME-00001-of-0000N.gguf, counted from one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace lemma::gguf {

struct SplitName {
  std::string prefix;   // directory and NAME
  uint32_t number = 0;  // from 1
  uint32_t count = 0;

  // The path of part `part`, counted from 1.
  [[nodiscard]] std::filesystem::path PartPath(uint32_t part) const;
};

// nullopt when the name does not have the form, or the numbers make no sense.
std::optional<SplitName> ParseSplitName(const std::filesystem::path& path);

}  // namespace lemma::gguf
