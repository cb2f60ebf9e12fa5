// SPDX-License-Identifier: Apache-2.0
// The options of verified reasoning, shared by `lemma solve` and `lemma eval`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "reasoning/scaffold.h"
#include "reasoning/solve.h"

namespace lemma::cli {

struct SolveFlags {
  reasoning::SolveOptions options;
  std::string task;
  std::string effort = "balanced";
  std::string search;
  std::string calculator;  // "on", "off"; empty: the policy's
  std::string rewind;
  std::string checkers;
  std::string scaffold_folder;
  std::string tests_file;
  std::string entry_point;
  std::string support_file;
  std::string schema_file;
  std::vector<std::string> source_files;
};

void AddSolveOptions(CLI::App& app, SolveFlags& flags);
// Options, files and scaffolds; the question stays as it is. The error names the option or file.
Status FillSolveRequest(const SolveFlags& flags, reasoning::SolveRequest& request,
                        reasoning::Scaffolds& scaffolds);

}  // namespace lemma::cli
