// SPDX-License-Identifier: Apache-2.0
#include "check/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace lemma::check {
namespace {

// Words whose numeral counts nothing.
constexpr std::string_view kChineseWords[] = {
    "一共",   "一起",     "一样",     "一定",   "一些",   "一直",   "一般",   "一边",   "统一",
    "唯一",   "同一",     "另一",     "任一",   "每一",   "一下",   "一旦",   "一致",   "十分",
    "万一",   "一次方程", "二次方程", "一元",   "一点",   "第一",   "第二",   "第三",   "第四",
    "第五",   "三角形",   "四边形",   "一同",   "一律",   "一并",   "一种",   "对任意", "对于",
    "对所有", "对一切",   "对每",     "对任何", "对吗",   "一对一", "百位",   "十位",   "千位",
    "万位",   "千克",     "千米",     "千瓦",   "百合",   "百货",   "百科",   "千纸鹤", "半径",
    "半球",   "三轮车",   "三角尺",   "三角板", "五角星", "九连环", "八宝",   "千斤顶", "万里",
    "七巧板", "三明治",   "零食",     "零件",   "零钱",   "零花钱", "零用钱", "双方",   "两地",
    "数一数", "两城",     "两港",     "两村",   "两站",   "对面",   "一会"};

struct WordRow {
  std::string_view word;
  int64_t num;
  int64_t den;
};
constexpr WordRow kEnglishWords[] = {{"zero", 0, 1},
                                     {"one", 1, 1},
                                     {"two", 2, 1},
                                     {"three", 3, 1},
                                     {"four", 4, 1},
                                     {"five", 5, 1},
                                     {"six", 6, 1},
                                     {"seven", 7, 1},
                                     {"eight", 8, 1},
                                     {"nine", 9, 1},
                                     {"ten", 10, 1},
                                     {"eleven", 11, 1},
                                     {"twelve", 12, 1},
                                     {"thirteen", 13, 1},
                                     {"fourteen", 14, 1},
                                     {"fifteen", 15, 1},
                                     {"sixteen", 16, 1},
                                     {"seventeen", 17, 1},
                                     {"eighteen", 18, 1},
                                     {"nineteen", 19, 1},
                                     {"twenty", 20, 1},
                                     {"thirty", 30, 1},
                                     {"forty", 40, 1},
                                     {"fifty", 50, 1},
                                     {"sixty", 60, 1},
                                     {"seventy", 70, 1},
                                     {"eighty", 80, 1},
                                     {"ninety", 90, 1},
                                     {"hundred", 100, 1},
                                     {"thousand", 1000, 1},
                                     {"million", 1'000'000, 1},
                                     {"once", 1, 1},
                                     {"twice", 2, 1},
                                     {"thrice", 3, 1},
                                     {"double", 2, 1},
                                     {"doubled", 2, 1},
                                     {"doubles", 2, 1},
                                     {"triple", 3, 1},
                                     {"tripled", 3, 1},
                                     {"half", 1, 2},
                                     {"halves", 1, 2},
                                     {"halved", 1, 2},
                                     {"third", 1, 3},
                                     {"thirds", 1, 3},
                                     {"quarter", 1, 4},
                                     {"quarters", 1, 4},
                                     {"fourth", 1, 4},
                                     {"fifth", 1, 5},
                                     {"dozen", 12, 1},
                                     {"dozens", 12, 1},
                                     {"pair", 2, 1},
                                     {"pairs", 2, 1},
                                     {"couple", 2, 1},
                                     {"score", 20, 1},
                                     {"tenth", 1, 10},
                                     {"sixth", 1, 6},
                                     {"eighth", 1, 8},
                                     {"seventh", 1, 7},
                                     {"ninth", 1, 9},
                                     {"hundredth", 1, 100},
                                     {"both", 2, 1},
                                     {"single", 1, 1},
                                     {"quadruple", 4, 1},
                                     {"billion", 1'000'000'000, 1}};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

constexpr std::array<std::string_view, 24> kNumeralChars = {
    "零", "〇", "一", "二", "两", "三", "四", "五", "六", "七", "八", "九",
    "十", "百", "千", "万", "亿", "半", "双", "倍", "½",  "¼",  "¾",  "对"};

// 双 and 对 count pairs, 倍 alone means nothing: they stand here so that nobody overlooks them.
bool IsBareCharacter(std::string_view text, size_t* bytes) {
  for (const std::string_view c : kNumeralChars) {
    if (!text.starts_with(c)) continue;
    *bytes = c.size();
    return c != "倍";
  }
  return false;
}

// Bytes of 三年级, 三（1）班, 三年级（1）班 at the start of the text: the name of a class.
size_t SchoolClassAt(std::string_view text) {
  constexpr std::string_view kGrades[] = {"一", "二", "三", "四", "五", "六"};
  const std::string_view* const grade = std::find_if(std::begin(kGrades), std::end(kGrades),
                                                     [&](auto g) { return text.starts_with(g); });
  if (grade == std::end(kGrades)) return 0;
  size_t at = grade->size();
  constexpr std::string_view kYear = "年级";
  const bool year = text.substr(at).starts_with(kYear);
  if (year) at += kYear.size();
  for (const std::string_view digit : kGrades) {  // 三年级二班
    const std::string_view after = text.substr(at);
    if (year && after.starts_with(digit) && after.substr(digit.size()).starts_with("班")) {
      return at + digit.size() + std::string_view("班").size();
    }
  }
  const size_t named = year ? at : 0;
  const std::string_view rest = text.substr(at);
  const bool wide = rest.starts_with("（");
  if (!wide && !rest.starts_with('(')) return named;
  size_t end = wide ? std::string_view("（").size() : 1;
  while (end < rest.size() && rest[end] >= '0' && rest[end] <= '9') ++end;
  for (const std::string_view close : {"）班", ")班"}) {
    if (rest.substr(end).starts_with(close)) return at + end + close.size();
  }
  return named;
}

Status CheckNames(const Problem& p) {
  const auto known = [&](const std::string& name) {
    return std::any_of(p.variables.begin(), p.variables.end(),
                       [&](const Variable& v) { return v.name == name; });
  };
  for (size_t i = 0; i < p.constraints.size(); ++i) {
    for (const ExprPtr& side : {p.constraints[i].relation.left, p.constraints[i].relation.right}) {
      for (const std::string& name : VariablesOf(*side)) {
        if (!known(name)) {
          return FailedPrecondition(
              fmt::format("constraint {} uses the unknown {}, which has no "
                          "declaration",
                          i, name));
        }
      }
    }
  }
  for (const std::string& name : p.query.names) {
    if (!known(name)) return FailedPrecondition("the query names " + name + ", which is unknown");
  }
  if (p.query.expr) {
    for (const std::string& name : VariablesOf(*p.query.expr)) {
      if (!known(name)) return FailedPrecondition("the query uses " + name + ", which is unknown");
    }
  }
  return OkStatus();
}

Status CheckQuery(const Problem& p) {
  switch (p.query.kind) {
    case QueryKind::kValue:
      if (p.family == Family::kRecurrence) return OkStatus();
      [[fallthrough]];
    case QueryKind::kAll:
      return p.query.expr ? OkStatus() : FailedPrecondition("the query has no expression");
    case QueryKind::kAssignment:
      return !p.query.names.empty() ? OkStatus() : FailedPrecondition("the query names no unknown");
    default:
      return OkStatus();
  }
}

}  // namespace

std::string_view FamilyName(Family family) {
  constexpr std::string_view kNames[] = {"linear",      "equation",   "puzzle",      "counting",
                                         "probability", "recurrence", "divisibility"};
  return kNames[static_cast<size_t>(family)];
}

std::string ToText(const ResidueCondition& when) {
  if (when.modulus == 1) return "";
  std::string out = fmt::format("n mod {} = ", when.modulus);
  for (size_t i = 0; i < when.residues.size(); ++i) {
    out += (i == 0 ? "" : ",") + std::to_string(when.residues[i]);
  }
  return out;
}

std::string_view DomainName(Domain domain) {
  constexpr std::string_view kNames[] = {"real", "integer", "natural"};
  return kNames[static_cast<size_t>(domain)];
}

std::string_view QueryKindName(QueryKind kind) {
  constexpr std::string_view kNames[] = {"value", "assignment",  "all",
                                         "count", "probability", "claim"};
  return kNames[static_cast<size_t>(kind)];
}

std::vector<NumeralNote> FindNumerals(std::string_view text) {
  std::vector<NumeralNote> out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (IsAsciiLetter(text[at])) {
      size_t n = 0;
      while (n < rest.size() && IsAsciiLetter(rest[n])) ++n;
      const std::string word = Lower(rest.substr(0, n));
      for (const WordRow& row : kEnglishWords) {
        if (row.word == word) {
          out.push_back({{at, at + n}, Rational(BigInt(row.num), BigInt(row.den)), false, ""});
        }
      }
      at += n;
      continue;
    }
    const auto* const word = std::find_if(std::begin(kChineseWords), std::end(kChineseWords),
                                          [&](std::string_view w) { return rest.starts_with(w); });
    if (word != std::end(kChineseWords)) {
      out.push_back({{at, at + word->size()}, 0, false, "part of the word " + std::string(*word)});
      at += word->size();
      continue;
    }
    if (const size_t bytes = SchoolClassAt(rest)) {
      out.push_back({{at, at + bytes}, 0, false, "name of a class"});
      at += bytes;
      continue;
    }
    if (const auto numeral = ReadNumeral(rest)) {
      out.push_back({{at, at + numeral->bytes}, numeral->value, false, ""});
      at += numeral->bytes;
      continue;
    }
    size_t bytes = 0;
    if (IsBareCharacter(rest, &bytes)) {
      out.push_back({{at, at + bytes}, 0, false, ""});  // no single reading
      at += bytes;
      continue;
    }
    at += DecodeUtf8(rest).length;
  }
  return out;
}

Status CheckComplete(const Problem& p) {
  LEMMA_RETURN_IF_ERROR(CheckNames(p));
  LEMMA_RETURN_IF_ERROR(CheckQuery(p));
  if (!p.capped.empty()) return FailedPrecondition(p.capped);
  if (p.readings < 2) {
    return FailedPrecondition(fmt::format("read by {} rule sets, expected 2", p.readings));
  }
  for (const NumeralNote& found : FindNumerals(p.text)) {
    if (!found.reason.empty()) continue;
    const bool explained =
        std::any_of(p.numerals.begin(), p.numerals.end(), [&](const NumeralNote& note) {
          return note.span.begin <= found.span.begin && found.span.end <= note.span.end &&
                 (note.used || !note.reason.empty());
        });
    if (!explained) {
      return FailedPrecondition(fmt::format(
          "bytes {}..{}: the number {} has no use and no reason", found.span.begin, found.span.end,
          p.text.substr(found.span.begin, found.span.end - found.span.begin)));
    }
  }
  return OkStatus();
}

}  // namespace lemma::check
