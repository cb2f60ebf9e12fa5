// SPDX-License-Identifier: Apache-2.0
// How fast a model is on this machine, for plans that must be done in time.
#pragma once

#include <cstddef>
#include <optional>

#include "engine/engine.h"

namespace lemma::service {

// Tokens a second.
struct ModelSpeed {
  double prefill = 0;        // of prompts
  double one_sequence = 0;   // alone
  double all_sequences = 0;  // of `sequences` computed together
  size_t sequences = 8;
};

// Measures with two prompts of nonsense and a few steps of each, in a second or a few; what else
// runs slows it down. Nothing of them is found in the prefix cache. nullopt: the engine takes
// nothing now.
std::optional<ModelSpeed> MeasureSpeed(engine::Engine& engine);

}  // namespace lemma::service
