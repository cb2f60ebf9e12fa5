// SPDX-License-Identifier: Apache-2.0
// The mistake notebook (错题本): short rules from answers that were refuted and then mended, kept
// in a file of the user's, found again by likeness of the question, and put under the next question
// of that kind. Every tenth use is held back, so that it shows whether a rule helps; one that does
// not is switched off. Many notes may tell one rule, each from its own question: they are worth
// what came of all their uses. One JSON object a line; a user may edit the file. One thread at a
// time; who shares the file with others changes it by ChangeNotebook (notebook_file.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
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
};
inline constexpr size_t kMostRuleBytes = 240;
inline constexpr size_t kMostNotes = 10'000;

// What came of the uses of a rule: of all notes that tell it for one task and language.
struct Worth {
  size_t uses = 0;
  size_t wins = 0;
  size_t held = 0;
  size_t held_wins = 0;
  bool operator==(const Worth&) const = default;
  [[nodiscard]] bool enabled() const;
};

// P(rate with the rule > rate without), from Beta(1 + wins, 1 + losses) of both.
double ChanceOfUplift(const Worth& worth);

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
  // already for the question is not added twice. A note without a time gets the present. The id.
  Result<std::string> Add(Note note);
  Status Edit(std::string_view id, std::string rule);  // its counts begin anew
  Status Remove(std::string_view id);
  // What came of a use. Whether it was held back is HeldBack's.
  void Count(std::string_view id, bool held_back, bool proven);
  [[nodiscard]] const std::vector<Note>& notes() const { return notes_; }
  // Of the note's rule.
  [[nodiscard]] Worth WorthOf(const Note& note) const;
  [[nodiscard]] bool Enabled(const Note& note) const;
  // The note's own counts, and whether its rule is on.
  [[nodiscard]] std::string Json(const Note& note) const;

 private:
  struct Rule {
    Worth worth;
    bool enabled = true;  // worth.enabled(), which takes a while
  };
  void CountRules();

  std::filesystem::path path_;
  std::vector<Note> notes_;
  std::map<std::string, Rule> rules_;  // by RuleKey
};

// Whether this question is one that is asked without its notes: one in ten, by its text and seed.
bool HeldBack(const SolveRequest& request);

}  // namespace lemma::reasoning
