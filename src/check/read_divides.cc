// SPDX-License-Identifier: Apache-2.0
// Readers: "m divides p(n)" for every whole n, or for those that are odd, even, divisible by some
// number or not, or leave a remainder: 若n是奇数，则n^2-1能被8整除. Any one letter may stand for n.
#include <algorithm>

#include "check/divides_statement.h"
#include "check/formula_runs.h"

namespace lemma::check {
namespace {

const std::vector<Word>& DividesVocabulary() {
  static const std::vector<Word> words = MakeVocabulary({
      {"IF", "若|如果|当|其中|假设|只要|if|when|whenever|where|provided that"},
      {"FOR", "for|对|对于"},
      {"PROVE", "证明|求证|试证|试证明|请证明|验证|prove|show|verify|demonstrate"},
      {"ODD", "奇数|odd"},
      {"EVEN", "偶数|even"},
      {"NOT", "不|not"},
      {"BY", "能被|被"},
      {"DIVIDES", "整除|divides|divide"},
      {"DIVISIBLE",
       "divisible by|evenly divisible by|exactly divisible by|multiple of|multiples of"},
      {"MULTIPLE", "的倍数"},
      {"OVER", "除以|divided by|when divided by|on division by|upon division by"},
      {"REST", "余|除余|余数|的余数|remainder|remainder of"},
      {"",
       "判断|请判断|试判断|说明|请说明|试说明|是否|对|对于|"
       "任意|任意的|任意一个|任何|所有|所有的|一切|每个|每一个|的|整数|自然数|正整数|都|"
       "有|总|总是|一定|必|必定|必然|恒|均|是|为|吗|成立|正确|这个|命题|结论|式子|代数式|"
       "表达式|的值|值|那么|则|时|设|已知|数|请|请问|问|无论|不论|取何|取什么|取任何|就|"
       "可以|下面的|下列|这|一个|that|determine|whether|"
       "decide|is|it|true|true or false|the|a|an|every|all|any|each|integer|integers|"
       "whole|natural|positive|number|numbers|value|expression|always|must|be|then|let|"
       "given|suppose|assume|statement|claim|holds|are|necessarily|please|can you|leaves|"
       "leave|gives|has|we have|consider|following|of|will|arbitrary|does|hold|$|\\(|\\)|"
       "no matter what|evenly|是不是|真假|命题真假|∈z|∈ z|∈n|∈ n|∈n*|∈ℤ|判断题|题|真命题|"
       "某个|这个数|also|so|an arbitrary|we|for sure|必须|肯定|就是|恒有|可知|吧|"
       "对吗|总有|得|使得|验证"},
  });
  return words;
}

// A grammar over the words that count: [IF] n PROPERTY, PROPERTY n, p(n) PROPERTY, N DIVIDES p(n).
class StatementReader {
 public:
  StatementReader(const std::vector<Symbol>& symbols, std::string_view text,
                  const LetterFormulas& formulas)
      : symbols_(symbols), text_(text), formulas_(formulas) {}

  std::optional<DividesStatement> Read() {
    DividesStatement out;
    for (size_t at = 0; at < symbols_.size();) {
      const size_t next = Part(at, out);
      if (next == at) return std::nullopt;
      at = next;
    }
    return out;
  }

 private:
  [[nodiscard]] std::string_view Name(size_t at) const {
    if (at >= symbols_.size()) return "";
    if (symbols_[at].name != "F") return symbols_[at].name;
    return formulas_.IsLetterAlone(text_, symbols_[at].span) ? "n" : "p";
  }

  // One part of the statement; the index behind it, or `at` if it is none.
  size_t Part(size_t at, DividesStatement& out) const {
    size_t i = at;
    // "p(n) is even. Prove that n ..." claims something else.
    if (Name(i) == "PROVE") return out.claim && Name(i + 1) == "n" ? at : i + 1;
    const bool given = Name(i) == "IF";
    const bool led = given || Name(i) == "FOR";
    if (led) ++i;
    if (Name(i) == "n") {
      ++i;
      const auto property = ReadProperty(i);
      if (!property) return i;
      // "p(n) is even, n is odd" without "if" says two things.
      return (!out.claim || led) && Condition(*property, out) ? i : at;
    }
    size_t end = i;
    if (const auto property = ReadProperty(end); property && Name(end) == "n") {
      return Condition(*property, out) ? end + 1 : at;
    }
    if (given) return at;
    if (Name(i) == "p" && !out.claim) {
      out.polynomial = symbols_[i].span;
      ++i;
      if (Name(i) == "FOR" && Name(i + 1) == "n") i += 2;  // n^2+n对任意整数n都是偶数
      out.claim = ReadProperty(i);
      return out.claim ? i : at;
    }
    if (Name(i) == "N" && Name(i + 1) == "DIVIDES" && Name(i + 2) == "p" && !out.claim) {
      out.claim = ResidueProperty{symbols_[i].value, 0, false, {symbols_[i].span}};
      out.polynomial = symbols_[i + 2].span;
      return i + 3;
    }
    return i;  // "for" alone
  }

