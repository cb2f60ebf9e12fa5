// SPDX-License-Identifier: Apache-2.0
#include "check/units.h"

#include <algorithm>
#include <map>

namespace lemma::check {
namespace {

struct ScaledUnit {
  BaseUnit base;
  int8_t power;
  int64_t num;
  int64_t den;
  std::string_view names;  // between bars
};

constexpr auto kM = BaseUnit::kMetre;
constexpr auto kKg = BaseUnit::kKilogram;
constexpr auto kS = BaseUnit::kSecond;
constexpr auto kMon = BaseUnit::kMonth;
constexpr auto kCny = BaseUnit::kYuan;
constexpr auto kUsd = BaseUnit::kDollar;
constexpr auto kEur = BaseUnit::kEuro;
constexpr auto kDeg = BaseUnit::kDegree;

// Inch, pound: the international yard and pound agreement of 1959. 市制 units: 1 尺 = 1/3 m, 1 斤 =
// 1/2 kg, 1 亩 = 2000/3 m².
constexpr ScaledUnit kScaledUnits[] = {
    {kM, 1, 1, 1, "m|meter|metre|米"},
    {kM, 1, 1000, 1, "km|kilometer|kilometre|千米|公里"},
    {kM, 1, 1, 10, "dm|分米"},
    {kM, 1, 1, 100, "cm|centimeter|centimetre|厘米"},
    {kM, 1, 1, 1000, "mm|millimeter|millimetre|毫米"},
    {kM, 1, 1, 1'000'000, "微米"},
    {kM, 1, 1, 1'000'000'000, "纳米"},
    {kM, 1, 127, 5000, "inch|inches|英寸"},
    {kM, 1, 381, 1250, "ft|foot|feet|英尺"},
    {kM, 1, 1143, 1250, "yard|码"},
    {kM, 1, 201'168, 125, "mile|英里"},
    {kM, 1, 1852, 1, "海里"},
    {kM, 1, 500, 1, "里"},
    {kM, 1, 10, 3, "丈"},
    {kM, 1, 1, 3, "尺"},
    {kM, 1, 1, 30, "寸"},
    {kM, 2, 10'000, 1, "公顷|hectare"},
    {kM, 2, 2000, 3, "亩"},
    {kM, 3, 1, 1000, "L|l|liter|litre|升|公升"},
    {kM, 3, 1, 1'000'000, "mL|ml|milliliter|millilitre|毫升"},
    {kKg, 1, 1, 1, "kg|kilogram|千克|公斤"},
    {kKg, 1, 1, 1000, "g|gram|克"},
    {kKg, 1, 1, 1'000'000, "mg|milligram|毫克"},
    {kKg, 1, 1000, 1, "吨|tonne"},
    {kKg, 1, 1, 2, "斤|市斤"},
    {kKg, 1, 45'359'237, 100'000'000, "pound|lb|磅"},
    {kKg, 1, 45'359'237, 1'600'000'000, "ounce|oz"},
    {kS, 1, 1, 1, "s|sec|second|秒|秒钟"},
    {kS, 1, 60, 1, "min|minute|分钟"},
    {kS, 1, 3600, 1, "h|hr|hour|小时|个小时|时"},
    {kS, 1, 86'400, 1, "day|天"},
    {kS, 1, 604'800, 1, "week|周|星期|个星期"},
    {kMon, 1, 1, 1, "month|个月"},
    {kMon, 1, 12, 1, "year|年|岁"},
    {kMon, 1, 120, 1, "decade"},
    {kCny, 1, 1, 1, "元|块|块钱|元钱|¥|yuan"},
    {kCny, 1, 1, 10, "角|毛钱"},
    {kCny, 1, 1, 100, "分钱"},
    {kCny, 1, 10'000, 1, "万元"},
    {kUsd, 1, 1, 1, "$|dollar|美元"},
    {kUsd, 1, 1, 100, "cent|美分"},
    {kUsd, 1, 1, 10, "dime"},
    {kEur, 1, 1, 1, "€|euro|欧元"},
    {kDeg, 1, 1, 1, "°|degree"},
};

std::optional<Unit> Atom(std::string_view name) {
  static const std::map<std::string_view, const ScaledUnit*> by_name = [] {
    std::map<std::string_view, const ScaledUnit*> out;
    for (const ScaledUnit& row : kScaledUnits) {
      for (size_t at = 0; at <= row.names.size();) {
        const size_t end = std::min(row.names.find('|', at), row.names.size());
        out.emplace(row.names.substr(at, end - at), &row);
        at = end + 1;
      }
    }
    return out;
  }();
  auto found = by_name.find(name);
  // English plurals; not of abbreviations ("ms" is a millisecond).
  if (found == by_name.end() && name.size() > 3 && name.ends_with('s')) {
    found = by_name.find(name.substr(0, name.size() - 1));
  }
  if (found == by_name.end()) return std::nullopt;
  const ScaledUnit* row = found->second;
  Unit out;
  out.factor = Rational(BigInt(row->num), BigInt(row->den));
  out.dimension[static_cast<size_t>(row->base)] = row->power;
  return out;
}

// unit^power; nullopt: a power above 9.
std::optional<Unit> Raised(const Unit& unit, int power) {
  Unit out;
  out.factor = unit.factor.Pow(power);
  for (size_t i = 0; i < out.dimension.size(); ++i) {
    const int exponent = unit.dimension[i] * power;
    if (exponent > 9 || exponent < -9) return std::nullopt;
    out.dimension[i] = static_cast<int8_t>(exponent);
  }
  return out;
}

std::optional<Unit> Product(const Unit& a, const Unit& b) {
  Unit out;
  out.factor = a.factor * b.factor;
  for (size_t i = 0; i < out.dimension.size(); ++i) {
    const int exponent = a.dimension[i] + b.dimension[i];
    if (exponent > 9 || exponent < -9) return std::nullopt;
    out.dimension[i] = static_cast<int8_t>(exponent);
  }
  return out;
}

std::string_view TrimSpaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

struct Affix {
  std::string_view text;
  int power;
};
constexpr Affix kPrefixes[] = {{"平方", 2}, {"立方", 3},   {"square ", 2},
                               {"sq ", 2},  {"cubic ", 3}, {"sq. ", 2}};
constexpr Affix kSuffixes[] = {{"²", 2}, {"³", 3}, {"^2", 2}, {"^3", 3}, {"2", 2}, {"3", 3}};

// An atom with a power before or behind it: 平方米, m², m^2, m2.
std::optional<Unit> Factor(std::string_view text) {
  text = TrimSpaces(text);
  for (const Affix& prefix : kPrefixes) {
    if (!text.starts_with(prefix.text)) continue;
    const auto unit = Atom(text.substr(prefix.text.size()));
    return unit ? Raised(*unit, prefix.power) : std::nullopt;
  }
  for (const Affix& suffix : kSuffixes) {
    if (!text.ends_with(suffix.text)) continue;
    const auto unit = Atom(TrimSpaces(text.substr(0, text.size() - suffix.text.size())));
    return unit ? Raised(*unit, suffix.power) : std::nullopt;
  }
  return Atom(text);
}

}  // namespace

std::optional<Unit> ParseUnit(std::string_view text) {
  if (text.size() > 64) return std::nullopt;
  std::optional<Unit> out = Unit();
  bool divides = false;
  bool slash = false;
  for (text = TrimSpaces(text); out;) {
    // The first sign of a product or a quotient; a second division (m/s/s) has two readings.
    size_t at = std::string_view::npos;
    std::string_view sign;
    for (const std::string_view s : {"/", " per ", "每", "·", "*"}) {
      const size_t found = text.find(s);
      if (found < at) {
        at = found;
        sign = s;
      }
    }
    const auto unit = Factor(text.substr(0, at));
    const auto signed_unit = unit ? Raised(*unit, divides ? -1 : 1) : std::nullopt;
    out = signed_unit ? Product(*out, *signed_unit) : std::nullopt;
    if (at == std::string_view::npos) return out;
    divides = sign != "·" && sign != "*";
    if (slash) return std::nullopt;
    slash = divides;
    text = TrimSpaces(text.substr(at + sign.size()));
  }
  return std::nullopt;
}

std::optional<Rational> ConversionFactor(const Unit& from, const Unit& to) {
  if (from.dimension != to.dimension) return std::nullopt;
  return from.factor / to.factor;
}

std::optional<Rational> ConversionFactor(std::string_view from, std::string_view to) {
  const auto a = ParseUnit(from);
  const auto b = ParseUnit(to);
  return a && b ? ConversionFactor(*a, *b) : std::nullopt;
}

}  // namespace lemma::check
