// SPDX-License-Identifier: Apache-2.0
// From the facts of a story to the formula of its answer. Each rule asks for exactly the facts it
// uses, in equal units; names must agree. Two rules with different answers cancel out.
#include <algorithm>

#include "check/story_facts.h"

namespace lemma::check {
namespace {

// Whether what was done is what is planned or asked: 要种20棵，已经种了8棵.
bool IsDoneOf(const StoryFact& f, const StoryFact& whole) {
  return !whole.got.verbs.empty() && !f.got.verbs.empty() &&
         (f.got.verbs[0].starts_with(whole.got.verbs[0].substr(0, 3)) ||
          whole.got.verbs[0] == "完成");
}

bool TakesAway(const StoryFact& f, const StoryFact& base, const StoryFact& ask) {
  if (f.fact == Fact::kLose) return true;
  if (f.fact == Fact::kGive) return f.subject.empty() || f.subject == base.subject;
  if (f.fact != Fact::kDo) return false;
  return base.fact == Fact::kPlan ? IsDoneOf(f, base) : IsDoneOf(f, ask) || IsUse(f, base);
}

// n0 - n1 - n2: one amount, then what came and went.
Answered Remaining(const Facts& facts, const StoryFact& ask) {
  if (ask.fact != Fact::kAskLeft && ask.fact != Fact::kAskNow) return std::nullopt;
  if (facts.size() < 2) return std::nullopt;
  const StoryFact& base = facts[0];
  const bool planned = base.fact == Fact::kPlan;
  if (!planned && !IsAmount(base) && !IsOneThing(base)) return std::nullopt;
  ExprPtr out = NumberOf(base);
  int losses = 0;
  for (size_t i = 1; i < facts.size(); ++i) {
    const StoryFact& f = facts[i];
    // 14盒白粉笔和2盒彩粉笔
    const bool listed = f.fact == base.fact && f.subject.empty() && f.got.verbs == base.got.verbs;
    if (UnitOf(f) != UnitOf(base) || (!listed && !IsKindOf(base.noun, f.noun))) return std::nullopt;
    if (listed && !planned && losses == 0) {
      if (!IsKindOf(f.noun, ask.noun)) return std::nullopt;
      out = Plus(out, NumberOf(f));
    } else if (TakesAway(f, base, ask)) {
      out = Minus(out, NumberOf(f));
      ++losses;
    } else if (f.fact == Fact::kGain && !planned) {
      out = Plus(out, NumberOf(f));
    } else {
      return std::nullopt;
    }
  }
  if (ask.fact == Fact::kAskLeft && losses == 0) return std::nullopt;
  if (!TellOf(facts, ask.subject)) return std::nullopt;
  if (UnitOf(ask) != UnitOf(base) || !IsKindOf(base.noun, ask.noun)) return std::nullopt;
  return out;
}

// The subject of the question takes in all the facts.
bool AsksForAll(const Facts& facts, const StoryFact& ask) {
  if (!ask.b.empty() || !ask.a.empty()) {
    const auto named = [&](const std::string& name) {
      return std::count_if(facts.begin(), facts.end(),
                           [&](const StoryFact& f) { return IsNamed(f, name); });
    };
    return facts.size() == 2 && named(ask.a) == 1 && named(ask.b) == 1 &&
           !(IsNamed(facts[0], ask.a) && IsNamed(facts[0], ask.b)) &&
           !(IsNamed(facts[1], ask.a) && IsNamed(facts[1], ask.b));
  }
  if (ask.subject.empty() || IsPronoun(ask.subject)) return true;
  const std::string place = PlaceName(ask.subject);
  return place == PlaceName(facts[0].subject) &&
         std::all_of(facts.begin(), facts.end(), [&](const StoryFact& f) {
           return f.subject.empty() || PlaceName(f.subject) == place;
         });
}

Answered Sum(const Story& story, const Facts& facts, const StoryFact& ask) {
  const bool total = ask.fact == Fact::kAskTotal;
  if (!total || facts.size() < 2) return std::nullopt;
  const bool all_lost = std::all_of(facts.begin(), facts.end(),
                                    [](const StoryFact& f) { return f.fact == Fact::kLose; });
  const bool all_done = std::all_of(facts.begin(), facts.end(),
                                    [](const StoryFact& f) { return f.fact == Fact::kDo; });
  const bool grown = facts[0].fact == Fact::kHave &&
                     std::all_of(facts.begin() + 1, facts.end(), [](const StoryFact& f) {
                       return f.fact == Fact::kGain || f.fact == Fact::kHave;
                     });
  const bool gained = std::all_of(facts.begin(), facts.end(),
                                  [](const StoryFact& f) { return f.fact == Fact::kGain; });
  const bool priced = !ask.a.empty() && std::all_of(facts.begin(), facts.end(), IsOneThing);
  if (!all_lost && !all_done && !grown && !gained && !priced) return std::nullopt;
  if ((all_done || all_lost || gained) && !SameVerbs(facts, ask)) return std::nullopt;
  if (grown && !ask.got.verbs.empty()) return std::nullopt;
  if (!AsksForAll(facts, ask)) return std::nullopt;
  // 两次一共: the number counts the facts.
  for (const int index : ask.got.numbers) {
    const Rational& count = story.numbers[static_cast<size_t>(index)].value;
    const bool one = count == Rational(1);  // 一天一共
    if (!one && count != Rational(static_cast<int64_t>(facts.size()))) return std::nullopt;
  }
  ExprPtr out = NumberOf(facts[0]);
  for (size_t i = 0; i < facts.size(); ++i) {
    const StoryFact& f = facts[i];
    if (UnitOf(f) != UnitOf(ask) || !IsKindOf(f.noun, ask.noun)) return std::nullopt;
    if (i > 0) out = Plus(out, NumberOf(f));
  }
  return out;
}

Answered Money(const Facts& facts, const StoryFact& ask) {
  if (facts.size() != 2) return std::nullopt;
  const StoryFact& first = facts[0];
  const StoryFact& second = facts[1];
  if (UnitOf(first) != UnitOf(second)) return std::nullopt;
  const bool cost = first.fact == Fact::kCost || (IsOneThing(first) && UnitOf(first) == "元");
  if (ask.fact == Fact::kAskChange && cost && second.fact == Fact::kPaid) {
    return Minus(NumberOf(second), NumberOf(first));
  }
  if (ask.fact == Fact::kAskLack && (cost || first.fact == Fact::kPlan) &&
      second.fact == Fact::kHave && UnitOf(ask) == UnitOf(first)) {
    return Minus(NumberOf(first), NumberOf(second));
  }
  return std::nullopt;
}

Answered Part(const Facts& facts, const StoryFact& ask) {
  if (facts.size() != 2 || facts[0].fact != Fact::kWhole || facts[1].fact != Fact::kPart ||
      ask.fact != Fact::kAskOf || UnitOf(facts[0]) != UnitOf(facts[1]) ||
      UnitOf(facts[0]) != UnitOf(ask)) {
    return std::nullopt;
  }
  const StoryFact& whole = facts[0];
  const std::string told = facts[1].a.empty() ? facts[1].noun : facts[1].a;
  const std::string asked = ask.subject.empty() ? ask.noun : ask.subject;
  const bool first = told == whole.a && asked == whole.b;
  const bool second = told == whole.b && asked == whole.a;
  return first || second ? Answered(Minus(NumberOf(whole), NumberOf(facts[1]))) : std::nullopt;
}

Answered Unknown(const Facts& facts, const StoryFact& ask) {
  if (facts.size() == 3 && IsAmount(facts[0]) && facts[1].fact == Fact::kLoseSome &&
      facts[2].fact == Fact::kLeft && UnitOf(facts[0]) == UnitOf(facts[2]) &&
      (ask.fact == Fact::kAskTaken || ask.fact == Fact::kAskOf) &&
      UnitOf(ask) == UnitOf(facts[0])) {
    return Minus(NumberOf(facts[0]), NumberOf(facts[2]));
  }
  if (facts.size() == 2 && facts[0].fact == Fact::kLose && facts[1].fact == Fact::kLeft &&
      ask.fact == Fact::kAskInitial && UnitOf(facts[0]) == UnitOf(facts[1]) &&
      UnitOf(ask) == UnitOf(facts[0]) && IsKindOf(facts[0].noun, ask.noun)) {
    return Plus(NumberOf(facts[0]), NumberOf(facts[1]));
  }
  return std::nullopt;
}

Answered Rectangle(const Facts& facts, const StoryFact& ask) {
  const bool area = ask.fact == Fact::kAskArea;
  if (!area && ask.fact != Fact::kAskPerimeter) return std::nullopt;
  const std::string unit = UnitOf(facts[0]);
  const std::string asked = UnitOf(ask);
  if (asked != (area ? "平方" + unit : unit)) return std::nullopt;
  if (facts.size() == 1 && facts[0].fact == Fact::kSide) {
    return area ? TimesOf(NumberOf(facts[0]), NumberOf(facts[0]))
                : TimesOf(Num(4), NumberOf(facts[0]));
  }
  if (facts.size() != 2 || facts[0].fact != Fact::kLong || facts[1].fact != Fact::kWide ||
      UnitOf(facts[1]) != unit) {
    return std::nullopt;
  }
  if (area) return TimesOf(NumberOf(facts[0]), NumberOf(facts[1]));
  return TimesOf(Num(2), Plus(NumberOf(facts[0]), NumberOf(facts[1])));
}

}  // namespace

std::optional<StoryAnswer> CombineFacts(const Story& story, const std::vector<StoryFact>& all) {
  if (all.size() < 2) return std::nullopt;
  const Facts facts(all.begin(), all.end() - 1);
  const StoryFact& ask = all.back();
  const Answered answers[] = {Remaining(facts, ask),
                              Sum(story, facts, ask),
                              ByFactsDifference(facts, ask),
                              ByFactsCompared(story, facts, ask),
                              ByFactsRated(facts, ask),
                              ByFactsShared(facts, ask),
                              Money(facts, ask),
                              Unknown(facts, ask),
                              Part(facts, ask),
                              Rectangle(facts, ask)};
  std::optional<StoryAnswer> out;
  for (const Answered& answer : answers) {
    if (!answer) continue;
    if (out) return std::nullopt;
    out.emplace();
    out->formula = *answer;
    out->unit = ask.fact == Fact::kAskRatio ? ""
                                            : (ask.got.units.empty() || ask.got.units.back() == "钱"
                                                   ? UnitOf(ask)
                                                   : ask.got.units.back());
  }
  if (!out) return out;
  out->articles = ask.got.articles;
  // 两次一共
  out->articles.insert(out->articles.end(), ask.got.numbers.begin(), ask.got.numbers.end());
  return out;
}

std::optional<StoryAnswer> StoryByClauses(std::string_view text) {
  const Story story = SplitStory(text);
  const auto facts = ReadFacts(story);
  return facts ? CombineFacts(story, *facts) : std::nullopt;
}

}  // namespace lemma::check
