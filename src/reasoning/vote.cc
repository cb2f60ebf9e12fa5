// SPDX-License-Identifier: Apache-2.0
#include "reasoning/vote.h"

#include <algorithm>

#include "reasoning/statistics.h"

namespace lemma::reasoning {
namespace {

using check::Verdict;

// Smaller is better.
int RankOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kVerified:
      return 0;
    case Verdict::kChecked:
      return 1;
    case Verdict::kSelfOk:
    case Verdict::kUnverified:
      return 2;
    case Verdict::kRefuted:
      return 3;
  }
  return 3;
}

// What an exact check found, in either direction, says more of an answer than that nothing was.
int StrengthOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kVerified:
      return 4;
    case Verdict::kChecked:
      return 3;
    case Verdict::kRefuted:
      return 2;
    case Verdict::kSelfOk:
      return 1;
    case Verdict::kUnverified:
      return 0;
  }
  return 0;
}

}  // namespace

void Votes::Add(const Ballot& ballot) {
  ++voters_;
  const auto same = [&](const VoteClass& c) { return check::SameAnswer(c.answer, ballot.answer); };
  auto found = std::find_if(classes_.begin(), classes_.end(), same);
  if (found == classes_.end()) {
    classes_.push_back({ballot.answer, {}, 0, ballot.verdict});
    found = std::prev(classes_.end());
  }
  found->chains.push_back(ballot.chain);
  found->weight += ballot.weight;
  if (StrengthOf(ballot.verdict) > StrengthOf(found->verdict)) found->verdict = ballot.verdict;
}

std::vector<const VoteClass*> Votes::Ranked() const {
  std::vector<const VoteClass*> out;
  out.reserve(classes_.size());
  for (const VoteClass& c : classes_) out.push_back(&c);
  std::stable_sort(out.begin(), out.end(), [](const VoteClass* a, const VoteClass* b) {
    if (RankOf(a->verdict) != RankOf(b->verdict)) return RankOf(a->verdict) < RankOf(b->verdict);
    if (a->weight != b->weight) return a->weight > b->weight;
    return a->chains.size() > b->chains.size();
  });
  return out;
}

const VoteClass* Votes::Leader() const { return classes_.empty() ? nullptr : Ranked().front(); }

double Votes::Confidence() const {
  std::vector<size_t> counts;
  for (const VoteClass& c : classes_) {
    if (c.verdict != Verdict::kRefuted) counts.push_back(c.chains.size());
  }
  if (counts.empty()) return 0;
  std::sort(counts.rbegin(), counts.rend());
  return LeadConfidence(counts[0], counts.size() > 1 ? counts[1] : 0);
}

double WeightOf(Verdict verdict, size_t soft_flags) {
  if (verdict == Verdict::kRefuted) return 0;
  return soft_flags == 0 ? 1 : 0.5;
}

}  // namespace lemma::reasoning
