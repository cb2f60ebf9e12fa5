// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/lexer.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"
#include "chat/jinja/source.h"
#include "chat/jinja/text_ops.h"

namespace lemma::chat::jinja {
namespace {

constexpr std::array<std::string_view, 6> kTwoByteOperators = {"**", "//", "==", "!=", "<=", ">="};
constexpr std::string_view kOneByteOperators = "+-*/%~<>=.,:|()[]{}";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsAsciiSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool IsWord(uint32_t c) {
  if (c < 0x80)
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
  if (c == kInvalidUtf8) return false;
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
         category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_MN;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> Run() {
    while (at_ < source_.size()) LEMMA_RETURN_IF_ERROR(TextAndTag());
    Add(TokenKind::kEnd, at_, 0);
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] bool Next(std::string_view text) const {
    return source_.substr(at_, text.size()) == text;
  }
  [[nodiscard]] char Peek(size_t ahead) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  [[nodiscard]] Status Fail(size_t offset, std::string_view message) const {
    return WithLocation(InvalidArgument(std::string(message)), source_, offset);
  }

  void Add(TokenKind kind, size_t offset, size_t length) {
    tokens_.push_back({kind, static_cast<uint32_t>(offset), static_cast<uint32_t>(length)});
  }

  void SkipSpace() {
    while (at_ < source_.size()) {
      const Utf8Char next = DecodeUtf8(source_.substr(at_));
      if (!IsSpace(next.code_point)) return;
      line_starting_ = next.code_point == '\n';
      at_ += next.length;
    }
  }

  // The text before a tag whose sign is `sign`, without what whitespace control takes away.
  [[nodiscard]] size_t TrimmedEnd(size_t begin, size_t end, char sign, bool is_expression) const {
    const std::string_view text = source_.substr(begin, end - begin);
    const MarkedText marked(std::string(text), Provenance::kTrusted);
    if (sign == '-') return begin + Strip(marked, Side::kRight, std::nullopt).size();
    if (sign == '+' || is_expression) return end;
    const size_t newline = text.rfind('\n');
    if (newline == std::string_view::npos && !line_starting_) return end;
    const size_t line = newline == std::string_view::npos ? 0 : newline + 1;
    const bool blank =
        std::all_of(text.begin() + static_cast<std::ptrdiff_t>(line), text.end(), IsAsciiSpace);
    return blank ? begin + line : end;
  }

  // Whitespace control after a tag or comment that closed with `sign` before its bracket.
  void AfterClose(char sign, bool is_expression) {
    line_starting_ = false;
    if (sign == '-') {
      SkipSpace();
    } else if (sign != '+' && !is_expression && Peek(0) == '\n') {
      ++at_;
      line_starting_ = true;
    }
  }

  Status TextAndTag() {
    const size_t begin = at_;
    while (at_ < source_.size() && !(Peek(0) == '{' && IsTagMark(Peek(1)))) ++at_;
    const bool has_tag = at_ < source_.size();
    const char mark = Peek(1);
    const char sign = Peek(2);
    const size_t end = has_tag ? TrimmedEnd(begin, at_, sign, mark == '{') : at_;
    if (end > begin) Add(TokenKind::kText, begin, end - begin);
    if (!has_tag) return OkStatus();
    const size_t tag = at_;
    at_ += sign == '-' || sign == '+' ? 3 : 2;
    if (mark == '#') return Comment(tag);
    if (mark == '%' && SkipRawTag("raw")) return Raw(tag);
    Add(mark == '{' ? TokenKind::kOpenExpression : TokenKind::kOpenStatement, tag, 2);
    return Inside(tag, mark == '{');
  }

  static bool IsTagMark(char c) { return c == '{' || c == '%' || c == '#'; }

  Status Comment(size_t tag) {
    const size_t close = source_.find("#}", at_);
    if (close == std::string_view::npos) return Fail(tag, "comment without its closing #}");
    const char sign = close > at_ ? source_[close - 1] : '\0';
    at_ = close + 2;
    AfterClose(sign, /*is_expression=*/false);
    return OkStatus();
  }

  // Reads `name [sign]%}` at at_ (after "{%"). False, and nothing read, if it is not there.
  // As in Jinja2, the line end after {% raw %} stays and the one after {% endraw %} goes.
  bool SkipRawTag(std::string_view name) {
    const size_t start = at_;
    while (at_ < source_.size() && IsAsciiSpace(source_[at_])) ++at_;
    if (Next(name)) {
      at_ += name.size();
      while (at_ < source_.size() && IsAsciiSpace(source_[at_])) ++at_;
      const char sign = Peek(0) == '-' || Peek(0) == '+' ? source_[at_++] : '\0';
      if (Next("%}")) {
        at_ += 2;
        AfterClose(sign, /*is_expression=*/name == "raw");
        return true;
      }
    }
    at_ = start;
    return false;
  }

  Status Raw(size_t tag) {
    const size_t begin = at_;
    for (size_t close = source_.find("{%", begin); close != std::string_view::npos;
         close = source_.find("{%", close + 2)) {
      const char sign = close + 2 < source_.size() ? source_[close + 2] : '\0';
      const bool line_started = std::exchange(line_starting_, false);
      at_ = close + (sign == '-' || sign == '+' ? 3 : 2);
      const bool closed = SkipRawTag("endraw");
      const bool line_starts_after = std::exchange(line_starting_, line_started);
      if (!closed) continue;
      const size_t end = TrimmedEnd(begin, close, sign, /*is_expression=*/false);
      line_starting_ = line_starts_after;
      if (end > begin) Add(TokenKind::kText, begin, end - begin);
      return OkStatus();
    }
    return Fail(tag, "raw block without {% endraw %}");
  }

  Status Inside(size_t tag, bool is_expression) {
    const std::string_view close = is_expression ? "}}" : "%}";
    brackets_.clear();
    while (true) {
      SkipSpace();
      if (at_ >= source_.size()) {
        return Fail(tag, fmt::format("tag without its closing {}", close));
      }
      if (brackets_.empty()) {
        const bool has_sign = (Peek(0) == '-' || (Peek(0) == '+' && !is_expression)) &&
                              source_.substr(at_ + 1, 2) == close;
        if (has_sign || Next(close)) {
          const char sign = has_sign ? Peek(0) : '\0';
          Add(is_expression ? TokenKind::kCloseExpression : TokenKind::kCloseStatement, at_,
              has_sign ? 3 : 2);
          at_ += has_sign ? 3 : 2;
          AfterClose(sign, is_expression);
          return OkStatus();
        }
      }
      LEMMA_RETURN_IF_ERROR(One());
    }
  }

  // One token inside a tag.
  Status One() {
    const char c = Peek(0);
    if (c == '"' || c == '\'') return String();
    if (IsDigit(c)) return Number();
    const size_t begin = at_;
    while (at_ < source_.size()) {
      const Utf8Char next = DecodeUtf8(source_.substr(at_));
      if (!IsWord(next.code_point)) break;
      at_ += next.length;
    }
    if (at_ > begin) {
      Add(TokenKind::kName, begin, at_ - begin);
      return OkStatus();
    }
    return Operator();
  }

  Status String() {
    const size_t begin = at_;
    const char quote = source_[at_++];
    while (at_ < source_.size() && source_[at_] != quote) at_ += source_[at_] == '\\' ? 2 : 1;
    if (at_ >= source_.size()) return Fail(begin, "string without its closing quote");
    ++at_;
    Add(TokenKind::kString, begin, at_ - begin);
    return OkStatus();
  }

  void SkipDigits() {
    while (IsDigit(Peek(0)) || (Peek(0) == '_' && IsDigit(Peek(1)))) ++at_;
  }

  Status Number() {
    const size_t begin = at_;
    const char base = static_cast<char>(Peek(1) | 0x20);
    if (Peek(0) == '0' && (base == 'x' || base == 'o' || base == 'b') && IsHexDigit(Peek(2))) {
      at_ += 2;
      while (IsHexDigit(Peek(0)) || (Peek(0) == '_' && IsHexDigit(Peek(1)))) ++at_;
      Add(TokenKind::kInteger, begin, at_ - begin);
      return OkStatus();
    }
    SkipDigits();
    bool is_float = false;
    // In `a.0.1` the digits after a dot are an index, not the start of a float.
    const bool after_dot = !tokens_.empty() && tokens_.back().kind == TokenKind::kOperator &&
                           source_[tokens_.back().offset] == '.';
    if (!after_dot && Peek(0) == '.' && IsDigit(Peek(1))) {
      is_float = true;
      ++at_;
      SkipDigits();
    }
    const size_t exponent = Peek(1) == '+' || Peek(1) == '-' ? 2 : 1;
    if (!after_dot && (Peek(0) | 0x20) == 'e' && IsDigit(Peek(exponent))) {
      is_float = true;
      at_ += exponent;
      SkipDigits();
    }
    Add(is_float ? TokenKind::kFloat : TokenKind::kInteger, begin, at_ - begin);
    return OkStatus();
  }

  Status Operator() {
    const std::string_view two = source_.substr(at_, 2);
    size_t length = 1;
    if (std::find(kTwoByteOperators.begin(), kTwoByteOperators.end(), two) !=
        kTwoByteOperators.end()) {
      length = 2;
    } else if (kOneByteOperators.find(source_[at_]) == std::string_view::npos) {
      const Utf8Char next = DecodeUtf8(source_.substr(at_));
      return Fail(at_, fmt::format("unexpected character '{}'",
                                   SanitizeUtf8(source_.substr(at_, next.length))));
    }
    const char c = source_[at_];
    if (c == '(' || c == '[' || c == '{') brackets_.push_back(c);
    if (c == ')' || c == ']' || c == '}') {
      const char open = c == ')' ? '(' : c == ']' ? '[' : '{';
      if (brackets_.empty() || brackets_.back() != open) {
        return Fail(at_, fmt::format("'{}' without its opening '{}'", c, open));
      }
      brackets_.pop_back();
    }
    Add(TokenKind::kOperator, at_, length);
    at_ += length;
    return OkStatus();
  }

  std::string_view source_;
  size_t at_ = 0;
  bool line_starting_ = true;  // nothing but a line end, or nothing at all, came before at_
  std::vector<char> brackets_;
  std::vector<Token> tokens_;
};

struct EscapeRow {
  char letter;
  char value;
};
constexpr std::array<EscapeRow, 10> kEscapes = {{{'n', '\n'},
                                                 {'t', '\t'},
                                                 {'r', '\r'},
                                                 {'b', '\b'},
                                                 {'f', '\f'},
                                                 {'v', '\v'},
                                                 {'a', '\a'},
                                                 {'\\', '\\'},
                                                 {'\'', '\''},
                                                 {'"', '"'}}};

uint32_t DigitValue(char c) {
  return IsDigit(c) ? static_cast<uint32_t>(c - '0') : static_cast<uint32_t>((c | 0x20) - 'a') + 10;
}

// Reads exactly `count` digits of `base` (or 1 to `count` for octal); nothing if they are not
// there.
bool ReadDigits(std::string_view text, uint32_t base, size_t count, uint32_t& value, size_t& used) {
  value = 0;
  used = 0;
  while (used < count && used < text.size() && IsHexDigit(text[used]) &&
         DigitValue(text[used]) < base) {
    value = value * base + DigitValue(text[used++]);
  }
  return base == 8 ? used > 0 : used == count;
}

// A surrogate pair written as two \u escapes is one character, as JavaScript and JSON read it.
uint32_t JoinSurrogates(uint32_t high, std::string_view rest, size_t& used) {
  uint32_t low = 0;
  size_t digits = 0;
  if (high < 0xD800 || high > 0xDBFF || rest.substr(0, 2) != "\\u" ||
      !ReadDigits(rest.substr(2), 16, 4, low, digits) || low < 0xDC00 || low > 0xDFFF) {
    return high;
  }
  used += 6;
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

// Decodes the escape after a backslash into `out`; returns the bytes it used, 0 if it is unknown.
size_t DecodeEscape(std::string_view text, std::string& out) {
  const char letter = text.empty() ? '\0' : text[0];
  for (const EscapeRow& escape : kEscapes) {
    if (escape.letter != letter) continue;
    out += escape.value;
    return 1;
  }
  if (letter == '\n') return 1;  // a continued line
  uint32_t value = 0;
  size_t used = 0;
  const size_t width = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (width > 0 && ReadDigits(text.substr(1), 16, width, value, used)) {
    if (width == 4) value = JoinSurrogates(value, text.substr(5), used);
    AppendUtf8(value, out);
    return 1 + used;
  }
  if (width == 0 && ReadDigits(text, 8, 3, value, used)) {
    AppendUtf8(value, out);
    return used;
  }
  return 0;
}

}  // namespace

std::string NormalizeSource(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else if (i + 1 >= source.size() || source[i + 1] != '\n') {
      out += '\n';
    }
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

Result<std::vector<Token>> Tokenize(std::string_view source) { return Lexer(source).Run(); }

std::string DecodeString(std::string_view quoted) {
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const size_t used = DecodeEscape(text.substr(i + 1), out);
    if (used == 0) out += '\\';
    i += used;
  }
  return out;
}

}  // namespace lemma::chat::jinja
