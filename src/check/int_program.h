// SPDX-License-Identifier: Apache-2.0
// Relations over whole numbers, made ready for millions of points: sums, products and small powers
// in 64 bits with overflow checks; what does not fit is left to the exact way. Internal.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "check/problem.h"

namespace lemma::check {

class IntProgram {
 public:
  // `names[i]` is coordinate i of the points.
  IntProgram(ExprPtr expr, std::vector<std::string> names);
  // Exact. Unset: undefined at this point, or it cannot be decided (see undecided()).
  std::optional<Surd> Eval(std::span<const int64_t> point);
  // The same where 64 bits suffice; unset otherwise.
  std::optional<int64_t> EvalFast(std::span<const int64_t> point) {
    return fast_ ? Fast(point) : std::nullopt;
  }
  // Some call could not be decided: whatever was counted with it must not be trusted.
  [[nodiscard]] bool undecided() const { return undecided_; }

 private:
  struct Step {
    Op op;
    int64_t number = 0;  // kNumber; the index for kVariable
  };
  bool Compile(const Expr& e);
  std::optional<int64_t> Fast(std::span<const int64_t> point);

  ExprPtr expr_;
  std::vector<std::string> names_;
  std::vector<Step> steps_;
  std::vector<int64_t> stack_;
  bool fast_ = false;
  bool undecided_ = false;
};

// All constraints at one point.
class IntConstraints {
 public:
  IntConstraints(const std::vector<Constraint>& constraints, const std::vector<std::string>& names);
  bool Hold(std::span<const int64_t> point);
  [[nodiscard]] bool undecided() const;

 private:
  struct Sides {
    IntProgram left;
    RelOp op;
    IntProgram right;
  };
  std::vector<Sides> sides_;
};

}  // namespace lemma::check
