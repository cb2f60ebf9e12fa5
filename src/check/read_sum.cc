// SPDX-License-Identifier: Apache-2.0
// Readers: the value of a sum that is written out, "What is 347 + 589?". A division must come out
// whole: else a remainder or a fraction may be meant.
#include "check/formula_runs.h"
#include "check/reading.h"

namespace lemma::check {
namespace {

bool HasDivision(const Expr& expr) {
  if (expr.op == Op::kDiv) return true;
  for (const ExprPtr& arg : expr.args) {
    if (HasDivision(*arg)) return true;
  }
  return false;
}

bool HasOperation(const Expr& expr) {
  switch (expr.op) {
    case Op::kAdd:
    case Op::kSub:
    case Op::kMul:
    case Op::kDiv:
    case Op::kPow:
      return true;
    case Op::kNeg:
      return HasOperation(*expr.args[0]);
    default:
      return false;
  }
}

std::optional<Slots> SumSlots(std::string_view text, Span span) {
  const auto parsed = ParseExpr(text.substr(span.begin, span.end - span.begin));
  if (!parsed.ok() || !VariablesOf(**parsed).empty() || !HasOperation(**parsed)) {
    return std::nullopt;
  }
  const auto value = Evaluate(**parsed, {});
  if (!value.ok() || (HasDivision(**parsed) && !value->IsInteger())) return std::nullopt;
  Slots out;
  out.values["sum"] = ToText(**parsed);
  out.spans["sum"] = span;
  return out;
}

constexpr std::string_view kSumPhrases =
    "=|＝|?|？|= ?|计算|计算一下|算|算一算|算一下|算出|请算出|请计算|口算|笔算|求|求出|求值|求一下|"
    "请问|请|问|的值|的结果|的得数|的值是多少|的结果是多少|得数是多少|的得数是多少|结果是多少|"
    "等于多少|等于几|是多少|是几|得几|得多少|多少|我想知道|告诉我|帮我算|帮我算一下|下面|这道题|"
    "下列|式子|算式|这个算式|吗|呢|的|是|得|等于|结果|结果是什么|的结果是什么|"
    "what is|what's|what does|equal|equals|what is the value of|what is the result of|the value of|"
    "value of|the result of|find|find the value of|compute|calculate|evaluate|work out|how much is|"
    "tell me|tell me the result of|give|give the value of|please|can you|could you|solve|simplify|"
    "is what|equals what|is equal to|what|is|what do you get for|the answer to|the following|is it|"
    "the expression|in total|exactly|for me";

std::optional<Slots> SumStrict(std::string_view text) {
  static const std::vector<std::string_view> phrases = WithMarks(BetweenBars(kSumPhrases));
  const std::string_view core = StripEnds(text, phrases);
  if (core.empty()) return std::nullopt;
  return SumSlots(text, SpanOf(text, core));
}

// Nothing but the one formula may hold a number or stand for a condition on the result.
std::optional<Slots> SumLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (HasAny(lower, {"余",   "约",      "估",    "保留",   "位",    "近似",   "分数",   "小数",
                     "验算", "比",      "大",    "小",     "质",    "因数",   "倍数",   "个数",
                     "奇",   "偶",      "模",    "remain", "round", "approx", "estim",  "about",
                     "mod",  "digit",   "prime", "factor", "less",  "more",   "great",  "small",
                     "larg", "compar",  "even",  "odd",    "half",  "twice",  "double", "if",
                     "not",  "without", "step",  "large",  "than",  "一半",   "两倍",   "不"})) {
    return std::nullopt;
  }
  std::optional<Span> only;
  for (const Span& run : FormulaRuns(text)) {
    if (only) return std::nullopt;
    only = run;
  }
  if (!only) return std::nullopt;
  while (only->end > only->begin) {
    const std::string_view part = text.substr(only->begin, only->end - only->begin);
    const size_t cut = part.ends_with('=') || part.ends_with(' ') ? 1
                       : part.ends_with("＝")                     ? 3
                                                                  : 0;
    if (cut == 0) break;
    only->end -= cut;
  }
  for (const NumeralNote& numeral : FindNumerals(text)) {
    if (numeral.span.begin < only->begin || numeral.span.end > only->end) return std::nullopt;
  }
  return SumSlots(text, *only);
}

std::optional<Problem> SumProblem(const Slots& slots) {
  const auto parsed = ParseExpr(slots.values.at("sum"));
  if (!parsed.ok()) return std::nullopt;
  Problem p;
  p.family = Family::kEquation;
  Variable x;
  x.name = "x";
  p.variables.push_back(x);
  p.constraints.push_back({{Var("x"), RelOp::kEq, *parsed}, slots.spans.at("sum")});
  p.query.kind = QueryKind::kAll;
  p.query.expr = Var("x");
  return p;
}

}  // namespace

FamilyReaders SumReaders() { return {SumStrict, SumLoose, SumProblem}; }

}  // namespace lemma::check
