// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/keep_alive.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace lemma::server::ollama {
namespace {

struct Unit {
  std::string_view name;
  double seconds;
};
// Longer names first: "ms" before "m". Both spellings of micro (U+00B5, U+03BC).
constexpr Unit kUnits[] = {{"ns", 1e-9}, {"us", 1e-6}, {"\xC2\xB5s", 1e-6}, {"\xCE\xBCs", 1e-6},
                           {"ms", 1e-3}, {"s", 1.0},   {"m", 60.0},         {"h", 3600.0}};

Status Bad(std::string_view text) {
  return InvalidArgument(fmt::format(
      "\"{}\" is no duration, expected seconds or a text such as \"5m\", \"1h30m\" or \"-1\"",
      text.substr(0, 32)));
}

// The number at the front of `text`, which is shortened by it.
std::optional<double> TakeNumber(std::string_view& text) {
  const size_t length = std::min(text.find_first_not_of("0123456789."), text.size());
  double number = 0;
  const char* end = text.data() + length;
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (length == 0 || error != std::errc() || stop != end) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

std::optional<double> TakeUnit(std::string_view& text) {
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.seconds;
  }
  return std::nullopt;
}

}  // namespace

Result<double> KeepAliveFromSeconds(double seconds) {
  constexpr double kHundredYears = 100.0 * 365.25 * 86400.0;
  if (!std::isfinite(seconds)) return InvalidArgument("expected a finite number of seconds");
  if (seconds < 0 || seconds > kHundredYears) return kForEver;
  return seconds;
}

Result<double> ParseKeepAlive(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest.empty()) return Bad(text);
  double seconds = 0;
  bool first = true;
  while (!rest.empty()) {
    const std::optional<double> number = TakeNumber(rest);
    if (!number) return Bad(text);
    // A bare number is seconds.
    if (first && rest.empty()) {
      seconds = *number;
      break;
    }
    const std::optional<double> unit = TakeUnit(rest);
    if (!unit) return Bad(text);
    seconds += *number * *unit;
    first = false;
  }
  return KeepAliveFromSeconds(negative ? -seconds : seconds);
}

}  // namespace lemma::server::ollama
