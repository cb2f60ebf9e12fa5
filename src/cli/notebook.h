// SPDX-License-Identifier: Apache-2.0
// Where the mistake notebook lies.
#pragma once

#include <filesystem>
#include <string>

namespace lemma::cli {

// "on": the user's own, notebook.jsonl in DataFolder(); anything else is a path.
std::filesystem::path NotebookPath(const std::string& option);

}  // namespace lemma::cli
