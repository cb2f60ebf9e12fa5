// SPDX-License-Identifier: Apache-2.0
// The mistake notebook (错题本): short rules from answers that were refuted and then mended, kept
// in a file of the user's, found again by likeness of the question, and put under the next question
// of that kind. Every tenth use is held back, so that it shows whether a rule helps; one that does
// not is switched off. One JSON object a line; a user may edit the file. One thread at a time; who
// shares the file with others changes it by ChangeNotebook (notebook_file.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "reasoning/solve.h"

namespace lemma::reasoning {

struct Note {
  std::string id;      // 8 hexadecimal digits
  double created = 0;  // Unix time
  std::string task;
  std::string language;  // "zh", "en"
  std::string question;  // it came from
  std::string wrong;     // the answer that was refuted
  std::string rule;      // what is told; at most kMostRuleBytes
  std::string source;    // "auto", "user"
  size_t uses = 0;       // shown, ...
  size_t wins = 0;       // ... and the answer was proven
  size_t held = 0;       // held back, ...
  size_t held_wins = 0;
  [[nodiscard]] bool enabled() const;
};
inline constexpr size_t kMostRuleBytes = 240;
inline constexpr size_t kMostNotes = 10'000;

// P(rate with the note > rate without), from Beta(1 + wins, 1 + losses) of both.
double ChanceOfUplift(const Note& note);

class Notebook {
 public:
  // A file that is not there is an empty notebook. DataLoss names the line and the field.
  static Result<Notebook> Open(std::filesystem::path path);
  Status Save() const;  // for its owner's eyes alone: questions are in it

  // What the notebook says about a question: at most `most` rules, the likest first (BM25 over
  // pairs of Chinese characters and English words, within one task and language).
  [[nodiscard]] std::vector<const Note*> Find(const TaskGuess& task, std::string_view question,
                                              size_t most) const;
  // The rule that a solved question teaches: nullopt unless an answer was refuted and another one
  // proven.
  static std::optional<Note> Learn(const SolveRequest& request, const SolveResult& result);

  // InvalidArgument: an empty or too long rule; ResourceExhausted: full. A rule that is there
  // already for the task is not added twice. The id.
  Result<std::string> Add(Note note);
  Status Edit(std::string_view id, std::string rule);  // its counts begin anew
  Status Remove(std::string_view id);
  // What came of a use. Whether it was held back is HeldBack's.
  void Count(std::string_view id, bool held_back, bool proven);
  [[nodiscard]] const std::vector<Note>& notes() const { return notes_; }

 private:
  std::filesystem::path path_;
  std::vector<Note> notes_;
};

// Whether this question is one that is asked without its notes: one in ten, by its text and seed.
bool HeldBack(const SolveRequest& request);

std::string NoteJson(const Note& note);

}  // namespace lemma::reasoning
