// SPDX-License-Identifier: Apache-2.0
#include "check/steps.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "check/expr.h"

namespace lemma::check {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// A line in narrow characters: signs of multiplication and the like become ASCII, everything that
// cannot stand in a sum stays. source[i] is the byte of the chain that byte i came from.
struct Line {
  std::string text;
  std::vector<size_t> source;
};

constexpr std::pair<std::string_view, char> kSigns[] = {
    {"×", '*'}, {"·", '*'},  {"⋅", '*'},  {"÷", '/'},  {"−", '-'},
    {"–", '-'}, {"＝", '='}, {"（", '('}, {"）", ')'}, {"＋", '+'}};

// x is a sign only where every x of the line stands between digits.
void ReadCrosses(Line& line) {
  std::vector<size_t> signs;
  const std::string& text = line.text;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool in_word = i > 0 && IsAsciiLetter(text[i - 1]);
    if (text[i] != 'x' || in_word) continue;
    const size_t before = text.find_last_not_of(" $", i == 0 ? 0 : i - 1);
    const size_t after = text.find_first_not_of(" $", i + 1);
    const bool between = i > 0 && before != std::string::npos && after != std::string::npos &&
                         (IsDigit(text[before]) || text[before] == ')') &&
                         (IsDigit(text[after]) || text[after] == '(');
    if (!between) return;
    signs.push_back(i);
  }
  for (const size_t i : signs) line.text[i] = '*';
}

Line MakeLine(std::string_view text, size_t offset) {
  Line out;
  for (size_t at = 0; at < text.size();) {
    size_t bytes = 0;
    for (const auto& [sign, ascii] : kSigns) {
      if (!text.substr(at).starts_with(sign)) continue;
      out.text += ascii;
      bytes = sign.size();
      break;
    }
    for (const auto& [command, ascii] :
         {std::pair<std::string_view, char>{"\\times", '*'}, {"\\cdot", '*'}, {"\\div", '/'}}) {
      if (bytes != 0 || !text.substr(at).starts_with(command)) continue;
      if (at + command.size() < text.size() && IsAsciiLetter(text[at + command.size()])) continue;
      out.text += ascii;
      bytes = command.size();
    }
    if (bytes == 0) {
      bytes = DecodeUtf8(text.substr(at)).length;
      out.text += text.substr(at, bytes);
    }
    out.source.resize(out.text.size(), offset + at);
    at += bytes;
  }
  out.source.push_back(offset + text.size());
  ReadCrosses(out);
  return out;
}

bool HasOtherMathematics(std::string_view line) {
  for (const std::string_view word : {"mod", "base", "!", "^", "sqrt", "binom", "log", "√", "²",
                                      "³", "余", "\\frac", "\\dfrac", "……", "..."}) {
    if (line.find(word) != std::string_view::npos) return true;
  }
  return false;
}

bool IsSumChar(const std::string& text, size_t i) {
  const char c = text[i];
  if (c == ',') {
    return i > 0 && i + 3 < text.size() && IsDigit(text[i - 1]) && IsDigit(text[i + 1]) &&
           IsDigit(text[i + 2]) && IsDigit(text[i + 3]);
  }
  if (c == '.') return i + 1 < text.size() && IsDigit(text[i + 1]);
  return IsDigit(c) || std::string_view("+-*/()= $%").find(c) != std::string_view::npos;
}

// Whether the words before a sum leave it alone.
bool IsCleanBefore(std::string_view before) {
  while (before.ends_with(' ')) before.remove_suffix(1);
  // "<<48/2=24>>" is GSM8K's note for a calculator.
  if (before.empty() || before.ends_with("<<")) return true;
  if (before.ends_with(':') && before.size() > 1 && IsDigit(before[before.size() - 2]))
    return false;
  const char last = before.back();
  if (IsDigit(last) || std::string_view("+-*/=^_\\)}]<>%&.").find(last) != std::string_view::npos) {
    // A full stop ends the sentence before; a point would have been part of the number.
    return last == '.' && before.size() > 1 && !IsDigit(before[before.size() - 2]);
  }
  size_t begin = before.size();
  while (begin > 0 && IsAsciiLetter(before[begin - 1])) --begin;
  std::string word(before.substr(begin));
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (word.size() == 1 && word != "a") return false;  // a variable
  constexpr std::array<std::string_view, 22> kWords = {
      "of",      "times",   "per",      "half",    "twice",    "and",    "by",     "plus",
      "minus",   "to",      "from",     "than",    "less",     "more",   "thirds", "third",
      "fourths", "quarter", "quarters", "hundred", "thousand", "million"};
  if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return false;
  for (const std::string_view numeral :
       {"的", "乘", "除", "加", "减", "零", "一", "二", "两", "三", "四",
        "五", "六", "七", "八", "九", "十", "百", "千", "万", "半", "倍"}) {
    if (before.ends_with(numeral)) return false;
  }
  return true;
}

