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

// The words of a list, "a|b|c".
std::vector<std::string_view> BetweenBars(std::string_view list);
// Words of one symbol: {{"ASK", "how many|find"}, {"", "the|a"}}. REQUIRES: literals.
struct WordGroup {
  std::string_view symbol;
  std::string_view words;
};
// Words that say nothing in any family (the, of, 请问, 的...) come last, as fillers.
std::vector<Word> MakeVocabulary(std::initializer_list<WordGroup> groups);

struct Symbol {
  std::string_view name;  // of the word; "N" for a number, "F" for a formula
  Rational value;
  Span span;
};
// The text as symbols. Unset: some word is not in the vocabulary. Longest word first; English words
// match whole and in lower case; punctuation and spaces are skipped. The spans of `formulas` are
// one symbol each.
std::optional<std::vector<Symbol>> ReadStrictly(std::string_view original,
                                                const std::vector<Word>& vocabulary,
                                                const std::vector<Span>& formulas = {});

std::string LowerAscii(std::string_view text);
bool HasAny(std::string_view text, const std::vector<std::string_view>& words);
// Whether no punctuation mark stands between two spans.
bool InOneClause(std::string_view text, Span a, Span b);
// 一 that says "a": 一个笼子, 一个三位数.
bool IsArticle(std::string_view text, const NumeralNote& numeral);
// The clause (between punctuation marks) before and after a span, without it.
std::string_view ClauseBefore(std::string_view text, Span span);
std::string_view ClauseAfter(std::string_view text, Span span);
// The text without the phrases at its ends, again and again. Empty strings and spaces included.
std::string_view StripEnds(std::string_view text, const std::vector<std::string_view>& phrases);

// The two readers of a family, and the problem made from slots both agree on.
struct FamilyReaders {
  std::optional<Slots> (*strict)(std::string_view text);
  std::optional<Slots> (*loose)(std::string_view text);
  std::optional<Problem> (*make)(const Slots& slots);
};
FamilyReaders HeadsReaders();
FamilyReaders DiceReaders();
FamilyReaders CommitteeReaders();
FamilyReaders EquationReaders();
FamilyReaders DividesReaders();
FamilyReaders DigitsReaders();
FamilyReaders SequenceReaders();
FamilyReaders SumReaders();
FamilyReaders StoryReaders();

}  // namespace lemma::check
