// SPDX-License-Identifier: Apache-2.0
// Chinese word problems of one to three steps, read in two ways that share no rule. The first
// (story_clauses.cc, story_rules.cc) must match every clause whole against patterns and derives the
// answer from who has, gains, uses or shares what. The second (story_units.cc) sees only numbers,
// their units and cue words, and derives the answer from the dimensions. Both give a formula over
// the numbers of the text. Internal to the folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/story_pattern.h"

namespace lemma::check {

// The answer as a formula over the variables n0, n1, ...: the numbers of the story in their order.
struct StoryAnswer {
  ExprPtr formula;
  std::string unit;           // asked for, as written
  std::vector<int> articles;  // numbers that only say "a": without use
};

enum class Fact {
  // What is told: n (numbers[0]) of a unit.
  kHave,
  kBare,      // 兰花70盆: what the clause before was
  kGain,      // more of it came
  kLose,      // some of it went
  kDo,        // neither: 种了, 看了
  kPlan,      // 要种
  kLoseSome,  // 拿走一些, 买了一条鱼: one thing of unknown size
  kLeft,      // 还剩
  kMore,      // a is n more than b
  kLess,
  kTimes,      // a is n times b
  kEach,       // n units[1] (noun) in every units[0] (of)
  kEachGroup,  // every n units[0] make one units[1]
  kShare,      // split evenly over n units[0]
  kShareAll,   // n units[0] split evenly over n units[1]
  kCost,
  kPaid,
  kLong,
  kWide,
  kSide,
  kGive,     // n went from the subject to somebody
  kWhole,    // n units of a and b together
  kPart,     // n of them a
  kSetting,  // no number
  // What is asked.
  kAskLeft,
  kAskNow,
  kAskTotal,
  kAskMore,  // by how many a exceeds b
  kAskLess,
  kAskOf,
  kAskTaken,
  kAskInitial,
  kAskLack,
  kAskChange,
  kAskEach,  // units[1] in every units[0]
  kAskRatio,
  kAskArea,
  kAskPerimeter,
  kAskWith,  // an amount and a question in one clause: read as two
};

// One clause. The names are "" where the clause has none.
struct StoryFact {
  Fact fact = Fact::kSetting;
  Captures got;
  std::string subject;
  std::string noun;
  std::string of;  // kEach: the noun of units[0]
  std::string a;
  std::string b;
};

struct GrammarRow {
  Fact fact;
  // What the words of the pattern are, in their order: s subject, v subject and verb, n noun, o of,
  // a, b, - nothing. r at the end: numbers and units stand in the other order.
  std::string_view names;
  Pattern pattern;
};
// The first pattern that matches counts: the narrow ones stand first.
const std::vector<GrammarRow>& StoryGrammar();

// What the first pattern that matches the clause says of it.
std::optional<StoryFact> ReadClause(const Story& story, const Clause& original);
// Every clause as a fact, the question last. Unset: a clause is not understood.
std::optional<std::vector<StoryFact>> ReadFacts(const Story& story);
// The answer if one rule and only one holds for the facts.
std::optional<StoryAnswer> CombineFacts(const Story& story, const std::vector<StoryFact>& all);

// The two readings.
std::optional<StoryAnswer> StoryByClauses(std::string_view text);
std::optional<StoryAnswer> StoryByUnits(std::string_view text);

}  // namespace lemma::check
