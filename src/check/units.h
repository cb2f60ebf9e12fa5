// SPDX-License-Identifier: Apache-2.0
// Units of measure with their dimensions and exact factors: 72 km/h is 20 m/s. Chinese and English,
// single ("cm", "平方米", "亩", "feet") and compound ("m/s^2", "元/千克", "kg·m²"). Only what has
// one reading: gallons, pints, short tons, °C, KB and a month in days are not here. Currencies are
// dimensions of their own, and so are years (12 months): neither turns into the other or into days.
// Soundness: factors are exact fractions; what is not in the table is no unit. No thread rule.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "check/rational.h"

namespace lemma::check {

enum class BaseUnit { kMetre, kKilogram, kSecond, kMonth, kYuan, kDollar, kEuro, kDegree, kCount };
using Dimension = std::array<int8_t, static_cast<size_t>(BaseUnit::kCount)>;  // exponents

struct Unit {
  Rational factor = 1;  // 1 of it = factor of the base units
  Dimension dimension{};
};

// The unit a text names, the whole text; nullopt: it names none, or its powers are above 9.
std::optional<Unit> ParseUnit(std::string_view text);
// x of `from` is x * factor of `to`. nullopt: different dimensions.
std::optional<Rational> ConversionFactor(const Unit& from, const Unit& to);
// The same by name; nullopt also if one of them is no unit.
std::optional<Rational> ConversionFactor(std::string_view from, std::string_view to);

}  // namespace lemma::check
