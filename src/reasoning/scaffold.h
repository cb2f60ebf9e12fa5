// SPDX-License-Identifier: Apache-2.0
// Ways to put a question: templates in text files, those in data/scaffolds built in, and a user's
// own. A file is named NAME.LANGUAGE.txt (four-steps.zh.txt); lines that begin with '#' are
// comments, the rest is the text of the user's turn, in which {question} stands for the question.
// Immutable after Load.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "service/thinking.h"

namespace lemma::reasoning {

struct Scaffold {
  std::string name;
  service::TextLanguage language = service::TextLanguage::kEnglish;
  std::string text;  // contains {question} once
};

class Scaffolds {
 public:
  // The built-in ones.
  Scaffolds();
  // The *.txt files of a folder are added; those with the name and language of one that is there
  // replace it. DataLoss names the file and what is wrong with it; NotFound: no such folder.
  Status Load(const std::filesystem::path& folder);

  // The question in the scaffold of that name, in its language, else in English. An empty name
  // gives the question as it is. NotFound lists the names.
  [[nodiscard]] Result<std::string> Apply(std::string_view name, service::TextLanguage language,
                                          std::string_view question) const;
  [[nodiscard]] const std::vector<Scaffold>& all() const { return all_; }

 private:
  void Add(Scaffold scaffold);
  std::vector<Scaffold> all_;
};

// One file's text. DataLoss names what is wrong.
Result<Scaffold> ParseScaffold(std::string_view file_name, std::string_view text);

}  // namespace lemma::reasoning
