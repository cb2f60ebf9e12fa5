// SPDX-License-Identifier: Apache-2.0
// The fields that set how text is generated, under OpenAI's names and those that llama.cpp and vLLM
// have added; shared by all routes of this dialect. What cannot be done is refused by name. Pure.
#pragma once

#include "server/object_reader.h"
#include "service/generate.h"

namespace lemma::server::openai {

inline constexpr size_t kMostSamples = 64;
inline constexpr size_t kMostStops = 16;
inline constexpr size_t kMostStopBytes = 256;
inline constexpr size_t kMostLogitBias = 1024;

// temperature, top_p, seed, penalties under both names, ...
void ReadSampling(ObjectReader& in, service::SamplingOverrides& sampling);
// "stop", "stop_token_ids", "min_tokens", "ignore_eos", "timeout_ms", "cache_salt", "priority", ...
void ReadLimits(ObjectReader& in, service::GenerateSettings& settings);
// `limit` names in order of weight; the first one present counts.
void ReadMaxTokens(ObjectReader& in, std::initializer_list<std::string_view> names,
                   service::GenerateSettings& settings);
// reasoning_effort, thinking_budget_tokens, thinking_token_budget, enable_thinking.
void ReadThinking(ObjectReader& in, service::ChatRequest& request);
// Fields of llama.cpp's server and vLLM that are not supported here: told by name.
void ReadForeignSampling(ObjectReader& in);
// What belongs to a server that is not this one, or to no server of today.
void ReadWithoutEffect(ObjectReader& in);
// Constrained output: understood, checked, and refused.
void RefuseConstraints(ObjectReader& in);
// An effort by name, with its budget.
void SetEffort(ObjectReader& in, std::string_view field, const std::string& effort,
               service::ChatRequest& request);

}  // namespace lemma::server::openai
