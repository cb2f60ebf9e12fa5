// SPDX-License-Identifier: Apache-2.0
// Wrong answers made from right ones, as people and models get them wrong, and the statistics of
// what a checker says of them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "check/eval_generate.h"

namespace lemma::check {

struct MutatedAnswer {
  std::string_view kind;  // "off by one", "digits swapped", "sign", "root dropped", "not reduced",
                          // "unit", "names swapped"; "claim": EvalProblem::wrong
  std::string text;
};
// Each kind at most once; never one that means the same (but "not reduced", which has the same
// value in another form).
std::vector<MutatedAnswer> MutateAnswer(std::string_view right, EvalRandom& random);

// What the checker said of right and wrong answers to the problems of one set or family.
struct EvalCounts {
  size_t problems = 0;
  size_t complete = 0;  // read in full
  // Right answers to complete problems.
  size_t verified = 0;
  size_t refuted = 0;  // must stay 0
  // Wrong answers to complete problems, by kind. Those "not reduced" have the right value: refuted
  // counts the ones whose form was noticed, verified the others.
  struct Kind {
    size_t made = 0;
    size_t refuted = 0;
    size_t verified = 0;  // lies believed
  };
  std::map<std::string_view, Kind> wrong;
  std::vector<std::string> faults;      // what was wrong, 20 at most
  std::vector<std::string> incomplete;  // texts, 20 at most
  std::vector<double> seconds;          // of the processor: reading and checking one right answer
};
// Reads the problem, checks the right answer and mutations of it.
void Evaluate(const EvalProblem& told, EvalRandom& random, EvalCounts& counts);

// The 95 % interval of Wilson for `hits` of `all`. REQUIRES: 0 <= hits <= all. all == 0: [0, 1].
struct Interval {
  double low = 0;
  double high = 1;
};
Interval WilsonInterval(size_t hits, size_t all);

}  // namespace lemma::check
