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

bool IsDigitProblem(const Slots& slots) {
  return slots.values.size() == 3 && Filled(slots, {"sum"});
}

const std::vector<Word>& DigitsVocabulary() {
  static const std::vector<Word> words = MakeVocabulary({
      {"THREE",
       "一个三位数|三位数|three-digit number|某三位数|某个三位数|3-digit number|"
       "three digit number|three-digit numbers|3-digit numbers|3 digit number|一个3位数|"
       "3位数"},
      {"a",
       "百位|百位数字|百位上的数字|百位数|hundreds digit|百位上的数|百位的数字|"
       "hundreds place|hundred's digit|hundreds place digit|digit in the hundreds place"},
      {"b",
       "十位|十位数字|十位上的数字|十位数|tens digit|十位上的数|十位的数字|tens place|"
       "ten's digit|tens place digit|digit in the tens place|ten digit"},
      {"c",
       "个位|个位数字|个位上的数字|个位数|units digit|ones digit|个位上的数|个位的数字|"
       "ones place|units place|unit digit|unit's digit|one's digit|"
       "digit in the ones place|digit in the units place"},
      {"SUM",
       "各位数字之和|各位数字的和|各个数位上的数字之和|数字之和|sum of the digits|"
       "digit sum|sum of its digits|digits sum to|digits add up to|各数位上的数字之和|"
       "各个数位上的数字的和|各数位数字之和|各位数之和|各位上的数字之和|数字和|各位数字和|"
       "数字的和|各位数字相加|各位数字加起来|digits sum|digits add to|digits that sum to|"
       "digits that add up to|digits have a sum|sum of all its digits|sum of all digits|"
       "sum of digits|sum of my digits|digits sum up to|digits total|add up to|sum to|"
       "have a sum|add to"},
      {"SUM3",
       "三个数字之和|三个数位上的数字之和|三个数字的和|三位数字之和|三个数字和|"
       "sum of the three digits|sum of its three digits|three digits sum to|"
       "three digits add up to|三个数字加起来|三个数字相加|三个数字加在一起|三位数字加起来"},
      {"THAN", "比"},
      {"PLUS", "加|加上|plus"},
      {"MINUS", "减|减去|minus"},
      {"EXCEEDS", "exceeds|exceeds that of"},
      {"MORE", "大|多|more than|greater than|larger than"},
      {"LESS", "小|少|less than|smaller than"},
      {"ASK",
       "求|是多少|是几|找出|find|what is|what number|which number|find all|find all such|"
       "determine|是否存在|是什么|多少|几|is there|are there|what are|what|请找出|写出|"
       "试求|请求出"},
      {"",
       "是|为|等于|它的|的|这个|有|已知|问|该|且|而|a|has|its|is|the|and|of|number|this|"
       "whose|with|that|in|equals|digits|这个数|该数|数|所有|满足条件|满足|满足以下条件|"
       "使得|使|存在|条件|它的各位|其中|这样的|另外|同时|还|上|i|am|me|such|if|any|digit|"
       "all|also|but|while|where|know|we know|numbers|of a number|add|satisfying|"
       "satisfies|conditions|certain|positive|integer|个|位"},
  });
  return words;
}

// What may be said, as symbols in their order (P any place), and where the parts stand in it.
struct Shape {
  std::vector<std::string_view> names;
  size_t second = 0;  // the place compared with the first symbol; 0: the sum of the digits
  size_t amount = 0;
  bool more = true;
};
const std::vector<Shape>& Shapes() {
  static const std::vector<Shape> shapes = {
      {{"SUM", "N"}, 0, 1, true},
      {{"SUM3", "N"}, 0, 1, true},
      {{"SUM", "THREE", "N"}, 0, 2, true},
      {{"P", "THAN", "P", "MORE", "N"}, 2, 4, true},
      {{"P", "THAN", "P", "LESS", "N"}, 2, 4, false},
      {{"P", "N", "MORE", "P"}, 3, 1, true},
      {{"P", "N", "LESS", "P"}, 3, 1, false},
      {{"P", "P", "PLUS", "N"}, 1, 3, true},
      {{"P", "P", "MINUS", "N"}, 1, 3, false},
      {{"P", "N", "PLUS", "P"}, 3, 1, true},
      {{"P", "EXCEEDS", "P", "N"}, 2, 3, true},
  };
  return shapes;
}

bool StandsAt(const Shape& shape, const std::vector<Symbol>& symbols, size_t at) {
  if (symbols.size() - at < shape.names.size()) return false;
  for (size_t i = 0; i < shape.names.size(); ++i) {
    const std::string_view name = symbols[at + i].name;
    const bool place = name == "a" || name == "b" || name == "c";
    if (shape.names[i] == "P" ? !place : shape.names[i] != name) return false;
  }
  return true;
}

