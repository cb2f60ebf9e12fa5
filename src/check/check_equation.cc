// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "check/checker_parts.h"
#include "check/polynomial.h"
#include "check/radical_form.h"

namespace lemma::check {
namespace {

// All solutions of the one equation, or why they are not known.
struct Solved {
  bool complete = false;
  std::string why;
  std::vector<Surd> solutions;  // ascending
  std::vector<Surd> extraneous;
  Polynomial polynomial;
  size_t real_roots = 0;
};

std::string Join(const std::vector<Surd>& values) {
  std::string out;
  for (const Surd& v : values) out += (out.empty() ? "" : "; ") + v.ToString();
  return out;
}

Solved SolveAll(const Problem& p) {
  Solved out;
  const Variable& x = p.variables[0];
  const auto polynomial = NecessaryPolynomial(p.constraints[0].relation, x.name);
  if (!polynomial.ok()) {
    out.why = polynomial.status().message();
    return out;
  }
  out.polynomial = *polynomial;
  const auto roots = RealRoots(*polynomial);
  if (!roots) {
    out.why = polynomial->IsZero() ? "the sides are the same" : "coefficients too large";
    return out;
  }
  out.real_roots = roots->size();
  for (const RealRoot& root : *roots) {
    if (!root.exact) {
      out.why = "a root that is no number a+b*sqrt(d)";
      return out;
    }
    bool holds = InDomain(x, *root.exact);
    for (const Constraint& c : p.constraints) {
      const auto line = LineAt(c, {{x.name, *root.exact}});
      if (!line) {
        out.why = "a candidate cannot be decided";
        return out;
      }
      holds = holds && line->result == LineResult::kPass;
    }
    (holds ? out.solutions : out.extraneous).push_back(*root.exact);
  }
  out.complete = true;
  return out;
}

// The values an answer gives for the unknown, ascending.
std::optional<std::vector<Surd>> Given(const Problem& p, const Answer& answer) {
  if (answer.kind == AnswerKind::kNoSolution) return std::vector<Surd>{};
  if (answer.kind == AnswerKind::kSet && answer.unit.empty()) return answer.numbers;
  if (answer.kind == AnswerKind::kNamed) {
    const Variable& x = p.variables[0];
    const std::string& name = answer.named[0].name;
    const bool mine =
        name == x.name || std::find(x.labels.begin(), x.labels.end(), name) != x.labels.end();
    if (!mine) return std::nullopt;
  }
  const auto single = SingleNumber(answer, p.query);
  if (!single) return std::nullopt;
  return std::vector<Surd>{*single};
}

void AddProof(const Solved& solved, Report& out) {
  if (!solved.complete) return;
  out.proof.emplace_back("necessary_polynomial", solved.polynomial.ToString());
  out.proof.emplace_back("real_roots", std::to_string(solved.real_roots));
  out.proof.emplace_back("solutions", Join(solved.solutions));
  out.proof.emplace_back("extraneous", Join(solved.extraneous));
}

// Puts the values given into all constraints. Unset: `out` holds no verdict yet but for REFUTED.
std::optional<Report> PutIn(const Problem& p, const Answer& answer, const Solved& solved,
                            const std::vector<Surd>& given, Report& out) {
  for (const Surd& value : given) {
    // A decimal may be a rounded root; without all roots that cannot be told from a wrong one.
    if (answer.decimals && !solved.complete) return Unverified(Reason::kCannotDecide, solved.why);
    for (const Surd& truth : solved.solutions) {
      if (IsRounded(answer, truth, value)) return Unverified(Reason::kRounded, "a rounded decimal");
    }
    for (const Constraint& c : p.constraints) {
      const auto line = LineAt(c, {{p.variables[0].name, value}});
      if (!line) return Unverified(Reason::kCannotDecide, "a side cannot be evaluated");
      if (line->result != LineResult::kPass) out.verdict = Verdict::kRefuted;
      out.lines.push_back(*line);
    }
    if (!InDomain(p.variables[0], value)) {
      out.verdict = Verdict::kRefuted;
      out.reason = Reason::kOutsideDomain;
      out.detail = value.ToString();
      return out;
    }
  }
  return std::nullopt;
}

}  // namespace

Report CheckEquation(const Problem& p, const Answer& answer) {
  if (p.variables.size() != 1 || p.constraints.empty() || p.constraints.size() > 16 ||
      p.constraints[0].relation.op != RelOp::kEq) {
    return Unverified(Reason::kCannotDecide, "expected one unknown and an equation");
  }
  if (p.query.kind != QueryKind::kAll || !p.query.expr || p.query.expr->op != Op::kVariable) {
    return Unverified(Reason::kCannotDecide, "expected a query for all solutions");
  }
  const auto given = Given(p, answer);
  if (!given) return Unverified(Reason::kNotBound, "expected values of " + p.variables[0].name);
  const Solved solved = SolveAll(p);
  Report out;
  if (auto done = PutIn(p, answer, solved, *given, out)) return *std::move(done);
  if (out.verdict == Verdict::kRefuted) {
    out.reason = Reason::kConstraintFails;
    return out;
  }
  if (!solved.complete) {
    out.verdict = given->empty() ? Verdict::kUnverified : Verdict::kChecked;
    out.reason = given->empty() ? Reason::kCannotDecide : Reason::kNotUnique;
    out.detail = solved.why;
    return out;
  }
  AddProof(solved, out);
  if (*given == solved.solutions) {
    out.verdict = Verdict::kVerified;
    out.reason = given->empty() ? Reason::kNoSolutionProven : Reason::kAllSolutions;
    return out;
  }
  out.verdict = Verdict::kRefuted;
  out.reason = given->empty() ? Reason::kSolutionExists : Reason::kSolutionsMissing;
  return out;
}

}  // namespace lemma::check
