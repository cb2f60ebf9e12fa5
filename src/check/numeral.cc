// SPDX-License-Identifier: Apache-2.0
#include "check/numeral.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/utf8.h"

namespace lemma::check {
namespace {

constexpr std::u32string_view kDigits = U"零一二三四五六七八九";

int DigitOf(char32_t c) {
  if (c == U'〇') return 0;
  if (c == U'两') return 2;
  const size_t at = kDigits.find(c);
  return at == std::u32string_view::npos ? -1 : static_cast<int>(at);
}

int64_t UnitOf(char32_t c) {
  switch (c) {
    case U'十':
      return 10;
    case U'百':
      return 100;
    case U'千':
      return 1000;
    case U'万':
      return 10'000;
    case U'亿':
      return 100'000'000;
    default:
      return 0;
  }
}

struct Char {
  char32_t c;
  size_t end;  // byte after it
};

std::vector<Char> Decode(std::string_view text) {
  std::vector<Char> out;
  size_t at = 0;
  while (at < text.size() && out.size() < 256) {
    const Utf8Char u = DecodeUtf8(text.substr(at));
    at += u.length;
    out.push_back({NarrowForm(u.code_point), at});
  }
  return out;
}

class NumeralReader {
 public:
  explicit NumeralReader(std::string_view text) : chars_(Decode(text)) {}

  std::optional<Numeral> Read() {
    if (IsAsciiDigit(At(0)) || (At(0) == U'.' && IsAsciiDigit(At(1)))) return ReadDigits();
    return ReadChinese();
  }

 private:
  [[nodiscard]] char32_t At(size_t i) const { return i < chars_.size() ? chars_[i].c : U'\0'; }
  static bool IsAsciiDigit(char32_t c) { return c >= U'0' && c <= U'9'; }
  [[nodiscard]] std::optional<Numeral> Done(Rational value, NumeralScript script) const {
    return Numeral{std::move(value), chars_[at_ - 1].end, script};
  }

  std::optional<Numeral> ReadDigits() {
    std::string digits;
    while (IsAsciiDigit(At(at_))) digits += static_cast<char>(At(at_++));
    while (digits.size() >= 1 && (grouped_ || digits.size() <= 3) && IsGroup(at_)) {
      grouped_ = true;
      for (++at_; IsAsciiDigit(At(at_));) digits += static_cast<char>(At(at_++));
    }
    if (At(at_) == U'.' && IsAsciiDigit(At(at_ + 1))) {
      digits += '.';
      for (++at_; IsAsciiDigit(At(at_));) digits += static_cast<char>(At(at_++));
    }
    auto value = Rational::ParseDecimal(digits[0] == '.' ? "0" + digits : digits);
    if (!value) return std::nullopt;
    while (At(at_) == U'万' || At(at_) == U'亿') *value = *value * Rational(UnitOf(At(at_++)));
    return Done(*value, NumeralScript::kDigits);
  }

  // ",ddd" and no fourth digit.
  [[nodiscard]] bool IsGroup(size_t i) const {
    return At(i) == U',' && IsAsciiDigit(At(i + 1)) && IsAsciiDigit(At(i + 2)) &&
           IsAsciiDigit(At(i + 3)) && !IsAsciiDigit(At(i + 4));
  }

  std::optional<Numeral> ReadChinese() {
    if (At(0) == U'半') {
      at_ = 1;
      return Done(Rational(BigInt(1), BigInt(2)), NumeralScript::kChinese);
    }
    if (At(0) == U'一' && At(1) == U'半') {
      at_ = 2;
      return Done(Rational(BigInt(1), BigInt(2)), NumeralScript::kChinese);
    }
    if (At(0) == U'百' && At(1) == U'分' && At(2) == U'之') {
      at_ = 3;
      const auto top = Tail();
      if (!top) return std::nullopt;
      return Done(*top / 100, NumeralScript::kChinese);
    }
    const auto first = ChineseWithPoint();
    std::optional<Rational> value = first;
    if (!first) return std::nullopt;
    if (IsFractionBar()) {
      value = Fraction(0, *first);
    } else if (At(at_) == U'又') {
      const size_t back = at_++;
      const auto bottom = ChineseWhole();
      if (bottom && IsFractionBar()) {
        value = Fraction(*first, Rational(*bottom));
      } else {
        at_ = back;
      }
    }
    if (!value) return std::nullopt;
    return Done(*value, NumeralScript::kChinese);
  }

  [[nodiscard]] bool IsFractionBar() const { return At(at_) == U'分' && At(at_ + 1) == U'之'; }

  // whole + n/bottom, reading 分之 n.
  std::optional<Rational> Fraction(const Rational& whole, const Rational& bottom) {
    at_ += 2;
    const auto top = Tail();
    if (!top || bottom.Sign() <= 0) return std::nullopt;
    return whole + *top / bottom;
  }

