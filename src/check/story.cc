// SPDX-License-Identifier: Apache-2.0
// Stories as a problem: one unknown that equals a formula over the numbers of the text.
#include "check/story.h"

#include <algorithm>

#include "check/reading.h"

namespace lemma::check {
namespace {

// The values of the numbers in round `round`: 0 as told, else others without pattern, so that two
// formulas which agree in all rounds are the same.
Rational Probe(const Rational& told, size_t i, int round) {
  if (round == 0) return told;
  const auto k = static_cast<int64_t>(i);
  return round == 1 ? Rational(1009 + 97 * k * k + 31 * k)
                    : Rational(BigInt(7919 - 211 * k), BigInt(13 + 3 * k));
}
constexpr int kRounds = 3;

std::optional<Slots> ToSlots(std::string_view text, const std::optional<StoryAnswer>& answer) {
  if (!answer || HasAny(text, {"第多少", "第几"})) return std::nullopt;
  std::vector<NumeralNote> numbers;
  for (const NumeralNote& n : FindNumerals(text)) {
    if (!n.reason.empty()) continue;
    // 第6天: a name of a day; how many days are before it is another matter.
    if (text.substr(0, n.span.begin).ends_with("第")) return std::nullopt;
    numbers.push_back(n);
  }
  Slots out;
  out.formula = answer->formula;
  out.values["unit"] = answer->unit;
  for (int round = 0; round < kRounds; ++round) {
    Bindings point;
    for (size_t i = 0; i < numbers.size(); ++i) {
      point.emplace("n" + std::to_string(i), Surd(Probe(numbers[i].value, i, round)));
    }
    const auto value = Evaluate(*answer->formula, point);
    if (!value.ok()) return std::nullopt;
    out.values["value " + std::to_string(round)] = value->ToString();
  }
  const std::vector<std::string> used = VariablesOf(*answer->formula);
  for (size_t i = 0; i < numbers.size(); ++i) {
    const std::string name = "n" + std::to_string(i);
    const bool idle = std::find(answer->articles.begin(), answer->articles.end(),
                                static_cast<int>(i)) != answer->articles.end();
    const bool in_use = std::find(used.begin(), used.end(), name) != used.end();
    if (idle == in_use) return std::nullopt;
    out.spans[name] = numbers[i].span;
    if (in_use) out.values[name] = numbers[i].value.ToString();
    if (idle) out.reasons[name] = "says \"a\", or how many things were listed";
  }
  return out;
}

ExprPtr Substitute(const ExprPtr& e, const Slots& slots) {
  if (e->op == Op::kVariable) {
    const auto value = ParseExpr("(" + slots.values.at(e->name) + ")");
    return value.ok() ? *value : e;
  }
  if (e->args.empty()) return e;
  std::vector<ExprPtr> args;
  for (const ExprPtr& arg : e->args) args.push_back(Substitute(arg, slots));
  return Make(e->op, std::move(args));
}

std::optional<Slots> StoryStrict(std::string_view text) {
  return ToSlots(text, StoryByClauses(text));
}
std::optional<Slots> StoryLoose(std::string_view text) { return ToSlots(text, StoryByUnits(text)); }

std::optional<Problem> StoryProblem(const Slots& slots) {
  const ExprPtr formula = Substitute(slots.formula, slots);
  const auto value = Evaluate(*formula, {});
  const std::string& unit = slots.values.at("unit");
  if (!value.ok() || value->Sign() <= 0) return std::nullopt;
  // 59 photos, 7 a page: what to do with the rest is not said in so many words.
  const bool counts = !unit.empty() && !IsMeasure(unit);
  if (counts && !value->IsInteger()) return std::nullopt;
  Problem p;
  p.family = Family::kLinear;
  Variable x;
  x.name = "x";
  x.domain = counts ? Domain::kNatural : Domain::kReal;
  x.unit = unit;
  p.variables.push_back(x);
  p.constraints.push_back({{Var("x"), RelOp::kEq, formula}, slots.spans.begin()->second});
  p.query.kind = QueryKind::kValue;
  p.query.expr = Var("x");
  p.query.unit = unit;
  return p;
}

}  // namespace

FamilyReaders StoryReaders() { return {StoryStrict, StoryLoose, StoryProblem}; }

}  // namespace lemma::check
