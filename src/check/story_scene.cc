// SPDX-License-Identifier: Apache-2.0
#include "check/story_scene.h"

#include <algorithm>

#include "base/utf8.h"
#include "check/reading.h"
#include "check/story_pattern.h"

namespace lemma::check {
namespace {

std::string UnitAfter(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  for (const std::string_view unit : StoryUnits()) {
    if (text.starts_with(unit)) return std::string(unit);
  }
  return "";
}
std::string Normal(const std::string& unit) {
  if (unit == "元钱" || unit == "块钱" || unit == "钱") return "元";
  if (unit == "名" || unit == "位") return "人";
  if (unit == "公里") return "千米";
  return unit == "公斤" ? "千克" : unit;
}

// 5个同学 are 5人.
bool IsPerson(std::string_view noun) {
  for (const std::string_view who :
       {"同学", "小朋友", "学生", "孩子", "工人", "男生", "女生", "老师"}) {
    if (noun.starts_with(who)) return true;
  }
  return false;
}

// Clauses end at commas, stops, 、 and at 和 before a number.
std::vector<std::string_view> Clauses(std::string_view text) {
  std::vector<std::string_view> out;
  const std::vector<NumeralNote> numbers = FindNumerals(text);
  size_t begin = 0;
  for (size_t at = 0; at <= text.size();) {
    const auto number = std::find_if(numbers.begin(), numbers.end(),
                                     [&](const NumeralNote& n) { return n.span.begin == at; });
    if (number != numbers.end()) {
      at = number->span.end;  // with its points and commas
      continue;
    }
    size_t cut = at == text.size() ? 1 : 0;
    for (const std::string_view mark :
         {"，", "。", "？", "！", "；", "：", "．", "、", "\n", ",", "?", "!", ";", ":"}) {
      if (cut == 0 && text.substr(at).starts_with(mark)) cut = mark.size();
    }
    const std::string_view rest = text.substr(std::min(at, text.size()));
    if (cut == 0 && rest.starts_with("和") && ReadNumeral(rest.substr(3))) cut = 3;
    if (cut == 0 && rest.starts_with('.')) cut = 1;
    if (cut == 0) {
      at += DecodeUtf8(rest).length;
      continue;
    }
    if (at > begin) out.push_back(text.substr(begin, at - begin));
    at += cut;
    begin = at;
  }
  return out;
}

// Words that need an understanding this reader does not have.
bool IsBeyondUnits(std::string_view text) {
  return HasAny(
      text, {"约",     "至少", "最多", "最少", "除",   "折",     "税",   "利",   "%",      "％",
             "比例",   "照这", "计划", "实际", "提前", "同样",   "相同", "一样", "剩下的", "其余",
             "增加",   "减少", "增产", "一半", "半",   "如果再", "分之", "几分", "成活",   "距离",
             "两端",   "围成", "圆",   "锯",   "楼",   "间隔",   "每隔", "互相", "握手",   "每两",
             "平均数", "各",   "来回", "往返", "另",   "不",     "给了"});
}

std::string PerBefore(std::string_view before, std::string_view mark) {
  const size_t at = before.rfind(mark);
  return at == std::string_view::npos ? "" : UnitAfter(before.substr(at + mark.size()));
}

bool Describe(std::string_view text, const std::vector<std::string_view>& clauses,
              StoryScene& scene) {
  int index = 0;
  for (const NumeralNote& n : FindNumerals(text)) {
    if (!n.reason.empty()) continue;
    StoryAmount a;
    a.index = index++;
    a.value = n.value;
    for (const std::string_view clause : clauses) {
      const auto begin = static_cast<size_t>(clause.data() - text.data());
      if (n.span.begin < begin || n.span.begin >= begin + clause.size()) continue;
      a.clause = clause;
      a.before = clause.substr(0, n.span.begin - begin);
      a.after = clause.substr(n.span.end - begin);
    }
    const std::string_view word = text.substr(n.span.begin, n.span.end - n.span.begin);
    const bool asks = a.clause.data() == scene.question.data();
    // 两天一共: how many things were listed.
    const bool counts = asks && HasAny(a.after, {"共"}) &&
                        n.value == Rational(static_cast<int64_t>(scene.amounts.size()));
    if (word == "一" || counts) {
      scene.ignored.push_back(a.index);
      continue;
    }
    while (a.after.starts_with(' ')) a.after.remove_prefix(1);
    a.factor = a.after.starts_with("倍");
    const std::string unit = UnitAfter(a.after);
    if (!a.factor && unit.empty()) return false;
    a.after.remove_prefix(unit.size());
    a.unit = Normal(unit);
    if (unit == "个" && IsPerson(a.after)) a.unit = "人";
    scene.amounts.push_back(a);
  }
  return !scene.amounts.empty() && scene.amounts.size() <= 4;
}

// Rates: 每盒6个, 一盒6个, 每6个装一盒.
void FindRates(StoryScene& scene) {
  for (StoryAmount& a : scene.amounts) {
    a.per = PerBefore(a.before, "每");
    if (a.per.empty() && a.before.starts_with("一")) a.per = PerBefore(a.before, "一");
    if (a.per.empty() && a.after.starts_with("一")) {  // 22元一个
      a.per = UnitAfter(a.after.substr(3));
    }
    if (a.per.empty() && a.after.find("一") != std::string_view::npos &&
        (a.before.ends_with("每") || a.before.empty())) {
      a.per = UnitAfter(a.after.substr(a.after.find("一") + 3));
      a.inverse = !a.per.empty();
    }
    a.per = Normal(a.per);
  }
  // 一根彩带长67米, and no other number of 根: that one thing is meant.
  for (StoryAmount& a : scene.amounts) {
    const bool one = !a.per.empty() && !a.inverse && a.before.starts_with("一");
    const bool others = std::any_of(scene.amounts.begin(), scene.amounts.end(),
                                    [&](const StoryAmount& b) { return b.unit == a.per; });
    const bool asked = scene.asked == a.per || scene.asked_per == a.per;
    if (one && !others && !asked) a.per.clear();
  }
}

}  // namespace

std::optional<StoryScene> ReadScene(std::string_view text) {
  if (IsBeyondUnits(text)) return std::nullopt;
  const std::vector<std::string_view> clauses = Clauses(text);
  if (clauses.empty()) return std::nullopt;
  StoryScene scene;
  scene.question = clauses.back();
  const bool many = scene.question.find("多少") != std::string_view::npos;
  const size_t word = scene.question.rfind(many ? "多少" : "几");
  if (word == std::string_view::npos) return std::nullopt;
  const std::string_view tail = scene.question.substr(word + (many ? 6 : 3));
  scene.unit = tail.starts_with("钱") ? "元" : UnitAfter(tail);
  const bool people = scene.unit == "个" && IsPerson(tail.substr(scene.unit.size()));
  scene.asked = people ? "人" : Normal(scene.unit);
  const std::string_view head = scene.question.substr(0, word);
  scene.asked_per = Normal(PerBefore(head, "每"));
  if (const size_t per = head.rfind("每"); per != std::string_view::npos) {
    const std::string_view rest = head.substr(per + 3);
    if (rest.starts_with("个") && IsPerson(rest.substr(3))) scene.asked_per = "人";
  }
  if (!Describe(text, clauses, scene)) return std::nullopt;
  FindRates(scene);
  return scene;
}

}  // namespace lemma::check
