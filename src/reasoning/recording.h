// SPDX-License-Identifier: Apache-2.0
// Chains of a run as it sampled them (DIR/chains.jsonl, written by RunEval with Keep::kChains), and
// a source that gives them out again: other rules of voting and stopping are then tried on the same
// chains, without a model. One JSON object an item and seed:
//   {"id", "seed", "chains": [{"end", "tokens", "thinking", "content"}]}
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "reasoning/chain_source.h"
#include "reasoning/solve.h"

namespace lemma::reasoning {

struct RecordedChain {
  bool unfinished = false;
  size_t tokens = 0;
  std::string thinking;
  std::string content;
};

using Recording =
    std::map<std::pair<std::string, uint64_t>, std::vector<RecordedChain>, std::less<>>;

std::string RecordingLine(std::string_view id, uint64_t seed, const SolveResult& result);
// Of DIR/chains.jsonl. A last line that was cut off is left out; of two lines for one item and seed
// the later counts. NotFound: the run did not keep its chains.
Result<std::shared_ptr<const Recording>> ReadRecording(const std::filesystem::path& directory);

// Gives out an item's chains in their order, as many as are asked for. FailedPrecondition when they
// are used up, NotFound for an item and seed that are not there.
std::unique_ptr<ChainSource> MakeReplaySource(std::shared_ptr<const Recording> recording);

}  // namespace lemma::reasoning
