// SPDX-License-Identifier: Apache-2.0
// Readers: one equation in one unknown.
#include "check/formula_runs.h"
#include "check/reading.h"

namespace lemma::check {
namespace {

using Phrases = std::vector<std::string_view>;

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

const Phrases& EquationPhrases() {
  static const Phrases phrases = WithMarks(BetweenBars(
      "解方程|求方程|解下列方程|解以下方程|方程|的解|的所有解|的全部解|的实数解|"
      "的所有实数解|的全部实数解|的实数根|的所有实数根|的根|求解|解|求|在实数范围内|是多少|"
      "是什么|等于多少|求x的值|求x|x的值|x是多少|x等于多少|若|如果|已知|已知方程|满足|的x|"
      "所有|所有满足|的x的值|实数|试|请|请解方程|的所有x|的实数x|那么|则|solve|"
      "solve the equation|the equation|for x|solve for x|find x|what is x|"
      "what is the value of x|if|find all real solutions of|find all real solutions to|"
      "find all solutions of|find all solutions to|find all real roots of|"
      "find the real solutions of|over the real numbers|over the reals|what are the|"
      "real solutions of|real solutions to|solutions of|solutions to|roots of|find|"
      "find all real x such that|find all real numbers x such that|given|given that|then|"
      "please|equation|determine x|find all x such that|in real numbers"));
  return phrases;
}

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

}  // namespace

FamilyReaders EquationReaders() { return {EquationStrict, EquationLoose, EquationProblem}; }

}  // namespace lemma::check
