// SPDX-License-Identifier: Apache-2.0
#include "chat/json_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

#include "base/utf8.h"

namespace lemma::chat {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads one value; `Skip*` return false at the first byte that does not fit.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void SkipSpace() {
    const size_t next = text_.find_first_not_of(kJsonSpace, pos_);
    pos_ = next == std::string_view::npos ? text_.size() : next;
  }
  [[nodiscard]] bool AtEnd() const { return pos_ == text_.size(); }
  [[nodiscard]] size_t pos() const { return pos_; }
  [[nodiscard]] char Peek() const { return AtEnd() ? '\0' : text_[pos_]; }
  bool Take(char c) {
    if (Peek() != c || AtEnd()) return false;
    ++pos_;
    return true;
  }
  [[nodiscard]] std::string_view From(size_t begin) const {
    return text_.substr(begin, pos_ - begin);
  }

  bool SkipString() {
    if (!Take('"')) return false;
    while (!AtEnd()) {
      const char c = text_[pos_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !SkipEscape()) return false;
    }
    return false;
  }

  bool SkipNumber() {
    Take('-');
    if (!Take('0') && !SkipDigits()) return false;
    if (Take('.') && !SkipDigits()) return false;
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      return SkipDigits();
    }
    return true;
  }

  bool SkipWord(std::string_view word) {
    if (text_.substr(pos_, word.size()) != word) return false;
    pos_ += word.size();
    return true;
  }

  // Calls item(scanner) for each item between `open` and `close`, separated by commas.
  template <typename Item>
  bool Items(char open, char close, Item item) {
    if (!Take(open)) return false;
    SkipSpace();
    if (Take(close)) return true;
    while (true) {
      SkipSpace();
      if (!item()) return false;
      SkipSpace();
      if (Take(close)) return true;
      if (!Take(',')) return false;
    }
  }

  bool SkipValue(int depth) {
    if (depth > kMaxJsonDepth) return false;
    switch (Peek()) {
      case '{':
        return Items('{', '}', [&] { return SkipKey() && SkipValue(depth + 1); });
      case '[':
        return Items('[', ']', [&] { return SkipValue(depth + 1); });
      case '"':
        return SkipString();
      case 't':
        return SkipWord("true");
      case 'f':
        return SkipWord("false");
      case 'n':
        return SkipWord("null");
      default:
        return SkipNumber();
    }
  }

  // A key, its colon and the space around it.
  bool SkipKey() {
    if (!SkipString()) return false;
    SkipSpace();
    if (!Take(':')) return false;
    SkipSpace();
    return true;
  }

 private:
  bool SkipDigits() {
    const size_t begin = pos_;
    while (IsDigit(Peek())) ++pos_;
    return pos_ > begin;
  }
  bool SkipEscape() {
    if (AtEnd()) return false;
    const char c = text_[pos_++];
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    for (int i = 0; i < 4; ++i, ++pos_) {
      const char lower = static_cast<char>(Peek() | 0x20);
      if (!IsDigit(Peek()) && (lower < 'a' || lower > 'f')) return false;
    }
    return true;
  }

  std::string_view text_;
  size_t pos_ = 0;
};

uint32_t HexDigit(char c) {
  return static_cast<uint32_t>(IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

uint32_t Hex4(std::string_view digits) {
  uint32_t value = 0;
  for (const char c : digits.substr(0, 4)) value = value * 16 + HexDigit(c);
  return value;
}

// Decodes "uXXXX" at text[i] (the u), with the second half of a surrogate pair if it follows.
// Returns the index of the last byte used.
size_t AppendUnicodeEscape(std::string_view text, size_t i, std::string& out) {
  uint32_t code = Hex4(text.substr(i + 1));
  size_t last = i + 4;
  if (code >= 0xD800 && code < 0xDC00 && text.substr(last + 1, 2) == "\\u") {
    const uint32_t low = Hex4(text.substr(last + 3));
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      last += 6;
    }
  }
  AppendUtf8(code, out);
  return last;
}

// REQUIRES: a valid literal.
std::string DecodeString(std::string_view raw) {
  std::string out;
  for (size_t i = 1; i + 1 < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out += raw[i];
      continue;
    }
    const char c = raw[++i];
    constexpr std::string_view kNames = "bfnrt";
    constexpr std::string_view kValues = "\b\f\n\r\t";
    if (c == 'u') {
      i = AppendUnicodeEscape(raw, i, out);
    } else if (const size_t at = kNames.find(c); at != std::string_view::npos) {
      out += kValues[at];
    } else {
      out += c;
    }
  }
  return out;
}

