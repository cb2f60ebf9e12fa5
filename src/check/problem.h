// SPDX-License-Identifier: Apache-2.0
// A problem as mathematics: unknowns, constraints, a query, and for every number of the text what
// became of it. Checkers (checkers.h) work on this alone. A Problem says `complete` only if
// nothing that counts in the text was left out; without that no answer can be VERIFIED.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/expr.h"
#include "check/finite.h"

namespace lemma::check {

enum class Family {
  kLinear,        // linear equations, any number of unknowns
  kEquation,      // one equation in one real unknown
  kPuzzle,        // whole unknowns in small ranges
  kCounting,      // how many members of a finite space pass
  kProbability,   // the same, divided by the size; members equally likely
  kRecurrence,    // a(n+1) from a(n)
  kDivisibility,  // m divides p(n) for every whole n, or those of some residues
};
std::string_view FamilyName(Family family);

enum class Domain { kReal, kInteger, kNatural };  // kNatural: 0, 1, 2, ...
std::string_view DomainName(Domain domain);

struct Variable {
  std::string name;  // in the constraints: letters, digits, _
  Domain domain = Domain::kReal;
  std::optional<Range> range;       // kPuzzle and boxes need it
  std::string unit;                 // "" without one
  std::vector<std::string> labels;  // what an answer may call it: 鸡, 鸡的只数, chickens
};

struct Constraint {
  Relation relation;
  Span span;  // of the text it came from
};

// A condition on a choice of members 0..n-1.
enum class ChoiceRule { kNotBoth, kBothOrNeither, kIncludes, kExcludes };
struct ChoiceCondition {
  ChoiceRule rule = ChoiceRule::kIncludes;
  int a = 0;
  int b = 0;  // kNotBoth, kBothOrNeither
  Span span;
};
// k of n different members, order does not count.
struct Choice {
  int n = 0;
  int k = 0;
  std::vector<ChoiceCondition> conditions;
};

// a(first_index) = first; a(n+1) = step, over the variables "a" and "n".
struct Recurrence {
  Rational first;
  int64_t first_index = 1;
  ExprPtr step;
  int64_t index = 1;  // asked
};

struct Divisibility {
  ExprPtr polynomial;  // in "n"
  int64_t modulus = 1;
  ResidueCondition when;  // of n; its text: "n mod 2 = 1"
};
std::string ToText(const ResidueCondition& when);  // "" where all n are meant

enum class QueryKind {
  kValue,       // the value of `expr`
  kAssignment,  // the values of all `names`
  kAll,         // every value that `expr` can take (all roots, all numbers)
  kCount,
  kProbability,
  kClaim,  // whether it is so
};
std::string_view QueryKindName(QueryKind kind);
struct Query {
  QueryKind kind = QueryKind::kValue;
  ExprPtr expr;
  std::vector<std::string> names;
  std::string unit;  // "" if the text asks for none
};

// What became of a number in the text.
struct NumeralNote {
  Span span;
  Rational value;
  bool used = false;   // by a constraint or another part of the problem
  std::string reason;  // if not used: why it does not count. Empty: not explained
};

struct Problem {
  Family family = Family::kLinear;
  std::string text;
  std::vector<Variable> variables;
  std::vector<Constraint> constraints;
  std::optional<Choice> choice;          // kCounting, kProbability: instead of the box of variables
  std::optional<Recurrence> recurrence;  // kRecurrence
  std::optional<Divisibility> divisibility;
  Query query;
  std::vector<NumeralNote> numerals;
  int readings = 0;    // independent rule sets that gave this very problem
  std::string capped;  // why problems read this way are never complete; "": they may be
};

// Ok, or what is missing: a number of the text without a note or without use and reason, a
// constraint over an unknown without a declaration, no query, fewer than two readings, a cap.
Status CheckComplete(const Problem& problem);

// All numbers in a text: digits, Chinese numerals, number words of English (two, twice, half,
// dozen, thirteen). Chinese words that only contain a numeral (一共, 十分, 第一) come with the
// reason already set.
std::vector<NumeralNote> FindNumerals(std::string_view text);

}  // namespace lemma::check
