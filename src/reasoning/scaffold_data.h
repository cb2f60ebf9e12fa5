// SPDX-License-Identifier: Apache-2.0
// The files of data/scaffolds, compiled in.
#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace lemma::reasoning {

// File name and text.
extern const std::span<const std::pair<std::string_view, std::string_view>> scaffold_files;

}  // namespace lemma::reasoning
