// SPDX-License-Identifier: Apache-2.0
// Chains that run together: reads their events, has each judged when it ended, and stops the rest
// once that was enough. Chains are judged in the order of their lengths (then of their numbers):
// one that has ended waits until all that still run are as long. So the order, and with it the
// result, does not depend on the machine. One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "reasoning/chain_source.h"
#include "reasoning/solve.h"

namespace lemma::reasoning {

struct GroupHooks {
  // Text of a chain (its number in the group); may be empty.
  std::function<void(size_t chain, bool thinking, std::string_view text)> on_text;
  // A step that a search over steps has thrown away, behind what a chain has so far; may be empty.
  std::function<void(size_t chain, std::string_view step)> on_dropped = {};
  // Judges a chain that ended; true ends the group.
  std::function<bool(Chain& chain)> judge;
  std::function<bool()> cancelled;  // may be empty
};

// What a chain that was not needed any more has cost.
enum class Cost : uint8_t {
  kUntilDecided,  // it was ended when the others were enough: as many tokens as the last of them
  kWhole,         // it ran to its end
};

struct GroupLimits {
  std::optional<double> close_thinking;              // by `clock`
  std::optional<double> deadline;                    // by `clock`
  std::function<double()> clock = MonotonicSeconds;  // seconds
  Cost cost = Cost::kUntilDecided;
};

enum class GroupEnd : uint8_t { kDecided, kAllEnded, kDeadline, kCancelled };

// `chains` are those of the run, in its order; they are filled in. The error of a chain that
// failed.
Result<GroupEnd> RunGroup(ChainRun& run, std::vector<Chain>& chains, const GroupLimits& limits,
                          const GroupHooks& hooks);

}  // namespace lemma::reasoning