  static bool Condition(const ResidueProperty& property, DividesStatement& out) {
    if (out.condition) return false;
    out.condition = property;
    return true;
  }

  // Moves `at` behind the property.
  std::optional<ResidueProperty> ReadProperty(size_t& at) const {
    ResidueProperty out;
    size_t i = at;
    out.negated = Name(i) == "NOT";
    i += out.negated ? 1 : 0;
    const auto done = [&](size_t end) {
      at = end;
      return std::optional(out);
    };
    const auto modulus = [&](size_t index) {
      out.modulus = symbols_[index].value;
      out.numbers.push_back(symbols_[index].span);
    };
    const auto remainder = [&](size_t index) {
      out.remainder = symbols_[index].value;
      out.numbers.push_back(symbols_[index].span);
    };
    const auto is = [&](const std::vector<std::string_view>& names) {
      for (size_t k = 0; k < names.size(); ++k) {
        if (Name(i + k) != names[k]) return false;
      }
      return true;
    };
    if (is({"ODD"}) || is({"EVEN"})) {
      out.modulus = 2;
      out.remainder = is({"ODD"}) ? 1 : 0;
      return done(i + 1);
    }
    if (is({"DIVISIBLE", "N"})) {
      modulus(i + 1);
      return done(i + 2);
    }
    if (is({"BY", "N", "DIVIDES"})) {
      modulus(i + 1);
      return done(i + 3);
    }
    if (is({"N", "MULTIPLE"})) {
      modulus(i);
      return done(i + 2);
    }
    if (is({"OVER", "N", "REST", "N"}) || is({"BY", "N", "REST", "N"})) {
      modulus(i + 1);
      remainder(i + 3);
      return done(i + 4);
    }
    if (is({"REST", "N", "OVER", "N"})) {
      remainder(i + 1);
      modulus(i + 3);
      return done(i + 4);
    }
    return std::nullopt;
  }

  const std::vector<Symbol>& symbols_;
  std::string_view text_;
  const LetterFormulas& formulas_;
};

std::optional<Slots> DividesStrict(std::string_view text) {
  const auto formulas = FindFormulas(text);
  if (!formulas) return std::nullopt;
  const auto symbols = ReadStrictly(text, DividesVocabulary(), formulas->spans);
  if (!symbols) return std::nullopt;
  const auto statement = StatementReader(*symbols, text, *formulas).Read();
  return statement ? DividesSlots(text, *statement, formulas->letter) : std::nullopt;
}

// The second reading: the one formula, what is said right behind it, and what is said elsewhere.

// Whole words of English, any place in Chinese.
size_t FindWord(std::string_view lower, std::string_view word) {
  const auto letter = [&](size_t at) { return at < lower.size() && IsFormulaLetter(lower[at]); };
  for (size_t at = lower.find(word); at != std::string_view::npos; at = lower.find(word, at + 1)) {
    const bool ascii = IsFormulaLetter(word[0]);
    if (!ascii || ((at == 0 || !letter(at - 1)) && !letter(at + word.size()))) return at;
  }
  return std::string_view::npos;
}
bool HasWord(std::string_view lower, const std::vector<std::string_view>& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return FindWord(lower, word) != std::string_view::npos;
  });
}

const std::vector<std::string_view>& Cues() {
  static const std::vector<std::string_view> cues = {
      "偶数",      "奇数",     "整除",      "倍数",    "余",     "even",     "odd",
      "divisible", "multiple", "multiples", "divides", "divide", "remainder"};
  return cues;
}

// The one property that a stretch of the text tells of.
std::optional<ResidueProperty> PropertyIn(std::string_view text, Span span) {
  std::string part = LowerAscii(text.substr(span.begin, span.end - span.begin));
  for (const std::string_view plain : {"不论", "是不是", "no matter"}) {
    if (const size_t at = part.find(plain); at != part.npos) {
      part.replace(at, plain.size(), std::string(plain.size(), ' '));
    }
  }
  ResidueProperty out;
  out.negated = HasWord(part, {"不", "not", "never", "非"});
  std::vector<NumeralNote> numbers;
  for (const NumeralNote& n : FindNumerals(text)) {
    if (n.reason.empty() && n.span.begin >= span.begin && n.span.end <= span.end) {
      numbers.push_back(n);
      out.numbers.push_back(n.span);
    }
  }
  const bool odd = HasWord(part, {"奇数", "odd"});
  const bool even = HasWord(part, {"偶数", "even"});
  const bool rest = HasWord(part, {"余", "remainder"});
  const bool divides =
      HasWord(part, {"整除", "倍数", "divisible", "multiple", "multiples", "divides", "divide"});
  if (odd + even + rest + divides != 1) return std::nullopt;
  if (odd || even) {
    out.modulus = 2;
    out.remainder = odd ? 1 : 0;
    return numbers.empty() ? std::optional(out) : std::nullopt;
  }
  if (divides) {
    if (numbers.size() != 1) return std::nullopt;
    out.modulus = numbers[0].value;
    return out;
  }
  if (numbers.size() != 2) return std::nullopt;
  size_t by = std::string_view::npos;
  for (const std::string_view word : {"除以", "被", "divided by", "division by"}) {
    by = std::min(by, FindWord(part, word));
  }
  if (by == std::string_view::npos) return std::nullopt;
  const bool first = numbers[0].span.begin >= span.begin + by;  // the divisor comes first
  out.modulus = numbers[first ? 0 : 1].value;
  out.remainder = numbers[first ? 1 : 0].value;
  return out;
}

