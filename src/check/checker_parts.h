// SPDX-License-Identifier: Apache-2.0
// The checkers, one a family, and what they share. Each may assume nothing about the problem; a
// part that is missing gives UNVERIFIED. Whether the problem is complete is judged afterwards by
// CheckAnswer. Internal to the folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/checkers.h"

namespace lemma::check {

// L. Soundness: the full solution set is computed over the fractions. Completeness: unknowns with
// whole domains are decided when the set is a point; a family of solutions is CHECKED.
// Cap: 16 unknowns.
Report CheckLinear(const Problem& problem, const Answer& answer);
// E. Sound by exact substitution; complete for one equation of fractions of polynomials with at
// most one square root (or absolute value) of a polynomial, all of whose real candidates are
// fractions or quadratic. Cap: degree 24.
Report CheckEquation(const Problem& problem, const Answer& answer);
// U. Sound and complete: every point of the box is looked at. Cap: kMaxPuzzleCases.
Report CheckPuzzle(const Problem& problem, const Answer& answer);
// N, P. The same over choices and boxes. Cap: kMaxPuzzleCases.
Report CheckCount(const Problem& problem, const Answer& answer);
// S1. Exact iteration. Cap: index - first_index <= 10,000 and 20,000 binary digits.
Report CheckRecurrence(const Problem& problem, const Answer& answer);
// R. Residues modulo m are a proof; the answer must say yes or no.
Report CheckDivisibility(const Problem& problem, const Answer& answer);

// Whether the answer differs from the truth by rounding alone.
bool IsRounded(const Answer& answer, const Surd& truth, const Surd& given);
Report Unverified(Reason reason, std::string detail);
// The relation at a point. Unset: cannot be decided.
std::optional<CheckLine> LineAt(const Constraint& constraint, const Bindings& point);
// Whether a value lies in the variable's domain and range.
bool InDomain(const Variable& variable, const Surd& value);
// "x=24, y=11" in the order of the names.
std::string PointText(const Bindings& point);
// The number of an answer that is one number in a unit that fits the query; unset otherwise.
std::optional<Surd> SingleNumber(const Answer& answer, const Query& query);
// The values of all names of the query; unset if one is missing, doubled, unknown or in another
// unit.
std::optional<Bindings> BindNames(const Problem& problem, const Answer& answer);

}  // namespace lemma::check
