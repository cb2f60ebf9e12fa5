// SPDX-License-Identifier: Apache-2.0
// Expressions (p + q*sqrt(r)) / d with polynomials p, q, r, d in one variable: enough to reduce an
// equation with fractions and one square root (or |u| = sqrt(u^2)) to a polynomial that every
// solution must satisfy. The reverse does not hold: candidates are put into the original.
// Internal to the folder.
#pragma once

#include <string_view>

#include "base/status.h"
#include "check/expr.h"
#include "check/polynomial.h"

namespace lemma::check {

// A polynomial that is zero at every real x at which both sides are defined and equal.
// kUnsupported: two different roots, a root in a root, degree above 24, another variable.
Result<Polynomial> NecessaryPolynomial(const Relation& equation, std::string_view variable);

}  // namespace lemma::check
