// SPDX-License-Identifier: Apache-2.0
// Votes of finished chains, by exact equality of their answers (check::SameAnswer).
// Self-consistency of Wang et al. 2022 with weights. Plain data; one thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "check/answer.h"
#include "check/checkers.h"

namespace lemma::reasoning {

// The chains that give one answer.
struct VoteClass {
  check::Answer answer;        // as the first of them wrote it
  std::vector<size_t> chains;  // in the order of their votes
  double weight = 0;           // sum
  // Of the answer, the strongest of them: VERIFIED, CHECKED, REFUTED, SELF-OK, UNVERIFIED. Their
  // order does not matter.
  check::Verdict verdict = check::Verdict::kUnverified;
};

struct Ballot {
  size_t chain = 0;
  check::Answer answer;
  double weight = 1;  // > 0; what is refuted has none, see WeightOf
  check::Verdict verdict = check::Verdict::kUnverified;
};

class Votes {
 public:
  void Add(const Ballot& ballot);

  // Best first: by verdict (VERIFIED, CHECKED, others, REFUTED last), then weight, then votes, then
  // who came first.
  [[nodiscard]] std::vector<const VoteClass*> Ranked() const;
  // The first of these; null without votes.
  [[nodiscard]] const VoteClass* Leader() const;
  // LeadConfidence of the two classes with most votes among those not refuted; 0 without votes.
  [[nodiscard]] double Confidence() const;
  [[nodiscard]] size_t voters() const { return voters_; }
  [[nodiscard]] const std::vector<VoteClass>& classes() const { return classes_; }

 private:
  std::vector<VoteClass> classes_;  // in the order of their first votes
  size_t voters_ = 0;
};

// How much a chain's vote counts: a refuted answer nothing, false sums in the chain half.
double WeightOf(check::Verdict verdict, size_t soft_flags);

}  // namespace lemma::reasoning
