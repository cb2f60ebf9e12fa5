// SPDX-License-Identifier: Apache-2.0
// Readers: two kinds of animals by heads and feet.
#include <algorithm>

#include "check/reading.h"

namespace lemma::check {
namespace {

struct Animal {
  std::string_view word;
  std::string_view name;
  int64_t feet;
};
constexpr Animal kAnimals[] = {
    {"鸡", "chicken", 2},      {"雉", "pheasant", 2}, {"鸭", "duck", 2},   {"兔", "rabbit", 4},
    {"猪", "pig", 4},          {"羊", "sheep", 4},    {"牛", "cow", 4},    {"狗", "dog", 4},
    {"chicken", "chicken", 2}, {"hen", "chicken", 2}, {"duck", "duck", 2}, {"rabbit", "rabbit", 4},
    {"pig", "pig", 4},         {"sheep", "sheep", 4}, {"cow", "cow", 4},   {"goat", "goat", 4},
    {"dog", "dog", 4}};

const std::vector<Word>& HeadsVocabulary() {
  static const std::vector<Word> words = [] {
    std::vector<Word> out = MakeVocabulary({
        {"HEAD", "个头|头|heads|animals|头数|头的总数|动物|动物的头"},
        {"FOOT", "只脚|条腿|只腿|条脚|脚|腿|足|只足|feet|legs|脚数|腿数|脚的总数|个脚|条腿的"},
        {"COUNT", "只|个|条"},
        {"ASK",
         "几只|多少只|几何|how many|find the number of|多少|几|find the numbers of|"
         "what is the number of|find|求"},
        {"ALL", "共有|共|一共有|一共|总共有|总共|共计|合计|一共是|总共是|加起来|合起来|总数"},
        {"A", "兔子|鸭子|chickens|hens|ducks|rabbits|pigs|cows|goats|dogs"},
        {"",
         "同笼|笼子里|笼子|笼中|笼里|在同一个笼子里|一个笼子里|有|和|与|若干只|若干|今有|"
         "上有|下有|问|请问|各|各有|分别有|分别|从上面数|从下面数|数|农场里|农场|养了|一些|"
         "关在|是|它们|a|farm|farmer|has|have|there|are|some|and|in|the|cage|together|with|"
         "total|of|in total|altogether|they|of each|all|on|keeps|only|in all|a total of|"
         "contains|is|counts|which|that|kind|yard|barn|同一个笼子里|同一个笼子|一个笼子|"
         "笼子里面|笼|及|以及|若干个|从上往下数|从下往上数|数一数|数了数|数得|农场主|农夫|"
         "农民|农户|农家|养着|养有|养|饲养|饲养了|饲养着|关着|关|放在|放着|装着|装有|装|"
         "只数|数量|数目|小明家|小红家|王大爷家|李大爷家|王大爷|李大爷|爷爷家|奶奶家|爷爷|"
         "奶奶|小明|家|家里|院子里|院子|圈里|同在|同|一起|总共的|经典|题|面|share|shared|"
         "same|cages|holds|hold|holding|farmyard|kept|keep|count|counting|gives|give|"
         "classic|chicken and rabbit|animal|number of|how|kinds|kind of|house|houses|coop|"
         "pen|field|old|live|lives|living|sum|total number of|contain|containing|consists|"
         "made up|raises|raise|owns|both|as well as|between them|together they|mixed|"
         "you see|see|respectively|counted|finds|of each animal|of each kind|of each type|"
         "each kind|each animal|been|placed|put|being|into|I|共|们|在农场里|及其|"
         "找出|分别是|各是|是几"},
    });
    for (const Animal& a : kAnimals) out.push_back({a.word, "A"});
    return out;
  }();
  return words;
}

// The two animals of a text, sorted by name; unset unless there are exactly two kinds.
bool PutAnimals(std::string_view text, Slots& slots) {
  const std::string lower = LowerAscii(text);
  std::vector<const Animal*> found;
  for (const Animal& a : kAnimals) {
    if (lower.find(a.word) == std::string::npos) continue;
    const bool known =
        std::any_of(found.begin(), found.end(), [&](const Animal* b) { return b->name == a.name; });
    if (!known) found.push_back(&a);
  }
  if (found.size() != 2 || found[0]->feet == found[1]->feet) return false;
  std::sort(found.begin(), found.end(),
            [](const Animal* a, const Animal* b) { return a->name < b->name; });
  slots.values["first"] = found[0]->name;
  slots.values["second"] = found[1]->name;
  return true;
}

// The clause before a number, with what is listed by 、 before it: 鸡、兔35只.
std::string_view ListBefore(std::string_view text, Span span) {
  constexpr std::string_view kListed = "、";
  std::string_view clause = ClauseBefore(text, span);
  for (size_t begin = span.begin - clause.size(); text.substr(0, begin).ends_with(kListed);) {
    begin -= kListed.size();
    begin -= ClauseBefore(text, {begin, begin}).size();
    clause = text.substr(begin, span.begin - begin);
  }
  return clause;
}

// The one animal that the text behind the last number asks for: "how many rabbits". "": both.
std::string AskedAnimal(std::string_view text, size_t behind) {
  const std::string lower = LowerAscii(text.substr(behind));
  std::string name;
  for (const Animal& a : kAnimals) {
    if (lower.find(a.word) == std::string::npos || name == a.name) continue;
    if (!name.empty()) return "";
    name = a.name;
  }
  return HasAny(lower, {"各", "each", "分别", "respectively"}) ? "" : name;
}

// Whether the text behind the last number asks for animals: not for feet, heads or cages.
bool AsksForAnimals(std::string_view text, size_t behind) {
  const std::string tail =
      LowerAscii(StripEnds(text.substr(behind), {" ", "只", "个", "条", "头", "脚", "腿", "足",
                                                 "heads", "feet", "legs", "animals"}));
  if (HasAny(tail, {"脚", "腿", "足", "头", "feet", "leg", "head", "foot", "几个笼", "多少个笼",
                    "how many cages", "how many farms", "几个农", "比"})) {
    return false;
  }
  return HasAny(tail, {"各", "each", "分别"}) ||
         std::any_of(std::begin(kAnimals), std::end(kAnimals),
                     [&](const Animal& a) { return tail.find(a.word) != std::string::npos; });
}

size_t LastEnd(const Slots& slots) {
  size_t end = 0;
  for (const auto& [name, span] : slots.spans) end = std::max(end, span.end);
  return end;
}

// "鸡有35个头" is told of one kind only.
bool TellsOfOneKind(std::string_view clause) {
  const std::string lower = LowerAscii(clause);
  std::string_view kind;
  bool several = false;
  for (const Animal& a : kAnimals) {
    if (lower.find(a.word) == std::string::npos) continue;
    several = several || (!kind.empty() && kind != a.name);
    kind = a.name;
  }
  return !kind.empty() && !several;
}

// What number i counts by its neighbours in the same clause: "heads", "feet" or "".
std::string_view AnimalSlot(std::string_view text, const std::vector<Symbol>& symbols, size_t i) {
  const auto name = [&](size_t at) -> std::string_view {
    if (at >= symbols.size()) return "";
    return InOneClause(text, symbols[at].span, symbols[i].span) ? symbols[at].name : "";
  };
  const bool counted = name(i + 1) == "COUNT";
  const std::string_view next = name(i + (counted ? 2 : 1));
  size_t back = i;
  while (back > 0 && symbols[back - 1].name == "ALL") --back;
  const std::string_view before = back > 0 ? name(back - 1) : "";
  for (const std::string_view near : {next, before}) {
    if (near == "HEAD") return "heads";
    if (near == "FOOT") return "feet";
  }
  // 35 chickens and rabbits
  if (next == "A" && name(i + 2) == "A") return "heads";
  return counted && before == "A" ? "heads" : "";
}

std::optional<Slots> HeadsStrict(std::string_view text) {
  const auto symbols = ReadStrictly(text, HeadsVocabulary());
  if (!symbols) return std::nullopt;
  Slots out;
  bool asked = false;
  for (size_t i = 0; i < symbols->size(); ++i) {
    const Symbol& s = (*symbols)[i];
    asked = asked || s.name == "ASK";
    if (s.name != "N") continue;
    const std::string_view slot = AnimalSlot(text, *symbols, i);
    if (slot.empty() || TellsOfOneKind(ListBefore(text, s.span))) return std::nullopt;
    Put(out, std::string(slot), s.value, s.span);
  }
  if (!asked || !Filled(out, {"heads", "feet"}) || !PutAnimals(text, out) ||
      !AsksForAnimals(text, LastEnd(out))) {
    return std::nullopt;
  }
  out.values["asked"] = AskedAnimal(text, LastEnd(out));
  return out;
}

// What a number counts, by its neighbours in the clause; `rest` is the text behind it.
std::string LooseSlot(std::string_view before, std::string_view after, std::string_view rest) {
  static const std::vector<std::string_view> heads = {"头", "heads", "animals"};
  static const std::vector<std::string_view> feet = {"脚", "腿", "足", "feet", "legs"};
  const auto is = [&](const std::vector<std::string_view>& words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view w) { return after.starts_with(w); });
  };
  if (is(heads)) return "heads";
  if (is(feet)) return "feet";
  const bool heads_before = HasAny(before, heads);
  if (heads_before && !HasAny(before, feet)) return "heads";
  if (HasAny(before, feet) && !HasAny(before, heads)) return "feet";
  for (const auto& [a, b] : {std::pair("chickens", "rabbits"), std::pair("chickens", "cows"),
                             std::pair("ducks", "rabbits"), std::pair("chickens", "pigs")}) {
    if (after.starts_with(std::string(a) + " and " + b) ||
        after.starts_with(std::string(b) + " and " + a)) {
      return "heads";
    }
  }
  const bool all = HasAny(before, {"共", "鸡兔", "兔鸡"});
  if (all && after.empty() && rest.starts_with("只")) return "heads";
  return "";
}

