// SPDX-License-Identifier: Apache-2.0
// Readers: one equation in one unknown.
#include "check/formula_runs.h"
#include "check/reading.h"

namespace lemma::check {
namespace {

using PhraseList = std::vector<std::string_view>;

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

// Around the equation; {x} stands for the unknown.
constexpr std::string_view kEquationPhrases =
    "的解是|解是|的根是|根是|是|并写出所有解|写出所有解|并求出所有解|写出|并|every|every real|real "
    "{x}|"
    "{x} with|with|every {x}|every real {x} "
    "with|解方程|求方程|解下列方程|解以下方程|下列方程|下面的方程|方程|这个方程|该方程|此方程|"
    "无理方程|"
    "分式方程|根式方程|一元二次方程|一元一次方程|绝对值方程|关于{x}的方程|关于{x}的|的解|的所有解|"
    "的全部解|的解集|解集|的实数解|的所有实数解|的全部实数解|的实数根|的所有实数根|的根|求解|解|求|"
    "在实数范围内|实数范围内|是多少|是什么|等于多少|等于几|是几|求{x}的值|求{x}|求出{x}|{x}的值|"
    "{x}是多少|{x}等于多少|{x} 等于多少|{x} 的值|求 {x} 的值|求 {x}|{x} "
    "是多少|求{x}的所有实数值|若|"
    "如果|已知|满足|的{x}|所有|所有满足|的{x}的值|的所有{x}|的实数{x}|实数|实数{x}|试|请|请解|求出|"
    "并检验|并验根|并写出检验过程|那么|则|成立|使|有哪些|哪些|有什么|什么|的|有|为|设|{x}为实数|"
    "{x}∈r|使等式|等式|求满足|请问|问|此时|其中{x}是实数|"
    "solve|solve for {x}|for {x}|find {x}|what is {x}|what is the value of {x}|if|the|equation|"
    "the equation|following|this|all|real|solution|solutions|solution set|the solution set|root|"
    "roots|of|to|find|what are|what is|over the real numbers|over the reals|in the reals|"
    "in real numbers|for real {x}|real number {x}|real numbers {x}|all real {x}|{x} such that|"
    "such that|which|satisfy|satisfies|that satisfy|that satisfies|values of {x}|value of {x}|"
    "the value of {x}|real values of {x}|for which|for what|for which value of {x}|"
    "for what value of {x}|for what values of {x}|given|given that|then|please|determine|"
    "determine {x}|what|holds|is true|can you|help me|we have|where {x} is real|"
    "where {x} is a real number|suppose|suppose that|let|compute {x}|does|have|it|real numbers|"
    "for all real {x}|the equation's|make|makes|true|check for extraneous roots|"
    "check your answer|and|exactly|step by step|find the value of {x}";

const PhraseList& EquationPhrases() {
  static const std::vector<std::string> owned = [] {
    std::vector<std::string> out;
    for (const std::string_view phrase : BetweenBars(kEquationPhrases)) {
      if (phrase.find("{x}") == phrase.npos) {
        out.emplace_back(phrase);
        continue;
      }
      for (const char letter : {'x', 'y', 'z', 't'}) {
        std::string filled(phrase);
        for (size_t at = filled.find("{x}"); at != filled.npos; at = filled.find("{x}")) {
          filled.replace(at, 3, 1, letter);
        }
        out.push_back(std::move(filled));
      }
    }
    return out;
  }();
  static const PhraseList phrases = WithMarks(PhraseList(owned.begin(), owned.end()));
  return phrases;
}

std::optional<Slots> EquationStrict(std::string_view text) {
  const std::string_view core = StripEnds(text, EquationPhrases());
  if (core.empty()) return std::nullopt;
  return EquationSlots(text, SpanOf(text, core));
}

std::optional<Slots> EquationLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (HasAny(lower,
             {"整数",     "自然数",   "正",        "负",       "integer", "natural", "positive",
              "negative", "和",       "积",        "sum",      "product", "大于",    "小于",
              "<",        ">",        "≤",         "≥",        "保留",    "约",      "round",
              "有几个",   "how many", "number of", "大",       "小",      "larg",    "small",
              "great",    "least",    "rational",  "有理",     "≠",       "模",      "mod",
              "个数",     "不等",     "different", "distinct", "except",  "除了",    "at most"}) ||
      !HasAny(lower, {"解", "求", "根", "什么", "哪些", "solve", "find", "root", "solution", "what",
                      "which", "多少", "determine", "compute", "几"})) {
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
