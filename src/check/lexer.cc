// SPDX-License-Identifier: Apache-2.0
#include "check/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace lemma::check {
namespace {

struct SymbolRow {
  std::string_view text;
  Tok kind;
  RelOp rel = RelOp::kEq;
};

// Longest first where one begins another.
constexpr SymbolRow kSymbols[] = {
    {"**", Tok::kCaret},
    {"<=", Tok::kRelation, RelOp::kLe},
    {">=", Tok::kRelation, RelOp::kGe},
    {"==", Tok::kRelation, RelOp::kEq},
    {"+", Tok::kPlus},
    {"-", Tok::kMinus},
    {"−", Tok::kMinus},
    {"–", Tok::kMinus},
    {"*", Tok::kTimes},
    {"×", Tok::kTimes},
    {"·", Tok::kTimes},
    {"⋅", Tok::kTimes},
    {"∙", Tok::kTimes},
    {"✕", Tok::kTimes},
    {"∗", Tok::kTimes},
    {"/", Tok::kSlash},
    {"÷", Tok::kSlash},
    {"∕", Tok::kSlash},
    {"^", Tok::kCaret},
    {",", Tok::kComma},
    {"、", Tok::kComma},
    {"|", Tok::kBar},
    {"!", Tok::kBang},
    {"%", Tok::kPercent},
    {"=", Tok::kRelation, RelOp::kEq},
    {"<", Tok::kRelation, RelOp::kLt},
    {">", Tok::kRelation, RelOp::kGt},
    {"≤", Tok::kRelation, RelOp::kLe},
    {"≥", Tok::kRelation, RelOp::kGe},
    {"⩽", Tok::kRelation, RelOp::kLe},
    {"⩾", Tok::kRelation, RelOp::kGe},
    {"≠", Tok::kRelation, RelOp::kNe},
};

constexpr SymbolRow kLatexSymbols[] = {
    {"times", Tok::kTimes},
    {"cdot", Tok::kTimes},
    {"div", Tok::kSlash},
    {"leq", Tok::kRelation, RelOp::kLe},
    {"le", Tok::kRelation, RelOp::kLe},
    {"leqslant", Tok::kRelation, RelOp::kLe},
    {"geq", Tok::kRelation, RelOp::kGe},
    {"ge", Tok::kRelation, RelOp::kGe},
    {"geqslant", Tok::kRelation, RelOp::kGe},
    {"neq", Tok::kRelation, RelOp::kNe},
    {"ne", Tok::kRelation, RelOp::kNe},
    {"lt", Tok::kRelation, RelOp::kLt},
    {"gt", Tok::kRelation, RelOp::kGt},
    {"vert", Tok::kBar},
    {"lvert", Tok::kBar},
    {"rvert", Tok::kBar},
};

constexpr std::array<std::string_view, 4> kFractions = {"frac", "dfrac", "tfrac", "cfrac"};
constexpr std::array<std::string_view, 12> kSkipped = {"left",  "right",  "displaystyle", "quad",
                                                       "qquad", "big",    "Big",          "bigl",
                                                       "bigr",  "limits", "biggl",        "biggr"};

struct SuperscriptRow {
  std::string_view text;
  int64_t value;
};
constexpr SuperscriptRow kSuperscripts[] = {{"⁰", 0}, {"¹", 1}, {"²", 2}, {"³", 3}, {"⁴", 4},
                                            {"⁵", 5}, {"⁶", 6}, {"⁷", 7}, {"⁸", 8}, {"⁹", 9}};
struct VulgarRow {
  std::string_view text;
  int64_t num;
  int64_t den;
};
constexpr VulgarRow kVulgar[] = {{"½", 1, 2}, {"⅓", 1, 3}, {"⅔", 2, 3}, {"¼", 1, 4}, {"¾", 3, 4},
                                 {"⅕", 1, 5}, {"⅖", 2, 5}, {"⅗", 3, 5}, {"⅘", 4, 5}, {"⅙", 1, 6},
                                 {"⅚", 5, 6}, {"⅛", 1, 8}, {"⅜", 3, 8}, {"⅝", 5, 8}, {"⅞", 7, 8}};

// Full-width forms become ASCII; `source[i]` is the byte of the text that byte i came from.
struct Narrow {
  std::string text;
  std::vector<size_t> source;
};
Narrow MakeNarrow(std::string_view text) {
  Narrow out;
  for (size_t at = 0; at < text.size();) {
    const Utf8Char u = DecodeUtf8(text.substr(at));
    const size_t before = out.text.size();
    if (u.code_point == kInvalidUtf8) {
      out.text += text[at];
    } else if (u.code_point == 0x3000 || u.code_point == 0xA0) {
      out.text += ' ';
    } else {
      AppendUtf8(static_cast<uint32_t>(NarrowForm(u.code_point)), out.text);
    }
    out.source.insert(out.source.end(), out.text.size() - before, at);
    at += u.length;
  }
  out.source.push_back(text.size());
  return out;
}

class Lexer {
 public:
  Lexer(std::string_view text, const ExprOptions& options)
      : narrow_(MakeNarrow(text)), text_(narrow_.text), options_(options) {
    variables_ = options.variables;
    std::stable_sort(variables_.begin(), variables_.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
  }

  Result<std::vector<Token>> Run() {
    while (true) {
      SkipSpace();
      if (at_ == text_.size()) break;
      LEMMA_RETURN_IF_ERROR(Next());
    }
    Push(Tok::kEnd, 0);
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string_view Rest() const { return std::string_view(text_).substr(at_); }
  Status Fail(std::string_view what) const {
    return InvalidArgument(fmt::format("byte {}: {}", narrow_.source[at_], what));
  }

  void SkipSpace() {
    while (at_ < text_.size()) {
      const std::string_view rest = Rest();
      if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n' || rest[0] == '\r' ||
          rest[0] == '$' || rest[0] == '~') {
        ++at_;
      } else if (rest.size() > 1 && rest[0] == '\\' &&
                 std::string_view(",;:! ()[]$").find(rest[1]) != std::string_view::npos) {
        at_ += 2;
      } else {
        return;
      }
      space_ = true;
    }
  }

  Token& Push(Tok kind, size_t bytes) {
    Token& token = out_.emplace_back();
    token.kind = kind;
    token.span = {narrow_.source[at_], narrow_.source[at_ + bytes]};
    token.space_before = space_;
    token.text = Rest().substr(0, bytes);
    at_ += bytes;
    space_ = false;
    return token;
  }

  Status Next() {
    const char c = text_[at_];
    if (c == '\\') return NextLatex();
    if (c == '(' || c == '[' || c == '{') {
      Push(Tok::kOpen, 1).bracket = c;
      return OkStatus();
    }
    if (c == ')' || c == ']' || c == '}') {
      Push(Tok::kClose, 1).bracket = c == ')' ? '(' : (c == ']' ? '[' : '{');
      return OkStatus();
    }
    if (Rest().starts_with("!=")) {  // 5!=120 may mean both
      if (!space_) return Fail("expected a space before != or between ! and =");
      Push(Tok::kRelation, 2).rel = RelOp::kNe;
      return OkStatus();
    }
    for (const SymbolRow& row : kSymbols) {
      if (Rest().starts_with(row.text)) {
        Push(row.kind, row.text.size()).rel = row.rel;
        return OkStatus();
      }
    }
    if (NextSmallForm()) return OkStatus();
    if (Rest().starts_with("√")) {
      Token& token = Push(Tok::kFunction, std::string_view("√").size());
      token.text = "√";
      return OkStatus();
    }
    if (NextFunction() || NextVariable()) return OkStatus();
    if (const auto numeral = ReadNumeral(Rest())) {
      // 1.5.2 or 12:30 are no numbers.
      Token& token = Push(Tok::kNumber, numeral->bytes);
      token.number = numeral->value;
      token.script = numeral->script;
      if (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == ':') &&
          at_ + 1 < text_.size() && text_[at_ + 1] >= '0' && text_[at_ + 1] <= '9') {
        return Fail("expected the end of the number");
      }
      return OkStatus();
    }
    if (IsAsciiLetter(c)) return NextWord();
    return Fail("expected a number, a variable or an operator");
  }