// Rewrites valid JSON in Python's layout.
class Layout {
 public:
  Layout(std::string_view text, std::optional<int> indent) : scanner_(text), indent_(indent) {}

  std::optional<std::string> Run() {
    scanner_.SkipSpace();
    if (!Value(0)) return std::nullopt;
    scanner_.SkipSpace();
    if (!scanner_.AtEnd()) return std::nullopt;
    return std::move(out_);
  }

 private:
  bool Value(int depth) {
    if (depth > kMaxJsonDepth) return false;
    if (scanner_.Peek() == '{') return Container('{', '}', depth);
    if (scanner_.Peek() == '[') return Container('[', ']', depth);
    if (scanner_.Peek() == '"') return String();
    const size_t begin = scanner_.pos();
    if (!scanner_.SkipValue(depth)) return false;
    out_ += scanner_.From(begin);
    return true;
  }
  bool String() {
    const size_t begin = scanner_.pos();
    if (!scanner_.SkipString()) return false;
    out_ += JsonQuote(DecodeString(scanner_.From(begin)));
    return true;
  }
  bool Container(char open, char close, int depth) {
    out_ += open;
    bool first = true;
    const bool good = scanner_.Items(open, close, [&] {
      if (!first) out_ += indent_ ? "," : ", ";
      first = false;
      NewLine(depth + 1);
      if (open == '{') {
        if (!String()) return false;
        scanner_.SkipSpace();
        if (!scanner_.Take(':')) return false;
        scanner_.SkipSpace();
        out_ += ": ";
      }
      return Value(depth + 1);
    });
    if (!first) NewLine(depth);
    out_ += close;
    return good;
  }
  void NewLine(int depth) {
    if (indent_) out_ += '\n' + std::string(static_cast<size_t>(*indent_ * depth), ' ');
  }

  Scanner scanner_;
  std::optional<int> indent_;
  std::string out_;
};

}  // namespace

std::optional<std::vector<JsonMember>> JsonObjectMembers(std::string_view text) {
  Scanner scanner(text);
  scanner.SkipSpace();
  std::vector<JsonMember> members;
  const bool good = scanner.Items('{', '}', [&] {
    const size_t key = scanner.pos();
    if (!scanner.SkipString()) return false;
    const std::string_view raw_key = scanner.From(key);
    scanner.SkipSpace();
    if (!scanner.Take(':')) return false;
    scanner.SkipSpace();
    const size_t value = scanner.pos();
    if (!scanner.SkipValue(1)) return false;
    members.push_back({DecodeString(raw_key), scanner.From(value)});
    return true;
  });
  if (!good) return std::nullopt;
  scanner.SkipSpace();
  if (!scanner.AtEnd()) return std::nullopt;
  return members;
}

std::optional<std::vector<std::string_view>> JsonArrayItems(std::string_view text) {
  Scanner scanner(text);
  scanner.SkipSpace();
  std::vector<std::string_view> items;
  const bool good = scanner.Items('[', ']', [&] {
    const size_t value = scanner.pos();
    if (!scanner.SkipValue(1)) return false;
    items.push_back(scanner.From(value));
    return true;
  });
  if (!good) return std::nullopt;
  scanner.SkipSpace();
  if (!scanner.AtEnd()) return std::nullopt;
  return items;
}

bool IsJson(std::string_view text) {
  Scanner scanner(text);
  scanner.SkipSpace();
  if (!scanner.SkipValue(0)) return false;
  scanner.SkipSpace();
  return scanner.AtEnd();
}

bool IsJsonObject(std::string_view text) {
  const size_t begin = text.find_first_not_of(kJsonSpace);
  return begin != std::string_view::npos && text[begin] == '{' && IsJson(text);
}

std::optional<std::string> JsonStringValue(std::string_view raw) {
  Scanner scanner(raw);
  if (!scanner.SkipString() || !scanner.AtEnd()) return std::nullopt;
  return DecodeString(raw);
}

std::string JsonQuote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    constexpr std::string_view kSpecial = "\"\\\b\f\n\r\t";
    constexpr std::string_view kNames = "\"\\bfnrt";
    if (const size_t at = kSpecial.find(c); at != std::string_view::npos) {
      out += '\\';
      out += kNames[at];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

std::optional<std::string> JsonPythonLayout(std::string_view text, std::optional<int> indent) {
  return Layout(text, indent).Run();
}

}  // namespace lemma::chat
