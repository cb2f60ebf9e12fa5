// SPDX-License-Identifier: Apache-2.0
// From what a request sets to what the engine takes: sampling laid over the model's defaults, stop
// tokens, limits. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "chat/message.h"
#include "engine/request.h"
#include "service/generate.h"
#include "service/loaded_model.h"

namespace lemma::service {

// Laid over `params`, except the seed.
void ApplyOverrides(const SamplingOverrides& overrides, engine::SamplingParams& params);

// Everything but the prompt, the deadline and the watch. InvalidArgument names the field. An absent
// seed becomes a random one that fits a JSON number (53 bits).
Result<engine::GenerateRequest> MakeEngineRequest(const LoadedModel& model,
                                                  const GenerateSettings& settings,
                                                  chat::Thinking thinking);

// The tokens that end a turn: the tokenizer's own and the family's.
std::vector<int32_t> EndTokens(const tokenizer::Tokenizer& tokens, const chat::Family& family);

}  // namespace lemma::service