// The spans of 三位数 and 三个数字 are without use.
bool PutShape(const Shape& shape, const std::vector<Symbol>& symbols, size_t at, Slots& out) {
  const Symbol& n = symbols[at + shape.amount];
  for (size_t i = 0; i < shape.names.size(); ++i) {
    const Symbol& s = symbols[at + i];
    if (s.name == "SUM3" || s.name == "THREE") {
      out.spans["number at " + std::to_string(s.span.begin)] = s.span;
    }
  }
  if (shape.second != 0) {
    return PutDifference(out, symbols[at].name, symbols[at + shape.second].name, shape.more,
                         n.value, n.span);
  }
  Put(out, "sum", n.value, n.span);
  return true;
}

// 有多少个三位数: asks how many there are.
bool AsksHowMany(std::string_view text) {
  return HasAny(LowerAscii(text), {"多少个", "几个", "how many", "多少种", "number of"});
}

std::optional<Slots> DigitsStrict(std::string_view text) {
  const auto symbols = ReadStrictly(text, DigitsVocabulary());
  if (!symbols || AsksHowMany(text)) return std::nullopt;
  Slots out;
  bool asked = false;
  bool number = false;
  for (size_t i = 0; i < symbols->size();) {
    const Symbol& s = (*symbols)[i];
    const auto shape = std::find_if(Shapes().begin(), Shapes().end(), [&](const Shape& candidate) {
      return StandsAt(candidate, *symbols, i);
    });
    if (shape != Shapes().end()) {
      if (!PutShape(*shape, *symbols, i, out)) return std::nullopt;
      number = number || shape->names.size() == 3;
      i += shape->names.size();
    } else if (s.name == "ASK" || s.name == "THREE") {
      asked = asked || s.name == "ASK";
      number = number || s.name == "THREE";
      if (s.name == "THREE") out.spans["number at " + std::to_string(s.span.begin)] = s.span;
      ++i;
    } else {
      return std::nullopt;
    }
  }
  return asked && number && IsDigitProblem(out) ? std::optional(out) : std::nullopt;
}

// 三位数, 三个数字, 百位: numbers that only name something.
bool OnlyNames(std::string_view lower, const NumeralNote& n) {
  if (!n.reason.empty() || IsArticle(lower, n)) return true;
  const std::string_view here = lower.substr(n.span.begin);
  const auto names = {"三位数",   "3位数",       "一个三位数",  "三个数",
                      "三位数字", "three-digit", "three digit", "three digits",
                      "3-digit",  "3 digit",     "百位",        "十位"};
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return here.starts_with(name); });
}

// What a number tells by the words before and behind it in its clause. False: nothing known.
bool PutByNeighbours(std::string_view before, std::string_view after, const NumeralNote& n,
                     Slots& out) {
  const auto ends = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view w) { return before.ends_with(w); });
  };
  const auto starts = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view w) { return after.starts_with(w); });
  };
  const size_t than = before.rfind("比");
  if (ends({"大", "多", "小", "少"})) {
    return than != std::string_view::npos &&
           PutDifference(out, PlaceIn(before.substr(0, than), Which::kLast),
                         PlaceIn(before.substr(than), Which::kFirst), ends({"大", "多"}), n.value,
                         n.span);
  }
  if (starts({" more", " greater", " larger", " less", " smaller"})) {
    return PutDifference(out, PlaceIn(before, Which::kLast), PlaceIn(after, Which::kFirst),
                         !starts({" less", " smaller"}), n.value, n.span);
  }
  if (HasAny(before, {"加", "plus", "减", "minus", "exceeds"}) &&
      !HasAny(before, {"相加", "加起来"})) {
    return PutDifference(out, PlaceIn(before, Which::kFirst), PlaceIn(before, Which::kLast),
                         !HasAny(before, {"减", "minus"}), n.value, n.span);
  }
  if (!HasAny(before, {"之和", "的和", "字和", "相加", "加起来", "sum", "add ", "add up"})) {
    return false;
  }
  Put(out, "sum", n.value, n.span);
  return true;
}

std::optional<Slots> DigitsLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (!HasAny(lower, {"三位数", "3位数", "three-digit number", "three digit number",
                      "3-digit number", "3 digit number"}) ||
      HasAny(lower, {"倍",     "不",      "至少",   "积",     "交换", "颠倒",     "对调",
                     "twice",  "product", "revers", "least",  "most", "not ",     "偶",
                     "奇",     " even",   " odd",   "多少个", "几个", "how many", "平方",
                     "square", "两位数",  "四位数", "或",     " or ", "各不"})) {
    return std::nullopt;
  }
  Slots out;
  for (const NumeralNote& n : FindNumerals(text)) {
    if (OnlyNames(lower, n)) continue;
    if (!PutByNeighbours(ClauseBefore(lower, n.span), ClauseAfter(lower, n.span), n, out)) {
      return std::nullopt;
    }
  }
  return IsDigitProblem(out) ? std::optional(out) : std::nullopt;
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
