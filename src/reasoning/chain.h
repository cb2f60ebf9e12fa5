// SPDX-License-Identifier: Apache-2.0
// One sampled chain of thought, with what was found of it. Plain data.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "check/check.h"
#include "service/generate.h"

namespace lemma::reasoning {

enum class ChainEnd : uint8_t {
  kRunning,
  kAnswered,    // ended by itself and gives an answer: it votes
  kNoAnswer,    // ended by itself, but no answer was found in it
  kUnfinished,  // cut by a limit, a deadline or a loop: it never votes
  kCancelled,   // the vote was decided without it
  kPruned,      // a checker ended it
};
std::string_view ChainEndName(ChainEnd end);  // "running", "answered", ...

struct Chain {
  size_t index = 0;  // over all rounds
  size_t round = 0;  // 0: first; 1, 2: retries
  ChainEnd end = ChainEnd::kRunning;
  std::string thinking;
  std::string content;
  size_t tokens = 0;
  size_t forced_tokens = 0;  // of these: a calculator's, a closing sentence
  service::FinishReason finish = service::FinishReason::kStop;
  check::CheckReport report;  // of the answer, once it ended
  size_t soft_flags = 0;      // false sums in the chain
  double weight = 0;          // of its vote
};

// How a chain stands that ended with `event`, and what is found of it.
ChainEnd EndOfChain(const service::StreamEvent& event);

}  // namespace lemma::reasoning