  // ² ³ ½: superscripts take all digits that follow each other.
  bool NextSmallForm() {
    for (const VulgarRow& row : kVulgar) {
      if (!Rest().starts_with(row.text)) continue;
      Token& token = Push(Tok::kNumber, row.text.size());
      token.number = Rational(BigInt(row.num), BigInt(row.den));
      token.text = "½";
      return true;
    }
    int64_t value = 0;
    size_t bytes = 0;
    for (bool more = true; more && value < 100'000;) {
      more = false;
      for (const SuperscriptRow& row : kSuperscripts) {
        if (!Rest().substr(bytes).starts_with(row.text)) continue;
        value = value * 10 + row.value;
        bytes += row.text.size();
        more = true;
        break;
      }
    }
    if (bytes == 0) return false;
    Token& token = Push(Tok::kNumber, bytes);
    token.number = value;
    token.superscript = true;
    return true;
  }

  [[nodiscard]] std::string_view Word() const {
    size_t n = 0;
    while (n < Rest().size() && IsAsciiLetter(Rest()[n])) ++n;
    return Rest().substr(0, n);
  }

  bool NextFunction() {
    const std::string_view word = Word();
    const bool declared = std::find(variables_.begin(), variables_.end(), word) != variables_.end();
    const bool choose = word == "C" && Rest().substr(1).starts_with("(");
    constexpr std::array<std::string_view, 5> kNames = {"sqrt", "abs", "gcd", "lcm", "binom"};
    if (declared) return false;
    if (!choose && std::find(kNames.begin(), kNames.end(), word) == kNames.end()) return false;
    Push(Tok::kFunction, word.size()).text = choose ? "binom" : std::string(word);
    return true;
  }

