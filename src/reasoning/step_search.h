// SPDX-License-Identifier: Apache-2.0
// Chains that grow step by step, a step being a line or a paragraph, with a checker between the
// steps. Two searches of one kind:
//   kStepBeam: each of the `beams` best chains is continued `beam_samples` times; the best of all
//     continuations live on, by probability, sums that hold and sums that do not (as the beam
//     search over steps of Snell et al. 2024, with exact checks in place of a reward model).
//   rewind: the chains are independent, but a step with a false sum is thrown away and written
//     anew, kMostRewinds times at most; then it stands.
// The prompt and the steps so far are found in the prefix cache. Same seed, same chains.
#pragma once

#include <functional>
#include <vector>

#include "base/status.h"
#include "reasoning/chain_group.h"
#include "reasoning/chain_source.h"
#include "reasoning/solve.h"

namespace lemma::reasoning {

inline constexpr size_t kMostRewinds = 3;  // of one step

struct StepSearch {
  service::ChatRequest request;  // settings of one chain: samples and limits are set here
  const Policy* policy = nullptr;
  size_t chains = 1;       // kStepBeam: the beams
  size_t first_index = 0;  // of the chains that come out
  uint64_t seed = 0;
};

struct StepLimits {
  GroupLimits group;
  size_t* tokens = nullptr;  // all that were generated are added, what was thrown away included
};

// Fills in `chains` (empty at first), in the order in which they ended, and has each judged as
// RunGroup does. A chain's tokens are its own length: beams share their beginnings.
Result<GroupEnd> RunStepSearch(ChainSource& source, const StepSearch& search,
                               std::vector<Chain>& chains, const StepLimits& limits,
                               const GroupHooks& hooks);

}  // namespace lemma::reasoning
