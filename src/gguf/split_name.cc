// SPDX-License-Identifier: Apache-2.0
#include "gguf/split_name.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace lemma::gguf {
namespace {

constexpr std::string_view kSuffix = ".gguf";
constexpr std::string_view kOf = "-of-";
constexpr size_t kDigits = 5;

// Removes kDigits digits from the end of `text`; nullopt when there are none.
std::optional<uint32_t> TakeNumber(std::string_view& text) {
  if (text.size() < kDigits) return std::nullopt;
  const std::string_view digits = text.substr(text.size() - kDigits);
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + kDigits, value);
  if (error != std::errc() || end != digits.data() + kDigits) return std::nullopt;
  text.remove_suffix(kDigits);
  return value;
}

bool TakeSuffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

}  // namespace

std::filesystem::path SplitName::PartPath(uint32_t part) const {
  return fmt::format("{}-{:05}-of-{:05}.gguf", prefix, part, count);
}

std::optional<SplitName> ParseSplitName(const std::filesystem::path& path) {
  const std::string text = path.string();
  std::string_view rest = text;
  if (!TakeSuffix(rest, kSuffix)) return std::nullopt;
  const auto count = TakeNumber(rest);
  if (!count || !TakeSuffix(rest, kOf)) return std::nullopt;
  const auto number = TakeNumber(rest);
  if (!number || !TakeSuffix(rest, "-")) return std::nullopt;
  if (*number < 1 || *number > *count) return std::nullopt;
  return SplitName{std::string(rest), *number, *count};
}

}  // namespace lemma::gguf
