// SPDX-License-Identifier: Apache-2.0
// Readers of the families told in formulas: one equation, and "m divides p(n)".
#include <algorithm>

#include "base/utf8.h"
#include "check/reading.h"

namespace lemma::check {
namespace {

using Phrases = std::vector<std::string_view>;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsFormulaChar(std::string_view rest, size_t* bytes) {
  *bytes = DecodeUtf8(rest).length;
  if (*bytes == 1) {
    return std::string_view("0123456789+-*/^(){}[].=|!%$\\ ").find(rest[0]) !=
           std::string_view::npos;
  }
  for (const std::string_view sign :
       {"√", "×", "÷", "−", "·", "²", "³", "＝", "＋", "－", "（", "）", "⁴", "⋅"}) {
    if (rest.starts_with(sign)) return true;
  }
  return false;
}

// Stretches of the text that may be formulas: signs, digits, single letters and known commands.
std::vector<Span> FormulaRuns(std::string_view text) {
  std::vector<Span> out;
  size_t begin = 0;
  const auto close = [&](size_t end) {
    Span span = {begin, end};
    while (span.end > span.begin &&
           std::string_view(" .$").find(text[span.end - 1]) != std::string_view::npos) {
      --span.end;
    }
    while (span.begin < span.end &&
           std::string_view(" .$").find(text[span.begin]) != std::string_view::npos) {
      ++span.begin;
    }
    if (span.begin < span.end) out.push_back(span);
  };
  for (size_t at = 0; at < text.size();) {
    size_t bytes = 0;
    if (IsLetter(text[at])) {
      while (at + bytes < text.size() && IsLetter(text[at + bytes])) ++bytes;
      const std::string_view word = text.substr(at, bytes);
      const bool command = word == "sqrt" || word == "frac" || word == "dfrac" || word == "cdot" ||
                           word == "times" || word == "left" || word == "right";
      if (bytes > 1 && !command) {
        close(at);
        begin = at + bytes;
      }
    } else if (!IsFormulaChar(text.substr(at), &bytes)) {
      close(at);
      begin = at + bytes;
    }
    at += bytes;
  }
  close(text.size());
  return out;
}

std::optional<Slots> EquationSlots(std::string_view text, Span span) {
  const auto relations = ParseRelations(text.substr(span.begin, span.end - span.begin));
  if (!relations.ok() || relations->size() != 1 || relations->front().op != RelOp::kEq) {
    return std::nullopt;
  }
  Slots out;
  out.values["relation"] =
      ToText(*relations->front().left) + "=" + ToText(*relations->front().right);
  out.spans["relation"] = span;
  return out;
}

Span SpanOf(std::string_view whole, std::string_view part) {
  const auto begin = static_cast<size_t>(part.data() - whole.data());
  return {begin, begin + part.size()};
}

const Phrases& EquationPhrases() {
  static const Phrases phrases = {" ",
                                  "\n",
                                  "，",
                                  "。",
                                  "：",
                                  "？",
                                  "；",
                                  ",",
                                  ".",
                                  ":",
                                  "?",
                                  ";",
                                  "$",
                                  "解方程",
                                  "求方程",
                                  "解下列方程",
                                  "解以下方程",
                                  "方程",
                                  "的解",
                                  "的所有解",
                                  "的全部解",
                                  "的实数解",
                                  "的所有实数解",
                                  "的全部实数解",
                                  "的实数根",
                                  "的所有实数根",
                                  "的根",
                                  "求解",
                                  "解",
                                  "求",
                                  "在实数范围内",
                                  "是多少",
                                  "是什么",
                                  "等于多少",
                                  "求x的值",
                                  "求x",
                                  "x的值",
                                  "x是多少",
                                  "x等于多少",
                                  "若",
                                  "如果",
                                  "已知",
                                  "已知方程",
                                  "满足",
                                  "的x",
                                  "所有",
                                  "所有满足",
                                  "的x的值",
                                  "实数",
                                  "试",
                                  "请",
                                  "请解方程",
                                  "的所有x",
                                  "的实数x",
                                  "那么",
                                  "则",
                                  "solve",
                                  "solve the equation",
                                  "the equation",
                                  "for x",
                                  "solve for x",
                                  "find x",
                                  "what is x",
                                  "what is the value of x",
                                  "if",
                                  "find all real solutions of",
                                  "find all real solutions to",
                                  "find all solutions of",
                                  "find all solutions to",
                                  "find all real roots of",
                                  "find the real solutions of",
                                  "over the real numbers",
                                  "over the reals",
                                  "what are the",
                                  "real solutions of",
                                  "real solutions to",
                                  "solutions of",
                                  "solutions to",
                                  "roots of",
                                  "find",
                                  "find all real x such that",
                                  "find all real numbers x such that",
                                  "given",
                                  "given that",
                                  "then",
                                  "please",
                                  "equation",
                                  "determine x",
                                  "find all x such that",
                                  "in real numbers"};
  return phrases;
}

const Phrases& DividesPhrases() {
  static const Phrases phrases = {" ",
                                  "\n",
                                  "，",
                                  "。",
                                  "：",
                                  "？",
                                  "；",
                                  ",",
                                  ".",
                                  ":",
                                  "?",
                                  "$",
                                  "证明",
                                  "求证",
                                  "试证",
                                  "试证明",
                                  "请证明",
                                  "判断",
                                  "对任意整数n",
                                  "对于任意整数n",
                                  "对任意的整数n",
                                  "对所有整数n",
                                  "对一切整数n",
                                  "对任意自然数n",
                                  "对每个整数n",
                                  "对任何整数n",
                                  "若n是整数",
                                  "若n为整数",
                                  "设n为整数",
                                  "设n是整数",
                                  "当n为整数时",
                                  "n为整数",
                                  "n是整数",
                                  "吗",
                                  "是否成立",
                                  "对吗",
                                  "成立吗",
                                  "这个命题成立吗",
                                  "是否正确",
                                  "都",
                                  "有",
                                  "for every integer n",
                                  "for all integers n",
                                  "for any integer n",
                                  "for each integer n",
                                  "if n is an integer",
                                  "let n be an integer",
                                  "prove that",
                                  "show that",
                                  "prove",
                                  "show",
                                  "is it true that",
                                  "decide whether",
                                  "true or false",
                                  "when n is an integer",
                                  "then",
                                  "则",
                                  "for every whole number n",
                                  "determine whether",
                                  "the number",
                                  "the expression"};
  return phrases;
}

struct Ending {
  std::string_view text;
  int64_t modulus;  // 0: a number follows, then `tail`
  std::string_view tail;
};
constexpr Ending kEndings[] = {{"是偶数", 2, ""},
                               {"为偶数", 2, ""},
                               {"总是偶数", 2, ""},
                               {"一定是偶数", 2, ""},
                               {"必是偶数", 2, ""},
                               {"都是偶数", 2, ""},
                               {"必为偶数", 2, ""},
                               {"is even", 2, ""},
                               {"is always even", 2, ""},
                               {"must be even", 2, ""},
                               {"is an even number", 2, ""},
                               {"能被", 0, "整除"},
                               {"总能被", 0, "整除"},
                               {"一定能被", 0, "整除"},
                               {"都能被", 0, "整除"},
                               {"是", 0, "的倍数"},
                               {"总是", 0, "的倍数"},
                               {"一定是", 0, "的倍数"},
                               {"is divisible by", 0, ""},
                               {"is always divisible by", 0, ""},
                               {"is a multiple of", 0, ""},
                               {"is always a multiple of", 0, ""}};

std::string_view TrimSpaces(std::string_view text) { return StripEnds(text, {" ", "$"}); }

std::optional<Slots> DividesSlots(std::string_view whole, std::string_view polynomial,
                                  const Rational& modulus) {
  const auto e = ParseExpr(polynomial);
  if (!e.ok() || !modulus.IsInteger() || modulus.Sign() <= 0) return std::nullopt;
  if (VariablesOf(**e) != std::vector<std::string>{"n"}) return std::nullopt;
  Slots out;
  out.values["polynomial"] = ToText(**e);
  out.values["modulus"] = modulus.ToString();
  out.spans["polynomial"] = SpanOf(whole, polynomial);
  return out;
}

}  // namespace

std::optional<Slots> EquationStrict(std::string_view text) {
  const std::string_view core = StripEnds(text, EquationPhrases());
  if (core.empty()) return std::nullopt;
  return EquationSlots(text, SpanOf(text, core));
}

std::optional<Slots> EquationLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (HasAny(lower, {"整数",     "自然数",   "正",        "负",   "integer", "natural", "positive",
                     "negative", "和",       "积",        "sum",  "product", "大于",    "小于",
                     "<",        ">",        "≤",         "≥",    "保留",    "约",      "round",
                     "有几个",   "how many", "number of", "大",   "小",      "larg",    "small",
                     "great",    "least",    "rational",  "有理", "≠",       "模",      "mod"}) ||
      !HasAny(lower,
              {"解", "求", "solve", "find", "root", "solution", "what", "多少", "determine"})) {
    return std::nullopt;
  }
  std::optional<Slots> out;
  for (const Span& run : FormulaRuns(text)) {
    const std::string_view part = text.substr(run.begin, run.end - run.begin);
    if (part.find('=') == std::string_view::npos && part.find("＝") == std::string_view::npos) {
      continue;
    }
    if (out) return std::nullopt;
    out = EquationSlots(text, run);
    if (!out) return std::nullopt;
  }
  return out;
}

