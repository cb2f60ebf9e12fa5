// SPDX-License-Identifier: Apache-2.0
#include "check/finite.h"

#include <algorithm>
#include <numeric>

namespace lemma::check {
namespace {

void Look(std::span<const int64_t> point, Test test, Census& census) {
  ++census.cases;
  if (!test(point)) return;
  ++census.hits;
  if (census.examples.size() < 4) census.examples.emplace_back(point.begin(), point.end());
}

}  // namespace

std::optional<Census> CountBox(std::span<const Range> box, Test test, uint64_t cap) {
  if (box.empty()) return std::nullopt;
  uint64_t total = 1;
  for (const Range& r : box) {
    if (r.low > r.high) return Census{};
    const uint64_t last = static_cast<uint64_t>(r.high) - static_cast<uint64_t>(r.low);
    if (last >= cap / total) return std::nullopt;
    total *= last + 1;
  }
  std::vector<int64_t> point;
  for (const Range& r : box) point.push_back(r.low);
  Census census;
  while (true) {
    Look(point, test, census);
    size_t i = point.size();
    while (i > 0 && point[i - 1] == box[i - 1].high) {
      point[i - 1] = box[i - 1].low;
      --i;
    }
    if (i == 0) return census;
    ++point[i - 1];
  }
}

std::optional<Census> CountSubsets(int n, int k, Test test, uint64_t cap) {
  BigInt total = 1;
  for (int i = 0; i < k; ++i) total = FloorDiv(total * (n - i), i + 1);
  if (total.Bits() > 62 || static_cast<uint64_t>(*total.ToInt64()) > cap) return std::nullopt;
  std::vector<int64_t> members(static_cast<size_t>(k));
  std::iota(members.begin(), members.end(), 0);
  Census census;
  while (true) {
    Look(members, test, census);
    size_t i = members.size();
    while (i > 0 && members[i - 1] == n - k + static_cast<int64_t>(i) - 1) --i;
    if (i == 0) return census;
    std::iota(members.begin() + static_cast<int64_t>(i) - 1, members.end(), members[i - 1] + 1);
  }
}

std::optional<Census> CountOrders(int n, Test test, uint64_t cap) {
  uint64_t total = 1;
  for (int i = 2; i <= n; ++i) {
    total *= static_cast<uint64_t>(i);
    if (total > cap) return std::nullopt;
  }
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  Census census;
  do {
    Look(order, test, census);
  } while (std::next_permutation(order.begin(), order.end()));
  return census;
}

Rational Probability(const Census& census) {
  return Rational(BigInt(static_cast<int64_t>(census.hits)),
                  BigInt(static_cast<int64_t>(census.cases)));
}

bool ResidueCondition::Holds(int64_t n) const {
  return std::find(residues.begin(), residues.end(), n % modulus) != residues.end();
}

std::optional<ResidueProof> DividesAlways(const Polynomial& p, int64_t m,
                                          const ResidueCondition& when) {
  constexpr int64_t kMost = 100'000;
  if (m < 1 || m > kMost || when.modulus < 1 || when.modulus > kMost) return std::nullopt;
  const int64_t period = std::lcm(m, when.modulus);
  if (period > kMost) return std::nullopt;
  std::vector<int64_t> coefficients;
  for (int i = 0; i <= p.Degree(); ++i) {
    const Rational c = p.Coefficient(static_cast<size_t>(i));
    if (!c.IsInteger()) return std::nullopt;
    coefficients.push_back(*FloorMod(c.num(), m).ToInt64());
  }
  ResidueProof proof;
  for (int64_t r = 0; r < period; ++r) {
    if (!when.Holds(r)) continue;
    int64_t value = 0;
    for (size_t i = coefficients.size(); i-- > 0;) value = (value * (r % m) + coefficients[i]) % m;
    proof.residues.push_back(value);
    if (value != 0 && !proof.counterexample) proof.counterexample = r;
  }
  if (proof.residues.empty()) return std::nullopt;
  proof.holds = !proof.counterexample;
  return proof;
}

}  // namespace lemma::check
