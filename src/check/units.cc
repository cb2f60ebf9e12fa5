// SPDX-License-Identifier: Apache-2.0
#include "check/units.h"

#include <algorithm>

namespace lemma::check {
namespace {

struct Row {
  std::string_view name;
  BaseUnit base;
  int8_t power;
  int64_t num;
  int64_t den;
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
constexpr Row kUnits[] = {
    {"m", kM, 1, 1, 1},
    {"meter", kM, 1, 1, 1},
    {"metre", kM, 1, 1, 1},
    {"米", kM, 1, 1, 1},
    {"km", kM, 1, 1000, 1},
    {"kilometer", kM, 1, 1000, 1},
    {"kilometre", kM, 1, 1000, 1},
    {"千米", kM, 1, 1000, 1},
    {"公里", kM, 1, 1000, 1},
    {"dm", kM, 1, 1, 10},
    {"分米", kM, 1, 1, 10},
    {"cm", kM, 1, 1, 100},
    {"centimeter", kM, 1, 1, 100},
    {"centimetre", kM, 1, 1, 100},
    {"厘米", kM, 1, 1, 100},
    {"mm", kM, 1, 1, 1000},
    {"millimeter", kM, 1, 1, 1000},
    {"millimetre", kM, 1, 1, 1000},
    {"毫米", kM, 1, 1, 1000},
    {"微米", kM, 1, 1, 1'000'000},
    {"纳米", kM, 1, 1, 1'000'000'000},
    {"inch", kM, 1, 127, 5000},
    {"inches", kM, 1, 127, 5000},
    {"英寸", kM, 1, 127, 5000},
    {"ft", kM, 1, 381, 1250},
    {"foot", kM, 1, 381, 1250},
    {"feet", kM, 1, 381, 1250},
    {"英尺", kM, 1, 381, 1250},
    {"yard", kM, 1, 1143, 1250},
    {"码", kM, 1, 1143, 1250},
    {"mile", kM, 1, 201'168, 125},
    {"英里", kM, 1, 201'168, 125},
    {"海里", kM, 1, 1852, 1},
    {"里", kM, 1, 500, 1},
    {"丈", kM, 1, 10, 3},
    {"尺", kM, 1, 1, 3},
    {"寸", kM, 1, 1, 30},
    {"公顷", kM, 2, 10'000, 1},
    {"hectare", kM, 2, 10'000, 1},
    {"亩", kM, 2, 2000, 3},
    {"L", kM, 3, 1, 1000},
    {"l", kM, 3, 1, 1000},
    {"liter", kM, 3, 1, 1000},
    {"litre", kM, 3, 1, 1000},
    {"升", kM, 3, 1, 1000},
    {"公升", kM, 3, 1, 1000},
    {"mL", kM, 3, 1, 1'000'000},
    {"ml", kM, 3, 1, 1'000'000},
    {"milliliter", kM, 3, 1, 1'000'000},
    {"millilitre", kM, 3, 1, 1'000'000},
    {"毫升", kM, 3, 1, 1'000'000},
    {"kg", kKg, 1, 1, 1},
    {"kilogram", kKg, 1, 1, 1},
    {"千克", kKg, 1, 1, 1},
    {"公斤", kKg, 1, 1, 1},
    {"g", kKg, 1, 1, 1000},
    {"gram", kKg, 1, 1, 1000},
    {"克", kKg, 1, 1, 1000},
    {"mg", kKg, 1, 1, 1'000'000},
    {"milligram", kKg, 1, 1, 1'000'000},
    {"毫克", kKg, 1, 1, 1'000'000},
    {"吨", kKg, 1, 1000, 1},
    {"tonne", kKg, 1, 1000, 1},
    {"斤", kKg, 1, 1, 2},
    {"市斤", kKg, 1, 1, 2},
    {"pound", kKg, 1, 45'359'237, 100'000'000},
    {"lb", kKg, 1, 45'359'237, 100'000'000},
    {"磅", kKg, 1, 45'359'237, 100'000'000},
    {"ounce", kKg, 1, 45'359'237, 1'600'000'000},
    {"oz", kKg, 1, 45'359'237, 1'600'000'000},
    {"s", kS, 1, 1, 1},
    {"sec", kS, 1, 1, 1},
    {"second", kS, 1, 1, 1},
    {"秒", kS, 1, 1, 1},
    {"秒钟", kS, 1, 1, 1},
    {"min", kS, 1, 60, 1},
    {"minute", kS, 1, 60, 1},
    {"分钟", kS, 1, 60, 1},
    {"h", kS, 1, 3600, 1},
    {"hr", kS, 1, 3600, 1},
    {"hour", kS, 1, 3600, 1},
    {"小时", kS, 1, 3600, 1},
    {"个小时", kS, 1, 3600, 1},
    {"时", kS, 1, 3600, 1},
    {"day", kS, 1, 86'400, 1},
    {"天", kS, 1, 86'400, 1},
    {"week", kS, 1, 604'800, 1},
    {"周", kS, 1, 604'800, 1},
    {"星期", kS, 1, 604'800, 1},
    {"个星期", kS, 1, 604'800, 1},
    {"month", kMon, 1, 1, 1},
    {"个月", kMon, 1, 1, 1},
    {"year", kMon, 1, 12, 1},
    {"年", kMon, 1, 12, 1},
    {"岁", kMon, 1, 12, 1},
    {"decade", kMon, 1, 120, 1},
    {"元", kCny, 1, 1, 1},
    {"块", kCny, 1, 1, 1},
    {"块钱", kCny, 1, 1, 1},
    {"元钱", kCny, 1, 1, 1},
    {"¥", kCny, 1, 1, 1},
    {"yuan", kCny, 1, 1, 1},
    {"角", kCny, 1, 1, 10},
    {"毛钱", kCny, 1, 1, 10},
    {"分钱", kCny, 1, 1, 100},
    {"万元", kCny, 1, 10'000, 1},
    {"$", kUsd, 1, 1, 1},
    {"dollar", kUsd, 1, 1, 1},
    {"美元", kUsd, 1, 1, 1},
    {"cent", kUsd, 1, 1, 100},
    {"美分", kUsd, 1, 1, 100},
    {"dime", kUsd, 1, 1, 10},
    {"€", kEur, 1, 1, 1},
    {"euro", kEur, 1, 1, 1},
    {"欧元", kEur, 1, 1, 1},
    {"°", kDeg, 1, 1, 1},
    {"degree", kDeg, 1, 1, 1},
};

std::optional<Unit> Atom(std::string_view name) {
  const auto find = [](std::string_view word) {
    return std::find_if(std::begin(kUnits), std::end(kUnits),
                        [&](const Row& row) { return row.name == word; });
  };
  const auto* row = find(name);
  // English plurals; not of abbreviations ("ms" is a millisecond).
  if (row == std::end(kUnits) && name.size() > 3 && name.ends_with('s')) {
    row = find(name.substr(0, name.size() - 1));
  }
  if (row == std::end(kUnits)) return std::nullopt;
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

std::string_view Trim(std::string_view text) {
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
  text = Trim(text);
  for (const Affix& prefix : kPrefixes) {
    if (!text.starts_with(prefix.text)) continue;
    const auto unit = Atom(text.substr(prefix.text.size()));
    return unit ? Raised(*unit, prefix.power) : std::nullopt;
  }
  for (const Affix& suffix : kSuffixes) {
    if (!text.ends_with(suffix.text)) continue;
    const auto unit = Atom(Trim(text.substr(0, text.size() - suffix.text.size())));
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
  for (text = Trim(text); out;) {
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
    text = Trim(text.substr(at + sign.size()));
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
