// SPDX-License-Identifier: Apache-2.0
// Statements decided by looking at every case: whole numbers in boxes, subsets, orders, and
// residues. Each walk has a cap on the number of cases, refused before the first is looked at, so
// that a result always speaks of all of them. Cost: one call of the test a case.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/function_ref.h"
#include "check/polynomial.h"
#include "check/rational.h"

namespace lemma::check {

inline constexpr uint64_t kMaxCases = 10'000'000;

struct Range {
  int64_t low;
  int64_t high;  // inclusive; low > high is empty
};

struct Census {
  uint64_t cases = 0;                          // looked at: all there are
  uint64_t hits = 0;                           // passed the test
  std::vector<std::vector<int64_t>> examples;  // the first hits, 4 at most
};
using Test = FunctionRef<bool(std::span<const int64_t>)>;

// All points of a box. nullopt: more than `cap` of them, or no dimension.
std::optional<Census> CountBox(std::span<const Range> box, Test test, uint64_t cap = kMaxCases);
// All subsets of {0..n-1} with k members, given in ascending order. REQUIRES: 0 <= k <= n <= 62.
std::optional<Census> CountSubsets(int n, int k, Test test, uint64_t cap = kMaxCases);
// All orders of {0..n-1}. REQUIRES: 0 <= n <= 20.
std::optional<Census> CountOrders(int n, Test test, uint64_t cap = kMaxCases);

// hits / cases, for cases that are equally likely. REQUIRES: cases > 0.
Rational Probability(const Census& census);

// The whole n with n mod modulus among the residues (ascending, of 0..modulus-1): all of them, if
// nothing else is said.
struct ResidueCondition {
  int64_t modulus = 1;
  std::vector<int64_t> residues = {0};
  [[nodiscard]] bool Holds(int64_t n) const;  // REQUIRES: n >= 0
};

// Whether m divides p(n) for every whole n that meets the condition. Sound and complete for whole
// coefficients: p(n) mod m depends on n mod m alone, so one n of each class mod lcm(m, modulus) is
// enough.
struct ResidueProof {
  bool holds = false;
  std::vector<int64_t> residues;          // p(r) mod m for those r = 0..lcm-1 that meet it
  std::optional<int64_t> counterexample;  // the smallest such r where it is not 0
};
// nullopt: a coefficient is no whole number, m or the lcm is outside 1..100,000, or no n meets it.
std::optional<ResidueProof> DividesAlways(const Polynomial& p, int64_t m,
                                          const ResidueCondition& when = {});

}  // namespace lemma::check
