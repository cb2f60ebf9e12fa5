// SPDX-License-Identifier: Apache-2.0
// Reads lines from a person: editing and history by libedit on a terminal, plain lines otherwise.
// One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace lemma::cli {

class LineEditor {
 public:
  // History is kept in `history_file` (created with its folders) when it is not empty.
  explicit LineEditor(std::filesystem::path history_file);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  enum class Outcome { kLine, kEnd, kInterrupted };
  struct Line {
    Outcome outcome = Outcome::kEnd;
    std::string text;  // without the line end
  };
  // `prompt` is shown on a terminal only.
  Line Read(const std::string& prompt);
  void Remember(const std::string& line);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;  // null when standard input is no terminal
};

}  // namespace lemma::cli