  // Chinese or digits, after 分之.
  std::optional<Rational> Tail() {
    if (!IsAsciiDigit(At(at_))) return ChineseWithPoint();
    std::string digits;
    while (IsAsciiDigit(At(at_)) || (At(at_) == U'.' && IsAsciiDigit(At(at_ + 1)))) {
      digits += static_cast<char>(At(at_++));
    }
    return Rational::ParseDecimal(digits);
  }

  std::optional<Rational> ChineseWithPoint() {
    const auto whole = ChineseWhole();
    if (!whole) return std::nullopt;
    if (At(at_) != U'点' || DigitOf(At(at_ + 1)) < 0 || At(at_ + 1) == U'两') {
      return Rational(*whole);
    }
    std::string digits = whole->ToString() + ".";
    for (++at_; DigitOf(At(at_)) >= 0 && At(at_) != U'两'; ++at_) {
      digits += static_cast<char>('0' + DigitOf(At(at_)));
    }
    if (At(at_) == U'半' || UnitOf(At(at_)) != 0) return std::nullopt;  // 一点五万, 三点半
    return Rational::ParseDecimal(digits);
  }

  // 千 of 千克, 千米, 千瓦 counts the unit, not the number.
  [[nodiscard]] bool IsUnitPrefix(size_t i) const {
    const char32_t next = At(i + 1);
    return At(i) == U'千' && (next == U'克' || next == U'米' || next == U'瓦' || next == U'卡');
  }

  std::optional<BigInt> ChineseWhole() {
    const size_t begin = at_;
    size_t end = at_;
    bool has_unit = false;
    while (DigitOf(At(end)) >= 0 || (UnitOf(At(end)) != 0 && !IsUnitPrefix(end))) {
      has_unit = has_unit || UnitOf(At(end)) != 0;
      ++end;
    }
    if (end == begin) return std::nullopt;
    auto value = has_unit ? Positional(begin, end) : Spelled(begin, end);
    if (value) at_ = end;
    return value;
  }

  // 二〇二四: one digit a character. 一两 or 二三 (two or three) have other readings.
  [[nodiscard]] std::optional<BigInt> Spelled(size_t begin, size_t end) const {
    const size_t n = end - begin;
    if (n == 1) return BigInt(DigitOf(At(begin)));
    if (n == 2) return std::nullopt;
    std::string digits;
    for (size_t i = begin; i < end; ++i) {
      if (At(i) == U'两') return std::nullopt;
      digits += static_cast<char>('0' + DigitOf(At(i)));
    }
    return BigInt::Parse(digits);
  }

  // A section below 万 while it is read: falling units; 零 must stand where a unit is left out.
  struct Section {
    int64_t value = 0;
    int64_t digit = -1;  // read, its unit not yet
    int64_t last_unit = 0;
    bool zero = false;

    bool TakeDigit(int d) {
      if (digit >= 0) return false;
      if (d == 0) zero = true;
      if (d != 0) digit = d;
      return true;
    }
    bool TakeUnit(int64_t unit, bool first) {
      if (last_unit != 0 && unit >= last_unit) return false;
      if (digit < 0 && (unit != 10 || zero || !first)) return false;
      value += std::max<int64_t>(digit, 1) * unit;
      last_unit = unit;
      digit = -1;
      zero = false;
      return true;
    }
    // The last digit has no unit: only after 十 or 零 (一百二 has two readings).
    bool End() {
      if (digit < 0) return !zero;
      if (last_unit != 10 && !zero) return false;
      value += digit;
      return true;
    }
  };

  // 一百二十三: sections, each with 万 or 亿 behind it but the last.
  [[nodiscard]] std::optional<BigInt> Positional(size_t begin, size_t end) const {
    BigInt total = 0;
    Section section;
    int64_t last_big = 0;
    for (size_t i = begin; i < end; ++i) {
      const char32_t c = At(i);
      if (const int d = DigitOf(c); d >= 0) {
        if (!section.TakeDigit(d)) return std::nullopt;
        continue;
      }
      const int64_t unit = UnitOf(c);
      if (unit < 10'000) {
        if (!section.TakeUnit(unit, i == begin)) return std::nullopt;
        continue;
      }
      const int64_t whole = section.value + std::max<int64_t>(section.digit, 0);
      if (whole == 0 || (last_big != 0 && unit >= last_big)) return std::nullopt;
      total = total + BigInt(whole) * BigInt(unit);
      last_big = unit;
      section = Section();
    }
    if (!section.End()) return std::nullopt;
    return total + BigInt(section.value);
  }

  std::vector<Char> chars_;
  size_t at_ = 0;
  bool grouped_ = false;
};

}  // namespace

char32_t NarrowForm(char32_t c) { return c >= 0xFF01 && c <= 0xFF5E ? c - 0xFEE0 : c; }

std::optional<Numeral> ReadNumeral(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return NumeralReader(text).Read();
}

}  // namespace lemma::check
