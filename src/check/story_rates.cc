// SPDX-License-Identifier: Apache-2.0
// Rules of stories with rates and shares: 每盒6支, 平均分给4人.
#include <algorithm>
#include <iterator>

#include "check/story_facts.h"

namespace lemma::check {
namespace {

bool Agree(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() || EndsWith(a, b) || EndsWith(b, a) || a.starts_with(b) ||
         b.starts_with(a) || a == "人" || b == "人";
}

// What a rate makes of an amount in one of its two units, in the other.
Answered Convert(const StoryFact& rate, const ExprPtr& amount, const std::string& unit,
                 const std::string& noun, const std::string& asked) {
  const bool group = rate.fact == Fact::kEachGroup;
  // `many` units of things for one `one`.
  const std::string many = group ? UnitAt(rate, 0) : UnitOf(rate);
  const std::string one = group ? UnitAt(rate, 1) : UnitAt(rate, 0);
  if (rate.got.units.size() < 2 || one == many || one.empty()) return std::nullopt;
  // 每2人通一次话 is no group: each two of them.
  constexpr std::string_view kGroups[] = {"个", "组", "排", "队", "行", "束", "箱", "盒", "袋",
                                          "瓶", "筐", "篮", "捆", "串", "班", "间", "条", "辆",
                                          "盘", "包", "桌", "份", "只", "堆", "桶", "列"};
  if (group && std::find(std::begin(kGroups), std::end(kGroups), one) == std::end(kGroups)) {
    return std::nullopt;
  }
  if (unit == one && asked == many) {
    if (!group && !Agree(rate.of, noun)) return std::nullopt;
    return TimesOf(NumberOf(rate), amount);
  }
  if (unit == many && asked == one) {
    if (!Agree(rate.noun, noun)) return std::nullopt;
    return Over(amount, NumberOf(rate));
  }
  return std::nullopt;
}

// 一列火车有8节车厢，每节...: eight of them.
void CountCarriages(Facts& facts) {
  for (StoryFact& f : facts) {
    const bool rated =
        IsOneThing(f) && std::any_of(facts.begin(), facts.end(), [&](const StoryFact& rate) {
          return rate.fact == Fact::kEach && !IsOneThing(rate) && UnitAt(rate, 0) == UnitOf(f);
        });
    if (rated) f.fact = Fact::kHave;
  }
}

// 带了50元，买3本，每本8元: what is left of the money, or the change.
Answered MoneyLeft(const StoryFact& rate, const StoryFact& first, const StoryFact& second,
                   const std::string& asked) {
  const bool money_last = second.fact == Fact::kPaid;
  const StoryFact& money = money_last ? second : first;
  const StoryFact& bought = money_last ? first : second;
  if (UnitOf(money) != "元" || asked != "元" || !IsAmount(bought)) return std::nullopt;
  const auto cost = Convert(rate, NumberOf(bought), UnitOf(bought), bought.noun, "元");
  return cost ? Answered(Minus(NumberOf(money), *cost)) : std::nullopt;
}

// A rate and two amounts; `last` is the fact told last.
Answered RatedTwice(const StoryFact& rate, const Facts& rest, Fact last, const StoryFact& ask) {
  const StoryFact& first = rest[0];
  const StoryFact& second = rest[1];
  const std::string asked = UnitOf(ask);
  const auto all = Convert(rate, NumberOf(first), UnitOf(first), first.noun, asked);
  const bool lost =
      second.fact == Fact::kLose || (second.fact == Fact::kDo && IsUse(second, first));
  if (ask.fact == Fact::kAskLeft && all && UnitOf(second) == asked && lost && last == second.fact) {
    return Minus(*all, NumberOf(second));
  }
  const bool pays =
      second.fact == Fact::kPaid || (first.fact == Fact::kHave && UnitOf(first) == "元");
  if (pays && (ask.fact == Fact::kAskLeft || ask.fact == Fact::kAskChange)) {
    return MoneyLeft(rate, first, second, asked);
  }
  const bool asks_amount = ask.fact == Fact::kAskOf || ask.fact == Fact::kAskTotal;
  const bool together = asks_amount && first.fact == second.fact &&
                        UnitOf(first) == UnitOf(second) && last == Fact::kEachGroup;
  if (!together || !Agree(rate.noun, second.noun)) return std::nullopt;
  return Convert(rate, Plus(NumberOf(first), NumberOf(second)), UnitOf(first), first.noun, asked);
}

// What is split, and over what; of two facts. Unset: it is not clear.
struct Split {
  const StoryFact* total = nullptr;
  const StoryFact* groups = nullptr;
};
std::optional<Split> FindSplit(const Facts& facts, const StoryFact& ask) {
  Split out;
  const bool told = facts[1].fact == Fact::kShare;
  const bool units_apart = UnitAt(ask, 0) != UnitAt(ask, 1);
  for (const StoryFact& f : facts) {
    const bool named = units_apart || (!ask.of.empty() && f.noun == ask.of);
    const bool group =
        f.fact == Fact::kShare || (!told && named && IsAmount(f) && UnitOf(f) == UnitAt(ask, 0));
    const bool total = (IsAmount(f) || f.fact == Fact::kPaid) && UnitOf(f) == UnitAt(ask, 1);
    if (!group && !total) continue;
    const StoryFact*& place = group ? out.groups : out.total;
    if (place != nullptr) return std::nullopt;
    place = &f;
  }
  return out.total != nullptr && out.groups != nullptr ? std::optional(out) : std::nullopt;
}

}  // namespace

Answered ByFactsRated(const Facts& given, const StoryFact& ask) {
  Facts facts = given;
  CountCarriages(facts);
  const auto rates = std::count_if(facts.begin(), facts.end(), IsRate);
  if (rates != 1 || facts.size() < 2 || facts.size() > 3) return std::nullopt;
  if (!ask.got.numbers.empty() || !ask.a.empty()) return std::nullopt;
  const StoryFact& rate = *std::find_if(facts.begin(), facts.end(), IsRate);
  Facts rest;
  std::copy_if(facts.begin(), facts.end(), std::back_inserter(rest),
               [](const StoryFact& f) { return !IsRate(f); });
  const StoryFact& first = rest[0];
  const bool amount = IsAmount(first) || first.fact == Fact::kPlan || first.fact == Fact::kShare;
  if (!amount) return std::nullopt;
  if (rest.size() == 2) return RatedTwice(rate, rest, facts.back().fact, ask);
  if (ask.fact != Fact::kAskOf && ask.fact != Fact::kAskTotal) return std::nullopt;
  return Convert(rate, NumberOf(first), UnitOf(first), first.noun, UnitOf(ask));
}

Answered ByFactsShared(const Facts& facts, const StoryFact& ask) {
  if (ask.fact != Fact::kAskEach) return std::nullopt;
  if (facts.size() == 1 && facts[0].fact == Fact::kShareAll) {
    const StoryFact& f = facts[0];
    const bool fits = UnitAt(f, 0) == UnitAt(ask, 1) && UnitAt(f, 1) == UnitAt(ask, 0);
    return fits ? Answered(Over(NumberOf(f, 0), NumberOf(f, 1))) : std::nullopt;
  }
  if (facts.size() == 3 && facts[2].fact == Fact::kShare) {
    const bool alike = IsAmount(facts[0]) && facts[0].fact == facts[1].fact &&
                       UnitOf(facts[0]) == UnitAt(ask, 1) && UnitOf(facts[1]) == UnitAt(ask, 1);
    if (!alike || UnitOf(facts[2]) != UnitAt(ask, 0)) return std::nullopt;
    return Over(Plus(NumberOf(facts[0]), NumberOf(facts[1])), NumberOf(facts[2]));
  }
  if (facts.size() != 2 || ask.got.units.size() != 2) return std::nullopt;
  const auto split = FindSplit(facts, ask);
  if (!split || UnitOf(*split->groups) != UnitAt(ask, 0)) return std::nullopt;
  // 6个盘子, 每个盘子几个: the noun tells them apart.
  const bool apart =
      split->groups->noun == ask.of && split->total->noun != ask.of && !ask.of.empty();
  if (UnitAt(ask, 0) == UnitAt(ask, 1) && !apart) return std::nullopt;
  return Over(NumberOf(*split->total), NumberOf(*split->groups));
}

}  // namespace lemma::check