// Where what is said of the formula ends.
size_t TailEnd(std::string_view lower, size_t begin) {
  size_t end = lower.size();
  for (const std::string_view mark : {"，", "。", "？", "；", "！", ",", ".", "?", ";", "\n"}) {
    end = std::min(end, lower.find(mark, begin));
  }
  const std::string_view tail = lower.substr(begin, end - begin);
  for (const std::string_view word :
       {"if", "whenever", "where", "for", "provided", "若", "如果", "当", "其中", "对"}) {
    const size_t at = FindWord(tail, word);
    if (at == std::string_view::npos || !HasWord(tail.substr(0, at), Cues())) continue;
    end = std::min(end, begin + at);
  }
  const size_t when = FindWord(tail, "when");
  if (when != std::string_view::npos && !tail.substr(when).starts_with("when divided")) {
    end = std::min(end, begin + when);
  }
  return end;
}

// "If" must be told of the letter alone: "if n^2 is even, then n is even" is another statement.
bool IfsAreOfTheLetter(std::string_view lower, std::string_view text,
                       const LetterFormulas& formulas) {
  for (const std::string_view word : {"if", "when", "whenever", "若", "如果", "当", "只要"}) {
    const size_t at = FindWord(lower, word);
    if (at == std::string_view::npos || lower.substr(at).starts_with("when divided")) continue;
    const auto next = std::find_if(formulas.spans.begin(), formulas.spans.end(),
                                   [&](const Span& span) { return span.begin > at; });
    if (next == formulas.spans.end() || !formulas.IsLetterAlone(text, *next)) return false;
  }
  return true;
}

std::optional<Slots> DividesLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (!HasWord(lower, Cues()) ||
      HasAny(lower, {"质",     "素",      "prime",    "且",          " and ", "mod",   "most",
                     "哪",     "几",      "which",    "how many",    "find",  "求n",   "求使",
                     "只有",   "only",    "存在",     "exist",       "some",  "iff",   "当且仅当",
                     "impl",   "推出",    "unless",   "除非",        "还是",  "或",    "大于",
                     "小于",   "greater", "less",     "consecutive", "相邻",  "连续",  "square",
                     "平方数", ">",       "<",        "neither",     "both",  "least", "尾数",
                     "个位",   "反",      "converse", "都不"})) {
    return std::nullopt;
  }
  if (HasWord(lower, {"or"}) && !HasAny(lower, {"true or false"})) return std::nullopt;
  const auto formulas = FindFormulas(text);
  if (!formulas || !IfsAreOfTheLetter(lower, text, *formulas)) return std::nullopt;
  DividesStatement s;
  for (const Span& span : formulas->spans) {
    if (formulas->IsLetterAlone(text, span)) continue;
    if (s.polynomial) return std::nullopt;
    s.polynomial = span;
  }
  if (!s.polynomial) return std::nullopt;
  Span told = {s.polynomial->end, TailEnd(lower, s.polynomial->end)};
  Span before = {0, s.polynomial->begin};
  if (!HasWord(lower.substr(told.begin, told.end - told.begin), Cues())) {
    // 6 divides p(n): the last clause before it.
    const std::string_view clause = ClauseBefore(lower, *s.polynomial);
    const size_t that = FindWord(clause, "that");
    const size_t skip = that == std::string_view::npos ? 0 : that;
    told = {s.polynomial->begin - clause.size() + skip, s.polynomial->begin};
    before.end = told.begin;
    if (!HasWord(clause, {"divides", "divide", "整除"})) return std::nullopt;
  }
  s.claim = PropertyIn(text, told);
  const Span after = {std::max(told.end, s.polynomial->end), text.size()};
  for (const Span& span : {before, after}) {
    if (!HasWord(lower.substr(span.begin, span.end - span.begin), Cues())) continue;
    const bool led = HasWord(
        lower.substr(span.begin, span.end - span.begin),
        {"if", "when", "whenever", "for", "where", "provided", "若", "如果", "当", "其中", "对"});
    if (s.condition || (span == after && !led)) return std::nullopt;
    s.condition = PropertyIn(text, span);
    if (!s.condition) return std::nullopt;
    const bool named =
        std::any_of(formulas->spans.begin(), formulas->spans.end(),
                    [&](const Span& f) { return f.begin >= span.begin && f.end <= span.end; });
    if (!named) return std::nullopt;
  }
  return DividesSlots(text, s, formulas->letter);
}

}  // namespace

FamilyReaders DividesReaders() { return {DividesStrict, DividesLoose, DividesProblem}; }

}  // namespace lemma::check
