// SPDX-License-Identifier: Apache-2.0
#include "check/story_facts.h"

#include <algorithm>
#include <iterator>

namespace lemma::check {
namespace {

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

// 第一天, 上午: no one.
bool IsTime(const std::string& subject) {
  constexpr std::string_view kTimes[] = {"第",   "上午", "下午", "早上", "中午",
                                         "晚上", "今天", "昨天", "前天", "后来",
                                         "上周", "这周", "已经", "先",   "上课"};
  return std::any_of(std::begin(kTimes), std::end(kTimes),
                     [&](std::string_view t) { return subject.starts_with(t); });
}

}  // namespace

ExprPtr NumberOf(const StoryFact& f, size_t i) {
  return Var("n" + std::to_string(f.got.numbers[i]));
}
ExprPtr Plus(const ExprPtr& a, const ExprPtr& b) { return Make(Op::kAdd, {a, b}); }
ExprPtr Minus(const ExprPtr& a, const ExprPtr& b) { return Make(Op::kSub, {a, b}); }
ExprPtr TimesOf(const ExprPtr& a, const ExprPtr& b) { return Make(Op::kMul, {a, b}); }
ExprPtr Over(const ExprPtr& a, const ExprPtr& b) { return Make(Op::kDiv, {a, b}); }

std::string UnitAt(const StoryFact& f, size_t i) {
  const bool per = i == 0 && (f.fact == Fact::kEach || f.fact == Fact::kAskEach);
  return i < f.got.units.size() ? OfPeople(f.got.units[i], per ? f.of : f.noun) : "";
}
std::string UnitOf(const StoryFact& f) {
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

bool IsKindOf(const std::string& part, const std::string& asked) {
  return part.empty() || asked.empty() || part == asked || EndsWith(part, asked);
}

bool IsAmount(const StoryFact& f) {
  return f.fact == Fact::kHave || f.fact == Fact::kGain || f.fact == Fact::kDo;
}
bool IsOneThing(const StoryFact& f) {
  return f.fact == Fact::kEach && f.got.articles.size() == 1 && f.got.units.size() == 2;
}

std::string BareName(std::string name) {
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

bool IsNamed(const StoryFact& f, const std::string& given) {
  const std::string name = BareName(given);
  if (name.empty()) return false;
  if (name == BareName(f.subject) || name == BareName(f.noun)) return true;
  return name == f.subject || name == f.noun || (!f.noun.empty() && name == f.subject + f.noun) ||
         (f.noun.size() >= 6 && EndsWith(name, f.noun)) || EndsWith(f.noun, name) ||
         (name.size() >= 6 && EndsWith(f.subject, name));
}

bool IsUse(const StoryFact& f, const StoryFact& base) {
  constexpr std::string_view kMaking = "来回进到得收买赚加添种养生长领借做写画捡摘采栽存捉钓";
  return f.got.verbs.size() == 1 && IsAmount(base) && base.fact != Fact::kDo &&
         kMaking.find(f.got.verbs[0].substr(0, 3)) == std::string_view::npos &&
         (f.subject.empty() || f.subject == base.subject || base.subject.empty() ||
          IsPronoun(f.subject));
}

std::string PlaceName(std::string name) {
  for (const std::string_view end : {"里", "上", "中"}) {
    if (name.size() > 6 && name.ends_with(end)) name.resize(name.size() - end.size());
  }
  return name;
}

bool TellOf(const Facts& facts, const std::string& who) {
  if (who.empty() || IsPronoun(who)) return true;
  const std::string name = PlaceName(who);
  return std::all_of(facts.begin(), facts.end(), [&](const StoryFact& f) {
    const std::string other = PlaceName(f.subject);
    return other.empty() || IsPronoun(other) || IsTime(other) || other.starts_with(name) ||
           name.starts_with(other) || EndsWith(other, name) || EndsWith(name, other);
  });
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

bool IsRate(const StoryFact& f) { return f.fact == Fact::kEach || f.fact == Fact::kEachGroup; }

}  // namespace lemma::check
