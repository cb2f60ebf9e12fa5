// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "check/checker_parts.h"
#include "check/linear.h"

namespace lemma::check {
namespace {

std::optional<LinearEquation> Row(const Constraint& c, const std::vector<Variable>& variables) {
  const auto form = ToLinearForm(*Make(Op::kSub, {c.relation.left, c.relation.right}));
  if (!form.ok()) return std::nullopt;
  LinearEquation row;
  row.constant = -form->constant;
  for (const Variable& v : variables) {
    const auto found = form->coefficients.find(v.name);
    row.coefficients.push_back(found == form->coefficients.end() ? Rational() : found->second);
  }
  return row;
}

// The system of all equalities; other relations must hold at the point found.
struct System {
  LinearSolutions solutions;
  Bindings point;           // for kUnique
  bool admissible = false;  // kUnique: domains and the other relations hold
  bool decided = false;
};

System Solve(const Problem& p) {
  System out;
  std::vector<LinearEquation> rows;
  for (const Constraint& c : p.constraints) {
    if (c.relation.op != RelOp::kEq) continue;
    const auto row = Row(c, p.variables);
    if (!row) return out;
    rows.push_back(*row);
  }
  out.solutions = SolveLinear(rows, p.variables.size());
  if (out.solutions.kind != SolutionKind::kUnique) {
    out.decided = true;
    return out;
  }
  out.admissible = true;
  for (size_t i = 0; i < p.variables.size(); ++i) {
    const Surd value(out.solutions.point[i]);
    out.point[p.variables[i].name] = value;
    out.admissible = out.admissible && InDomain(p.variables[i], value);
  }
  for (const Constraint& c : p.constraints) {
    const auto line = LineAt(c, out.point);
    if (!line) return out;
    out.admissible = out.admissible && line->result == LineResult::kPass;
  }
  out.decided = true;
  return out;
}

void AddProof(const System& system, Report& out) {
  constexpr std::string_view kKinds[] = {"none", "unique", "family"};
  out.proof.emplace_back("rational_solutions", kKinds[static_cast<size_t>(system.solutions.kind)]);
  if (system.solutions.kind == SolutionKind::kUnique) {
    out.proof.emplace_back("only_point", PointText(system.point));
  }
}

Report CheckNoSolution(const System& system) {
  Report out;
  if (system.solutions.kind == SolutionKind::kFamily) {
    return Unverified(Reason::kCannotDecide, "a family of solutions over the fractions");
  }
  const bool none = system.solutions.kind == SolutionKind::kNone || !system.admissible;
  out.verdict = none ? Verdict::kVerified : Verdict::kRefuted;
  out.reason = none ? Reason::kNoSolutionProven : Reason::kSolutionExists;
  AddProof(system, out);
  return out;
}

Report CheckPoint(const Problem& p, const Bindings& given, const System& system) {
  Report out;
  AddProof(system, out);
  for (const Constraint& c : p.constraints) {
    const auto line = LineAt(c, given);
    if (!line) return Unverified(Reason::kCannotDecide, "a constraint cannot be evaluated");
    out.lines.push_back(*line);
  }
  const bool pass = std::all_of(out.lines.begin(), out.lines.end(), [](const CheckLine& line) {
    return line.result == LineResult::kPass;
  });
  if (!pass) {
    out.verdict = Verdict::kRefuted;
    out.reason = Reason::kConstraintFails;
    return out;
  }
  for (const Variable& v : p.variables) {
    if (InDomain(v, given.at(v.name))) continue;
    out.verdict = Verdict::kRefuted;
    out.reason = Reason::kOutsideDomain;
    out.detail = v.name + "=" + given.at(v.name).ToString();
    return out;
  }
  const bool unique = system.solutions.kind == SolutionKind::kUnique;
  out.verdict = unique ? Verdict::kVerified : Verdict::kChecked;
  out.reason = unique ? Reason::kUniqueSolution : Reason::kNotUnique;
  return out;
}

Report CheckValue(const Problem& p, const Answer& answer, const Surd& given, const System& system) {
  if (!p.query.expr) return Unverified(Reason::kNotBound, "the query has no expression");
  Report out;
  if (system.solutions.kind == SolutionKind::kFamily) {
    return Unverified(Reason::kCannotDecide, "a family of solutions");
  }
  if (system.solutions.kind == SolutionKind::kNone || !system.admissible) {
    out.verdict = Verdict::kRefuted;
    out.reason = Reason::kNotASolution;
    AddProof(system, out);
    return out;
  }
  const auto value = Evaluate(*p.query.expr, system.point);
  if (!value.ok()) return Unverified(Reason::kCannotDecide, value.status().message());
  if (IsRounded(answer, *value, given)) return Unverified(Reason::kRounded, "a rounded decimal");
  const bool same = *value == given;
  out.verdict = same ? Verdict::kVerified : Verdict::kRefuted;
  out.reason = same ? Reason::kUniqueSolution : Reason::kNotASolution;
  AddProof(system, out);
  if (!same) return out;
  for (const Constraint& c : p.constraints) out.lines.push_back(*LineAt(c, system.point));
  return out;
}

}  // namespace

Report CheckLinear(const Problem& p, const Answer& answer) {
  if (p.variables.empty() || p.variables.size() > 16 || p.constraints.empty() ||
      p.constraints.size() > 64) {
    return Unverified(Reason::kCannotDecide, "expected 1 to 16 unknowns and 1 to 64 constraints");
  }
  const System system = Solve(p);
  if (!system.decided) return Unverified(Reason::kCannotDecide, "a constraint is not linear");
  if (answer.kind == AnswerKind::kNoSolution) return CheckNoSolution(system);
  if (p.query.kind == QueryKind::kAssignment) {
    const auto given = BindNames(p, answer);
    if (!given) return Unverified(Reason::kNotBound, "the answer does not name all unknowns asked");
    if (given->size() == p.variables.size()) {
      for (const auto& [name, value] : *given) {
        const auto truth = system.point.find(name);
        if (truth != system.point.end() && IsRounded(answer, truth->second, value)) {
          return Unverified(Reason::kRounded, "a rounded decimal");
        }
      }
      return CheckPoint(p, *given, system);
    }
    return Unverified(Reason::kCannotDecide, "not all unknowns are asked for");
  }
  if (p.query.kind != QueryKind::kValue) {
    return Unverified(Reason::kCannotDecide, "this query has no linear checker");
  }
  const auto given = SingleNumber(answer, p.query);
  if (!given) return Unverified(Reason::kNotBound, "expected one number in the unit asked for");
  return CheckValue(p, answer, *given, system);
}

}  // namespace lemma::check
