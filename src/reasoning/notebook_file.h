// SPDX-License-Identifier: Apache-2.0
// The notebook's file among several threads and programs: changes are made one after the other
// under a lock (PATH.lock, flock), each on what the file says then, and the file is replaced whole:
// no change is lost, and a crash leaves the old one. Threads: any.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "reasoning/notebook.h"

namespace lemma::reasoning {

// Nothing is written unless `change` succeeds.
Status ChangeNotebook(const std::filesystem::path& path,
                      const std::function<Status(Notebook&)>& change);

// What the notebook is to one question: the rules under it, and what is learned from its answer.
class NotebookTurn {
 public:
  static constexpr size_t kMostRules = 2;

  // Puts the likest rules into `request.notes`, or holds them back (HeldBack).
  static Result<NotebookTurn> Begin(std::filesystem::path path, SolveRequest& request);
  // Counts what came of the rules, and keeps the one that the answer teaches.
  Status End(const SolveRequest& request, const SolveResult& result);

  [[nodiscard]] const std::vector<std::string>& rules() const { return rules_; }  // ids
  [[nodiscard]] bool held_back() const { return held_back_; }
  [[nodiscard]] const std::string& learned() const { return learned_; }  // an id, or empty

 private:
  std::filesystem::path path_;
  std::vector<std::string> rules_;
  bool held_back_ = false;
  std::string learned_;
};

}  // namespace lemma::reasoning
