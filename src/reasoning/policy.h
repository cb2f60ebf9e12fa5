// SPDX-License-Identifier: Apache-2.0
// How a question is worked on: how many chains, how hot, how long, with which checks and repairs.
// One row a task and profile; every value may be set by the request. Plain data, pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "reasoning/task.h"

namespace lemma::reasoning {

enum class Effort : uint8_t { kFast, kBalanced, kDeep };
std::string_view EffortName(Effort effort);  // "fast", "balanced", "deep"
Result<Effort> EffortNamed(std::string_view name);

enum class Search : uint8_t {
  kChains,    // independent chains and a vote
  kStepBeam,  // chains grown step by step, the best kept (step_search.h)
};
std::string_view SearchName(Search search);  // "chains", "beam"
Result<Search> SearchNamed(std::string_view name);

enum class Switch : uint8_t { kOff, kOn };

struct Policy {
  std::string profile;
  Task task = Task::kChat;
  Effort effort = Effort::kBalanced;
  Search search = Search::kChains;

  float temperature = 0.6F;
  std::optional<float> answer_temperature;  // behind </think>; absent: the same
  float top_p = 0.95F;
  size_t top_k = 0;
  float repeat_penalty = 1.0F;
  size_t thinking_tokens = 4096;     // a chain; then thinking is closed
  size_t answer_tokens = 1024;       // behind it
  std::string scaffold;              // name (scaffold.h); empty: none
  Switch calculator = Switch::kOff;  // finishes "a op b =" exactly (service/calculator.h)
  Switch rewind = Switch::kOff;      // a chain with a false sum goes back to before it
  // Off: answers are read and counted, nothing is checked; for comparison.
  Switch checkers = Switch::kOn;

  size_t first_chains = 3;  // started together; more follow while the vote is open
  size_t max_chains = 8;    // before retries
  double enough = 0.93;     // LeadConfidence that ends the vote; 1: all chains
  size_t short_m = 0;       // the vote closes when so many chains have ended; 0: it does not
  size_t retries = 2;       // rounds with computed feedback after a refuted answer
  size_t retry_chains = 2;  // of each such round

  size_t beams = 4;         // kStepBeam: kept after each step
  size_t beam_samples = 2;  // continuations of each
  size_t step_tokens = 96;  // of one step, at most
};

// "r1": DeepSeek's published settings. "generic": other models. "bundled": the model in this
// repository. "seed": one cold chain with a four-step scaffold, for comparison.
const std::vector<std::string_view>& ProfileNames();
// InvalidArgument lists the profiles.
Result<Policy> PolicyFor(std::string_view profile, Task task, Effort effort);

// What a model can do in a second, measured (tokens): prompts, one chain alone, and `chains` of
// them together.
struct Pace {
  double prefill = 0;
  double one_chain = 0;
  double many_chains = 0;  // all together
  size_t chains = 8;
};

// Fits chains and budgets into `seconds`, so that the answer is there when they are over: fewer
// chains first, then less thinking, with a share kept for closing the thinking and answering.
// Returns how long after the start thinking is closed, in seconds.
double FitToDeadline(Policy& policy, const Pace& pace, size_t prompt_tokens, double seconds);

}  // namespace lemma::reasoning
