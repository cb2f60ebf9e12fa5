// SPDX-License-Identifier: Apache-2.0
// Readers: a three-digit number by its digit sum and how its digits differ.
#include <algorithm>

#include "check/reading.h"

namespace lemma::check {
namespace {

struct Place {
  std::string_view word;
  std::string_view name;
};
constexpr Place kPlaces[] = {{"百位", "a"}, {"十位", "b"},  {"个位", "c"}, {"hundreds", "a"},
                             {"tens", "b"}, {"units", "c"}, {"ones", "c"}};

// The last place named in a text, or the first.
enum class Which { kFirst, kLast };
std::string_view PlaceIn(std::string_view text, Which which) {
  std::string_view name;
  size_t best = 0;
  for (const Place& place : kPlaces) {
    const size_t at = which == Which::kLast ? text.rfind(place.word) : text.find(place.word);
    if (at == std::string_view::npos) continue;
    if (name.empty() || (which == Which::kLast ? at > best : at < best)) {
      name = place.name;
      best = at;
    }
  }
  return name;
}

// One slot a pair of places: first - second = amount.
bool PutDifference(Slots& slots, std::string_view first, std::string_view second, bool more,
                   const Rational& amount, Span span) {
  if (first.empty() || second.empty() || first == second || !amount.IsInteger()) return false;
  const std::string name = std::string(first) + "-" + std::string(second);
  if (slots.values.count(name) != 0) return false;
  slots.values[name] = (more ? amount : -amount).ToString();
  slots.spans[name] = span;
  return true;
}

bool IsWhole(const Slots& slots) { return slots.values.size() == 3 && Filled(slots, {"sum"}); }

const std::vector<Word>& DigitsVocabulary() {
  static const std::vector<Word> words = MakeVocabulary({
      {"THREE", "一个三位数|三位数|three-digit number"},
      {"a", "百位|百位数字|百位上的数字|百位数|hundreds digit"},
      {"b", "十位|十位数字|十位上的数字|十位数|tens digit"},
      {"c", "个位|个位数字|个位上的数字|个位数|units digit|ones digit"},
      {"SUM",
       "各位数字之和|各位数字的和|各个数位上的数字之和|数字之和|sum of the digits|digit sum|"
       "sum of its digits|digits sum to|digits add up to"},
      {"SUM3", "三个数字之和"},
      {"THAN", "比"},
      {"MORE", "大|多|more than|greater than|larger than"},
      {"LESS", "小|少|less than|smaller than"},
      {"ASK", "求|是多少|是几|找出|find|what is"},
      {"",
       "是|为|等于|它的|的|这个|有|已知|问|该|且|而|a|has|its|is|the|and|of|number|this|"
       "whose|with|that|in|equals|digits"},
  });
  return words;
}

bool IsPlace(std::string_view name) { return name == "a" || name == "b" || name == "c"; }

std::optional<Slots> DigitsStrict(std::string_view text) {
  const auto symbols = ReadStrictly(text, DigitsVocabulary());
  if (!symbols) return std::nullopt;
  const auto name = [&](size_t i) {
    return i < symbols->size() ? (*symbols)[i].name : std::string_view();
  };
  Slots out;
  bool asked = false;
  int number = 0;
  for (size_t i = 0; i < symbols->size();) {
    const Span span = (*symbols)[i].span;
    if (name(i) == "ASK" || name(i) == "THREE") {
      asked = asked || name(i) == "ASK";
      if (name(i) == "THREE") out.spans["number" + std::to_string(number++)] = span;
      ++i;
    } else if ((name(i) == "SUM" || name(i) == "SUM3") && name(i + 1) == "N") {
      if (name(i) == "SUM3") out.spans["digits"] = span;
      Put(out, "sum", (*symbols)[i + 1].value, (*symbols)[i + 1].span);
      i += 2;
    } else if (name(i) == "SUM" && name(i + 1) == "THREE" && name(i + 2) == "N") {
      out.spans["number" + std::to_string(number++)] = (*symbols)[i + 1].span;
      Put(out, "sum", (*symbols)[i + 2].value, (*symbols)[i + 2].span);
      i += 3;
    } else if (IsPlace(name(i)) && name(i + 1) == "THAN" && IsPlace(name(i + 2)) &&
               (name(i + 3) == "MORE" || name(i + 3) == "LESS") && name(i + 4) == "N") {
      const Symbol& n = (*symbols)[i + 4];
      if (!PutDifference(out, name(i), name(i + 2), name(i + 3) == "MORE", n.value, n.span)) {
        return std::nullopt;
      }
      i += 5;
    } else if (IsPlace(name(i)) && name(i + 1) == "N" &&
               (name(i + 2) == "MORE" || name(i + 2) == "LESS") && IsPlace(name(i + 3))) {
      const Symbol& n = (*symbols)[i + 1];
      if (!PutDifference(out, name(i), name(i + 3), name(i + 2) == "MORE", n.value, n.span)) {
        return std::nullopt;
      }
      i += 4;
    } else {
      return std::nullopt;
    }
  }
  return asked && number > 0 && IsWhole(out) ? std::optional(out) : std::nullopt;
}

std::optional<Slots> DigitsLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (!HasAny(lower, {"三位数", "three-digit number"}) ||
      HasAny(lower,
             {"倍",     "不",    "至少", "积",     "交换",   "颠倒", "对调",  "twice", "product",
              "revers", "least", "most", "not ",   "偶",     "奇",   " even", " odd",  "平方",
              "square", "如果",  "if ",  "两位数", "四位数", "或",   " or ",  "各不"})) {
    return std::nullopt;
  }
  Slots out;
  for (const NumeralNote& n : FindNumerals(text)) {
    const std::string_view here = std::string_view(lower).substr(n.span.begin);
    const bool names_the_number = here.starts_with("三位数") || here.starts_with("一个三位数") ||
                                  here.starts_with("three-digit") || here.starts_with("三个数字");
    const bool place = here.starts_with("百位") || here.starts_with("十位");
    if (!n.reason.empty() || names_the_number || place) continue;
    const std::string_view before = ClauseBefore(lower, n.span);
    const std::string_view after = ClauseAfter(lower, n.span);
    const size_t than = before.rfind("比");
    if (before.ends_with("大") || before.ends_with("多") || before.ends_with("小") ||
        before.ends_with("少")) {
      if (than == std::string_view::npos) return std::nullopt;
      const bool more = before.ends_with("大") || before.ends_with("多");
      if (!PutDifference(out, PlaceIn(before.substr(0, than), Which::kLast),
                         PlaceIn(before.substr(than), Which::kFirst), more, n.value, n.span)) {
        return std::nullopt;
      }
    } else if (after.starts_with(" more") || after.starts_with(" greater") ||
               after.starts_with(" larger") || after.starts_with(" less") ||
               after.starts_with(" smaller")) {
      const bool more = !after.starts_with(" less") && !after.starts_with(" smaller");
      if (!PutDifference(out, PlaceIn(before, Which::kLast), PlaceIn(after, Which::kFirst), more,
                         n.value, n.span)) {
        return std::nullopt;
      }
    } else if (HasAny(before, {"之和", "的和", "sum", "add up"})) {
      Put(out, "sum", n.value, n.span);
    } else {
      return std::nullopt;
    }
  }
  return IsWhole(out) ? std::optional(out) : std::nullopt;
}

std::optional<Problem> DigitsProblem(const Slots& slots) {
  Problem p;
  p.family = Family::kPuzzle;
  for (const char* name : {"a", "b", "c"}) {
    Variable v;
    v.name = name;
    v.domain = Domain::kInteger;
    v.range = Range{name[0] == 'a' ? 1 : 0, 9};
    p.variables.push_back(std::move(v));
  }
  for (const auto& [name, value] : slots.values) {
    const auto relation = ParseRelations((name == "sum" ? "a+b+c" : name) + "=(" + value + ")");
    if (!relation.ok()) return std::nullopt;
    p.constraints.push_back({relation->front(), slots.spans.at(name)});
  }
  p.query.kind = QueryKind::kAll;
  p.query.expr = *ParseExpr("100*a+10*b+c");
  return p;
}

}  // namespace

FamilyReaders DigitsReaders() { return {DigitsStrict, DigitsLoose, DigitsProblem}; }

}  // namespace lemma::check
