// SPDX-License-Identifier: Apache-2.0
#include "check/linear.h"

#include <utility>

namespace lemma::check {
namespace {

void Scale(LinearEquation& row, const Rational& factor) {
  for (Rational& c : row.coefficients) c = c * factor;
  row.constant = row.constant * factor;
}

void SubtractMultiple(LinearEquation& row, const LinearEquation& pivot, const Rational& factor) {
  for (size_t i = 0; i < row.coefficients.size(); ++i) {
    row.coefficients[i] = row.coefficients[i] - factor * pivot.coefficients[i];
  }
  row.constant = row.constant - factor * pivot.constant;
}

}  // namespace

LinearSolutions SolveLinear(std::vector<LinearEquation> rows, size_t num_unknowns) {
  std::vector<size_t> pivots;  // column of the leading one, row by row
  for (size_t column = 0; column < num_unknowns && pivots.size() < rows.size(); ++column) {
    const size_t top = pivots.size();
    size_t found = top;
    while (found < rows.size() && rows[found].coefficients[column].Sign() == 0) ++found;
    if (found == rows.size()) continue;
    std::swap(rows[top], rows[found]);
    Scale(rows[top], Rational(1) / rows[top].coefficients[column]);
    for (size_t r = 0; r < rows.size(); ++r) {
      const Rational factor = rows[r].coefficients[column];
      if (r != top && factor.Sign() != 0) SubtractMultiple(rows[r], rows[top], factor);
    }
    pivots.push_back(column);
  }
  LinearSolutions out;
  for (size_t r = pivots.size(); r < rows.size(); ++r) {
    if (rows[r].constant.Sign() != 0) return out;  // 0 = c
  }
  out.point.resize(num_unknowns);
  for (size_t r = 0; r < pivots.size(); ++r) out.point[pivots[r]] = rows[r].constant;
  for (size_t column = 0, next = 0; column < num_unknowns; ++column) {
    if (next < pivots.size() && pivots[next] == column) {
      ++next;
      continue;
    }
    std::vector<Rational> direction(num_unknowns);
    direction[column] = 1;
    for (size_t r = 0; r < pivots.size(); ++r) {
      direction[pivots[r]] = -rows[r].coefficients[column];
    }
    out.directions.push_back(std::move(direction));
  }
  out.kind = out.directions.empty() ? SolutionKind::kUnique : SolutionKind::kFamily;
  return out;
}

}  // namespace lemma::check
