// SPDX-License-Identifier: Apache-2.0
// What the rules of stories ask of facts: their numbers, units and names, and whether two tell of
// the same. Internal to the folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/story.h"

namespace lemma::check {

using Facts = std::vector<StoryFact>;
using Answered = std::optional<ExprPtr>;

// The variable of a number of the fact.
ExprPtr NumberOf(const StoryFact& f, size_t i = 0);
ExprPtr Plus(const ExprPtr& a, const ExprPtr& b);
ExprPtr Minus(const ExprPtr& a, const ExprPtr& b);
ExprPtr TimesOf(const ExprPtr& a, const ExprPtr& b);
ExprPtr Over(const ExprPtr& a, const ExprPtr& b);

// Units in one form: 元钱 is 元, 5个同学 are 5人.
std::string UnitAt(const StoryFact& f, size_t i);
// The unit of the fact's number, or the one asked for.
std::string UnitOf(const StoryFact& f);

// False where `end` is empty.
bool EndsWith(const std::string& text, const std::string& end);
bool IsPronoun(const std::string& name);
// 果园里 is 果园.
std::string PlaceName(std::string name);
// 梨树的棵数, 收的梨树: the pears.
std::string BareName(std::string name);
// Whether a name means this fact: by its subject, its noun, or both.
bool IsNamed(const StoryFact& f, const std::string& given);
// Whether things called `part` are things called `asked`: 红花 are 花, 花 are not 红花.
bool IsKindOf(const std::string& part, const std::string& asked);

bool IsAmount(const StoryFact& f);
// 一根彩带长67米: one thing, told of as such.
bool IsOneThing(const StoryFact& f);
bool IsRate(const StoryFact& f);
// 有20朵花，送出5朵: what is done with things of a known amount uses them up, but for verbs that
// make or bring.
bool IsUse(const StoryFact& f, const StoryFact& base);
// Whether all facts tell of the one who is asked about.
bool TellOf(const Facts& facts, const std::string& who);
// Whether all facts and the question are of one verb.
bool SameVerbs(const Facts& facts, const StoryFact& ask);

// Rules. One amount, and others by comparison:
Answered ByFactsCompared(const Story& story, Facts facts, const StoryFact& ask);
// two amounts, and by how much or how many times they differ;
Answered ByFactsDifference(const Facts& facts, const StoryFact& ask);
// a rate and one amount, two amounts shared out together, what is left of it all;
Answered ByFactsRated(const Facts& given, const StoryFact& ask);
// so many among so many.
Answered ByFactsShared(const Facts& facts, const StoryFact& ask);

}  // namespace lemma::check
