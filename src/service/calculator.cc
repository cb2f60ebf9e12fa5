// SPDX-License-Identifier: Apache-2.0
#include "service/calculator.h"

#include <algorithm>

#include "base/utf8.h"
#include "check/expr.h"

namespace lemma::service {
namespace {

// Of a line that are kept; a longer left side is left to the model.
constexpr size_t kKeptBytes = 160;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// × ÷ −, as bytes.
constexpr std::string_view kSigns[] = {"\xC3\x97", "\xC3\xB7", "\xE2\x88\x92"};

// Where the longest end of `text` begins that has only numbers, operators, brackets and spaces.
size_t BeginOfSum(std::string_view text) {
  size_t at = text.size();
  while (at > 0) {
    const char c = text[at - 1];
    if (IsDigit(c) || std::string_view("+-*/(). ").find(c) != std::string_view::npos) {
      --at;
      continue;
    }
    const auto sign = std::find_if(std::begin(kSigns), std::end(kSigns), [&](std::string_view s) {
      return text.substr(0, at).ends_with(s);
    });
    if (sign == std::end(kSigns)) break;
    at -= sign->size();
  }
  return at;
}

// The last character of a text that is not empty.
std::string_view LastCharacter(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return text.substr(at);
}

bool IsChineseMark(std::string_view character) {
  constexpr std::string_view kMarks[] = {"：", "，", "。", "；", "、", "（", "→", "⇒", "∴", "得"};
  return std::find(std::begin(kMarks), std::end(kMarks), character) != std::end(kMarks);
}

// Whether what stands before a sum cannot belong to it.
bool IsBoundary(std::string_view before, bool space) {
  if (before.empty()) return true;
  const char last = before.back();
  if (last == '\n' || last == ':' || last == ';' || last == '=' || last == '$') return true;
  if (space && (last == ',' || last == '&')) return true;
  if (last == '{' || last == '}' || last == ',' || last == '%') return false;
  if (static_cast<unsigned char>(last) < 0x80) return false;
  return IsChineseMark(LastCharacter(before));
}

bool HasOperator(std::string_view sum) {
  const size_t first = sum.find_first_not_of(" -(");
  if (first == sum.npos) return false;
  const std::string_view rest = sum.substr(first);
  return rest.find_first_of("+-*/") != rest.npos ||
         std::any_of(std::begin(kSigns), std::end(kSigns),
                     [&](std::string_view sign) { return rest.find(sign) != rest.npos; });
}

}  // namespace

std::optional<std::string> SumAtEnd(std::string_view text) {
  const size_t begin = BeginOfSum(text);
  std::string_view before = text.substr(0, begin);
  std::string_view sum = text.substr(begin);
  bool begins_line = before.empty() || before.back() == '\n';
  // The number of a step and its point, "3. 12+7", are no part of it.
  if (const size_t point = sum.find(". "); point != sum.npos && sum.find_first_of("+*/") > point) {
    sum.remove_prefix(point + 2);
    before = {};
    begins_line = false;
  }
  const size_t spaces = std::min(sum.find_first_not_of(' '), sum.size());
  if (!IsBoundary(before, spaces > 0)) return std::nullopt;
  sum.remove_prefix(spaces);
  while (sum.ends_with(' ')) sum.remove_suffix(1);
  // An item of a list; anywhere else the sign belongs to the sum.
  if (begins_line && sum.starts_with("- ")) sum.remove_prefix(2);
  if (sum.empty() || !HasOperator(sum) || !(IsDigit(sum.back()) || sum.back() == ')')) {
    return std::nullopt;
  }
  const auto parsed = check::ParseExpr(sum);
  if (!parsed.ok()) return std::nullopt;
  const auto value = check::Evaluate(**parsed, {});
  constexpr size_t kMostBits = 200;
  if (!value.ok() || !value->IsInteger() || value->Bits() > kMostBits) return std::nullopt;
  return value->ToString();
}

std::optional<std::string> Calculator::Push(std::string_view piece) {
  line_ += piece;
  if (const size_t end = line_.rfind('\n'); end != line_.npos) line_.erase(0, end + 1);
  if (line_.size() > kKeptBytes) {
    // What is cut off ends in an unknown: nothing is finished up to the next line or mark.
    line_.erase(0, line_.size() - kKeptBytes);
    line_.front() = 'x';
  }
  std::string_view text = line_;
  // Vocabularies have "=-" as one token: the minus sign is written then.
  const bool minus = text.ends_with("=-") || text.ends_with("= -");
  if (minus) text.remove_suffix(1);
  const bool behind_space = text.ends_with("= ");
  if (!behind_space && !text.ends_with('=')) return std::nullopt;
  text.remove_suffix(behind_space ? 2 : 1);
  // With spaces around the sign the digits follow behind one.
  if (behind_space != text.ends_with(' ')) return std::nullopt;
  std::optional<std::string> sum = SumAtEnd(text);
  if (!minus || !sum) return sum;
  if (!sum->starts_with('-')) return std::nullopt;
  return sum->substr(1);
}

}  // namespace lemma::service