std::optional<Problem> EquationProblem(const Slots& slots) {
  const auto relations = ParseRelations(slots.values.at("relation"));
  if (!relations.ok()) return std::nullopt;
  const Relation& r = relations->front();
  const auto names = VariablesOf(*Make(Op::kSub, {r.left, r.right}));
  if (names.size() != 1) return std::nullopt;
  Problem p;
  p.family = Family::kEquation;
  Variable x;
  x.name = names[0];
  p.variables.push_back(x);
  p.constraints.push_back({r, slots.spans.at("relation")});
  p.query.kind = QueryKind::kAll;
  p.query.expr = Var(names[0]);
  return p;
}

std::optional<Slots> DividesStrict(std::string_view text) {
  const std::string_view core = StripEnds(text, DividesPhrases());
  std::optional<Slots> out;
  size_t best = 0;
  for (const Ending& ending : kEndings) {
    const size_t at = LowerAscii(core).find(ending.text);
    if (at == std::string_view::npos || at == 0 || ending.text.size() < best) continue;
    const std::string_view polynomial = TrimSpaces(core.substr(0, at));
    std::string_view rest = TrimSpaces(core.substr(at + ending.text.size()));
    Rational modulus = ending.modulus;
    Span span;
    if (ending.modulus == 0) {
      const auto number = ReadNumeral(rest);
      if (!number) continue;
      modulus = number->value;
      span = SpanOf(text, rest.substr(0, number->bytes));
      rest = TrimSpaces(rest.substr(number->bytes));
      if (!rest.starts_with(ending.tail)) continue;
      rest.remove_prefix(ending.tail.size());
    }
    if (!rest.empty()) continue;
    auto slots = DividesSlots(text, polynomial, modulus);
    if (!slots) continue;
    if (ending.modulus == 0) slots->spans["modulus"] = span;
    out = std::move(slots);
    best = ending.text.size();
  }
  return out;
}

