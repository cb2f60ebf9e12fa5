// SPDX-License-Identifier: Apache-2.0
// Systems of linear equations over the fractions, solved in full by Gauss-Jordan elimination.
#pragma once

#include <vector>

#include "check/rational.h"

namespace lemma::check {

// sum of coefficients[i] * x[i] = constant.
struct LinearEquation {
  std::vector<Rational> coefficients;
  Rational constant;
};

enum class SolutionKind { kNone, kUnique, kFamily };

// Every solution is `point` plus any combination of the vectors in `directions`, and each of
// these is a solution.
struct LinearSolutions {
  SolutionKind kind = SolutionKind::kNone;
  std::vector<Rational> point;                    // empty for kNone
  std::vector<std::vector<Rational>> directions;  // independent; empty unless kFamily
};

// REQUIRES: every row has num_unknowns coefficients. Cost: num_unknowns^2 * rows.
LinearSolutions SolveLinear(std::vector<LinearEquation> rows, size_t num_unknowns);

}  // namespace lemma::check
