// SPDX-License-Identifier: Apache-2.0
#include "check/checkers.h"

#include <algorithm>

#include "check/answer_units.h"
#include "check/checker_parts.h"
#include "check/units.h"

namespace lemma::check {
namespace {

Report Dispatch(const Problem& problem, const Answer& answer) {
  switch (problem.family) {
    case Family::kLinear:
      return CheckLinear(problem, answer);
    case Family::kEquation:
      return CheckEquation(problem, answer);
    case Family::kPuzzle:
      return CheckPuzzle(problem, answer);
    case Family::kCounting:
    case Family::kProbability:
      return CheckCount(problem, answer);
    case Family::kRecurrence:
      return CheckRecurrence(problem, answer);
    case Family::kDivisibility:
      return CheckDivisibility(problem, answer);
  }
  return Unverified(Reason::kCannotDecide, "no such family");
}

bool UnitFits(const std::string& given, const std::string& asked) {
  const std::string_view a = NormalUnit(given);
  const std::string_view b = NormalUnit(asked);
  if (a.empty() && b.empty()) return true;  // counters and unknown words say nothing of size
  return given.empty() || a == b;
}

// A value in the unit asked for, if it is given in another unit of the same kind.
bool Convert(const std::string& asked, Surd& value, std::string& unit) {
  if (unit.empty() || UnitFits(unit, asked)) return false;
  const auto factor = ConversionFactor(std::string_view(unit), std::string_view(asked));
  const auto converted = factor ? Mul(value, Surd(*factor)) : std::nullopt;
  if (!converted) return false;
  value = *converted;
  unit = asked;
  return true;
}

const Variable* FindVariable(const Problem& problem, const std::string& name) {
  for (const Variable& v : problem.variables) {
    if (v.name == name || std::find(v.labels.begin(), v.labels.end(), name) != v.labels.end()) {
      return &v;
    }
  }
  return nullptr;
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  constexpr std::string_view kNames[] = {"REFUTED", "VERIFIED", "CHECKED", "SELF-OK", "UNVERIFIED"};
  return kNames[static_cast<size_t>(verdict)];
}

std::string_view ReasonName(Reason reason) {
  constexpr std::string_view kNames[] = {
      "unique_solution",   "all_solutions",   "no_solution_proven",
      "count_agrees",      "value_agrees",    "proven_by_residues",
      "constraint_fails",  "outside_domain",  "not_a_solution",
      "solutions_missing", "solution_exists", "count_differs",
      "value_differs",     "counterexample",  "not_unique",
      "incomplete",        "weak_answer",     "rounded",
      "not_bound",         "cannot_decide",   "too_many_cases"};
  return kNames[static_cast<size_t>(reason)];
}

bool IsRounded(const Answer& answer, const Surd& truth, const Surd& given) {
  return answer.decimals && truth != given && RoundsTo(truth, given, *answer.decimals);
}

Report Unverified(Reason reason, std::string detail) {
  Report out;
  out.reason = reason;
  out.detail = std::move(detail);
  return out;
}

std::string PointText(const Bindings& point) {
  std::string out;
  for (const auto& [name, value] : point) {
    out += (out.empty() ? "" : ", ") + name + "=" + value.ToString();
  }
  return out;
}

std::optional<CheckLine> LineAt(const Constraint& constraint, const Bindings& point) {
  const Relation& r = constraint.relation;
  CheckLine line;
  line.relation = ToText(*r.left) + std::string(RelOpText(r.op)) + ToText(*r.right);
  line.at = PointText(point);
  line.span = constraint.span;
  const auto left = Evaluate(*r.left, point);
  const auto right = Evaluate(*r.right, point);
  for (const auto* side : {&left, &right}) {
    if (side->ok()) continue;
    if (side->status().code() != StatusCode::kInvalidArgument) return std::nullopt;
    line.result = LineResult::kUndefined;
  }
  if (left.ok()) line.left = left->ToString();
  if (right.ok()) line.right = right->ToString();
  if (line.result == LineResult::kUndefined) return line;
  const auto holds = Holds(r, point);
  if (!holds.ok()) return std::nullopt;
  line.result = *holds ? LineResult::kPass : LineResult::kFail;
  return line;
}

bool InDomain(const Variable& variable, const Surd& value) {
  if (variable.domain != Domain::kReal && !value.IsInteger()) return false;
  if (variable.domain == Domain::kNatural && value.Sign() < 0) return false;
  if (!variable.range) return true;
  return value >= Surd(variable.range->low) && value <= Surd(variable.range->high);
}

std::optional<Surd> SingleNumber(const Answer& answer, const Query& query) {
  std::string unit;
  std::optional<Surd> value;
  if (answer.kind == AnswerKind::kNumber && answer.numbers.size() == 1) {
    value = answer.numbers[0];
    unit = answer.unit;
  } else if (answer.kind == AnswerKind::kNamed && answer.named.size() == 1) {
    value = answer.named[0].value;
    unit = answer.named[0].unit;
  }
  if (!value || !UnitFits(unit, query.unit)) return std::nullopt;
  return value;
}

std::optional<Bindings> BindNames(const Problem& problem, const Answer& answer) {
  if (answer.kind != AnswerKind::kNamed || answer.named.size() != problem.query.names.size()) {
    return std::nullopt;
  }
  Bindings out;
  for (const NamedValue& given : answer.named) {
    const Variable* found = nullptr;
    for (const Variable& v : problem.variables) {
      const bool fits = v.name == given.name ||
                        std::find(v.labels.begin(), v.labels.end(), given.name) != v.labels.end();
      if (!fits) continue;
      if (found != nullptr) return std::nullopt;  // two unknowns of that name
      found = &v;
    }
    if (found == nullptr || !UnitFits(given.unit, found->unit)) return std::nullopt;
    if (!out.emplace(found->name, given.value).second) return std::nullopt;
  }
  const bool all = std::all_of(problem.query.names.begin(), problem.query.names.end(),
                               [&](const std::string& name) { return out.count(name) == 1; });
  return all ? std::optional(out) : std::nullopt;
}

bool ConvertUnits(const Problem& problem, Answer& answer) {
  bool changed = false;
  if (answer.kind == AnswerKind::kNumber && answer.numbers.size() == 1) {
    changed = Convert(problem.query.unit, answer.numbers[0], answer.unit);
  }
  for (NamedValue& given : answer.named) {
    const Variable* variable = FindVariable(problem, given.name);
    const std::string& asked =
        variable == nullptr || answer.named.size() == 1 ? problem.query.unit : variable->unit;
    changed = Convert(asked, given.value, given.unit) || changed;
  }
  return changed;
}

Report CheckAnswer(const Problem& problem, const Answer& given, AnswerRule rule) {
  Answer answer = given;
  const bool converted = ConvertUnits(problem, answer);
  if (answer.kind == AnswerKind::kText && problem.query.kind != QueryKind::kClaim) {
    return Unverified(Reason::kNotBound, "the answer is no value: " + answer.text);
  }
  Report out = Dispatch(problem, answer);
  if (converted && answer.decimals && out.verdict == Verdict::kRefuted) {
    return Unverified(Reason::kRounded, "a decimal in another unit: it may be rounded");
  }
  if (out.verdict != Verdict::kVerified && out.verdict != Verdict::kRefuted) return out;
  const bool verified = out.verdict == Verdict::kVerified;
  if (const Status complete = CheckComplete(problem); !complete.ok()) {
    // A constraint that was misread must not refute, so only what holds is told.
    out.verdict = verified ? Verdict::kChecked : Verdict::kUnverified;
    out.reason = Reason::kIncomplete;
    out.detail = complete.message();
  } else if (rule == AnswerRule::kLastNumber || rule == AnswerRule::kBoxedInThinking) {
    out.verdict = verified ? Verdict::kChecked : Verdict::kUnverified;
    out.reason = Reason::kWeakAnswer;
    out.detail = "the answer was read by the rule " + std::string(AnswerRuleName(rule));
  }
  return out;
}

}  // namespace lemma::check