std::optional<Slots> DividesLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (!HasAny(lower, {"偶数", "even", "整除", "倍数", "divisible", "multiple"}) ||
      HasAny(lower, {"不",    "not",      "奇",   "odd",       "质",   "prime", "且",
                     " and ", "mod",      "余",   "remainder", "most", "哪",    "几",
                     "which", "how many", "find", "求n",       "只有", "only"})) {
    return std::nullopt;
  }
  std::optional<Span> formula;
  for (const Span& run : FormulaRuns(text)) {
    const std::string_view part = text.substr(run.begin, run.end - run.begin);
    if (part.find('n') == std::string_view::npos || part.size() < 2) continue;
    if (!HasAny(part, {"+", "-", "*", "^", "(", "²", "³", "−", "×"})) continue;
    if (formula) return std::nullopt;
    formula = run;
  }
  if (!formula) return std::nullopt;
  std::optional<NumeralNote> modulus;
  for (const NumeralNote& n : FindNumerals(text)) {
    if (!n.reason.empty() || (n.span.begin >= formula->begin && n.span.end <= formula->end))
      continue;
    if (modulus) return std::nullopt;
    modulus = n;
  }
  const bool even = HasAny(lower, {"偶数", "even"});
  if (even == modulus.has_value()) return std::nullopt;
  auto out = DividesSlots(text, text.substr(formula->begin, formula->end - formula->begin),
                          even ? Rational(2) : modulus->value);
  if (out && modulus) out->spans["modulus"] = modulus->span;
  return out;
}

std::optional<Problem> DividesProblem(const Slots& slots) {
  const auto e = ParseExpr(slots.values.at("polynomial"));
  const auto m = BigInt::Parse(slots.values.at("modulus"))->ToInt64();
  if (!e.ok() || !m) return std::nullopt;
  Problem p;
  p.family = Family::kDivisibility;
  p.divisibility = Divisibility{*e, *m};
  p.query.kind = QueryKind::kClaim;
  return p;
}

}  // namespace lemma::check