std::optional<Slots> HeadsLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (HasAny(lower, {"每",     "each has", "each have", "倍",   "死",   "逃",     "跑",
                     "换",     "翅",       "wing",      "more", "less", "than",   "twice",
                     "if all", "if every", "如果全",    "假设", "比",   "三条腿", "一半"})) {
    return std::nullopt;
  }
  Slots out;
  for (const NumeralNote& n : FindNumerals(text)) {
    if (!n.reason.empty()) continue;
    std::string_view after = ClauseAfter(lower, n.span);
    std::string_view before = ListBefore(lower, n.span);
    if (TellsOfOneKind(std::string(before) + std::string(after))) return std::nullopt;
    if (IsArticle(text, n)) continue;
    for (const std::string_view skip : {" ", "个", "只", "条"}) {
      if (after.starts_with(skip)) after.remove_prefix(skip.size());
    }
    const std::string slot = LooseSlot(before, after, text.substr(n.span.end));
    if (slot.empty()) return std::nullopt;
    Put(out, slot, n.value, n.span);
  }
  if (!Filled(out, {"heads", "feet"}) || !PutAnimals(text, out) ||
      !AsksForAnimals(text, LastEnd(out))) {
    return std::nullopt;
  }
  out.values["asked"] = AskedAnimal(text, LastEnd(out));
  return out;
}

