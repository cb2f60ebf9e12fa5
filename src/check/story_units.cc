// SPDX-License-Identifier: Apache-2.0
// The second reading of stories: numbers with their units and cue words around them. What the
// dimensions leave open (sum or difference) is decided by cues; a cue too many, and there is no
// reading. Names are compared by the characters they share, not by words.
#include <algorithm>
#include <set>

#include "base/utf8.h"
#include "check/reading.h"
#include "check/story.h"
#include "check/story_scene.h"

namespace lemma::check {
namespace {

ExprPtr N(const StoryAmount& a) { return Var("n" + std::to_string(a.index)); }
ExprPtr Two(Op op, const ExprPtr& a, const ExprPtr& b) { return Make(op, {a, b}); }

ExprPtr SumOf(const std::vector<StoryAmount>& all) {
  ExprPtr out = N(all[0]);
  for (size_t i = 1; i < all.size(); ++i) out = Two(Op::kAdd, out, N(all[i]));
  return out;
}

constexpr std::string_view kComparers[] = {"多", "少", "大", "小", "高", "矮",
                                           "重", "轻", "长", "短", "贵", "便宜"};
bool IsUp(std::string_view comparer) {
  for (const std::string_view up : {"多", "大", "高", "重", "长", "贵"}) {
    if (comparer == up) return true;
  }
  return false;
}

// "X比Y多..." up to the number or the question word.
struct Comparison {
  std::string_view x;
  std::string_view y;
  bool up = false;
};
std::optional<Comparison> ReadComparison(std::string_view before) {
  const size_t at = before.find("比");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view tail = before.substr(at + 3);
  size_t best = std::string_view::npos;
  Comparison out;
  for (const std::string_view c : kComparers) {
    const size_t found = tail.rfind(c);
    if (found == std::string_view::npos || found == 0) continue;
    if (best != std::string_view::npos && found < best) continue;
    best = found;
    out.up = IsUp(c);
  }
  if (best == std::string_view::npos) return std::nullopt;
  out.x = before.substr(0, at);
  out.y = tail.substr(0, best);
  return out;
}

bool Leaves(const StoryAmount& a) {
  return HasAny(a.clause, {"走",   "出", "去", "掉",   "吃",   "用",   "卖",   "借",   "下车",
                           "花了", "坏", "死", "丢",   "喝",   "看了", "离开", "好了", "修了",
                           "下去", "烧", "送", "发给", "分给", "剪",   "截"}) ||
         (a.unit == "元" && HasAny(a.clause, {"买"})) || HasAny(a.clause, {"已经", "做好"});
}
bool Comes(const StoryAmount& a) {
  if (a.unit == "元" && HasAny(a.clause, {"买"})) return false;  // paid for it
  return HasAny(a.clause, {"来", "进", "回", "收到", "得到", "捡到", "上车", "赢来", "又买", "收",
                           "赢", "得", "借来"}) ||
         (HasAny(a.clause, {"买了"}) && !HasAny(a.clause, {"用", "花"}));
}

std::optional<ExprPtr> ByRate(const StoryScene& s) {
  if (s.amounts.size() != 2 || !s.asked_per.empty()) return std::nullopt;
  const bool first = !s.amounts[0].per.empty();
  if (first != s.amounts[1].per.empty()) return std::nullopt;
  const StoryAmount& rate = s.amounts[first ? 0 : 1];
  const StoryAmount& plain = s.amounts[first ? 1 : 0];
  if (HasAny(s.question, {"剩", "还", "比", "差", "找"}) || rate.per == rate.unit)
    return std::nullopt;
  if (plain.unit == rate.per && s.asked == rate.unit) return Two(Op::kMul, N(rate), N(plain));
  if (plain.unit == rate.unit && s.asked == rate.per) return Two(Op::kDiv, N(plain), N(rate));
  return std::nullopt;
}

// Which part of the characters of `name` that `other` has not stand in `text`; 0 to 1. Those of
// everywhere do not count.
double Nearness(std::string_view name, std::string_view other, std::string_view text) {
  std::set<std::string_view> own;
  for (size_t at = 0; at < name.size();) {
    const size_t bytes = DecodeUtf8(name.substr(at)).length;
    const std::string_view c = name.substr(at, bytes);
    at += bytes;
    constexpr std::string_view kCommon = "的有了是里上个只本多少几今年共一它";
    if (kCommon.find(c) == std::string_view::npos && other.find(c) == std::string_view::npos) {
      own.insert(c);
    }
  }
  const auto found = std::count_if(own.begin(), own.end(), [&](std::string_view c) {
    return text.find(c) != std::string_view::npos;
  });
  return own.empty() ? 0 : static_cast<double>(found) / static_cast<double>(own.size());
}

// 梨树和苹果树共120棵，其中梨树有50棵.
std::optional<ExprPtr> ByPart(const StoryScene& s) {
  if (s.amounts.size() != 2) return std::nullopt;
  const StoryAmount& whole = s.amounts[0];
  const StoryAmount& part = s.amounts[1];
  const bool fits = HasAny(whole.before, {"和", "与"}) && HasAny(part.before, {"其中"}) &&
                    whole.unit == part.unit && part.unit == s.asked && whole.per.empty() &&
                    part.per.empty() && !HasAny(s.question, {"共", "比", "剩", "还", "倍", "每"});
  if (!fits || HasAny(whole.clause, {"每", "比", "各"})) return std::nullopt;
  const std::string_view told = part.before;
  if (Nearness(s.question, "", told) >= 1) return std::nullopt;  // asks for what is told
  return Two(Op::kSub, N(whole), N(part));
}

// Three amounts: a rate and what it is taken of, or two of a kind shared out together.
std::optional<ExprPtr> ByRateOfThree(const StoryScene& s) {
  if (s.amounts.size() != 3 || !s.asked_per.empty()) return std::nullopt;
  const StoryAmount* rate = nullptr;
  std::vector<const StoryAmount*> plain;
  for (const StoryAmount& a : s.amounts) {
    if (a.per.empty()) {
      plain.push_back(&a);
    } else if (rate == nullptr) {
      rate = &a;
    }
    if (a.factor || HasAny(a.clause, {"比"})) return std::nullopt;
  }
  if (rate == nullptr || plain.size() != 2 || rate->per == rate->unit) return std::nullopt;
  const bool left = HasAny(s.question, {"剩", "还有"});
  if (left && plain[0]->unit == rate->per && plain[1]->unit == rate->unit &&
      s.asked == rate->unit && Leaves(*plain[1]) && !Comes(*plain[1])) {
    return Two(Op::kSub, Two(Op::kMul, N(*plain[0]), N(*rate)), N(*plain[1]));
  }
  // Money, and what is bought at a price.
  const bool change = left || HasAny(s.question, {"找"});
  for (const size_t money : {size_t{0}, size_t{1}}) {
    const StoryAmount& paid = *plain[money];
    const StoryAmount& bought = *plain[1 - money];
    const bool pays =
        HasAny(paid.clause, {"带", "付", "有", "拿出"}) && !HasAny(paid.clause, {"花"});
    if (change && pays && paid.unit == "元" && rate->unit == "元" && s.asked == "元" &&
        bought.unit == rate->per && !rate->inverse) {
      return Two(Op::kSub, N(paid), Two(Op::kMul, N(*rate), N(bought)));
    }
  }
  const bool plain_ask = !left && !HasAny(s.question, {"还", "比", "差", "找"});
  if (plain_ask && plain[0]->unit == rate->unit && plain[1]->unit == rate->unit &&
      s.asked == rate->per && rate->inverse && Leaves(*plain[0]) == Leaves(*plain[1])) {
    return Two(Op::kDiv, Two(Op::kAdd, N(*plain[0]), N(*plain[1])), N(*rate));
  }
  return std::nullopt;
}

std::optional<ExprPtr> ByShare(const StoryScene& s) {
  if (s.asked_per.empty()) return std::nullopt;
  for (const StoryAmount& a : s.amounts) {
    if (!a.per.empty() || a.factor || HasAny(a.clause, {"比"})) return std::nullopt;
  }
  if (s.amounts.size() == 3 && s.amounts[0].unit == s.asked && s.amounts[1].unit == s.asked &&
      s.amounts[2].unit == s.asked_per && !Leaves(s.amounts[1])) {
    return Two(Op::kDiv, Two(Op::kAdd, N(s.amounts[0]), N(s.amounts[1])), N(s.amounts[2]));
  }
  if (s.amounts.size() != 2) return std::nullopt;
  bool first = s.amounts[0].unit == s.asked;
  if (s.asked_per == s.asked) {  // 6个盘子, 每个盘子几个
    const double a = Nearness(s.amounts[0].after, s.amounts[1].after, s.question);
    const double b = Nearness(s.amounts[1].after, s.amounts[0].after, s.question);
    if (a == b) return std::nullopt;
    first = b > a;
  }
  const StoryAmount& total = s.amounts[first ? 0 : 1];
  const StoryAmount& groups = s.amounts[first ? 1 : 0];
  if (total.unit != s.asked || groups.unit != s.asked_per) return std::nullopt;
  return Two(Op::kDiv, N(total), N(groups));
}

std::optional<ExprPtr> BySize(const StoryScene& s) {
  const bool area = HasAny(s.question, {"面积"});
  if (area == HasAny(s.question, {"周长"})) return std::nullopt;
  const std::string unit = s.amounts[0].unit;
  if (s.asked != (area ? "平方" + unit : unit)) return std::nullopt;
  if (s.amounts.size() == 1 && HasAny(s.amounts[0].clause, {"正方形"}) &&
      HasAny(s.amounts[0].before, {"边长"})) {
    const ExprPtr side = N(s.amounts[0]);
    return area ? Two(Op::kMul, side, side) : Two(Op::kMul, Num(4), side);
  }
  if (s.amounts.size() != 2 || s.amounts[1].unit != unit) return std::nullopt;
  const bool named = HasAny(s.amounts[0].before, {"长"}) && HasAny(s.amounts[1].before, {"宽"});
  if (!named || HasAny(s.amounts[0].clause, {"墙", "体", "高", "周长", "边长", "棱长"}))
    return std::nullopt;
  if (area) return Two(Op::kMul, N(s.amounts[0]), N(s.amounts[1]));
  return Two(Op::kMul, Num(2), SumOf(s.amounts));
}

// One amount and one comparison with it; their sum if all is asked for.
std::optional<ExprPtr> ByComparison(const StoryScene& s) {
  if (s.amounts.size() != 2) return std::nullopt;
  const bool step_first = s.amounts[0].factor || HasAny(s.amounts[0].clause, {"比"});
  const StoryAmount& base = s.amounts[step_first ? 1 : 0];
  const StoryAmount& step = s.amounts[step_first ? 0 : 1];
  if (base.unit != s.asked || !base.per.empty() || base.factor) return std::nullopt;
  if (base.clause.find("比") != std::string_view::npos) return std::nullopt;
  if (HasAny(s.question, {"比", "剩", "还", "几倍"})) return std::nullopt;
  std::string_view x;
  std::string_view y;
  bool up = true;
  if (step.factor) {
    const size_t is = step.before.rfind("是");
    if (is == std::string_view::npos || !step.before.ends_with("的")) return std::nullopt;
    x = step.before.substr(0, is);
    y = step.before.substr(is + 3);
  } else {
    const auto c = ReadComparison(step.before);
    if (!c || step.unit != s.asked) return std::nullopt;
    x = c->x;
    y = c->y;
    up = c->up;
  }
  const bool pronoun = HasAny(y, {"它", "他", "她"});
  if (x.empty() && step_first) return std::nullopt;
  if (x.empty()) x = base.before;  // 比小猪少6个: the one just told of
  const double near_x = Nearness(x, y, base.clause);
  const double near_y = pronoun ? 2 : Nearness(y, x, base.clause);
  if (near_x == near_y) return std::nullopt;
  const bool knows_y = near_y > near_x;
  const ExprPtr a = N(base);
  ExprPtr other;
  if (step.factor) {
    other = Two(knows_y ? Op::kMul : Op::kDiv, a, N(step));
  } else {
    other = Two(up == knows_y ? Op::kAdd : Op::kSub, a, N(step));
  }
  if (HasAny(s.question, {"一共", "总共", "共"})) return Two(Op::kAdd, a, other);
  const double ask_x = Nearness(x, y, s.question);
  const double ask_y = Nearness(y, x, s.question);
  if (knows_y ? ask_x <= ask_y : ask_y <= ask_x) return std::nullopt;
  return other;
}

std::optional<ExprPtr> ByDifference(const StoryScene& s) {
  const bool ratio = HasAny(s.question, {"几倍", "多少倍"});
  if (s.amounts.size() != 2 || (!ratio && !ReadComparison(s.question))) return std::nullopt;
  const StoryAmount& a = s.amounts[0];
  const StoryAmount& b = s.amounts[1];
  if (a.unit != b.unit || a.factor || b.factor || HasAny(a.clause, {"比"}) ||
      HasAny(b.clause, {"比"})) {
    return std::nullopt;
  }
  const bool larger_first = a.value > b.value;
  const StoryAmount& large = larger_first ? a : b;
  const StoryAmount& small = larger_first ? b : a;
  if (ratio) return Two(Op::kDiv, N(large), N(small));
  if (a.unit != s.asked || HasAny(s.question, {"剩", "还", "共"})) return std::nullopt;
  return Two(Op::kSub, N(large), N(small));
}

// What came and what went, one after the other.
std::optional<ExprPtr> InTurn(const StoryScene& s, bool now) {
  ExprPtr out = N(s.amounts[0]);
  const bool whole_last = s.amounts.size() == 2 && s.amounts[1].value > s.amounts[0].value && !now;
  if (whole_last && HasAny(s.question, {"找"})) return Two(Op::kSub, N(s.amounts[1]), out);
  for (size_t i = 1; i < s.amounts.size(); ++i) {
    const bool out_of = Leaves(s.amounts[i]);
    const bool into = Comes(s.amounts[i]);
    if ((out_of && into) || (!out_of && !into && now)) return std::nullopt;
    // 2盒彩粉笔 alone goes on with a list.
    const bool listed = s.amounts[i].before.empty() && !out_of && !into && i == 1;
    out = Two(into || listed ? Op::kAdd : Op::kSub, out, N(s.amounts[i]));
  }
  return out;
}

// All amounts are plain ones of the unit asked for.
bool IsPlain(const StoryScene& s) {
  return s.amounts.size() >= 2 && s.asked_per.empty() &&
         !HasAny(s.question, {"比", "每", "倍", "平均"}) &&
         std::all_of(s.amounts.begin(), s.amounts.end(), [&](const StoryAmount& a) {
           const bool price = a.unit == "元" && HasAny(a.clause, {"一"});
           return a.unit == s.asked && !a.factor && (a.per.empty() || price) &&
                  !HasAny(a.clause, {"比", "每", "倍"});
         });
}

std::optional<ExprPtr> ByCues(const StoryScene& s) {
  if (!IsPlain(s)) return std::nullopt;
  const bool left_asked =
      HasAny(s.question, {"剩", "余下", "还要", "还需", "还差", "还有", "还可以", "找", "还应"});
  const bool now = HasAny(s.question, {"现在", "这时"}) && !left_asked;
  const bool all = HasAny(s.question, {"共", "合计"});
  const StoryAmount& last = s.amounts.back();
  if (HasAny(last.before, {"剩", "余下", "还有"})) {
    if (s.amounts.size() != 2 || left_asked) return std::nullopt;
    if (HasAny(s.question, {"原"})) return SumOf(s.amounts);
    if (all || now || !(s.amounts[0].value > last.value)) return std::nullopt;
    return Two(Op::kSub, N(s.amounts[0]), N(last));
  }
  if (HasAny(s.question, {"原"})) return std::nullopt;
  if (left_asked || now) return InTurn(s, now);
  if (!all) return std::nullopt;
  const bool losses = std::any_of(s.amounts.begin() + 1, s.amounts.end(), Leaves);
  return losses && !Leaves(s.amounts[0]) ? std::nullopt : std::optional(SumOf(s.amounts));
}

}  // namespace

std::optional<StoryAnswer> StoryByUnits(std::string_view text) {
  const auto scene = ReadScene(text);
  if (!scene) return std::nullopt;
  if (HasAny(text, {"其中"})) {
    const auto part = ByPart(*scene);
    if (!part) return std::nullopt;
    return StoryAnswer{*part, scene->unit, scene->ignored};
  }
  std::optional<StoryAnswer> out;
  for (const auto& answer : {ByRate(*scene), ByRateOfThree(*scene), ByShare(*scene), BySize(*scene),
                             ByComparison(*scene), ByDifference(*scene), ByCues(*scene)}) {
    if (!answer) continue;
    if (out) return std::nullopt;
    out.emplace();
    out->formula = *answer;
    out->unit = scene->question.find("倍") == std::string_view::npos ? scene->unit : "";
    out->articles = scene->ignored;
  }
  return out;
}

}  // namespace lemma::check
