// SPDX-License-Identifier: Apache-2.0
// What the readers of formalise.h share: slots, the strict vocabulary, and looks around a number.
// Internal to the folder.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/problem.h"

namespace lemma::check {

// What a reader found: names with values ("heads" -> "35"), and the spans they came from. Two
// readings agree if the values do.
struct Slots {
  std::map<std::string, std::string> values;
  std::map<std::string, Span> spans;
  std::map<std::string, std::string> reasons;  // of spans that are without use
  ExprPtr formula;                             // of a story; `values` tell formulas apart
  friend bool operator==(const Slots& a, const Slots& b) { return a.values == b.values; }
};

// Fills a slot with a whole number above zero. A slot filled twice, or with anything else, becomes
// empty for good.
void Put(Slots& slots, const std::string& name, const Rational& value, Span span);
bool Filled(const Slots& slots, const std::vector<std::string_view>& names);

struct Word {
  std::string_view text;
  std::string_view symbol;  // empty: a filler
};

struct Symbol {
  std::string_view name;  // of the word; "N" for a number
  Rational value;
  Span span;
};
// The text as symbols. Unset: some word is not in the vocabulary. Longest word first; English words
// match whole and in lower case; punctuation and spaces are skipped.
std::optional<std::vector<Symbol>> ReadStrictly(std::string_view original,
                                                const std::vector<Word>& vocabulary);

std::string LowerAscii(std::string_view text);
bool HasAny(std::string_view text, const std::vector<std::string_view>& words);
// The clause (between punctuation marks) before and after a span, without it.
std::string_view ClauseBefore(std::string_view text, Span span);
std::string_view ClauseAfter(std::string_view text, Span span);
// The text without the phrases at its ends, again and again. Empty strings and spaces included.
std::string_view StripEnds(std::string_view text, const std::vector<std::string_view>& phrases);

// The readers of each family, and the problem made from slots both agree on.
std::optional<Slots> HeadsStrict(std::string_view text);
std::optional<Slots> HeadsLoose(std::string_view text);
std::optional<Problem> HeadsProblem(const Slots& slots);
std::optional<Slots> DiceStrict(std::string_view text);
std::optional<Slots> DiceLoose(std::string_view text);
std::optional<Problem> DiceProblem(const Slots& slots);
std::optional<Slots> CommitteeStrict(std::string_view text);
std::optional<Slots> CommitteeLoose(std::string_view text);
std::optional<Problem> CommitteeProblem(const Slots& slots);
std::optional<Slots> EquationStrict(std::string_view text);
std::optional<Slots> EquationLoose(std::string_view text);
std::optional<Problem> EquationProblem(const Slots& slots);
std::optional<Slots> DividesStrict(std::string_view text);
std::optional<Slots> DividesLoose(std::string_view text);
std::optional<Problem> DividesProblem(const Slots& slots);
std::optional<Slots> DigitsStrict(std::string_view text);
std::optional<Slots> DigitsLoose(std::string_view text);
std::optional<Problem> DigitsProblem(const Slots& slots);
std::optional<Slots> SequenceStrict(std::string_view text);
std::optional<Slots> SequenceLoose(std::string_view text);
std::optional<Problem> SequenceProblem(const Slots& slots);
std::optional<Slots> StoryStrict(std::string_view text);
std::optional<Slots> StoryLoose(std::string_view text);
std::optional<Problem> StoryProblem(const Slots& slots);

}  // namespace lemma::check
