// SPDX-License-Identifier: Apache-2.0
// From the facts of a story to the formula of its answer. Each rule asks for exactly the facts it
// uses, in equal units; names must agree. Two rules with different answers cancel out.
#include <algorithm>
#include <iterator>

#include "check/story.h"

namespace lemma::check {
namespace {

using Facts = std::vector<StoryFact>;
using Answered = std::optional<ExprPtr>;

ExprPtr Number(const StoryFact& f, size_t i = 0) {
  return Var("n" + std::to_string(f.got.numbers[i]));
}
ExprPtr Plus(const ExprPtr& a, const ExprPtr& b) { return Make(Op::kAdd, {a, b}); }
ExprPtr Minus(const ExprPtr& a, const ExprPtr& b) { return Make(Op::kSub, {a, b}); }
ExprPtr TimesOf(const ExprPtr& a, const ExprPtr& b) { return Make(Op::kMul, {a, b}); }
ExprPtr Over(const ExprPtr& a, const ExprPtr& b) { return Make(Op::kDiv, {a, b}); }

// 元, 元钱 and 块钱 are one unit.
std::string Plain(const std::string& unit) {
  if (unit == "元钱" || unit == "块钱" || unit == "钱") return "元";
  if (unit == "名" || unit == "位") return "人";
  return unit == "公里" ? "千米" : (unit == "公斤" ? "千克" : unit);
}
// 5个同学 are 5人.
std::string OfPeople(const std::string& unit, const std::string& noun) {
  if (unit != "个") return Plain(unit);
  for (const std::string_view who :
       {"同学", "小朋友", "学生", "孩子", "工人", "男生", "女生", "老师"}) {
    if (noun.starts_with(who)) return "人";
  }
  return unit;
}
std::string UnitAt(const StoryFact& f, size_t i) {
  const bool per = i == 0 && (f.fact == Fact::kEach || f.fact == Fact::kAskEach);
  return i < f.got.units.size() ? OfPeople(f.got.units[i], per ? f.of : f.noun) : "";
}
// The unit of the fact's number, or the one asked for.
std::string Unit(const StoryFact& f) {
  if (f.got.units.empty()) {
    const bool money = f.fact == Fact::kCost || f.fact == Fact::kAskOf;
    return money ? "元" : (f.fact == Fact::kHave ? "岁" : "");
  }
  return OfPeople(f.got.units.back(), f.noun);
}

bool EndsWith(const std::string& text, const std::string& end) {
  return !end.empty() && text.size() >= end.size() && text.ends_with(end);
}

bool IsPronoun(const std::string& name) {
  for (const std::string_view p :
       {"他们", "她们", "它们", "他", "她", "它", "大家", "人们", "我们"}) {
    if (name == p) return true;
  }
  return false;
}

// Whether things called `part` are things called `asked`: 红花 are 花, 花 are not 红花.
bool Counts(const std::string& part, const std::string& asked) {
  return part.empty() || asked.empty() || part == asked || EndsWith(part, asked);
}

bool IsAmount(const StoryFact& f) {
  return f.fact == Fact::kHave || f.fact == Fact::kGain || f.fact == Fact::kDo;
}
// 一根彩带长67米: one thing, told of as such.
bool IsOneThing(const StoryFact& f) {
  return f.fact == Fact::kEach && f.got.articles.size() == 1 && f.got.units.size() == 2;
}
bool IsOwn(const StoryFact& f) { return f.fact == Fact::kHave; }

// 梨树的棵数, 收的梨树: the pears.
std::string Bare(std::string name) {
  constexpr std::string_view kHeads[] = {"养的",   "种的", "买的", "做的", "画的",   "摘的",
                                         "收的",   "写的", "捐的", "栽的", "运进的", "运来的",
                                         "卖出的", "采的", "捡的", "折的"};
  for (const std::string_view head : kHeads) {
    if (name.starts_with(head)) name.erase(0, head.size());
  }
  constexpr std::string_view kEnds[] = {"人数", "只数", "棵数", "个数", "本数", "袋数",
                                        "头数", "辆数", "朵数", "条数", "数量", "重量",
                                        "体重", "身高", "年龄", "价钱", "价格", "售价",
                                        "单价", "质量", "长度", "钱数", "面积", "的"};
  for (const std::string_view end : kEnds) {
    if (name.size() > end.size() && name.ends_with(end)) name.resize(name.size() - end.size());
  }
  return name;
}

// Does a name mean this fact? By its subject, its noun, or both.
bool Names(const StoryFact& f, const std::string& given) {
  const std::string name = Bare(given);
  if (name.empty()) return false;
  if (name == Bare(f.subject) || name == Bare(f.noun)) return true;
  return name == f.subject || name == f.noun || (!f.noun.empty() && name == f.subject + f.noun) ||
         (f.noun.size() >= 6 && EndsWith(name, f.noun)) || EndsWith(f.noun, name) ||
         (name.size() >= 6 && EndsWith(f.subject, name));
}

// 有20朵花，送出5朵: what is done with things of a known amount uses them up, but for verbs that
// make or bring.
bool IsUse(const StoryFact& f, const StoryFact& base) {
  constexpr std::string_view kMaking = "来回进到得收买赚加添种养生长领借做写画捡摘采栽存捉钓";
  return f.got.verbs.size() == 1 && IsAmount(base) && base.fact != Fact::kDo &&
         kMaking.find(f.got.verbs[0].substr(0, 3)) == std::string_view::npos &&
         (f.subject.empty() || f.subject == base.subject || base.subject.empty() ||
          IsPronoun(f.subject));
}

// 果园里 is 果园.
std::string Place(std::string name) {
  for (const std::string_view end : {"里", "上", "中"}) {
    if (name.size() > 6 && name.ends_with(end)) name.resize(name.size() - end.size());
  }
  return name;
}

// 第一天, 上午: no one.
bool IsTime(const std::string& subject) {
  constexpr std::string_view kTimes[] = {"第",   "上午", "下午", "早上", "中午",
                                         "晚上", "今天", "昨天", "前天", "后来",
                                         "上周", "这周", "已经", "先",   "上课"};
  return std::any_of(std::begin(kTimes), std::end(kTimes),
                     [&](std::string_view t) { return subject.starts_with(t); });
}

// Whether all facts tell of the one who is asked about.
bool AllOf(const Facts& facts, const std::string& who) {
  if (who.empty() || IsPronoun(who)) return true;
  const std::string name = Place(who);
  return std::all_of(facts.begin(), facts.end(), [&](const StoryFact& f) {
    const std::string other = Place(f.subject);
    return other.empty() || IsPronoun(other) || IsTime(other) || other.starts_with(name) ||
           name.starts_with(other) || EndsWith(other, name) || EndsWith(name, other);
  });
}

// n0 - n1 - n2: one amount, then what came and went.
Answered Remaining(const Facts& facts, const StoryFact& ask) {
  if (ask.fact != Fact::kAskLeft && ask.fact != Fact::kAskNow) return std::nullopt;
  if (facts.size() < 2) return std::nullopt;
  const StoryFact& base = facts[0];
  const bool planned = base.fact == Fact::kPlan;
  if (!planned && !IsAmount(base) && !IsOneThing(base)) return std::nullopt;
  ExprPtr out = Number(base);
  int losses = 0;
  for (size_t i = 1; i < facts.size(); ++i) {
    const StoryFact& f = facts[i];
    // 14盒白粉笔和2盒彩粉笔
    const bool listed = f.fact == base.fact && f.subject.empty() && f.got.verbs == base.got.verbs;
    if (Unit(f) != Unit(base) || (!listed && !Counts(base.noun, f.noun))) return std::nullopt;
    const auto done = [&](const StoryFact& whole) {
      return !whole.got.verbs.empty() && !f.got.verbs.empty() &&
             (f.got.verbs[0].starts_with(whole.got.verbs[0].substr(0, 3)) ||
              whole.got.verbs[0] == "完成");
    };
    const bool used = f.fact == Fact::kDo && (planned ? done(base) : done(ask) || IsUse(f, base));
    const bool given = f.fact == Fact::kGive && (f.subject.empty() || f.subject == base.subject);
    if (listed && !planned && losses == 0) {
      if (!Counts(f.noun, ask.noun)) return std::nullopt;
      out = Plus(out, Number(f));
    } else if (f.fact == Fact::kLose || used || given) {
      out = Minus(out, Number(f));
      ++losses;
    } else if (f.fact == Fact::kGain && !planned) {
      out = Plus(out, Number(f));
    } else {
      return std::nullopt;
    }
  }
  if (ask.fact == Fact::kAskLeft && losses == 0) return std::nullopt;
  if (!AllOf(facts, ask.subject)) return std::nullopt;
  if (Unit(ask) != Unit(base) || !Counts(base.noun, ask.noun)) return std::nullopt;
  return out;
}

bool SameVerbs(const Facts& facts, const StoryFact& ask) {
  const auto verb = [](const StoryFact& f) {
    const std::string stem = f.got.verbs.empty() ? "" : f.got.verbs[0].substr(0, 3);
    return stem == "花" ? std::string("用") : stem;
  };
  const std::string first = verb(facts[0]);
  const bool told =
      std::all_of(facts.begin(), facts.end(), [&](const StoryFact& f) { return verb(f) == first; });
  return told && (verb(ask).empty() || verb(ask) == first);
}

// The subject of the question takes in all the facts.
bool AsksForAll(const Facts& facts, const StoryFact& ask) {
  if (!ask.b.empty() || !ask.a.empty()) {
    const auto named = [&](const std::string& name) {
      return std::count_if(facts.begin(), facts.end(),
                           [&](const StoryFact& f) { return Names(f, name); });
    };
    return facts.size() == 2 && named(ask.a) == 1 && named(ask.b) == 1 &&
           !(Names(facts[0], ask.a) && Names(facts[0], ask.b)) &&
           !(Names(facts[1], ask.a) && Names(facts[1], ask.b));
  }
  if (ask.subject.empty() || IsPronoun(ask.subject)) return true;
  const std::string place = Place(ask.subject);
  return place == Place(facts[0].subject) &&
         std::all_of(facts.begin(), facts.end(), [&](const StoryFact& f) {
           return f.subject.empty() || Place(f.subject) == place;
         });
}

Answered Sum(const Story& story, const Facts& facts, const StoryFact& ask) {
  const bool total = ask.fact == Fact::kAskTotal;
  if (!total || facts.size() < 2) return std::nullopt;
  const bool all_lost = std::all_of(facts.begin(), facts.end(),
                                    [](const StoryFact& f) { return f.fact == Fact::kLose; });
  const bool all_done = std::all_of(facts.begin(), facts.end(),
                                    [](const StoryFact& f) { return f.fact == Fact::kDo; });
  const bool grown =
      IsOwn(facts[0]) && std::all_of(facts.begin() + 1, facts.end(), [](const StoryFact& f) {
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
  ExprPtr out = Number(facts[0]);
  for (size_t i = 0; i < facts.size(); ++i) {
    const StoryFact& f = facts[i];
    if (Unit(f) != Unit(ask) || !Counts(f.noun, ask.noun)) return std::nullopt;
    if (i > 0) out = Plus(out, Number(f));
  }
  return out;
}

// The one fact a name means.
const StoryFact* Only(const Facts& facts, const std::string& name) {
  const StoryFact* out = nullptr;
  for (const StoryFact& f : facts) {
    if (!Names(f, name)) continue;
    if (out != nullptr) return nullptr;
    out = &f;
  }
  return out;
}

Answered Difference(const Facts& facts, const StoryFact& ask) {
  if (ask.fact != Fact::kAskMore && ask.fact != Fact::kAskLess && ask.fact != Fact::kAskRatio) {
    return std::nullopt;
  }
  const bool things = std::all_of(facts.begin(), facts.end(), IsOneThing);
  const bool amounts = std::all_of(facts.begin(), facts.end(), IsAmount);
  if (facts.size() != 2 || (!things && !amounts)) return std::nullopt;
  if (facts[0].fact != facts[1].fact || !SameVerbs(facts, facts[0])) return std::nullopt;
  const StoryFact* a = Only(facts, ask.a);
  const StoryFact* b = Only(facts, ask.b);
  if (a == nullptr || b == nullptr || a == b || Unit(*a) != Unit(*b)) return std::nullopt;
  if (ask.fact == Fact::kAskRatio) return Over(Number(*a), Number(*b));
  if (Unit(*a) != Unit(ask)) return std::nullopt;
  return ask.fact == Fact::kAskMore ? Minus(Number(*a), Number(*b)) : Minus(Number(*b), Number(*a));
}

// One amount, and others by comparison. Entities are found by name.
struct Entity {
  const StoryFact* told = nullptr;  // the amount, or
  std::string name;                 // what the comparison calls it
  ExprPtr value;
};
bool Means(const Entity& e, const std::string& given) {
  if (e.told != nullptr) return Names(*e.told, given);
  const std::string name = Bare(given);
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
  made.name = Bare(forward ? a : b);
  if (f.fact == Fact::kTimes) {
    made.value = forward ? TimesOf(from, Number(f)) : Over(from, Number(f));
  } else {
    const bool up = (f.fact == Fact::kMore) == forward;
    made.value = up ? Plus(from, Number(f)) : Minus(from, Number(f));
  }
  all.push_back(std::move(made));
  return true;
}

Answered Compared(const Story& story, Facts facts, const StoryFact& ask) {
  std::stable_partition(facts.begin(), facts.end(), IsAmount);
  if (facts.size() < 2 || (!IsAmount(facts[0]) && !IsOneThing(facts[0]))) return std::nullopt;
  if (ask.fact != Fact::kAskOf && ask.fact != Fact::kAskTotal) return std::nullopt;
  std::vector<Entity> all = {{&facts[0], "", Number(facts[0])}};
  const std::string unit = Unit(facts[0]);
  for (size_t i = 1; i < facts.size(); ++i) {
    const StoryFact& f = facts[i];
    const bool times = f.fact == Fact::kTimes;
    if (f.fact != Fact::kMore && f.fact != Fact::kLess && !times) return std::nullopt;
    if (!times && Unit(f) != unit) return std::nullopt;
    if (!AddComparison(f, all)) return std::nullopt;
  }
  if (Unit(ask) != unit) return std::nullopt;
  if (ask.fact == Fact::kAskTotal) {
    const bool named = !ask.a.empty();
    if (named ? all.size() != 2 || Find(all, ask.a) == nullptr || Find(all, ask.b) == nullptr ||
                    Find(all, ask.a) == Find(all, ask.b)
              : !ask.subject.empty() && !IsPronoun(ask.subject) &&
                    Place(ask.subject) != Place(facts[0].subject)) {
      return std::nullopt;
    }
    if (!ask.noun.empty() && !EndsWith(facts[0].noun, ask.noun)) return std::nullopt;
    for (const int index : ask.got.numbers) {
      if (story.numbers[static_cast<size_t>(index)].value !=
          Rational(static_cast<int64_t>(all.size()))) {
        return std::nullopt;
      }
    }
    ExprPtr out = all[0].value;
    for (size_t i = 1; i < all.size(); ++i) out = Plus(out, all[i].value);
    return out;
  }
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

bool Agree(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() || EndsWith(a, b) || EndsWith(b, a) || a.starts_with(b) ||
         b.starts_with(a) || a == "人" || b == "人";
}

bool IsRate(const StoryFact& f) { return f.fact == Fact::kEach || f.fact == Fact::kEachGroup; }

// What a rate makes of an amount in one of its two units, in the other.
Answered Convert(const StoryFact& rate, const ExprPtr& amount, const std::string& unit,
                 const std::string& noun, const std::string& asked) {
  const bool group = rate.fact == Fact::kEachGroup;
  // `many` units of things for one `one`.
  const std::string many = group ? UnitAt(rate, 0) : Unit(rate);
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
    return TimesOf(Number(rate), amount);
  }
  if (unit == many && asked == one) {
    if (!Agree(rate.noun, noun)) return std::nullopt;
    return Over(amount, Number(rate));
  }
  return std::nullopt;
}

// A rate and one amount; two amounts that are shared out together; what is left of it all.
Answered Rated(const Facts& given, const StoryFact& ask) {
  Facts facts = given;
  // 一列火车有8节车厢，每节...: eight of them.
  for (StoryFact& f : facts) {
    if (IsOneThing(f) && std::any_of(facts.begin(), facts.end(), [&](const StoryFact& rate) {
          return rate.fact == Fact::kEach && !IsOneThing(rate) && UnitAt(rate, 0) == Unit(f);
        })) {
      f.fact = Fact::kHave;
    }
  }
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
  const bool asks_amount = ask.fact == Fact::kAskOf || ask.fact == Fact::kAskTotal;
  const std::string asked = Unit(ask);
  if (rest.size() == 1) {
    if (!asks_amount) return std::nullopt;
    return Convert(rate, Number(first), Unit(first), first.noun, asked);
  }
  const StoryFact& second = rest[1];
  const auto all = Convert(rate, Number(first), Unit(first), first.noun, asked);
  const bool lost =
      second.fact == Fact::kLose || (second.fact == Fact::kDo && IsUse(second, first));
  if (ask.fact == Fact::kAskLeft && all && Unit(second) == asked && lost &&
      facts.back().fact == second.fact) {
    return Minus(*all, Number(second));
  }
  // 带了50元，买3本，每本8元: what is left of the money, or the change.
  const bool pays =
      second.fact == Fact::kPaid || (first.fact == Fact::kHave && Unit(first) == "元");
  if (pays && (ask.fact == Fact::kAskLeft || ask.fact == Fact::kAskChange)) {
    const bool money_last = second.fact == Fact::kPaid;
    const StoryFact& money = money_last ? second : first;
    const StoryFact& bought = money_last ? first : second;
    if (Unit(money) != "元" || asked != "元" || !IsAmount(bought)) return std::nullopt;
    const auto cost = Convert(rate, Number(bought), Unit(bought), bought.noun, "元");
    return cost ? Answered(Minus(Number(money), *cost)) : std::nullopt;
  }
  const bool together = asks_amount && first.fact == second.fact && Unit(first) == Unit(second) &&
                        facts.back().fact == Fact::kEachGroup;
  if (!together || !Agree(rate.noun, second.noun)) return std::nullopt;
  return Convert(rate, Plus(Number(first), Number(second)), Unit(first), first.noun, asked);
}

Answered Shared(const Facts& facts, const StoryFact& ask) {
  if (ask.fact != Fact::kAskEach) return std::nullopt;
  if (facts.size() == 1 && facts[0].fact == Fact::kShareAll) {
    const StoryFact& f = facts[0];
    const bool fits = UnitAt(f, 0) == UnitAt(ask, 1) && UnitAt(f, 1) == UnitAt(ask, 0);
    return fits ? Answered(Over(Number(f, 0), Number(f, 1))) : std::nullopt;
  }
  if (facts.size() == 3 && facts[2].fact == Fact::kShare) {
    const bool alike = IsAmount(facts[0]) && facts[0].fact == facts[1].fact &&
                       Unit(facts[0]) == UnitAt(ask, 1) && Unit(facts[1]) == UnitAt(ask, 1);
    if (!alike || Unit(facts[2]) != UnitAt(ask, 0)) return std::nullopt;
    return Over(Plus(Number(facts[0]), Number(facts[1])), Number(facts[2]));
  }
  if (facts.size() != 2) return std::nullopt;
  const bool told = facts[1].fact == Fact::kShare;
  const StoryFact* total = nullptr;
  const StoryFact* groups = nullptr;
  for (const StoryFact& f : facts) {
    const bool named =
        told || UnitAt(ask, 0) != UnitAt(ask, 1) || (!ask.of.empty() && f.noun == ask.of);
    if (f.fact == Fact::kShare || (!told && named && IsAmount(f) && Unit(f) == UnitAt(ask, 0))) {
      if (groups != nullptr) return std::nullopt;
      groups = &f;
    } else if ((IsAmount(f) || f.fact == Fact::kPaid) && Unit(f) == UnitAt(ask, 1)) {
      if (total != nullptr) return std::nullopt;
      total = &f;
    }
  }
  if (total == nullptr || groups == nullptr || ask.got.units.size() != 2) return std::nullopt;
  if (Unit(*groups) != UnitAt(ask, 0)) return std::nullopt;
  // 6个盘子, 每个盘子几个: the noun tells them apart.
  const bool apart = groups->noun == ask.of && total->noun != ask.of && !ask.of.empty();
  if (UnitAt(ask, 0) == UnitAt(ask, 1) && !apart) return std::nullopt;
  return Over(Number(*total), Number(*groups));
}

Answered Money(const Facts& facts, const StoryFact& ask) {
  if (facts.size() != 2) return std::nullopt;
  const StoryFact& first = facts[0];
  const StoryFact& second = facts[1];
  if (Unit(first) != Unit(second)) return std::nullopt;
  const bool cost = first.fact == Fact::kCost || (IsOneThing(first) && Unit(first) == "元");
  if (ask.fact == Fact::kAskChange && cost && second.fact == Fact::kPaid) {
    return Minus(Number(second), Number(first));
  }
  if (ask.fact == Fact::kAskLack && (cost || first.fact == Fact::kPlan) &&
      second.fact == Fact::kHave && Unit(ask) == Unit(first)) {
    return Minus(Number(first), Number(second));
  }
  return std::nullopt;
}

Answered Part(const Facts& facts, const StoryFact& ask) {
  if (facts.size() != 2 || facts[0].fact != Fact::kWhole || facts[1].fact != Fact::kPart ||
      ask.fact != Fact::kAskOf || Unit(facts[0]) != Unit(facts[1]) || Unit(facts[0]) != Unit(ask)) {
    return std::nullopt;
  }
  const StoryFact& whole = facts[0];
  const std::string told = facts[1].a.empty() ? facts[1].noun : facts[1].a;
  const std::string asked = ask.subject.empty() ? ask.noun : ask.subject;
  const bool first = told == whole.a && asked == whole.b;
  const bool second = told == whole.b && asked == whole.a;
  return first || second ? Answered(Minus(Number(whole), Number(facts[1]))) : std::nullopt;
}

Answered Unknown(const Facts& facts, const StoryFact& ask) {
  if (facts.size() == 3 && IsAmount(facts[0]) && facts[1].fact == Fact::kLoseSome &&
      facts[2].fact == Fact::kLeft && Unit(facts[0]) == Unit(facts[2]) &&
      (ask.fact == Fact::kAskTaken || ask.fact == Fact::kAskOf) && Unit(ask) == Unit(facts[0])) {
    return Minus(Number(facts[0]), Number(facts[2]));
  }
  if (facts.size() == 2 && facts[0].fact == Fact::kLose && facts[1].fact == Fact::kLeft &&
      ask.fact == Fact::kAskInitial && Unit(facts[0]) == Unit(facts[1]) &&
      Unit(ask) == Unit(facts[0]) && Counts(facts[0].noun, ask.noun)) {
    return Plus(Number(facts[0]), Number(facts[1]));
  }
  return std::nullopt;
}

Answered Rectangle(const Facts& facts, const StoryFact& ask) {
  const bool area = ask.fact == Fact::kAskArea;
  if (!area && ask.fact != Fact::kAskPerimeter) return std::nullopt;
  const std::string unit = Unit(facts[0]);
  const std::string asked = Unit(ask);
  if (asked != (area ? "平方" + unit : unit)) return std::nullopt;
  if (facts.size() == 1 && facts[0].fact == Fact::kSide) {
    return area ? TimesOf(Number(facts[0]), Number(facts[0])) : TimesOf(Num(4), Number(facts[0]));
  }
  if (facts.size() != 2 || facts[0].fact != Fact::kLong || facts[1].fact != Fact::kWide ||
      Unit(facts[1]) != unit) {
    return std::nullopt;
  }
  if (area) return TimesOf(Number(facts[0]), Number(facts[1]));
  return TimesOf(Num(2), Plus(Number(facts[0]), Number(facts[1])));
}

}  // namespace

std::optional<StoryAnswer> CombineFacts(const Story& story, const std::vector<StoryFact>& all) {
  if (all.size() < 2) return std::nullopt;
  const Facts facts(all.begin(), all.end() - 1);
  const StoryFact& ask = all.back();
  const Answered answers[] = {Remaining(facts, ask),  Sum(story, facts, ask),
                              Difference(facts, ask), Compared(story, facts, ask),
                              Rated(facts, ask),      Shared(facts, ask),
                              Money(facts, ask),      Unknown(facts, ask),
                              Part(facts, ask),       Rectangle(facts, ask)};
  std::optional<StoryAnswer> out;
  for (const Answered& answer : answers) {
    if (!answer) continue;
    if (out) return std::nullopt;
    out.emplace();
    out->formula = *answer;
    out->unit = ask.fact == Fact::kAskRatio ? ""
                                            : (ask.got.units.empty() || ask.got.units.back() == "钱"
                                                   ? Unit(ask)
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
