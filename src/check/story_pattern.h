// SPDX-License-Identifier: Apache-2.0
// Clauses of a Chinese story and the patterns that must match one whole. A pattern is plain text
// with these signs: N a number, U a unit or counter (u: not captured), W one to ten open
// characters, w none to 14, Q 多少 or 几, A the numeral 一 as an article, (a|b|) one of these,
// <name> one verb of a class. Open characters never hold a number or a character that can change
// what a sentence says (比, 每, 还, 又, 其...), so an unknown turn of phrase matches nothing.
// Internal to the folder.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/problem.h"

namespace lemma::check {

struct Piece {
  std::string_view text;  // one character, or a number
  int number = -1;        // index into Story::numbers
};
struct Clause {
  std::vector<Piece> pieces;
};
struct Story {
  std::vector<NumeralNote> numbers;  // those that count
  std::vector<Clause> clauses;       // without the marks between them
};
// The clauses hold views of `text`.
Story SplitStory(std::string_view text);

struct Captures {
  std::vector<int> numbers;   // N
  std::vector<int> articles;  // A
  std::vector<std::string> units;
  std::vector<std::string> words;  // W and w, empty ones too
  std::vector<std::string> verbs;
};

using VerbClasses = std::map<std::string, std::vector<std::string_view>, std::less<>>;

class Pattern {
 public:
  // REQUIRES: brackets are closed, classes are known.
  Pattern(std::string_view text, const VerbClasses& classes);
  [[nodiscard]] std::optional<Captures> Match(const Story& story, const Clause& clause) const;

 private:
  enum class Kind { kOneOf, kNumber, kUnit, kArticle, kOpen };
  struct Option {
    std::string text;
    std::string verb;  // "" for plain text
  };
  static std::vector<Option> ReadOptions(std::string_view text, const VerbClasses& classes);
  struct Part {
    Kind kind = Kind::kOneOf;
    std::vector<Option> options;  // kOneOf
    bool captured = false;        // kUnit
    size_t least = 1;             // kOpen
  };
  bool MatchFrom(const Story& story, const Clause& clause, size_t part, size_t piece,
                 Captures& out) const;
  bool MatchNumber(const Story& story, const Clause& clause, size_t part, size_t piece,
                   Captures& out) const;
  bool MatchOpen(const Story& story, const Clause& clause, size_t part, size_t piece,
                 Captures& out) const;
  std::vector<Part> parts_;
};

// The units of stories, longest first: 千克, 平方米, 个, 只...
const std::vector<std::string_view>& StoryUnits();
// A counter (个, 只) counts whole things; a measure (米, 千克, 元) does not.
bool IsMeasure(std::string_view unit);

}  // namespace lemma::check