std::optional<Problem> HeadsProblem(const Slots& slots) {
  Problem p;
  p.family = Family::kLinear;
  std::string feet;
  for (const auto& [slot, variable] : {std::pair{"first", "x"}, std::pair{"second", "y"}}) {
    Variable v;
    v.name = variable;
    v.domain = Domain::kNatural;
    int64_t legs = 0;
    for (const Animal& a : kAnimals) {
      if (a.name != slots.values.at(slot)) continue;
      legs = a.feet;
      v.labels.emplace_back(a.word);
      v.labels.push_back(std::string(a.word) + (a.word[0] > 0 ? "s" : "子"));
    }
    feet += (feet.empty() ? "" : "+") + std::to_string(legs) + "*" + variable;
    p.variables.push_back(std::move(v));
    if (slots.values.at("asked") == slots.values.at(slot)) p.query.expr = Var(variable);
    p.query.names.emplace_back(variable);
  }
  p.query.kind = p.query.expr ? QueryKind::kValue : QueryKind::kAssignment;
  if (p.query.expr) p.query.names.clear();
  const auto add = [&](const std::string& left, const char* slot) {
    const auto relation = ParseRelations(left + "=" + slots.values.at(slot));
    if (relation.ok()) p.constraints.push_back({relation->front(), slots.spans.at(slot)});
    return relation.ok();
  };
  if (!add("x+y", "heads") || !add(feet, "feet")) return std::nullopt;
  return p;
}

}  // namespace

FamilyReaders HeadsReaders() { return {HeadsStrict, HeadsLoose, HeadsProblem}; }

}  // namespace lemma::check