  bool NextVariable() {
    for (const std::string& name : variables_) {
      if (name.empty() || !Rest().starts_with(name)) continue;
      Push(Tok::kName, name.size()).text = name;
      return true;
    }
    return false;
  }

  Status NextWord() {
    const size_t n = Word().size();
    if (!options_.variables.empty()) return Fail("expected a known variable");
    if (n > 2) return Fail("expected a variable of one letter");
    // x_1, x_{12}
    size_t bytes = 1;
    if (n == 1 && Rest().substr(1).starts_with("_")) {
      const bool brace = Rest().substr(2).starts_with("{");
      size_t end = brace ? 3 : 2;
      while (end < Rest().size() && Rest()[end] >= '0' && Rest()[end] <= '9') ++end;
      if (end == (brace ? 3u : 2u) || (brace && !Rest().substr(end).starts_with("}"))) {
        return Fail("expected a number below the variable");
      }
      bytes = brace ? end + 1 : end;
    }
    Token& token = Push(Tok::kName, bytes);
    std::erase_if(token.text, [](char k) { return k == '{' || k == '}'; });
    return OkStatus();
  }

  Status NextLatex() {
    size_t n = 1;
    while (n < Rest().size() && IsAsciiLetter(Rest()[n])) ++n;
    const std::string_view word = Rest().substr(1, n - 1);
    if (word.empty()) {
      const std::string_view next = Rest().substr(1, 1);
      if (next == "%") {
        Push(Tok::kPercent, 2);
        return OkStatus();
      }
      if (next == "{" || next == "}" || next == "|") return Fail("expected an expression");
      return Fail("expected a command after \\");
    }
    for (const SymbolRow& row : kLatexSymbols) {
      if (word != row.text) continue;
      Push(row.kind, n).rel = row.rel;
      return OkStatus();
    }
    if (std::find(kSkipped.begin(), kSkipped.end(), word) != kSkipped.end()) {
      at_ += n;
      space_ = true;
      return OkStatus();
    }
    if (std::find(kFractions.begin(), kFractions.end(), word) != kFractions.end()) {
      Push(Tok::kFunction, n).text = "frac";
      return OkStatus();
    }
    if (word == "sqrt" || word == "gcd" || word == "binom" || word == "dbinom") {
      Push(Tok::kFunction, n).text = word == "dbinom" ? "binom" : std::string(word);
      return OkStatus();
    }
    return Fail("expected a known command after \\");
  }

  Narrow narrow_;
  const std::string& text_;
  const ExprOptions& options_;
  std::vector<std::string> variables_;
  size_t at_ = 0;
  bool space_ = false;
  std::vector<Token> out_;
};

}  // namespace

Result<std::vector<Token>> Lex(std::string_view text, const ExprOptions& options) {
  if (text.size() > options.max_bytes) {
    return ResourceExhausted(
        fmt::format("expression of {} bytes, at most {}", text.size(), options.max_bytes));
  }
  return Lexer(text, options).Run();
}

}  // namespace lemma::check
