// SPDX-License-Identifier: Apache-2.0
#include "check/int_program.h"

#include <algorithm>

namespace lemma::check {
IntProgram::IntProgram(ExprPtr expr, std::vector<std::string> names)
    : expr_(std::move(expr)), names_(std::move(names)) {
  fast_ = Compile(*expr_);
}

bool IntProgram::Compile(const Expr& e) {
  if (e.op == Op::kPow) {
    const auto n = e.args[1]->op == Op::kNumber ? e.args[1]->number.ToInt64() : std::nullopt;
    if (!n || *n < 1 || *n > 8 || !Compile(*e.args[0])) return false;
    steps_.push_back({Op::kPow, *n});
    return true;
  }
  for (const ExprPtr& arg : e.args) {
    if (!Compile(*arg)) return false;
  }
  if (e.op == Op::kNumber) {
    const auto value = e.number.ToInt64();
    if (value) steps_.push_back({Op::kNumber, *value});
    return value.has_value();
  }
  if (e.op == Op::kVariable) {
    const auto at = std::find(names_.begin(), names_.end(), e.name);
    steps_.push_back({Op::kVariable, at - names_.begin()});
    return at != names_.end();
  }
  steps_.push_back({e.op});
  return e.op == Op::kAdd || e.op == Op::kSub || e.op == Op::kMul || e.op == Op::kNeg;
}

std::optional<int64_t> IntProgram::Fast(std::span<const int64_t> point) {
  stack_.clear();
  for (const Step& step : steps_) {
    if (step.op == Op::kNumber || step.op == Op::kVariable) {
      stack_.push_back(step.op == Op::kNumber ? step.number
                                              : point[static_cast<size_t>(step.number)]);
      continue;
    }
    int64_t top = stack_.back();
    bool bad = false;
    if (step.op == Op::kNeg) {
      bad = __builtin_sub_overflow(int64_t{0}, top, &stack_.back());
    } else if (step.op == Op::kPow) {
      int64_t out = 1;
      for (int64_t i = 0; i < step.number && !bad; ++i)
        bad = __builtin_mul_overflow(out, top, &out);
      stack_.back() = out;
    } else {
      stack_.pop_back();
      int64_t& left = stack_.back();
      bad = step.op == Op::kAdd   ? __builtin_add_overflow(left, top, &left)
            : step.op == Op::kSub ? __builtin_sub_overflow(left, top, &left)
                                  : __builtin_mul_overflow(left, top, &left);
    }
    if (bad) return std::nullopt;
  }
  return stack_.back();
}

std::optional<Surd> IntProgram::Eval(std::span<const int64_t> point) {
  if (fast_) {
    if (const auto value = Fast(point)) return Surd(*value);
  }
  Bindings bindings;
  for (size_t i = 0; i < names_.size(); ++i) bindings[names_[i]] = Surd(point[i]);
  const auto value = Evaluate(*expr_, bindings);
  if (value.ok()) return *value;
  if (value.status().code() != StatusCode::kInvalidArgument) undecided_ = true;
  return std::nullopt;
}

IntConstraints::IntConstraints(const std::vector<Constraint>& constraints,
                               const std::vector<std::string>& names) {
  for (const Constraint& c : constraints) {
    sides_.push_back(
        {IntProgram(c.relation.left, names), c.relation.op, IntProgram(c.relation.right, names)});
  }
}

bool IntConstraints::Hold(std::span<const int64_t> point) {
  return std::all_of(sides_.begin(), sides_.end(), [&](Sides& s) {
    const auto low = s.left.EvalFast(point);
    const auto high = low ? s.right.EvalFast(point) : std::nullopt;
    if (high) return Compare(s.op, *low <=> *high);
    const auto left = s.left.Eval(point);
    const auto right = s.right.Eval(point);
    return left && right && Compare(s.op, *left <=> *right);
  });
}

bool IntConstraints::undecided() const {
  return std::any_of(sides_.begin(), sides_.end(),
                     [](const Sides& s) { return s.left.undecided() || s.right.undecided(); });
}

}  // namespace lemma::check