bool IsCleanAfter(std::string_view after) {
  if (after.empty()) return true;
  if (IsAsciiLetter(after[0]) || after[0] == '\\' || after[0] == '/' || after[0] == ':' ||
      after[0] == '_' || after[0] == '{') {
    return false;
  }
  for (const std::string_view unit :
       {"万", "亿", "千", "百", "十", "又", "点", "分之", "倍", "½"}) {
    if (after.starts_with(unit)) return false;
  }
  return true;
}

struct Side {
  Rational value;
  bool is_number = false;
  bool divides = false;
  bool percent = false;
  int decimals = 0;
};

bool SpacedNumbers(std::string_view text) {
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != ' ') continue;
    const size_t before = text.find_last_not_of(' ', i);
    const size_t after = text.find_first_not_of(' ', i);
    if (before == std::string_view::npos || after == std::string_view::npos) continue;
    if (IsDigit(text[before]) && (IsDigit(text[after]) || text[after] == '(')) return true;
  }
  return false;
}

std::optional<Side> ReadSide(std::string_view raw) {
  std::string text(raw);
  std::erase(text, '$');
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos || SpacedNumbers(text)) return std::nullopt;
  if (std::string_view("+*/=)%").find(text[first]) != std::string_view::npos) return std::nullopt;
  const auto e = ParseExpr(text);
  if (!e.ok()) return std::nullopt;
  const auto value = Evaluate(**e, {});
  if (!value.ok() || !value->IsRational()) return std::nullopt;
  Side side;
  side.value = value->a();
  side.is_number =
      (*e)->op == Op::kNumber || ((*e)->op == Op::kNeg && (*e)->args[0]->op == Op::kNumber);
  side.divides = text.find('/') != std::string::npos;
  side.percent = text.find('%') != std::string::npos;
  for (size_t point = text.find('.'); point != std::string::npos;
       point = text.find('.', point + 1)) {
    int n = 0;
    while (point + 1 + static_cast<size_t>(n) < text.size() &&
           IsDigit(text[point + 1 + static_cast<size_t>(n)])) {
      ++n;
    }
    side.decimals = std::max(side.decimals, n);
  }
  return side;
}

bool Agree(const Side& left, const Side& right) {
  if (left.value == right.value) return true;
  if (left.percent != right.percent) return true;  // unknown
  if (right.value.Sign() != 0) {
    const Rational ratio = left.value / right.value;
    if (ratio == Rational(100) || ratio * Rational(100) == Rational(1)) return true;
  }
  if (!left.divides && left.decimals <= right.decimals) return false;
  const Rational unit =
      Rational(1) / Rational(BigInt(10).Pow(static_cast<uint32_t>(right.decimals)));
  return (left.value - right.value).Abs() < unit;
}

void CheckRun(const Line& line, size_t begin, size_t end, StepReport& out) {
  const std::string_view text(line.text);
  if (!IsCleanBefore(text.substr(0, begin))) return;
  const bool clean_after = IsCleanAfter(text.substr(end));
  std::optional<Side> left;
  size_t left_begin = begin;
  for (size_t at = begin; at <= end;) {
    const size_t stop = std::min(text.substr(0, end).find('=', at), end);
    auto side = ReadSide(text.substr(at, stop - at));
    if (stop == end && !clean_after) side.reset();
    if (left && side && side->is_number && !left->is_number) {
      ++out.checked;
      const bool negative = text[text.find_first_not_of(" $", left_begin)] == '-';
      if (!Agree(*left, *side) && !negative && out.flags.size() < 64) {
        const std::string_view shown = text.substr(left_begin, at - 1 - left_begin);
        out.flags.push_back({{line.source[left_begin], line.source[stop]},
                             std::string(shown),
                             left->value,
                             side->value});
      }
    }
    left = std::move(side);
    left_begin = at;
    at = stop + 1;
  }
}

}  // namespace

StepReport CheckSteps(std::string_view chain) {
  StepReport out;
  for (size_t at = 0; at < chain.size();) {
    const size_t stop = std::min(chain.find('\n', at), chain.size());
    const std::string_view raw = chain.substr(at, stop - at);
    if (raw.find('=') != std::string_view::npos || raw.find("＝") != std::string_view::npos) {
      const Line line = MakeLine(raw.substr(0, 8192), at);
      const std::string& text = line.text;
      for (size_t i = 0; !HasOtherMathematics(text) && i < text.size();) {
        size_t end = i;
        while (end < text.size() && IsSumChar(text, end)) ++end;
        size_t begin = i;
        while (begin < end && text[begin] == ' ') ++begin;
        size_t last = end;
        while (last > begin && text[last - 1] == ' ') --last;
        if (last > begin && text.substr(begin, last - begin).find('=') != std::string::npos) {
          CheckRun(line, begin, last, out);
        }
        i = std::max(end, i + 1);
      }
    }
    at = stop + 1;
  }
  return out;
}

}  // namespace lemma::check
