// SPDX-License-Identifier: Apache-2.0
// The tree of chains in a terminal, as it grows and as it ended, in 80 columns. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "reasoning/solve.h"

namespace lemma::cli {

class SolveView {
 public:
  enum class Live { kNo, kYes };  // kYes: standard error is a terminal; the tree is redrawn there
  explicit SolveView(Live live) : live_(live) {}
  ~SolveView();  // takes the live tree away
  SolveView(const SolveView&) = delete;
  SolveView& operator=(const SolveView&) = delete;

  void OnEvent(const reasoning::SolveEvent& event);
  // The tree as it ended, the votes, the answer with its status and what was checked.
  [[nodiscard]] std::string Final(const reasoning::SolveResult& result);

 private:
  struct Row {
    size_t chain = 0;
    bool is_note = false;  // a retry
    std::string text;      // of a note; of a chain once it was judged
    std::string tail;      // newest text of one that runs
    bool thinking = true;
    size_t pieces = 0;
  };

  Row* Find(size_t chain);
  [[nodiscard]] std::vector<std::string> Lines() const;
  void Draw();
  void Erase();

  Live live_;
  std::string head_;
  std::vector<Row> rows_;
  size_t drawn_ = 0;  // lines
  Stopwatch since_drawn_;
};

}  // namespace lemma::cli
