// SPDX-License-Identifier: Apache-2.0
// Seeded problems with their right answers, for tests of the checker: every family that it reads,
// in Chinese and English, in several phrasings. The answers come from plain integer loops that
// share nothing with the checkers. The same seed gives the same problems everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lemma::check {

// A small generator of random numbers (SplitMix64).
class EvalRandom {
 public:
  explicit EvalRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  // low..high, both included.
  int64_t Between(int64_t low, int64_t high);
  template <class T>
  const T& Pick(const std::vector<T>& from) {
    return from[static_cast<size_t>(Between(0, static_cast<int64_t>(from.size()) - 1))];
  }

 private:
  uint64_t state_;
};

struct EvalProblem {
  std::string text;
  std::string answer;  // right, as a model would write it
  std::string wrong;   // another, where `answer` has no number to change; may be empty
};

const std::vector<std::string_view>& EvalFamilies();
// One problem. REQUIRES: a name of EvalFamilies().
EvalProblem GenerateProblem(std::string_view family, EvalRandom& random);
// For eval_stories.cc: one word problem.
EvalProblem GenerateStory(EvalRandom& random);

}  // namespace lemma::check
