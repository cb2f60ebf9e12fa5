// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "check/checker_parts.h"
#include "check/int_program.h"

namespace lemma::check {
namespace {

// The box of the unknowns. Unset: a range is missing.
struct Box {
  std::vector<std::string> names;
  std::vector<Range> ranges;
};
std::optional<Box> BoxOf(const Problem& p) {
  Box out;
  for (const Variable& v : p.variables) {
    if (!v.range || v.domain == Domain::kReal) return std::nullopt;
    Range range = *v.range;
    if (v.domain == Domain::kNatural) range.low = std::max<int64_t>(range.low, 0);
    out.names.push_back(v.name);
    out.ranges.push_back(range);
  }
  return out.names.empty() ? std::nullopt : std::optional(out);
}

// The points that pass, through what the query asks of them.
struct Found {
  Census census;
  std::set<Surd> values;  // of the query's expression
  std::vector<std::vector<int64_t>> points;
  bool decided = false;
};

std::optional<Found> Walk(const Problem& p, const Box& box) {
  IntConstraints constraints(p.constraints, box.names);
  std::optional<IntProgram> query;
  if (p.query.expr) query.emplace(p.query.expr, box.names);
  Found out;
  bool lost = false;
  const auto census = CountBox(
      box.ranges,
      [&](std::span<const int64_t> point) {
        if (!constraints.Hold(point)) return false;
        if (query) {
          const auto value = query->Eval(point);
          lost = lost || !value || out.values.size() > 4096;
          if (value && !lost) out.values.insert(*value);
        }
        return true;
      },
      kMaxPuzzleCases);
  if (!census) return std::nullopt;
  out.census = *census;
  out.decided = !lost && !constraints.undecided();
  return out;
}

void AddCensus(const Census& census, Report& out) {
  out.proof.emplace_back("cases", std::to_string(census.cases));
  out.proof.emplace_back("hits", std::to_string(census.hits));
}

Bindings PointOf(const Box& box, std::span<const int64_t> point) {
  Bindings out;
  for (size_t i = 0; i < box.names.size(); ++i) out[box.names[i]] = Surd(point[i]);
  return out;
}

// The constraints at the one point of the box where the query's expression has this value.
bool AddLinesAt(const Problem& p, const Box& box, const Surd& value, Report& out) {
  IntProgram query(p.query.expr, box.names);
  const auto at = CountBox(
      box.ranges,
      [&](std::span<const int64_t> point) {
        const auto here = query.Eval(point);
        return here && *here == value;
      },
      kMaxPuzzleCases);
  if (!at || at->hits != 1) return at && at->hits > 0;
  for (const Constraint& c : p.constraints) {
    if (const auto line = LineAt(c, PointOf(box, at->examples[0]))) out.lines.push_back(*line);
  }
  return true;
}

Report CheckPuzzleAssignment(const Problem& p, const Answer& answer, const Box& box,
                             const Found& found) {
  const auto given = BindNames(p, answer);
  if (!given || given->size() != p.variables.size()) {
    return Unverified(Reason::kNotBound, "the answer does not name all unknowns");
  }
  Report out;
  bool pass = true;
  for (const Constraint& c : p.constraints) {
    const auto line = LineAt(c, *given);
    if (!line) return Unverified(Reason::kCannotDecide, "a side cannot be evaluated");
    pass = pass && line->result == LineResult::kPass;
    out.lines.push_back(*line);
  }
  AddCensus(found.census, out);
  bool inside = true;
  for (size_t i = 0; i < box.names.size(); ++i) {
    const Surd& value = given->at(box.names[i]);
    inside = inside && value.IsInteger() && value >= Surd(box.ranges[i].low) &&
             value <= Surd(box.ranges[i].high);
  }
  if (!pass || !inside) {
    out.verdict = Verdict::kRefuted;
    out.reason = pass ? Reason::kOutsideDomain : Reason::kConstraintFails;
  } else if (found.census.hits == 1) {
    out.verdict = Verdict::kVerified;
    out.reason = Reason::kUniqueSolution;
  } else {
    out.verdict = Verdict::kChecked;
    out.reason = Reason::kNotUnique;
  }
  return out;
}

Report CheckPuzzleValues(const Problem& p, const Answer& answer, const Box& box,
                         const Found& found) {
  std::vector<Surd> given;
  if (answer.kind == AnswerKind::kSet && p.query.kind == QueryKind::kAll) {
    given = answer.numbers;
  } else if (const auto single = SingleNumber(answer, p.query)) {
    given.push_back(*single);
  } else {
    return Unverified(Reason::kNotBound, "expected a number in the unit asked for");
  }
  Report out;
  AddCensus(found.census, out);
  if (found.values.size() <= 64) {
    std::string values;
    for (const Surd& value : found.values) {
      values += (values.empty() ? "" : "; ") + value.ToString();
    }
    out.proof.emplace_back("values", values);
  }
  for (const Surd& value : given) {
    if (found.values.count(value) != 0) continue;
    for (const Surd& truth : found.values) {
      if (IsRounded(answer, truth, value)) return Unverified(Reason::kRounded, "a rounded decimal");
    }
    out.verdict = Verdict::kRefuted;
    out.reason = AddLinesAt(p, box, value, out) ? Reason::kConstraintFails : Reason::kOutsideDomain;
    out.detail = value.ToString();
    return out;
  }
  if (given.size() == found.values.size()) {
    out.verdict = Verdict::kVerified;
    out.reason = given.size() == 1 ? Reason::kUniqueSolution : Reason::kAllSolutions;
    for (const Surd& value : given) AddLinesAt(p, box, value, out);
  } else if (p.query.kind == QueryKind::kAll) {
    out.verdict = Verdict::kRefuted;
    out.reason = Reason::kSolutionsMissing;
  } else {
    out.verdict = Verdict::kChecked;
    out.reason = Reason::kNotUnique;
  }
  return out;
}

// Whether a choice (ascending members) meets all conditions.
bool Meets(const Choice& choice, std::span<const int64_t> members) {
  const auto in = [&](int who) {
    return std::find(members.begin(), members.end(), who) != members.end();
  };
  return std::all_of(choice.conditions.begin(), choice.conditions.end(),
                     [&](const ChoiceCondition& c) {
                       switch (c.rule) {
                         case ChoiceRule::kNotBoth:
                           return !(in(c.a) && in(c.b));
                         case ChoiceRule::kBothOrNeither:
                           return in(c.a) == in(c.b);
                         case ChoiceRule::kIncludes:
                           return in(c.a);
                         case ChoiceRule::kExcludes:
                           return !in(c.a);
                       }
                       return false;
                     });
}

std::optional<Census> CensusOf(const Problem& p, bool* too_many) {
  if (p.choice) {
    const Choice& c = *p.choice;
    if (c.k < 0 || c.k > c.n || c.n > 62) return std::nullopt;
    const bool named = std::all_of(
        c.conditions.begin(), c.conditions.end(), [&](const ChoiceCondition& condition) {
          return condition.a >= 0 && condition.a < c.n && condition.b >= 0 && condition.b < c.n;
        });
    if (!named) return std::nullopt;
    auto out = CountSubsets(
        c.n, c.k, [&](std::span<const int64_t> members) { return Meets(c, members); },
        kMaxPuzzleCases);
    *too_many = !out;
    return out;
  }
  const auto box = BoxOf(p);
  if (!box) return std::nullopt;
  IntConstraints constraints(p.constraints, box->names);
  auto out = CountBox(
      box->ranges, [&](std::span<const int64_t> point) { return constraints.Hold(point); },
      kMaxPuzzleCases);
  *too_many = !out;
  return constraints.undecided() ? std::nullopt : out;
}

}  // namespace

Report CheckPuzzle(const Problem& p, const Answer& answer) {
  const auto box = BoxOf(p);
  if (!box) return Unverified(Reason::kCannotDecide, "an unknown has no range of whole numbers");
  const auto found = Walk(p, *box);
  if (!found) return Unverified(Reason::kTooManyCases, "more than 1,000,000 cases");
  if (!found->decided) return Unverified(Reason::kCannotDecide, "a case cannot be decided");
  if (answer.kind == AnswerKind::kNoSolution) {
    Report out;
    AddCensus(found->census, out);
    const bool none = found->census.hits == 0;
    out.verdict = none ? Verdict::kVerified : Verdict::kRefuted;
    out.reason = none ? Reason::kNoSolutionProven : Reason::kSolutionExists;
    return out;
  }
  if (p.query.kind == QueryKind::kAssignment) {
    return CheckPuzzleAssignment(p, answer, *box, *found);
  }
  if (!p.query.expr || (p.query.kind != QueryKind::kValue && p.query.kind != QueryKind::kAll)) {
    return Unverified(Reason::kCannotDecide, "expected a query for values");
  }
  return CheckPuzzleValues(p, answer, *box, *found);
}

Report CheckCount(const Problem& p, const Answer& answer) {
  const QueryKind wanted =
      p.family == Family::kCounting ? QueryKind::kCount : QueryKind::kProbability;
  if (p.query.kind != wanted) return Unverified(Reason::kCannotDecide, "another kind of query");
  const auto given = SingleNumber(answer, p.query);
  if (!given) return Unverified(Reason::kNotBound, "expected one number");
  bool too_many = false;
  const auto census = CensusOf(p, &too_many);
  if (!census) {
    return Unverified(too_many ? Reason::kTooManyCases : Reason::kCannotDecide,
                      too_many ? "more than 1,000,000 cases" : "the space is not finite and plain");
  }
  if (census->cases == 0) return Unverified(Reason::kCannotDecide, "an empty space");
  Report out;
  AddCensus(*census, out);
  const Surd truth = wanted == QueryKind::kCount ? Surd(static_cast<int64_t>(census->hits))
                                                 : Surd(Probability(*census));
  if (IsRounded(answer, truth, *given)) return Unverified(Reason::kRounded, "a rounded decimal");
  const bool same = truth == *given;
  out.verdict = same ? Verdict::kVerified : Verdict::kRefuted;
  out.reason = same ? Reason::kCountAgrees : Reason::kCountDiffers;
  if (same && !answer.reduced) out.detail = "the fraction is not reduced";
  return out;
}

}  // namespace lemma::check
