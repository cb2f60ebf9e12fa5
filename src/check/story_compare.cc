// SPDX-License-Identifier: Apache-2.0
// Rules of stories that compare: 梨树比桃树多5棵, 小明比小红多几本.
#include <algorithm>

#include "check/story_facts.h"

namespace lemma::check {
namespace {

// The one fact a name means.
const StoryFact* OnlyNamed(const Facts& facts, const std::string& name) {
  const StoryFact* out = nullptr;
  for (const StoryFact& f : facts) {
    if (!IsNamed(f, name)) continue;
    if (out != nullptr) return nullptr;
    out = &f;
  }
  return out;
}

// One amount, and others by comparison. Entities are found by name.
struct Entity {
  const StoryFact* told = nullptr;  // the amount, or
  std::string name;                 // what the comparison calls it
  ExprPtr value;
};
bool Means(const Entity& e, const std::string& given) {
  if (e.told != nullptr) return IsNamed(*e.told, given);
  const std::string name = BareName(given);
  return name == e.name || (name.size() >= 6 && EndsWith(e.name, name)) ||
         (e.name.size() >= 6 && (EndsWith(name, e.name) || name.starts_with(e.name))) ||
         (name.size() >= 6 && e.name.starts_with(name));
}
Entity* Find(std::vector<Entity>& all, const std::string& name) {
  Entity* out = nullptr;
  for (Entity& e : all) {
    if (!Means(e, name)) continue;
    if (out != nullptr) return nullptr;
    out = &e;
  }
  return out;
}

bool AddComparison(const StoryFact& f, std::vector<Entity>& all) {
  const std::string& a = f.a;
  const std::string& b = f.b;
  const bool pronoun = b == "它" || b == "他" || b == "她";
  const Entity* known_a = a.empty() ? &all.back() : Find(all, a);
  const Entity* known_b = pronoun ? &all.back() : Find(all, b);
  if (b.empty() || (known_a == nullptr) == (known_b == nullptr)) return false;
  const bool forward = known_b != nullptr;  // a from b
  const ExprPtr from = forward ? known_b->value : known_a->value;
  Entity made;
  made.name = BareName(forward ? a : b);
  if (f.fact == Fact::kTimes) {
    made.value = forward ? TimesOf(from, NumberOf(f)) : Over(from, NumberOf(f));
  } else {
    const bool up = (f.fact == Fact::kMore) == forward;
    made.value = up ? Plus(from, NumberOf(f)) : Minus(from, NumberOf(f));
  }
  all.push_back(std::move(made));
  return true;
}

// The sum of all: 两个班一共, 鸡和鸭一共.
Answered TotalOf(const Story& story, std::vector<Entity>& all, const StoryFact& ask) {
  const StoryFact& told = *all[0].told;
  if (!ask.a.empty()) {
    const Entity* a = Find(all, ask.a);
    const Entity* b = Find(all, ask.b);
    if (all.size() != 2 || a == nullptr || b == nullptr || a == b) return std::nullopt;
  } else if (!ask.subject.empty() && !IsPronoun(ask.subject) &&
             PlaceName(ask.subject) != PlaceName(told.subject)) {
    return std::nullopt;
  }
  if (!ask.noun.empty() && !EndsWith(told.noun, ask.noun)) return std::nullopt;
  const Rational count(static_cast<int64_t>(all.size()));
  const bool counted = std::all_of(ask.got.numbers.begin(), ask.got.numbers.end(), [&](int index) {
    return story.numbers[static_cast<size_t>(index)].value == count;
  });
  if (!counted) return std::nullopt;
  ExprPtr out = all[0].value;
  for (size_t i = 1; i < all.size(); ++i) out = Plus(out, all[i].value);
  return out;
}

// The one that is asked for and was not told.
Answered AskedOf(std::vector<Entity>& all, const StoryFact& ask) {
  // 饲养场养了多少只鸭, 小丽做了多少朵花: either may name what is asked.
  const Entity* asked = nullptr;
  for (const std::string* name : {&ask.subject, &ask.noun}) {
    const Entity* found = name->empty() ? nullptr : Find(all, *name);
    if (found == nullptr || found->told != nullptr || found == asked) continue;
    if (asked != nullptr) return std::nullopt;
    asked = found;
  }
  if (asked == nullptr) return std::nullopt;
  return asked->value;
}

}  // namespace

Answered ByFactsDifference(const Facts& facts, const StoryFact& ask) {
  if (ask.fact != Fact::kAskMore && ask.fact != Fact::kAskLess && ask.fact != Fact::kAskRatio) {
    return std::nullopt;
  }
  const bool things = std::all_of(facts.begin(), facts.end(), IsOneThing);
  const bool amounts = std::all_of(facts.begin(), facts.end(), IsAmount);
  if (facts.size() != 2 || (!things && !amounts)) return std::nullopt;
  if (facts[0].fact != facts[1].fact || !SameVerbs(facts, facts[0])) return std::nullopt;
  const StoryFact* a = OnlyNamed(facts, ask.a);
  const StoryFact* b = OnlyNamed(facts, ask.b);
  if (a == nullptr || b == nullptr || a == b || UnitOf(*a) != UnitOf(*b)) return std::nullopt;
  if (ask.fact == Fact::kAskRatio) return Over(NumberOf(*a), NumberOf(*b));
  if (UnitOf(*a) != UnitOf(ask)) return std::nullopt;
  return ask.fact == Fact::kAskMore ? Minus(NumberOf(*a), NumberOf(*b))
                                    : Minus(NumberOf(*b), NumberOf(*a));
}

Answered ByFactsCompared(const Story& story, Facts facts, const StoryFact& ask) {
  std::stable_partition(facts.begin(), facts.end(), IsAmount);
  if (facts.size() < 2 || (!IsAmount(facts[0]) && !IsOneThing(facts[0]))) return std::nullopt;
  if (ask.fact != Fact::kAskOf && ask.fact != Fact::kAskTotal) return std::nullopt;
  std::vector<Entity> all = {{&facts[0], "", NumberOf(facts[0])}};
  const std::string unit = UnitOf(facts[0]);
  for (size_t i = 1; i < facts.size(); ++i) {
    const StoryFact& f = facts[i];
    const bool times = f.fact == Fact::kTimes;
    if (f.fact != Fact::kMore && f.fact != Fact::kLess && !times) return std::nullopt;
    if (!times && UnitOf(f) != unit) return std::nullopt;
    if (!AddComparison(f, all)) return std::nullopt;
  }
  if (UnitOf(ask) != unit) return std::nullopt;
  return ask.fact == Fact::kAskTotal ? TotalOf(story, all, ask) : AskedOf(all, ask);
}

}  // namespace lemma::check
